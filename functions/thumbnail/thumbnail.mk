# The function that makes thumbnails (docs/thumbnail.md); included by the main Makefile.
.PHONY: thumbnail
thumbnail: $(VISION) ## Build dist/thumbnail.wasm, which makes thumbnails
	toolchain/cargo-wasm build --release --package thumbnail
	@mkdir -p dist
	@toolchain/compile-function $(VISION) target/wasm/wasm32-wasip1/release/thumbnail.wasm dist/thumbnail.wasm

test: thumbnail
