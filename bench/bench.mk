# make bench: this project, the bare limit and what people use instead, measured in turns.

BENCH_ARGUMENTS ?=

.PHONY: bench
bench: package $(VENV)/bench/installed ## Measure against the bare limit and against Python; write docs/benchmarks.md
	cargo build --release --package vision --examples
	python3 -m bench $(BENCH_ARGUMENTS)
	cargo bench --package vision --bench parts

.PHONY: scale
scale: package $(VENV)/bench/installed ## Measure, and compute what many photos take on SCF, Lambda and Kubernetes; write docs/scale.md
	python3 -m bench.scale $(SCALE_ARGUMENTS)

.PHONY: load
load: package ## Call `vision serve` over 64 connections at saturation, at 80 % and while it ends
	cargo build --release --package vision --examples
	python3 -m bench.load $(LOAD_ARGUMENTS)

.PHONY: bench-lambda
bench-lambda: package .toolchain/lambda-emulator/.installed $(VENV)/bench/installed ## Measure against Python in AWS Lambda's own emulator
	python3 -m bench.emulator $(BENCH_ARGUMENTS)

.PHONY: bench-cutout
bench-cutout: cutout $(VENV)/bench/cutout/installed ## Measure cutting people out against the same steps in Python
	python3 -m bench.cutout $(PHOTO)
