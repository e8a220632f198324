"""A control group of Linux that gives a process only so much memory: beyond it, the kernel ends the process."""

from __future__ import annotations

import os
import time
from pathlib import Path

# The memory controller by itself (version 1), or all controllers in one hierarchy (version 2).
ROOTS = {Path("/sys/fs/cgroup/memory"): "memory.limit_in_bytes", Path("/sys/fs/cgroup"): "memory.max"}


class ControlGroup:
    """Where groups can't be made (they need root, or a hierarchy that was handed over), `folder` is None."""

    def __init__(self, name: str, memory_mib: float) -> None:
        self.folder: Path | None = None
        for root, limit in ROOTS.items():
            folder = root / f"wasm-vision-{name}-{os.getpid()}"
            try:
                folder.mkdir()
            except OSError:
                continue
            try:
                (folder / limit).write_text(str(int(memory_mib * 1024 * 1024)))
            except OSError:
                folder.rmdir()
                continue
            self.folder = folder
            break

    def peak_mib(self) -> float | None:
        """The most that all of the group ever had; None where the kernel does not tell."""
        for name in ("memory.max_usage_in_bytes", "memory.peak"):
            try:
                return int((self.folder / name).read_text()) / 2**20 if self.folder else None
            except OSError:
                continue
        return None

    def command(self, *command: str | Path) -> list[str | Path]:
        """`command`, to be run within the group from its first instruction on."""
        if self.folder is None:
            return list(command)
        return ["/bin/sh", "-c", 'echo $$ > "$0" && exec "$@"', self.folder / "cgroup.procs", *command]

    def remove(self) -> None:
        """To be called when the process is gone; the kernel takes a moment to notice."""
        for _ in range(50):
            try:
                if self.folder is not None:
                    self.folder.rmdir()
                return
            except OSError:
                time.sleep(0.1)
