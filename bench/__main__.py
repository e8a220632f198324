"""`python3 -m bench`: measures and writes docs/benchmarks.md with its chart. `make bench` prepares what it needs."""

from __future__ import annotations

import argparse
import datetime
import subprocess
import sys

from bench import chart, contestants, machine, measurements, paths, report
from bench.measurements import DRAFT, LIMIT, VISION


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="turns of each program (default: %(default)s)")
    parser.add_argument("--memory-events", type=int, default=1000, help="events before memory is read")
    parser.add_argument("--soak", type=int, default=1_000_000, help="events of the soak, 0 for none")
    arguments = parser.parse_args()
    say("pictures")
    subprocess.run([str(paths.PYTHON), str(paths.PROJECT / "bench/pictures.py"), str(paths.WORK)], check=True)
    contestants.unpack_layer()
    results = report.Results(machine.description(), machine.versions(str(paths.PYTHON)),
                             datetime.date.today().isoformat())
    for name in measurements.WARM_PICTURES:
        for threads in (1, 2):
            say(f"warm events, {name}, {threads} thread(s)")
            results.warm[name, threads] = measurements.warm(name, threads, arguments.rounds)
    say("cold starts")
    results.cold = measurements.cold(arguments.rounds)
    say("the SCF loop against the shell loop")
    results.scf = measurements.scf_against_shell_loop(max(3, arguments.rounds // 3))
    say(f"memory after {arguments.memory_events} events")
    results.memory_events = arguments.memory_events
    results.memory = measurements.memory(arguments.memory_events)
    say("workers")
    results.workers = measurements.workers(arguments.rounds)
    say("growth with the picture")
    results.growth = measurements.growth(max(3, arguments.rounds // 2))
    say("growth with the event")
    results.event_growth = measurements.event_growth(max(3, arguments.rounds // 2))
    if arguments.soak:
        say(f"{arguments.soak:,} events of a module that does nothing")
        results.soak = measurements.soak(arguments.soak)
    write(results)
    return 0


def write(results: report.Results) -> None:
    text = report.markdown(results)
    (paths.PROJECT / "docs/benchmarks.md").write_text(text)
    for name, growth, what, unit in [("picture", results.growth, "picture", "megapixels"),
                                     ("event", results.event_growth, "event", "megabytes")]:
        series = {program: [(size, times[program].median) for size, times in growth.items()]
                  for program in (VISION, LIMIT, DRAFT)}
        svg = chart.lines(f"Warm event against {what} size, one thread", unit, "milliseconds", series)
        (paths.PROJECT / f"docs/images/benchmarks-{name}.svg").write_text(svg)
    print(text.split("## What we aim at")[1].split("## How the cost grows")[0])


def say(step: str) -> None:
    print(f"[bench] {step} …", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
