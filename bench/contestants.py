"""The programs that are compared, each as a process that runs a number of events when it is told to."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from types import TracebackType

from bench import paths
from package import platform
from tests.soak.processes import memory_mib

HANDLER = str(paths.PEERS / "handler.py")
# Between an answer and the next event, for all alike: our next instance is then ready, as it is on every platform that
# hands out an event only after the answer to the one before. What it costs back to back is in the events per second.
PAUSE_MILLISECONDS = 5


def unpack_layer() -> None:
    """As the platform does it, and pip with what Python runs: how a file came to the disk decides in which steps the
    system maps it, which shows in the resident memory."""
    shutil.rmtree(paths.LAYER, ignore_errors=True)
    platform.extract(paths.PROJECT / "dist/layer.zip", paths.LAYER)


@dataclass
class Turn:
    nanoseconds: list[int]
    wall_nanoseconds: int


class Contestant:
    """A process that stays; each line on its standard input is a number of events."""

    def __init__(self, command: list[str]) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        cwd=paths.PROJECT, stderr=subprocess.DEVNULL)

    def __enter__(self) -> Contestant:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.process.stdout.close()

    def take_turn(self, events: int) -> Turn:
        self.process.stdin.write(f"{events}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args} ended early")
        turn = json.loads(line)
        return Turn(turn["nanoseconds"], turn["wall_nanoseconds"])

    def memory_bytes(self) -> int:
        return memory_bytes(self.process.pid)


def memory_bytes(pid: int) -> int:
    """Of a process and its workers, each page once."""
    return int(memory_mib(pid) * (1 << 20))


def picture(name: str) -> str:
    return str(paths.WORK / f"{name}.jpg")


def event(name: str) -> str:
    return str(paths.WORK / f"{name}.json")


def vision(name: str, threads: int, workers: int = 1, pause: int = PAUSE_MILLISECONDS) -> list[str]:
    command = [*paths.VISION, "bench", event(name), "--wasm", str(paths.FUNCTION), "--threads", str(threads),
               "--workers", str(workers), "--turns"]
    return [*command, "--pause", f"{pause}ms"] if pause else command


def limit(name: str, threads: int) -> list[str]:
    return [str(paths.EXAMPLES / "limit"), picture(name), str(paths.MODEL / "model.tflite"), str(paths.SIDE),
            str(threads), str(PAUSE_MILLISECONDS)]


def handler(mode: str, name: str, threads: int, draft: bool, pause: int = PAUSE_MILLISECONDS) -> list[str]:
    model, labels = paths.MODEL / "model.tflite", paths.MODEL / "labels.txt"
    command = [str(paths.PYTHON), HANDLER, mode, event(name), str(model), str(labels), str(threads), str(pause)]
    return [*command, "--draft"] if draft else command
