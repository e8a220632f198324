"""`python3 -m package`: makes dist/layer.zip, dist/scf.zip and, beside them, the folders with the same files."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from package import archive, contents, elf, limits

PROJECT = Path(__file__).resolve().parent.parent


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m package", description=__doc__)
    parser.add_argument("--vision", type=Path, default=PROJECT / "target/release/vision", help="the built runtime")
    parser.add_argument("--wasm", type=Path, default=PROJECT / "dist/recognize.wasm", help="the built function")
    parser.add_argument("--out", type=Path, default=PROJECT / "dist", help="where the packages go")
    arguments = parser.parse_args()
    try:
        packages = {"layer": contents.layer(arguments.vision), "scf": contents.function(arguments.wasm, PROJECT / "scf")}
    except (OSError, elf.BadProgram, contents.BadScript) as error:
        print(f"package: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"package: {error}: {error.stderr}", file=sys.stderr)
        return 1
    for name, members in packages.items():
        archive.write(arguments.out / f"{name}.zip", members)
        archive.unpack(arguments.out / name, members)
    problems = limits.check([arguments.out / f"{name}.zip" for name in packages])
    for problem in problems:
        print(f"package: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
