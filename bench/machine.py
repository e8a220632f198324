"""The machine that the figures are from."""

from __future__ import annotations

import os
import platform
import subprocess


def description() -> str:
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), "unknown")
    with open("/proc/meminfo", encoding="ascii") as file:
        gigabytes = int(file.readline().split()[1]) / 1e6
    return (f"{model}, {os.cpu_count()} cores, {gigabytes:.0f} GB of memory, Linux {platform.release()}, "
            f"load before the run {os.getloadavg()[0]:.2f}")


def versions(python: str) -> str:
    program = ("import sys, PIL, numpy, importlib.metadata as m; "
               "print(f'Python {sys.version.split()[0]}, Pillow {PIL.__version__}, NumPy {numpy.__version__}, '"
               "f'ai-edge-litert {m.version(\"ai-edge-litert\")}')")
    return subprocess.run([python, "-c", program], check=True, capture_output=True, text=True).stdout.strip()
