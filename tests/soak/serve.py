"""Clients of the service: good ones, bad ones, and some that leave in the middle."""

from __future__ import annotations

import http.client
import random
import socket
import subprocess
import threading
import time
from pathlib import Path

from tests.soak.control_group import ControlGroup
from tests.soak.events import PICTURE_LIMIT, Event, for_serve
from tests.soak.tally import Tally

# What no library would send, with the first characters of what may come back (nothing: the connection is closed).
MALFORMED = {
    b"\x16\x03\x01\x02\x00\x01\x00": frozenset({"", "400"}),
    b"GET / HTTP/9.9\r\n\r\n": frozenset({"", "400"}),
    b"POST /v1/recognize HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n": frozenset({"", "400"}),
    b"POST /v1/recognize HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n": frozenset({"", "400"}),
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n": frozenset({"", "400", "414", "431"}),
}


class Clients:
    def __init__(self, pause: float, seed: int) -> None:
        self.tally = Tally()
        self.stopping = threading.Event()
        self._pause = pause
        self._random = random.Random(seed)
        self._events = for_serve()

    def start(self, vision: Path, folder: Path, group: ControlGroup) -> subprocess.Popen[bytes]:
        log = folder / "serve.log"
        with log.open("wb") as stream:
            command = group.command(vision, "serve", "--listen", "127.0.0.1:0", "--log-level", "error", "--history",
                                    folder / "history.sqlite", "--history-limit", "200", *PICTURE_LIMIT)
            process = subprocess.Popen(command, stderr=stream)
        while "listening on" not in log.read_text():
            if process.poll() is not None:
                raise SystemExit(log.read_text())
            time.sleep(0.1)
        self._port = int(log.read_text().split("http://127.0.0.1:")[1].split()[0])
        threading.Thread(target=self._run, daemon=True).start()
        return process

    def _run(self) -> None:
        due = time.monotonic()
        while not self.stopping.is_set():
            due = max(due + self._pause, time.monotonic())
            time.sleep(max(0, due - time.monotonic()))
            chance = self._random.random()
            try:
                if chance < 0.05:
                    self._malformed()
                elif chance < 0.10:
                    self._leave()
                elif chance < 0.20:
                    self._get()
                else:
                    self._recognize(self._random.choice(self._events))
            except (OSError, http.client.HTTPException) as error:
                self.tally.count("connection", type(error).__name__, frozenset())

    def _recognize(self, event: Event) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            connection.request("POST", f"/v1/recognize{event.query}", event.body, {"content-type": event.content_type})
            answer = connection.getresponse()
            answer.read()
            self.tally.count(event.name, str(answer.status), event.expected)
        finally:
            connection.close()

    def _get(self) -> None:
        path, status = self._random.choice([("/", "200"), ("/healthz", "200"), ("/metrics", "200"), ("/openapi.json", "200"),
                                            ("/v1/history", "200"), ("/../etc/passwd", "404"), ("/nothing", "404")])
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            self.tally.count(f"GET {path}", str(answer.status), frozenset({status}))
        finally:
            connection.close()

    def _malformed(self) -> None:
        request, expected = self._random.choice(list(MALFORMED.items()))
        with socket.create_connection(("127.0.0.1", self._port), timeout=30) as connection:
            try:
                connection.sendall(request)
                connection.shutdown(socket.SHUT_WR)
                status = connection.recv(12)[9:12].decode("latin-1")
            except TimeoutError:
                raise
            except OSError:
                # Closed by the service before all was sent, or before it could be shut down (ENOTCONN).
                status = ""
        outcome = "refused" if status in expected else status
        self.tally.count(f"malformed {request[:20]!r}", outcome, frozenset({"refused"}))

    def _leave(self) -> None:
        """Announces a body and goes away in the middle of it."""
        with socket.create_connection(("127.0.0.1", self._port), timeout=30) as connection:
            connection.sendall(b"POST /v1/recognize HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000\r\n\r\n" + bytes(100_000))
        self.tally.count("client left", "left", frozenset({"left"}))
