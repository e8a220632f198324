"""`python3 -m tests.soak MINUTES`: events to `vision scf` and `vision serve` side by side; a line a minute, a verdict."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.soak.control_group import ControlGroup
from tests.soak.events import PROJECT
from tests.soak.scf import Platform
from tests.soak.serve import Clients
from tests.soak.tally import Tally

# After these minutes every model is compiled and every pool has its size.
WARM_MINUTES = 2
# What the allocator may keep more at the end than after that.
MOST_GROWTH_MIB = 16


def memory_mib(pid: int) -> tuple[float, float]:
    """Memory of a process and all that it started: each page once (proportional set size), and the sum of the most that each
    of those that live ever had resident."""
    processes = family(pid)
    share = sum(number(f"/proc/{process}/smaps_rollup", "Pss") for process in processes)
    most = sum(number(f"/proc/{process}/status", "VmHWM") for process in processes)
    return share / 1024, most / 1024


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    done = subprocess.run(["pgrep", "--parent", str(pid)], capture_output=True, text=True, check=False)
    return [pid, *(process for child in done.stdout.split() for process in family(int(child)))]


def number(file: str, name: str) -> int:
    """The number of a line in a file of /proc, in KiB; 0 where the process is gone."""
    try:
        lines = Path(file).read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{name}:")), 0)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m tests.soak", description=__doc__)
    parser.add_argument("minutes", type=float)
    parser.add_argument("--vision", type=Path, default=PROJECT / "target/release/vision")
    parser.add_argument("--pause", type=float, default=0.5, help="seconds between two events of each trigger")
    parser.add_argument("--memory", type=float, default=256, help="MiB that each process may ever have resident")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return soak(arguments, Path(folder))


def soak(arguments: argparse.Namespace, folder: Path) -> int:
    platform, clients = Platform(arguments.pause, arguments.seed), Clients(arguments.pause, arguments.seed)
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
        problems = watch(arguments, processes, tallies)
    finally:
        platform.stopping.set()
        clients.stopping.set()
        endings = {name: end(process) for name, process in processes.items()}
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


def watch(arguments: argparse.Namespace, processes: dict[str, subprocess.Popen[bytes]], tallies: dict[str, Tally]) -> list[str]:
    print("minute  " + "  ".join(f"{name}: events  MiB  peak" for name in processes))
    start = time.monotonic()
    warm: dict[str, float] = {}
    memory: dict[str, tuple[float, float]] = {}
    minute = 0
    while time.monotonic() - start < arguments.minutes * 60:
        minute += 1
        time.sleep(max(0, min(start + minute * 60, start + arguments.minutes * 60) - time.monotonic()))
        if gone := [name for name, process in processes.items() if process.poll() is not None]:
            return [f"{name} is gone with {processes[name].returncode}" for name in gone]
        memory = {name: memory_mib(process.pid) for name, process in processes.items()}
        print(f"{minute:6}  " + "  ".join(
            f"{name} {tallies[name].total:7} {now:6.1f} {peak:6.1f}" for name, (now, peak) in memory.items()), flush=True)
        if minute == WARM_MINUTES:
            warm = {name: now for name, (now, _) in memory.items()}
    problems = [f"{name} had {peak:.0f} MiB, allowed are {arguments.memory:.0f}"
                for name, (_, peak) in memory.items() if peak > arguments.memory]
    problems += [f"{name} grew from {before:.0f} to {memory[name][0]:.0f} MiB"
                 for name, before in warm.items() if memory[name][0] > before + MOST_GROWTH_MIB]
    return problems


def end(process: subprocess.Popen[bytes]) -> int:
    process.terminate()
    try:
        return process.wait(40)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


if __name__ == "__main__":
    sys.exit(main())
