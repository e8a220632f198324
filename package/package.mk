# Packages for Tencent SCF and AWS Lambda; included by the main Makefile. Paths are relative to the repository root.
.PHONY: package image site test-package

# The packaged program has features that `make build` does not wait for. $(VISION) is again the plain one afterwards.
PACKAGED_VISION := target/packaged/vision
PACKAGED_FEATURES := parquet

.PHONY: $(PACKAGED_VISION)
$(PACKAGED_VISION): $(VISION)
	cargo build --release --package vision --features $(PACKAGED_FEATURES)
	@mkdir -p $(@D)
	@cp $(VISION) $@
	@cargo build --release --quiet --package vision

package: build $(PACKAGED_VISION) picture-functions .toolchain/sbom/.installed site ## Make the packages for Tencent SCF (layer, scf…) and AWS Lambda (lambda…, lambda-layer) in dist, and dist/sbom.cdx.json (WASM=file for another function)
	@PYTHONPATH="$(CURDIR)/.toolchain/sbom" python3 -m package $(if $(WASM),--wasm "$(WASM)")

image: package ## Make dist/image.tar, a container image of `vision serve` (OCI and `docker load`), without an engine
	@python3 -m package.image

# The functions that answer pictures, each with a makefile of its own. One whose networks can't be fetched here is left out, but not in CI.
PICTURE_FUNCTIONS := $(foreach name,cutout thumbnail,$(if $(wildcard functions/$(name)/$(name).mk),$(name)))

.PHONY: picture-functions
picture-functions: $(VISION)
	@for name in $(PICTURE_FUNCTIONS); do \
	    $(MAKE) --no-print-directory $$name && continue; \
	    if [ -n "$$CI" ]; then exit 1; fi; \
	    rm -f dist/$$name.wasm; echo "$$name could not be built: it is left out" >&2; \
	done

# The address of a function that is there already, and of the bucket that takes uploads.
FUNCTION_URL ?=
UPLOAD_ORIGIN ?=

site: ## Make dist/web.zip, the page as a static site: FUNCTION_URL=https://… (UPLOAD_ORIGIN=https://…)
	@python3 -m package.site --function-url "$(FUNCTION_URL)" --upload-origin "$(UPLOAD_ORIGIN)"

# What the tests of `vision scf` and `vision lambda` need: roots with nothing but the packages and a shell, and a storage server.
test-package: image .toolchain/cos-server/.installed .toolchain/sbom-validator/.installed
	@python3 -m package.platform scf target/platform
	@python3 -m package.platform lambda target/platform-lambda
	@python3 -m package.platform lambda-with-layer target/platform-lambda-layer
	PYTHONPATH="$(CURDIR)/.toolchain/sbom-validator" python3 -m unittest discover -q -s package/tests -t .

.PHONY: test-parquet
test-parquet: build ## Test the features that only packages have: Parquet out of `vision batch`
	cargo test --release --package vision --features $(PACKAGED_FEATURES) --test parquet
	cargo test --release --package vision --features $(PACKAGED_FEATURES) --lib batch::output::parquet
	@cargo build --release --quiet --package vision

# Python packages by their pins with sums into a folder for PYTHONPATH; also where python3 comes without pip.
INSTALL_PYTHON = python3 -c 'import sys, pathlib; from toolchain import pypi; pypi.install(*map(pathlib.Path, sys.argv[1:]))' "$(@D)" "$<"

.toolchain/cos-server/.installed: tests/cos/requirements.txt
	@$(INSTALL_PYTHON)
	@touch $@

# The libraries that write dist/sbom.cdx.json and read licences.
.toolchain/sbom/.installed: package/requirements.txt
	@$(INSTALL_PYTHON)
	@touch $@

# The same with CycloneDX's own validator.
.toolchain/sbom-validator/.installed: tests/sbom/requirements.txt package/requirements.txt
	@$(INSTALL_PYTHON)
	@touch $@
