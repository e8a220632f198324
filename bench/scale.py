"""`python3 -m bench.scale`: plans past one machine. Measures this function and the Python handlers in turns, and computes from that what
a million photos a day and ten million in an hour take on SCF, Lambda and Kubernetes; writes docs/scale.md, its Chinese version
and the chart. `make scale` prepares what it needs."""

from __future__ import annotations

import argparse
import datetime
import json
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

from bench import chart, contestants, machine, measurements, paths, prices, scale_report
from bench.measurements import DRAFT, PLAIN, VISION
from bench.simulation import Bursts, Functions, Outcome, Pods, bursty, poisson, resampled

PICTURE = "4000x3000"
SEED = 19
# What no measurement here can tell, in seconds.
KEPT = 300.0
"""A platform keeps an instance that has nothing to do."""
PLATFORM_START = 0.25
"""Until the platform starts the program of a new instance."""
POD_START = 15.0
"""Until a new pod's program is started: scheduling, and fetching the image."""


@dataclass(frozen=True)
class Scenario:
    """Photos that come within a time."""

    name: str
    photos: int
    seconds: int
    bursts: Bursts


DAY = Scenario("day", 1_000_000, 86_400, Bursts(swing=0.6, factor=5, every=1800, length=60))
HOUR = Scenario("hour", 10_000_000, 3_600, Bursts(swing=0, factor=2, every=600, length=30))


@dataclass(frozen=True)
class Platform:
    """Where photos go, how long a start takes beside the program's own, and what it costs."""

    name: str
    model: Functions | Pods
    start: float
    cost: Callable[[float, int], float]
    currency: str


PLATFORMS = [
    Platform("SCF", Functions(most=int(prices.SCF_MEMORY.value / 512), kept=KEPT), PLATFORM_START,
             prices.of_scf, "¥"),
    Platform("Lambda", Functions(most=int(prices.LAMBDA_INSTANCES.value), kept=KEPT,
                                 new_at_once=prices.LAMBDA_NEW_IN_TEN_SECONDS.value,
                                 new_per_second=prices.LAMBDA_NEW_IN_TEN_SECONDS.value / 10), PLATFORM_START, prices.of_lambda, "$"),
    Platform("Kubernetes", Pods(workers=prices.POD_PROCESSORS, fewest=2, most=2000), POD_START, prices.of_pods, "$"),
]


@dataclass
class Measured:
    """Seconds of each program: of warm events, and of starts with nothing to do but start (a first event's time less a warm one's)."""

    warm: dict[str, list[float]]
    start: dict[str, list[float]]
    machine: str
    versions: str
    date: str


@dataclass
class Row:
    """One line of the table."""

    platform: str
    program: str
    currency: str
    outcome: Outcome
    cost: float


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m bench.scale", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="turns of each program (default: %(default)s)")
    parser.add_argument("--measured", action="store_true", help="take what was measured last instead of measuring")
    arguments = parser.parse_args()
    kept = paths.WORK / "scale.json"
    if not arguments.measured:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(vars(measure(arguments.rounds))))
    measured = Measured(**json.loads(kept.read_text()))
    programs = {DAY: [VISION, DRAFT, PLAIN], HOUR: [VISION, DRAFT]}
    tables = {scenario.name: [row(scenario, platform, program, measured) for platform in PLATFORMS for program in named]
              for scenario, named in programs.items()}
    curve = costs(measured)
    for language, file in (("en", "scale.md"), ("zh", "scale.zh-CN.md")):
        (paths.PROJECT / "docs" / file).write_text(scale_report.markdown(language, measured, tables))
    svg = chart.lines("Dollars for a million photos, against photos in a day", "photos in a day", "dollars for a million photos", curve)
    (paths.PROJECT / "docs/images/scale.svg").write_text(svg)
    return 0


def measure(rounds: int) -> Measured:
    """Every program in turns, as `make bench` does."""
    say("pictures")
    subprocess.run([str(paths.PYTHON), str(paths.PROJECT / "bench/pictures.py"), str(paths.WORK)], check=True)
    contestants.unpack_layer()
    say("warm events")
    commands = {VISION: contestants.vision(PICTURE, 1), DRAFT: contestants.handler("turns", PICTURE, 1, draft=True),
                PLAIN: contestants.handler("turns", PICTURE, 1, draft=False)}
    warm = {name: [time / 1000 for time in times.milliseconds]
            for name, times in measurements.in_turns(commands, rounds, events=4).items()}
    say("cold starts")
    cold = measurements.cold(rounds)
    small = measurements.in_turns({VISION: contestants.vision("tomato", 1), DRAFT: contestants.handler("turns", "tomato", 1, draft=True)},
                                  3, events=4)
    starts = {name: [max(0.001, (time - small[name].median) / 1000) for time in times.milliseconds] for name, times in cold.items()}
    return Measured(warm, {**starts, PLAIN: starts[DRAFT]}, machine.description(), machine.versions(str(paths.PYTHON)),
                    datetime.date.today().isoformat())


def row(scenario: Scenario, platform: Platform, program: str, measured: Measured) -> Row:
    """What comes of a scenario; for every platform and program of the same photos at the same times."""
    say(f"{scenario.name}, {platform.name}, {program}")
    outcome = simulate(scenario, platform, program, measured)
    return Row(platform.name, program, platform.currency, outcome, platform.cost(outcome.billed, outcome.answered))


def simulate(scenario: Scenario, platform: Platform, program: str, measured: Measured) -> Outcome:
    rates = bursty(scenario.photos, scenario.seconds, scenario.bursts, random.Random(SEED))
    start = resampled(measured.start[program], random.Random(SEED + 1))
    return platform.model.run(poisson(rates, random.Random(SEED + 2)), resampled(measured.warm[program], random.Random(SEED + 3)),
                              lambda: platform.start + start())


def costs(measured: Measured) -> dict[str, list[tuple[float, float]]]:
    """For the chart: dollars for a million photos, against photos in a day."""
    curve: dict[str, list[tuple[float, float]]] = {}
    for platform in PLATFORMS[1:]:
        for program in (VISION, DRAFT):
            points = curve.setdefault(f"{platform.name}, {program.split(',')[0]}", [])
            for photos in (10_000, 30_000, 100_000, 300_000, 1_000_000):
                made = row(Scenario(f"{photos:,} a day", photos, DAY.seconds, DAY.bursts), platform, program, measured)
                points.append((photos, made.cost / max(1, made.outcome.answered) * 1e6))
    return curve


def say(step: str) -> None:
    print(f"[scale] {step} …", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
