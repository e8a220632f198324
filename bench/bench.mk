# make bench: this project, the bare limit and what people use instead, measured in turns.

BENCH_VENV := .toolchain/bench-venv
BENCH_ARGUMENTS ?=

.PHONY: bench
bench: package $(BENCH_VENV)/installed ## Measure against the bare limit and against Python; write docs/benchmarks.md
	cargo build --release --package vision --examples
	python3 -m bench $(BENCH_ARGUMENTS)
	cargo bench --package vision --bench parts

$(BENCH_VENV)/installed: bench/requirements.txt
	python3 -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/pip install --quiet --requirement bench/requirements.txt
	touch $@

.PHONY: load
load: package ## Call `vision serve` over 64 connections at saturation, at 80 % and while it ends
	cargo build --release --package vision --examples
	python3 -m bench.load $(LOAD_ARGUMENTS)
