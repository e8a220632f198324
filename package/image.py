"""`python3 -m package.image`: makes dist/image.tar of the packages in dist: `vision serve` with the function, and nothing else of a
system.

No engine is needed. Where the clone is as it was committed, the image has the commit's time and name.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import subprocess
import sys
import tomllib
import zipfile
from dataclasses import replace
from pathlib import Path

from package import elf, oci
from package.oci import Entry, Image, Layer

PROJECT = Path(__file__).resolve().parent.parent
MB = 1 << 20
LIMIT = 60 * MB

RUNTIME = "opt"
PROGRAM = f"{RUNTIME}/vision/bin/vision"
LOADER = "lib64/ld-linux-x86-64.so.2"
FUNCTION = "function/recognize.wasm"
SBOM = "usr/share/doc/wasm-vision/sbom.cdx.json"
# Nobody that another image or the host knows.
USER = 65532
PORT = 8080
SECOND = 1_000_000_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m package.image", description=__doc__)
    parser.add_argument("--packages", type=Path, default=PROJECT / "dist", help="where the packages are")
    parser.add_argument("--out", type=Path, default=PROJECT / "dist/image.tar", help="the image")
    arguments = parser.parse_args()
    try:
        oci.write(arguments.out, image(arguments.packages))
    except (OSError, KeyError, zipfile.BadZipFile, elf.BadProgram) as error:
        print(f"image: {error} (`make package` makes the packages)", file=sys.stderr)
        return 1
    size = arguments.out.stat().st_size
    print(f"{arguments.out.name}: {size / MB:.1f} MB compressed, linux/amd64")
    if size > LIMIT:
        print(f"image: {size / MB:.1f} MB are more than {LIMIT // MB}", file=sys.stderr)
        return 1
    return 0


def image(packages: Path) -> Image:
    """The image of these packages."""
    version = tomllib.loads((PROJECT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    with zipfile.ZipFile(packages / "layer.zip") as layer:
        runtime = [Entry(f"{RUNTIME}/{info.filename}", layer.read(info), info.external_attr >> 16 & 0o777)
                   for info in layer.infolist()]
    runtime = [_started_directly(entry, packages / "layer") if entry.name == PROGRAM else entry for entry in runtime]
    with zipfile.ZipFile(packages / "scf.zip") as function:
        wasm = function.read("recognize.wasm")
    bill = (packages / "sbom.cdx.json").read_bytes()
    revision, created = _commit()
    labels = {"org.opencontainers.image.title": "wasm-vision", "org.opencontainers.image.version": version,
              "org.opencontainers.image.description": "Image recognition as a WebAssembly function, over HTTP",
              "org.opencontainers.image.licenses": "Apache-2.0", "org.opencontainers.image.created": created,
              "wasm-vision.sbom": f"/{SBOM}", "wasm-vision.sbom.sha256": hashlib.sha256(bill).hexdigest()}
    if revision is not None:
        labels["org.opencontainers.image.revision"] = revision
    libraries = [entry for entry in runtime if not entry.name.startswith(f"{RUNTIME}/vision/bin/")]
    program = [entry for entry in runtime if entry not in libraries]
    layers = [Layer("a system's folders and users, and libraries", [*_system(), *libraries]),
              Layer("vision", program),
              Layer("the function, and what is in the image", [Entry(FUNCTION, wasm), Entry(SBOM, bill)])]
    return Image(name="wasm-vision", version=version, created=created, config=_config(labels), layers=layers, annotations=labels)


def _started_directly(program: Entry, layer: Path) -> Entry:
    """The program with the loader's usual place, where the image has the layer's: no script has to start it."""
    built_for = str(elf.interpreter(layer / program.name.removeprefix(f"{RUNTIME}/")))
    return replace(program, content=elf.with_library_path(program.content, built_for, f"/{LOADER}"))


def _system() -> list[Entry]:
    """The little that programs expect: the loader where programs name it, a user's name, and a folder for a moment."""
    return [
        Entry("etc/group", f"root:x:0:\nvision:x:{USER}:\n".encode()),
        Entry("etc/nsswitch.conf", b"hosts: files dns\n"),
        Entry("etc/passwd", f"root:x:0:0::/:/sbin/nologin\nvision:x:{USER}:{USER}::/tmp:/sbin/nologin\n".encode()),
        Entry(LOADER, link="/opt/vision/lib/loader"),
        Entry("tmp", mode=0o1777),
        Entry("usr/bin/vision", link=f"/{PROGRAM}"),
    ]


def _config(labels: dict[str, str]) -> dict[str, object]:
    """How it is started. `Healthcheck` is Docker's; others skip it."""
    return {
        "User": f"{USER}:{USER}",
        "ExposedPorts": {f"{PORT}/tcp": {}},
        "Env": ["PATH=/usr/bin", "HOME=/tmp", f"VISION_LISTEN=0.0.0.0:{PORT}", f"VISION_WASM=/{FUNCTION}", "VISION_LOG=info",
                "VISION_PICTURE_LIMIT=256"],
        "Entrypoint": [f"/{PROGRAM}"],
        "Cmd": ["serve"],
        "WorkingDir": "/",
        "StopSignal": "SIGTERM",
        "Labels": labels,
        "Healthcheck": {"Test": ["CMD", f"/{PROGRAM}", "health"], "Interval": 10 * SECOND, "Timeout": 4 * SECOND,
                        "StartPeriod": 10 * SECOND, "Retries": 3},
    }


def _commit() -> tuple[str | None, str]:
    """The commit's name and time; without a name, and in 1970, where something was changed since, or there is no commit."""
    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=PROJECT, check=True, capture_output=True, text=True).stdout.strip()

    seconds, revision = 0, None
    try:
        if not git("status", "--porcelain", "--untracked-files=no"):
            revision, seconds = git("rev-parse", "HEAD"), int(git("log", "-1", "--format=%ct"))
    except (OSError, subprocess.CalledProcessError):
        pass
    return revision, datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


if __name__ == "__main__":
    sys.exit(main())
