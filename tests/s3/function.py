"""`vision lambda` on a stand-in for the platform: its Runtime API, from which the function asks for events.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html. The platform's own emulator is in tests/lambda; here many
events have to come in any order, several instances at once.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent
VISION = PROJECT / os.environ.get("VISION", "target/release/vision")
MODULE = PROJECT / "dist/recognize.wasm"
PATIENCE = 120


class Invocation:
    """An event, and what came of it."""

    def __init__(self, event: object) -> None:
        self.id = str(uuid.uuid4())
        self.body = json.dumps(event).encode()
        self.answered = threading.Event()
        self.failed = False
        self.answer: object = None

    def result(self) -> object:
        """The answer; AssertionError where the event failed."""
        self.wait()
        assert not self.failed, self.answer
        return self.answer

    def failure(self) -> str:
        """The message of an event that failed."""
        self.wait()
        assert self.failed, self.answer
        return self.answer["errorMessage"]

    def wait(self) -> None:
        assert self.answered.wait(PATIENCE), "no answer"


class Runtime(BaseHTTPRequestHandler):
    """The calls that a function makes."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path != "/2018-06-01/runtime/invocation/next":
            return self.reply(404)
        events = self.server.events
        while not self.server.is_closed:
            try:
                invocation = events.get(timeout=0.1)
            except queue.Empty:
                continue
            self.server.sent[invocation.id] = invocation
            deadline = int((time.time() + 60) * 1000)
            return self.reply(200, invocation.body, {"Lambda-Runtime-Aws-Request-Id": invocation.id,
                                                     "Lambda-Runtime-Deadline-Ms": str(deadline)})
        self.close_connection = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = self.path.strip("/").split("/")
        invocation = self.server.sent.get(parts[3]) if len(parts) == 5 else None
        if invocation is None or invocation.answered.is_set():
            return self.reply(404 if invocation is None else 403)
        invocation.failed = parts[4] == "error"
        try:
            invocation.answer = json.loads(body)
        except ValueError:
            invocation.answer = body.decode()
        self.reply(202)
        invocation.answered.set()

    def reply(self, status: int, body: bytes = b"{}", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Function:
    """Instances of the function that share one queue of events."""

    def __init__(self, environment: dict[str, str], instances: int = 1, module: Path = MODULE) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Runtime)
        self.server.daemon_threads = True
        self.server.events, self.server.sent, self.server.is_closed = queue.Queue(), {}, False
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        address = f"127.0.0.1:{self.server.server_port}"
        variables = {"PATH": "/usr/bin:/bin", "AWS_REGION": "eu-central-1", "VISION_LOG": "warn",
                     "AWS_LAMBDA_RUNTIME_API": address, **environment}
        command = [VISION, "lambda", "--wasm", module]
        self.processes = [subprocess.Popen(command, env=variables, stdin=subprocess.DEVNULL) for _ in range(instances)]

    def __enter__(self) -> "Function":
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            process.terminate()
        self.server.is_closed = True
        for process in self.processes:
            process.wait(30)
        self.server.shutdown()
        self.server.server_close()

    def send(self, event: object) -> Invocation:
        """Has one of the instances answer an event, a little later."""
        invocation = Invocation(event)
        self.server.events.put(invocation)
        return invocation

    def outcomes(self, *events: object) -> list[str]:
        """What became of the objects of each event."""
        invocations = [self.send(event) for event in events]
        return [record["outcome"] for invocation in invocations for record in invocation.result()["records"]]

    def http(self, method: str, path: str, body: object = None) -> tuple[int, dict]:
        """Status and JSON of a web request, as a function URL sends it."""
        event = {"version": "2.0", "rawPath": path, "rawQueryString": "", "headers": {"accept": "application/json"},
                 "requestContext": {"http": {"method": method, "path": path}}, "isBase64Encoded": False}
        if body is not None:
            event["body"] = json.dumps(body)
        answer = self.send(event).result()
        return answer["statusCode"], json.loads(answer["body"])
