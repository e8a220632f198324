"""What a program and the processes that it started take of the machine."""

from __future__ import annotations

import subprocess
from pathlib import Path


def memory_mib(pid: int) -> float:
    """Memory of a process and all that it started, each page once (proportional set size)."""
    return sum(number(f"/proc/{process}/smaps_rollup", "Pss") for process in family(pid)) / 1024


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
