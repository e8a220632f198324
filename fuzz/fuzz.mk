# Fuzzing (docs/fuzzing.md); included by the main Makefile. Needs a nightly compiler, which rustup brings.
FUZZ_TARGETS := event base64 picture host scf multipart model packed objects envelope cloud_event graph
FUZZ_TOOLCHAIN ?= nightly
CARGO_FUZZ_VERSION := 0.13.1
CARGO_FUZZ := .toolchain/cargo-fuzz-$(CARGO_FUZZ_VERSION)/bin/cargo-fuzz
TARGET ?= event
SECONDS ?= 600
SMOKE_SECONDS ?= 30
FUZZ_ARGUMENTS ?=

$(CARGO_FUZZ):
	cargo install cargo-fuzz --version $(CARGO_FUZZ_VERSION) --locked --quiet --root $(dir $(@D))

.PHONY: fuzz fuzz-build fuzz-seeds fuzz-smoke
fuzz-build: setup $(CARGO_FUZZ)
	@rustup run $(FUZZ_TOOLCHAIN) rustc --version > /dev/null || \
		{ echo "fuzzing needs Rust's nightly: rustup toolchain install $(FUZZ_TOOLCHAIN)" >&2; exit 2; }
	RUSTUP_TOOLCHAIN=$(FUZZ_TOOLCHAIN) $(CARGO_FUZZ) build $(FUZZ_ONLY)

fuzz-seeds:
	@python3 fuzz/seeds.py

fuzz: FUZZ_ONLY = $(TARGET)
fuzz: fuzz-build fuzz-seeds ## Fuzz one target for a time (TARGET=event|base64|picture|host|scf|multipart|model|packed|objects|envelope|cloud_event|graph SECONDS=600)
	fuzz/run $(TARGET) $(SECONDS) $(FUZZ_ARGUMENTS)

fuzz-smoke: fuzz-build fuzz-seeds ## Fuzz every target for half a minute
	@for target in $(FUZZ_TARGETS); do fuzz/run $$target $(SMOKE_SECONDS) || exit 1; done
