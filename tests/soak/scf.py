"""Events for one instance of `vision scf`: one at a time, every so often, by the tests' own platform (platform.rs)."""

from __future__ import annotations

import itertools
import json
import os
import random
import subprocess
import threading
import time
from pathlib import Path

from tests.soak.control_group import ControlGroup
from tests.soak.events import PICTURE_LIMIT, PROJECT, for_scf
from tests.soak.tally import Tally

PROGRAM = PROJECT / "target/release/examples/soak-platform"


class Platform:
    """Sends events and looks at what comes back. Now and then it misbehaves: it drops a connection or answers 503."""

    def __init__(self, pause: float, seed: int, folder: Path) -> None:
        self.tally = Tally()
        self.ready = threading.Event()
        self.stopping = threading.Event()
        self._pause = pause
        self._random = random.Random(seed)
        self._events = []
        for number, event in enumerate(for_scf()):
            file = folder / f"event-{number}"
            file.write_bytes(event.body)
            self._events.append((event, file))
        self._process = subprocess.Popen([PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._port = self._process.stdout.readline().strip()
        threading.Thread(target=self._send, daemon=True).start()

    def start(self, vision: Path, group: ControlGroup) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "SCF_RUNTIME_API": "127.0.0.1", "SCF_RUNTIME_API_PORT": self._port}
        return subprocess.Popen(group.command(vision, "scf", "--log-level", "error", *PICTURE_LIMIT), env=environment)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()

    def _send(self) -> None:
        if not json.loads(self._process.stdout.readline())["ready"]:
            return
        self.ready.set()
        due = time.monotonic()
        for number in itertools.count():
            due = max(due + self._pause, time.monotonic())
            if self.stopping.wait(due - time.monotonic()):
                return
            event, file = self._random.choice(self._events)
            faults = {"drop": self._random.random() < 0.02, "refuse": self._random.random() < 0.02}
            line = json.dumps({"id": f"event-{number}", "file": str(file), **faults})
            try:
                print(line, file=self._process.stdin, flush=True)
                result = json.loads(self._process.stdout.readline())
            except (OSError, ValueError):
                # It is the end.
                return
            if not self.stopping.is_set() or result["endpoint"]:
                self.tally.count(event.name, outcome(result["endpoint"], result["body"]), event.expected)
            for violation in result["violations"]:
                self.tally.count("protocol", violation, frozenset())


def outcome(endpoint: str | None, body: str) -> str:
    if endpoint is None:
        return "nothing"
    if endpoint == "error":
        return json.loads(body)["error"]["code"]
    if body.startswith("{"):
        return str(json.loads(body)["statusCode"])
    return "answer"
