"""Benchmarks: this project, the bare limit of the machine, and what people use instead, measured in turns in one run."""
