"""A function in AWS Lambda's runtime interface emulator."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
FOLDER = PROJECT / ".toolchain/lambda-emulator/samcli"
PROGRAM = FOLDER / "local/rapid/aws-lambda-rie-x86_64"
SAMPLES = FOLDER / "lib/generated_sample_events/events"
# The roots of `make test-package`: the whole function, and the function alone with its layer.
ROOTS = {"lambda": PROJECT / "target/platform-lambda", "layer": PROJECT / "target/platform-lambda-layer"}
PATIENCE = 60


def namespaces() -> bool:
    """Whether this machine lets a process have a root of its own; where tests have to be complete, that is a failure."""
    found = subprocess.run(["unshare", "--map-root-user", "--mount", "true"], capture_output=True, check=False).returncode == 0
    if not found and "CI" in os.environ:
        raise AssertionError("CI needs user namespaces")
    return found


def packaged(package: str = "lambda") -> list[str]:
    """The command that starts `bootstrap` in a root with nothing but the package and a shell, where that is possible."""
    return in_root(ROOTS[package], "/var/task/bootstrap" if package == "lambda" else "/opt/bootstrap")


def in_root(root: Path, bootstrap: str) -> list[str]:
    """The same for the start file of any root."""
    if not namespaces():
        print("user namespaces are forbidden here: the package is not run in a root of its own", file=sys.stderr)
        return ["env", f"LAMBDA_TASK_ROOT={root}/var/task", f"{root}{bootstrap}"]
    mount = 'mount --rbind /proc "$0/proc" && exec unshare --root="$0" --wd=/var/task "$@"'
    return ["unshare", "--map-root-user", "--mount", "sh", "-c", mount, str(root), bootstrap]


class Emulator:
    """Starts the emulator with a command as the function; a free port for each of its two ends."""

    def __init__(self, command: list[str], environment: dict[str, str] | None = None, timeout: int = 30) -> None:
        if not PROGRAM.exists():
            raise FileNotFoundError(f"{PROGRAM} is missing: run `make test-lambda`, which fetches it")
        PROGRAM.chmod(0o755)
        self._folder = tempfile.TemporaryDirectory()
        self._log = Path(self._folder.name) / "log"
        # The emulator starts one file.
        bootstrap = Path(self._folder.name) / "bootstrap"
        words = " ".join("'" + word.replace("'", "'\\''") + "'" for word in command)
        bootstrap.write_text(f"#!/bin/sh\nexec {words}\n")
        bootstrap.chmod(0o755)
        self.port, api = _free_port(), _free_port()
        clean = {name: value for name, value in os.environ.items()
                 if not name.startswith(("VISION_", "AWS_")) and name.lower() not in {"http_proxy", "https_proxy", "all_proxy"}}
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "--runtime-interface-emulator-address", f"127.0.0.1:{self.port}", "--runtime-api-address", f"127.0.0.1:{api}",
                 bootstrap, "function.handler"],
                env={**clean, "AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout), **(environment or {})}, stdout=log, stderr=log, cwd=self._folder.name)
        deadline = time.monotonic() + PATIENCE
        while not _listens(self.port):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the emulator did not start:\n{self.log()}")
            time.sleep(0.02)

    def __enter__(self) -> "Emulator":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def invoke(self, event: bytes) -> tuple[int, bytes]:
        """Status and body of what whoever invokes the function gets."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("POST", "/2015-03-31/functions/function/invocations", event)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def wait_for(self, text: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not re.search(text, self.log()):
            if time.monotonic() > deadline:
                raise AssertionError(f"{text!r} does not come:\n{self.log()}")
            time.sleep(0.02)

    def end(self) -> str:
        """SIGTERM, as the platform sends it; the whole log."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)
        return self.log()

    def close(self) -> None:
        if self.process.poll() is None:
            self.end()
        self._folder.cleanup()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
