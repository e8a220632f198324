"""`python3 -m bench.load`: many clients at once against `vision serve`, as it is deployed. `make load` prepares it."""

from __future__ import annotations

import argparse
import json
import re
import signal
import subprocess
import sys
import threading
import time

from bench import paths
from bench.contestants import memory_bytes, unpack_layer

CONNECTIONS = 64


class Service:
    """`vision serve` from the layer, on a free port."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [*paths.VISION, "serve", "--wasm", str(paths.FUNCTION), "--listen", "127.0.0.1:0"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=paths.PROJECT)
        for line in self.process.stderr:
            if found := re.search(r"http://[0-9.:]+", line):
                self.url = found.group() + "/v1/recognize"
                break
        else:
            raise RuntimeError("vision serve did not start")
        # What it logs must not fill the pipe.
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def load(self, seconds: float, connections: int = CONNECTIONS, rate: float | None = None) -> subprocess.Popen:
        command = [str(paths.EXAMPLES / "load"), self.url, str(paths.PROJECT / "tests/samples/tomato.jpg"),
                   str(connections), str(seconds), *([] if rate is None else [str(rate)])]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def memory_megabytes(self) -> float:
        return memory_bytes(self.process.pid) / 1e6


def result(process: subprocess.Popen) -> dict:
    return json.loads(process.communicate()[0])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m bench.load", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="length of each load (default: %(default)s)")
    seconds = parser.parse_args().seconds
    unpack_layer()
    service = Service()
    unloaded = result(service.load(seconds / 6, connections=1))
    say("one connection", unloaded)
    result(service.load(seconds / 6))
    before = service.memory_megabytes()
    saturated = result(service.load(seconds))
    after = service.memory_megabytes()
    say(f"{CONNECTIONS} connections at saturation", saturated)
    print(f"memory, MB: {before:.1f} before, {after:.1f} after")
    steady = result(service.load(seconds, rate=0.8 * saturated["per_second"]))
    say(f"{CONNECTIONS} connections at 80 %", steady)
    print(f"p99 at 80 %: {steady['p99_ms'] / unloaded['median_ms']:.2f} times the unloaded median")
    ending = service.load(seconds / 6)
    time.sleep(seconds / 12)
    service.process.send_signal(signal.SIGTERM)
    code = service.process.wait(timeout=60)
    ended = result(ending)
    say("SIGTERM during the load", ended)
    print(f"exit code {code}")
    wrong = [load for load in (unloaded, saturated, steady, ended)
             if load["broken"] or set(load["statuses"]) - {"200", "503"}]
    return 1 if wrong or code else 0


def say(what: str, found: dict) -> None:
    print(f"{what}: {json.dumps(found)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
