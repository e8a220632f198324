"""docs/benchmarks.md from what was measured."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.measurements import DRAFT, LIMIT, LOOP, PLAIN, VISION, Times


@dataclass
class Results:
    machine: str
    versions: str
    date: str
    warm: dict[tuple[str, int], dict[str, Times]] = field(default_factory=dict)
    cold: dict[str, Times] = field(default_factory=dict)
    scf: dict[str, float] = field(default_factory=dict)
    memory: dict[str, int] = field(default_factory=dict)
    memory_events: int = 0
    workers: dict[int, float] = field(default_factory=dict)
    growth: dict[float, dict[str, Times]] = field(default_factory=dict)
    event_growth: dict[float, dict[str, Times]] = field(default_factory=dict)
    soak: list[tuple[int, float, int]] = field(default_factory=list)


HEAD = """# Benchmarks

`make bench` writes this page; to change it, run it again. Everything is measured in one run, and the programs take turns. So
disturbances of the machine affect all of them alike, and the ratios are meaningful even if the milliseconds are not.

- Machine: {machine}
- Date: {date}
- Model: groceries 1.0.0, int8, 192 × 192
- Peers: {versions}

The programs:

- **vision**: the layer of `make package`, as it is deployed. An event is JSON with a base64 picture, in memory.
- **limit**: a minimal native program (`bench/peers/limit.rs`) that decodes the same picture at the smallest sufficient scale,
  resizes it and runs the model with LiteRT. No wasm, no JSON, no base64.
- **python, draft**: the fastest Python handler (`bench/peers/handler.py`): json, base64, Pillow with reduced decoding,
  LiteRT's own interpreter. **python**: the same without reduced decoding, as most people write it.
- **shell loop**: how the original demo does it (`bench/peers/loop.sh`): curl and a new process for every event.

Ratios are our median divided by theirs: below 1 we are faster.
"""


def markdown(results: Results) -> str:
    return "\n".join([
        HEAD.format(machine=results.machine, date=results.date, versions=results.versions),
        *_targets(results), *_warm(results), *_others(results), *_growth(results), *_soak(results), ""])


def _targets(results: Results) -> list[str]:
    """The project's targets, each with the measured value."""
    small, large = results.warm["512x384", 1], results.warm["4000x3000", 1]
    cold = results.cold
    rows = [
        ("warm, 512 × 384, against the limit", _ratio(small, VISION, LIMIT), 1.15, False),
        ("warm, 512 × 384, against python, draft", _ratio(small, VISION, DRAFT), 0.85, False),
        ("warm, 4000 × 3000, against the limit", _ratio(large, VISION, LIMIT), 1.25, False),
        ("warm, 4000 × 3000, against python, draft", _ratio(large, VISION, DRAFT), 0.8, False),
        ("warm, 4000 × 3000, against python", _ratio(large, VISION, PLAIN), 0.3, False),
        ("cold start, against python", _ratio(cold, VISION, DRAFT), 0.2, False),
        ("cold start, milliseconds", cold[VISION].median, 60, False),
        ("SCF events per second, against the shell loop", results.scf[VISION] / results.scf[LOOP], 5, True),
        (f"memory after {results.memory_events} events, MB", results.memory[VISION] / 1e6, 64, False),
        (f"memory after {results.memory_events} events, against python",
         results.memory[VISION] / results.memory[DRAFT], 0.6, False),
        ("two workers, against one", results.workers[2] / results.workers[1], 1.8, True),
    ]
    lines = ["## Targets", "", "| | measured | target | |", "| --- | ---: | ---: | --- |"]
    for name, found, aim, at_least in rows:
        met = found >= aim if at_least else found <= aim
        sign = "≥" if at_least else "≤"
        lines.append(f"| {name} | {found:.2f} | {sign} {aim} | {'met' if met else '**missed**'} |")
    return [*lines, ""]


def _ratio(times: dict[str, Times], ours: str, theirs: str) -> float:
    return times[ours].median / times[theirs].median


def _warm(results: Results) -> list[str]:
    lines = ["## Warm events", "",
             "Milliseconds: median (p99), from event to answer, with 5 ms between an answer and the next event.", "",
             "| picture | threads | vision | limit | python, draft | python | vision / limit | vision / python, draft |",
             "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"]
    for (picture, threads), times in results.warm.items():
        cells = [f"{times[name].median:.2f} ({times[name].quantile(0.99):.2f})" for name in (VISION, LIMIT, DRAFT, PLAIN)]
        ratios = [f"{_ratio(times, VISION, other):.2f}" for other in (LIMIT, DRAFT)]
        lines.append(f"| {picture.replace('x', ' × ')} | {threads} | {' | '.join(cells + ratios)} |")
    return [*lines, ""]


def _others(results: Results) -> list[str]:
    cold, memory = results.cold, results.memory
    return [
        "## Cold starts, throughput, memory", "",
        "| | vision | other | ratio |", "| --- | ---: | ---: | ---: |",
        f"| cold start to answer, ms (tomato; other: python, draft) | {cold[VISION].median:.1f} "
        f"({cold[VISION].quantile(0.99):.1f}) | {cold[DRAFT].median:.1f} ({cold[DRAFT].quantile(0.99):.1f}) | "
        f"{_ratio(cold, VISION, DRAFT):.2f} |",
        f"| SCF, events per second (tomato; other: shell loop) | {results.scf[VISION]:.1f} | {results.scf[LOOP]:.1f} | "
        f"{results.scf[VISION] / results.scf[LOOP]:.1f} |",
        f"| memory, front and worker together, after {results.memory_events} events, MB (512 × 384; other: python, draft) | "
        f"{memory[VISION] / 1e6:.1f} | {memory[DRAFT] / 1e6:.1f} | {memory[VISION] / memory[DRAFT]:.2f} |",
        f"| events per second (512 × 384; two workers; other: one worker) | {results.workers[2]:.1f} | "
        f"{results.workers[1]:.1f} | {results.workers[2] / results.workers[1]:.2f} |", ""]


def _growth(results: Results) -> list[str]:
    lines = ["## How the cost grows", "", "One thread, milliseconds.", "",
             "![time against picture size](images/benchmarks-picture.svg)", "",
             *_grown("megapixels", results.growth),
             "![time against event size](images/benchmarks-event.svg)", "",
             *_grown("megabytes of the event, with the same picture", results.event_growth)]
    first, last = (results.event_growth[size][VISION].median for size in (min(results.event_growth), max(results.event_growth)))
    per_byte = (last - first) * 1e6 / ((max(results.event_growth) - min(results.event_growth)) * 1e6)
    return [*lines, f"Each further byte of an event costs {per_byte:.2f} ns: reading, JSON and base64 together.", ""]


def _grown(what: str, growth: dict[float, dict[str, Times]]) -> list[str]:
    lines = [f"| {what} | vision | limit | python, draft |", "| ---: | ---: | ---: | ---: |"]
    for size, times in growth.items():
        cells = " | ".join(f"{times[name].median:.2f}" for name in (VISION, LIMIT, DRAFT))
        lines.append(f"| {size:g} | {cells} |")
    return [*lines, ""]


def _soak(results: Results) -> list[str]:
    if not results.soak:
        return []
    lines = ["## Many events", "",
             "With a module that does nothing: the cost of the runtime itself, and whether memory grows.", "",
             "| events so far | median of the step, µs | memory, MB |", "| ---: | ---: | ---: |"]
    lines += [f"| {events:,} | {median:.0f} | {memory / 1e6:.1f} |" for events, median, memory in results.soak]
    return [*lines, ""]
