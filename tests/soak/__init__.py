"""A soak: `vision scf` and `vision serve` under mixed events, good and bad, for a long time (docs/fuzzing.md)."""
