"""`python3 -m tests.soak MINUTES`: events to `vision scf` and `vision serve` side by side; a line a minute, a verdict."""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from tests.soak.control_group import ControlGroup
from tests.soak.events import PROJECT
from tests.soak.processes import family, memory_mib
from tests.soak.scf import Platform
from tests.soak.serve import Clients
from tests.soak.tally import Tally

# After these minutes every model is compiled and every pool has its size.
WARM_MINUTES = 2
MINUTES_COMPARED = 5
# What the allocator may keep more at the end than after that.
MAX_GROWTH_MIB = 16


class Killer(threading.Thread):
    """Kills a worker of each process again and again."""

    def __init__(self, processes: list[int], pause: float, seed: int) -> None:
        super().__init__(daemon=True)
        self._processes, self._pause, self._random = processes, pause, random.Random(seed)
        self.killed = 0

    def run(self) -> None:
        while True:
            time.sleep(self._pause)
            for process in self._processes:
                # The front, its nursery, the workers.
                if len(workers := family(process)[2:]) > 0:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(self._random.choice(workers), self._random.choice([signal.SIGKILL, signal.SIGSEGV]))
                        self.killed += 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m tests.soak", description=__doc__)
    parser.add_argument("minutes", type=float)
    parser.add_argument("--vision", type=Path, default=PROJECT / "target/release/vision")
    parser.add_argument("--pause", type=float, default=0.5, help="seconds between two events of each trigger")
    parser.add_argument("--memory", type=float, default=256, help="MiB that each process and its workers may have")
    parser.add_argument("--kill", type=float, metavar="SECONDS", help="kill a worker of each process so often")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return soak(arguments, Path(folder))


def soak(arguments: argparse.Namespace, folder: Path) -> int:
    platform, clients = Platform(arguments.pause, arguments.seed, folder), Clients(arguments.pause, arguments.seed)
    groups = {name: ControlGroup(name, arguments.memory) for name in ("scf", "serve")}
    if any(group.folder is None for group in groups.values()):
        print("soak: no control group can be made here (that needs root): memory is only looked at")
    else:
        print(f"soak: each process in a control group of {arguments.memory:.0f} MiB")
    processes = {"scf": platform.start(arguments.vision, groups["scf"]),
                 "serve": clients.start(arguments.vision, folder, groups["serve"])}
    tallies = {"scf": platform.tally, "serve": clients.tally}
    try:
        if not platform.ready.wait(30):
            print("soak: vision scf did not say that it is ready")
            return 1
        killer = Killer([process.pid for process in processes.values()], arguments.kill or 0, arguments.seed)
        if arguments.kill:
            # A worker that dies by SIGSEGV while it decodes blames the picture (docs/security.md).
            tallies["scf"].excused = frozenset({"internal", "500", "undecodable_image", "422"})
            tallies["serve"].excused = frozenset({"500", "422"})
            killer.start()
        problems = watch(arguments, processes, tallies, groups)
        if arguments.kill:
            print(f"soak: {killer.killed} times a worker was killed")
    finally:
        platform.stopping.set()
        clients.stopping.set()
        endings = {name: end(process) for name, process in processes.items()}
        platform.close()
        for group in groups.values():
            group.remove()
    problems += [f"{name} ended with {code}" for name, code in endings.items() if code]
    for name, tally in tallies.items():
        print(f"{name}: {tally.total} events: {tally.text()}")
        problems += [f"{name}, {count} times {what}" for what, count in tally.wrong.items()]
    for problem in problems:
        print(f"soak: {problem}")
    print("soak: nothing went wrong" if not problems else f"soak: {len(problems)} problems")
    return 1 if problems else 0


def watch(arguments: argparse.Namespace, processes: dict[str, subprocess.Popen[bytes]], tallies: dict[str, Tally],
          groups: dict[str, ControlGroup]) -> list[str]:
    print("minute  " + "  ".join(f"{name}: events  MiB" for name in processes))
    start = time.monotonic()
    memory: dict[str, list[float]] = {name: [] for name in processes}
    minute = 0
    while time.monotonic() - start < arguments.minutes * 60:
        minute += 1
        time.sleep(max(0, min(start + minute * 60, start + arguments.minutes * 60) - time.monotonic()))
        if gone := [name for name, process in processes.items() if process.poll() is not None]:
            return [f"{name} is gone with {processes[name].returncode}" for name in gone]
        for name, process in processes.items():
            memory[name].append(memory_mib(process.pid))
        print(f"{minute:6}  " + "  ".join(
            f"{name} {tallies[name].total:7} {now[-1]:6.1f}" for name, now in memory.items()), flush=True)
    for name, group in groups.items():
        if (peak := group.peak_mib()) is not None:
            print(f"soak: {name} and its workers had {peak:.0f} MiB at the most")
    # A large picture may be in hand at any minute, so the smallest of some minutes are compared.
    ends = {name: (now[WARM_MINUTES:][:MINUTES_COMPARED], now[-MINUTES_COMPARED:]) for name, now in memory.items()}
    return [f"{name} grew from {min(before):.0f} to {min(after):.0f} MiB"
            for name, (before, after) in ends.items() if before and min(after) > min(before) + MAX_GROWTH_MIB]


def end(process: subprocess.Popen[bytes]) -> int:
    process.terminate()
    try:
        return process.wait(40)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


if __name__ == "__main__":
    sys.exit(main())
