# A long run with good and bad events (docs/fuzzing.md); included by the main Makefile.
MINUTES ?= 30
SOAK_ARGUMENTS ?=

.PHONY: soak
soak: build ## Send mixed events to `vision scf` and `vision serve` for half an hour (MINUTES=30)
	cargo build --release --package vision --example soak-platform
	python3 -m tests.soak $(MINUTES) $(SOAK_ARGUMENTS)
