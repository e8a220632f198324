"""`python3 -m bench.emulator`: cold starts and warm events on AWS Lambda, beside the same handler in Python, both in Lambda's own
emulator. `make bench-lambda` prepares it."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import time

from bench import paths
from bench.measurements import DRAFT, VISION, Times

Emulator = importlib.import_module("tests.lambda.emulator").Emulator

# What the platform sets, and a log as quiet as that of the handler in Python.
ENVIRONMENT = {"LAMBDA_TASK_ROOT": str(paths.PROJECT / "dist/lambda"), "VISION_LOG": "warn"}
WARM_UP = 5
EVENTS = 10
# Between an answer and the next event, as in the other measurements.
PAUSE = 0.005


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m bench.emulator", description=__doc__)
    parser.add_argument("--rounds", type=int, default=12, help="turns of each program (default: %(default)s)")
    rounds = parser.parse_args().rounds
    event = (paths.PROJECT / "tests/tomato.json").read_bytes()
    say("cold starts")
    cold = {name: Times([]) for name in commands()}
    for turn in range(rounds + 1):
        for name, command in commands().items():
            milliseconds = first_answer(command, event)
            # The first of each reads its files from the disk.
            cold[name].milliseconds += [milliseconds] if turn else []
    say("warm events")
    print("| | cold start, ms | warm event, ms |\n| --- | --- | --- |")
    warm = in_turns(event, rounds)
    for name in cold:
        print(f"| {name} | {cold[name].median:.0f} | {warm[name].median:.1f} |")
    print(f"| ratio | {cold[VISION].median / cold[DRAFT].median:.3f} | {warm[VISION].median / warm[DRAFT].median:.3f} |")
    return 0


def commands() -> dict[str, list[str]]:
    model, labels = paths.MODEL / "model.tflite", paths.MODEL / "labels.txt"
    package = paths.PROJECT / "dist/lambda"
    return {VISION: [str(package / "bootstrap")],
            DRAFT: [str(paths.PYTHON), str(paths.PEERS / "runtime.py"), str(model), str(labels), str(os.cpu_count() or 1), "--draft"]}


def timed(emulator: Emulator, event: bytes) -> float:
    start = time.perf_counter()
    status, answer = emulator.invoke(event)
    milliseconds = (time.perf_counter() - start) * 1000
    if status != 200 or b"omato" not in answer:
        raise RuntimeError(f"{status} {answer!r}\n{emulator.log()}")
    return milliseconds


def first_answer(command: list[str], event: bytes) -> float:
    """From the first request, for which the emulator starts the function, to its answer."""
    with Emulator(command, ENVIRONMENT) as emulator:
        return timed(emulator, event)


def in_turns(event: bytes, rounds: int) -> dict[str, Times]:
    emulators = {name: Emulator(command, ENVIRONMENT) for name, command in commands().items()}
    try:
        times: dict[str, list[float]] = {name: [] for name in emulators}
        for emulator in emulators.values():
            for _ in range(WARM_UP):
                timed(emulator, event)
        for _ in range(rounds):
            for name, emulator in emulators.items():
                for _ in range(EVENTS):
                    time.sleep(PAUSE)
                    times[name].append(timed(emulator, event))
    finally:
        for emulator in emulators.values():
            emulator.close()
    return {name: Times(values) for name, values in times.items()}


def say(step: str) -> None:
    print(f"[bench] {step} …", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
