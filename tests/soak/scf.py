"""The platform's side of the runtime API, for one instance: one event at a time, every so often."""

from __future__ import annotations

import http.server
import itertools
import json
import os
import random
import subprocess
import threading
import time
from pathlib import Path

from tests.soak.control_group import ControlGroup
from tests.soak.events import PICTURE_LIMIT, Event, for_scf
from tests.soak.tally import Tally


class Platform:
    """Sends events and looks at what comes back. Now and then it misbehaves: it drops a connection or answers 503."""

    def __init__(self, pause: float, seed: int) -> None:
        self.tally = Tally()
        self.ready = threading.Event()
        self.stopping = threading.Event()
        self._pause = pause
        self._random = random.Random(seed)
        self._events = for_scf()
        self._numbers = itertools.count()
        self._current: tuple[str, Event] | None = None
        self._due = time.monotonic()
        platform = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                platform.next(self)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                platform.post(self, body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def start(self, vision: Path, group: ControlGroup) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "SCF_RUNTIME_API": "127.0.0.1", "SCF_RUNTIME_API_PORT": str(self._server.server_port)}
        return subprocess.Popen(group.command(vision, "scf", "--log-level", "error", *PICTURE_LIMIT), env=environment)

    def next(self, request: http.server.BaseHTTPRequestHandler) -> None:
        if self._current is None:
            self._due = max(self._due + self._pause, time.monotonic())
            while (wait := self._due - time.monotonic()) > 0 and not self.stopping.is_set():
                time.sleep(min(wait, 0.2))
            if self.stopping.is_set():
                # Held, as the platform holds a poll for which it has no event.
                time.sleep(60)
                return
            self._current = (f"event-{next(self._numbers)}", self._random.choice(self._events))
        identity, event = self._current
        if self._random.random() < 0.02:
            # The same event comes again with the next poll.
            request.close_connection = True
            return
        request.send_response(200)
        request.send_header("Request_Id", identity)
        request.send_header("Memory_Limit_In_Mb", "256")
        request.send_header("Time_Limit_In_Ms", "10000")
        request.send_header("Content-Length", str(len(event.body)))
        request.end_headers()
        try:
            request.wfile.write(event.body)
        except ConnectionError:
            # An event over the limit is not read to its end.
            request.close_connection = True

    def post(self, request: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        if request.path.endswith("/init/ready"):
            self.ready.set()
        elif self._random.random() < 0.02:
            request.send_response(503)
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        elif self._current is not None:
            _, event = self._current
            self.tally.count(event.name, outcome(request.path, body), event.expected)
            self._current = None
        request.send_response(200)
        request.send_header("Content-Length", "0")
        request.end_headers()


def outcome(path: str, body: bytes) -> str:
    if path.endswith("/invocation/error"):
        return json.loads(body)["error"]["code"]
    if body.startswith(b"{"):
        return str(json.loads(body)["statusCode"])
    return "answer"
