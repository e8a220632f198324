"""What is measured. Everything that is compared takes turns, so that the machine's moods meet all alike."""

from __future__ import annotations

import contextlib
import json
import math
import os
import signal
import subprocess
import time
from dataclasses import dataclass

from bench import contestants, paths
from bench.contestants import Contestant

WARM_PICTURES = ["tomato", "512x384", "1280x720", "4000x3000"]
GROWTH = [0.1, 0.3, 1, 3, 6, 12]
EVENT_GROWTH = [0.1, 1, 2, 3, 4, 5, 6]
# (module (memory (export "memory") 1) (func (export "_start")))
NOTHING = bytes.fromhex("0061736d010000000104016000000302010005" "03010001071302066d656d6f72790200065f737461727400000a040102000b")
VISION, LIMIT, DRAFT, PLAIN, LOOP = "vision", "limit", "python, draft", "python", "shell loop"


@dataclass
class Times:
    """Milliseconds of each event, in the order in which they ran."""

    milliseconds: list[float]

    def quantile(self, share: float) -> float:
        ordered = sorted(self.milliseconds)
        return ordered[max(0, math.ceil(len(ordered) * share) - 1)]

    @property
    def median(self) -> float:
        return self.quantile(0.5)


def in_turns(commands: dict[str, list[str]], rounds: int, events: int) -> dict[str, Times]:
    with contextlib.ExitStack() as stack:
        processes = {name: stack.enter_context(Contestant(command)) for name, command in commands.items()}
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, process in processes.items():
                times[name] += [nanoseconds / 1e6 for nanoseconds in process.take_turn(events).nanoseconds]
    return {name: Times(values) for name, values in times.items()}


def warm(name: str, threads: int, rounds: int) -> dict[str, Times]:
    commands = {
        VISION: contestants.vision(name, threads),
        LIMIT: contestants.limit(name, threads),
        DRAFT: contestants.handler("turns", name, threads, draft=True),
        PLAIN: contestants.handler("turns", name, threads, draft=False),
    }
    return in_turns(commands, rounds, events=2 if name == "4000x3000" else 8)


def cold(rounds: int) -> dict[str, Times]:
    """From the start of a process to its end, for the tomato."""
    commands = {
        VISION: [*paths.VISION, "run", contestants.event("tomato"), "--wasm", str(paths.FUNCTION)],
        DRAFT: contestants.handler("once", "tomato", os.cpu_count() or 1, draft=True),
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds + 1):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True, cwd=paths.PROJECT)
            times[name].append((time.perf_counter() - start) * 1000)
    # The first of each reads its files from the disk.
    return {name: Times(values[1:]) for name, values in times.items()}


def scf_events_per_second(command: list[str], name: str, events: int) -> tuple[float, int]:
    """Events per second behind the runtime API, and the memory (bytes) that the command's process then holds."""
    platform = subprocess.Popen([str(paths.EXAMPLES / "platform"), contestants.event(name), str(events)],
                                stdout=subprocess.PIPE, text=True)
    port = platform.stdout.readline().strip()
    environment = {**os.environ, "SCF_RUNTIME_API": "127.0.0.1", "SCF_RUNTIME_API_PORT": port}
    runtime = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               cwd=paths.PROJECT, start_new_session=True)
    try:
        result = json.loads(platform.stdout.readline())
        memory = contestants.memory_bytes(runtime.pid)
    finally:
        os.killpg(runtime.pid, signal.SIGTERM)
        runtime.wait(timeout=30)
        platform.kill()
        platform.wait()
        platform.stdout.close()
    if result["failed"]:
        raise RuntimeError(f"{result['failed']} of {events} events failed: {command}")
    return events / result["seconds"], memory


def scf_command(threads: int | None = None) -> list[str]:
    options = [] if threads is None else ["--threads", str(threads)]
    return [*paths.VISION, "scf", "--wasm", str(paths.FUNCTION), "--log-level", "warn", *options]


def scf_against_shell_loop(rounds: int) -> dict[str, float]:
    """Medians of events per second."""
    process_per_event = [str(paths.PEERS / "loop.sh"), *paths.VISION, "run", "--wasm", str(paths.FUNCTION)]
    rates: dict[str, list[float]] = {VISION: [], LOOP: []}
    for _ in range(rounds):
        rates[VISION].append(scf_events_per_second(scf_command(), "tomato", 100)[0])
        rates[LOOP].append(scf_events_per_second(process_per_event, "tomato", 20)[0])
    return {name: sorted(values)[len(values) // 2] for name, values in rates.items()}


def memory(events: int) -> dict[str, int]:
    """Bytes after so many events of 512 × 384 pixels."""
    _, ours = scf_events_per_second(scf_command(threads=1), "512x384", events)
    with Contestant(contestants.handler("turns", "512x384", 1, draft=True, pause=0)) as process:
        process.take_turn(events)
        return {VISION: ours, DRAFT: process.memory_bytes()}


def workers(rounds: int) -> dict[int, float]:
    """Medians of events per second with one worker and with two, one thread for each."""
    with contextlib.ExitStack() as stack:
        processes = {count: stack.enter_context(Contestant(contestants.vision("512x384", 1, workers=count, pause=0)))
                     for count in (1, 2)}
        rates: dict[int, list[float]] = {count: [] for count in processes}
        for _ in range(rounds):
            for count, process in processes.items():
                rates[count].append(40 / (process.take_turn(40).wall_nanoseconds / 1e9))
    return {count: sorted(values)[len(values) // 2] for count, values in rates.items()}


def growth(rounds: int) -> dict[float, dict[str, Times]]:
    """By megapixels, one thread."""
    return grown([(megapixels, f"growth-{megapixels}") for megapixels in GROWTH], rounds)


def event_growth(rounds: int) -> dict[float, dict[str, Times]]:
    """By megabytes of the event, whose picture stays the same; one thread."""
    return grown([(megabytes, f"event-{megabytes}") for megabytes in EVENT_GROWTH], rounds)


def grown(pictures: list[tuple[float, str]], rounds: int) -> dict[float, dict[str, Times]]:
    results = {}
    for size, name in pictures:
        commands = {VISION: contestants.vision(name, 1), LIMIT: contestants.limit(name, 1),
                    DRAFT: contestants.handler("turns", name, 1, draft=True)}
        results[size] = in_turns(commands, rounds, events=3)
    return results


def soak(events: int, steps: int = 10) -> list[tuple[int, float, int]]:
    """Many events of a module that does nothing: events so far, median microseconds of the step, bytes of memory."""
    module = paths.WORK / "nothing.wasm"
    module.write_bytes(NOTHING)
    compiled = paths.WORK / "nothing.compiled.wasm"
    subprocess.run([str(paths.PROJECT / "target/release/vision"), "compile", str(module), str(compiled)], check=True)
    command = [*paths.VISION, "bench", contestants.event("tomato"), "--wasm", str(compiled), "--turns"]
    results = []
    with Contestant(command) as process:
        for step in range(1, steps + 1):
            turn = process.take_turn(events // steps)
            median = sorted(turn.nanoseconds)[len(turn.nanoseconds) // 2] / 1000
            results.append((step * events // steps, median, process.memory_bytes()))
    return results
