# wasm-vision. `make help` lists the targets; `make run` and `make test` do all the set-up themselves.

.DEFAULT_GOAL := help
.PHONY: help setup doctor build wasm run test lint check clean

MODEL ?= groceries
EVENT ?= tests/tomato.json
export MODEL

VISION := target/release/vision

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Find or fetch all that the build needs, without root (the other targets call it)
	@python3 -m toolchain setup

doctor: ## Print what set-up found, from where, in which version
	@python3 -m toolchain doctor

.PHONY: tensorflow
tensorflow: ## Fetch TensorFlow's C library (207 MB) into .toolchain/tensorflow, for --tensorflow
	@python3 -m toolchain tensorflow

.PHONY: test-tensorflow
test-tensorflow: build test-guests tensorflow ## Test graphs and saved models with TensorFlow's own library
	cargo test --release --package engine --test tensorflow
	cargo test --release --package vision --test end_to_end -- --include-ignored tensorflow

build: $(VISION) wasm ## Build the runtime and the function

.PHONY: $(VISION)
$(VISION): setup
	cargo build --release --package vision

# Any folder of models/ with a model.toml can be MODEL; weights that are not committed are fetched.
wasm: $(VISION) ## Build dist/recognize.wasm (MODEL=imagenet builds it with another model of models/)
	@[ -f "models/$(MODEL)/model.tflite" ] || python3 models/fetch.py "$(MODEL)"
	toolchain/cargo-wasm build --release --package recognize
	@mkdir -p dist
	@toolchain/make-function $(VISION) target/wasm/wasm32-wasip1/release/recognize.wasm "models/$(MODEL)/model.toml" dist/recognize.wasm

run: build ## Print the three labels of the tomato (EVENT=file for another event, WASM=file for another function)
	@$(VISION) run $(if $(WASM),--wasm "$(WASM)") "$(EVENT)"

.PHONY: serve
serve: build picture-functions ## Start the service with its page and all functions (OPTIONS="--history …" for more)
	@$(VISION) function --quiet --wasm dist/recognize.wasm --model models/beans/model.toml --output target/beans.wasm
	@set -- --function recognize=dist/recognize.wasm --function beans=target/beans.wasm; \
	for function in $(PICTURE_FUNCTIONS); do \
		[ ! -f dist/$$function.wasm ] || set -- "$$@" --function $$function=dist/$$function.wasm; \
	done; \
	exec $(VISION) serve "$$@" $(OPTIONS)

test: build test-guests test-package test-cutout ## Run all tests
	cargo test --release --workspace
	python3 -m unittest discover -q -s toolchain/tests -t .
	python3 -m unittest discover -q -s bench/tests -t .
	python3 -m unittest discover -q -s models -p "test_*.py"
	python3 -m unittest discover -q -s tests/documents -t .

# Python packages of one part, by its pins with sums: tests/api/requirements.txt to .toolchain/venv/tests/api.
VENV := .toolchain/venv

$(VENV)/%/installed: %/requirements.txt
	python3 -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

.PHONY: test-guests
test-guests: setup
	toolchain/cargo-wasm build --release --package classify --package copies --package interfaces

lint: setup ## Check formatting and lints; warnings are errors
	cargo fmt --all --check
	cargo clippy --release --workspace --all-targets -- -D warnings
	cargo clippy --release --package vision --features parquet --lib --bins --test parquet -- -D warnings
	toolchain/cargo-wasm clippy --release --package recognize --package kit --package contract --package packed --package raster --package thumbnail --package cutout --features kit/pictures -- -D warnings

check: test test-parquet test-api test-cloud-events test-s3 test-page test-lambda lint test-deploy test-deploy-aws test-deploy-kubernetes documents test-imagenet ## Everything that CI checks

# The default model stays in dist. Without its weights (`make model-imagenet`) there is nothing to make.
.PHONY: test-imagenet
test-imagenet: build
	@if [ -n "$(MODEL_MIRROR)" ]; then $(MAKE) --no-print-directory model-imagenet; fi
	@if [ -f models/imagenet/model.tflite ]; then \
		$(VISION) function --quiet --wasm dist/recognize.wasm --model models/imagenet/model.toml --output target/imagenet.wasm; \
	else \
		echo "check: the imagenet model's weights are not here, so its function was not made"; \
	fi

.PHONY: documents
documents: setup ## Check the documents of the code
	RUSTDOCFLAGS="-D warnings" cargo doc --release --no-deps --package vision --package worker --package engine --package recognize --package kit --package contract --package flatbuffer --package packed --package packer --package graph --package raster --package thumbnail --package cutout --features kit/pictures

clean: ## Remove what was built; .toolchain and the cache stay
	rm -rf target dist

include train/train.mk
-include functions/cutout/cutout.mk
-include functions/thumbnail/thumbnail.mk
-include package/package.mk
-include bench/bench.mk
-include deploy/tencent/deploy.mk
-include deploy/aws/deploy.mk
-include deploy/kubernetes/kubernetes.mk
-include tests/api/api.mk
-include tests/cloud_events/events.mk
-include tests/lambda/lambda.mk
-include tests/page/page.mk
-include tests/s3/s3.mk
-include fuzz/fuzz.mk
-include tests/soak/soak.mk
