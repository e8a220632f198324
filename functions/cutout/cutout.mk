# The function that cuts people out of photos (docs/cutout.md); included by the main Makefile. Its networks are fetched.
.PHONY: cutout
cutout: $(VISION) ## Build dist/cutout.wasm, which cuts people out of photos
	@python3 models/fetch.py selfie
	@python3 models/fetch.py faces
	toolchain/cargo-wasm build --release --package cutout
	@mkdir -p dist
	@toolchain/compile-function $(VISION) target/wasm/wasm32-wasip1/release/cutout.wasm dist/cutout.wasm

# The tests of the function need it. Where its networks can't be fetched they are skipped, but not in CI.
.PHONY: test-cutout
test-cutout: $(VISION)
	@$(MAKE) --no-print-directory cutout || if [ -n "$$CI" ]; then exit 1; else echo "test: cutout was not built, so its tests are skipped"; fi
