"""`vision serve`, started for the tests on a port of its own."""

import json
import os
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from toolchain import paths

# Another build can be tested: VISION=path/of/vision.
PROGRAM = Path(os.environ.get("VISION") or paths.PROJECT / "target/release/vision")
FUNCTION = paths.PROJECT / "dist/recognize.wasm"
START_SECONDS = 30


class Service:
    """A running service; `stop` and `start` give the same address again."""

    def __init__(
        self, history: bool = False, options: list[str] | None = None, environment: dict[str, str] | None = None
    ) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._log = Path(self._folder.name) / "log"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            address = "{}:{}".format(*probe.getsockname())
        self.url = f"http://{address}"
        self._command = [PROGRAM, "serve", "--wasm", FUNCTION, "--listen", address, "--log-level", "warn"]
        if history:
            self._command += ["--history", Path(self._folder.name) / "history.sqlite"]
        self._command += options or []
        mine = {name: value for name, value in os.environ.items() if not name.startswith("VISION_")}
        self._environment = mine | (environment or {})
        self.start()

    def start(self) -> None:
        with self._log.open("a") as log:
            self._process = subprocess.Popen(self._command, env=self._environment, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise AssertionError(f"vision serve ended at once:\n{self._log.read_text()}")
            try:
                self.get("/readyz")
                return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.05)
        self.stop()
        raise AssertionError(f"vision serve was not ready within {START_SECONDS} s:\n{self._log.read_text()}")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()

    def close(self) -> None:
        self.stop()
        self._folder.cleanup()

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return answer.read()

    def predictions(self, picture: bytes, language: str = "en") -> list[dict]:
        """What the service itself says of a picture: `label`, `index`, `probability`, likeliest first."""
        return self.answer(picture, language)["predictions"]

    def answer(self, picture: bytes, language: str = "en") -> dict:
        """The service's whole answer to a picture."""
        request = urllib.request.Request(
            f"{self.url}/v1/recognize?top=3&lang={language}",
            data=picture,
            headers={"Content-Type": "application/octet-stream"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def wait_for_entries(self, count: int) -> None:
        """The history is written after the answer was given: waits until it has so many entries."""
        deadline = time.monotonic() + START_SECONDS
        while len(json.loads(self.get("/v1/history?limit=100"))["entries"]) < count:
            if time.monotonic() > deadline:
                raise AssertionError(f"the history did not come to {count} entries within {START_SECONDS} s")
            time.sleep(0.02)

    def clear_history(self) -> None:
        urllib.request.urlopen(urllib.request.Request(f"{self.url}/v1/history", method="DELETE"), timeout=10).close()
