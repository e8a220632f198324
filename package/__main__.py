"""`python3 -m package`: makes dist/layer.zip and dist/scf.zip, dist/lambda-layer.zip and dist/lambda.zip, the folders with
the same files, and dist/sbom.cdx.json. A function that answers pictures, such as dist/cutout.wasm, gets packages of its own if it was built:
dist/scf-cutout.zip and dist/lambda-cutout.zip.

It needs the Python packages of package/requirements.txt; `make package` fetches them.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from package import archive, contents, elf, limits, sbom

PROJECT = Path(__file__).resolve().parent.parent
AWS = PROJECT / "deploy/aws"

# The layer's program, for people: `dist/vision run photo.jpg` needs nothing else from the machine.
STARTER = """#!/bin/sh
# Starts the runtime of layer/ with the function of scf/, unless another one is named.
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd) || exit
layer=$here/layer/vision
: "${VISION_WASM:=$here/scf/recognize.wasm}"
export VISION_WASM
exec "$layer/lib/loader" --inhibit-cache --library-path "$layer/lib" "$layer/bin/vision" "$@"
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m package", description=__doc__)
    parser.add_argument("--vision", type=Path, default=PROJECT / "target/packaged/vision", help="the runtime, built for packages")
    parser.add_argument("--wasm", type=Path, default=PROJECT / "dist/recognize.wasm", help="the built function")
    parser.add_argument("--out", type=Path, default=PROJECT / "dist", help="where the packages go")
    arguments = parser.parse_args()
    pictures = {name: PROJECT / f"dist/{name}.wasm" for name in contents.PICTURE_FUNCTIONS}
    pictures = {name: wasm for name, wasm in pictures.items() if wasm.exists()}
    names = ["layer", "scf", "lambda-layer", "lambda", *(f"{kind}-{name}" for name in pictures for kind in ("scf", "lambda"))]
    archives = [arguments.out / f"{name}.zip" for name in names]
    made = [*archives, arguments.out / "sbom.cdx.json", arguments.out / "vision"]
    inputs = fingerprint(arguments.vision, [arguments.wasm, *pictures.values()])
    record = arguments.out / "packages.sha256"
    if not (record.exists() and record.read_text() == inputs and all(file.exists() for file in made)):
        if failure := make(arguments.vision, arguments.wasm, pictures, archives):
            print(f"package: {failure}", file=sys.stderr)
            return 1
        record.write_text(inputs)
    problems = limits.check(archives)
    for problem in problems:
        print(f"package: {problem}", file=sys.stderr)
    return 1 if problems else 0


def make(vision: Path, wasm: Path, pictures: dict[str, Path], archives: list[Path]) -> str | None:
    """Makes the archives and the folders, in their order; returns why it can't."""
    try:
        layer = contents.layer(vision, [wasm, *pictures.values()])
        function = contents.function("recognize", wasm, PROJECT / "scf")
        packages = [layer, function, contents.lambda_layer(layer, AWS), contents.lambda_function(layer, "recognize", wasm, AWS)]
        for name, file in pictures.items():
            packages += [contents.function(name, file, PROJECT / "scf"), contents.lambda_function(layer, name, file, AWS)]
        bill = sbom.document(layer, [*function, replace(contents.script(AWS / "bootstrap"), name="lambda/bootstrap")], pictures)
    except (OSError, ValueError, elf.BadProgram, contents.BadScript) as error:
        return str(error)
    except subprocess.CalledProcessError as error:
        return f"{error}: {error.stderr}"
    for file, members in zip(archives, packages, strict=True):
        archive.write(file, members)
        archive.unpack(file.with_suffix(""), members)
    (archives[0].parent / "sbom.cdx.json").write_bytes(bill)
    starter = archives[0].parent / "vision"
    starter.write_text(STARTER)
    starter.chmod(0o755)
    return None


def fingerprint(vision: Path, functions: list[Path]) -> str:
    """Of all that the packages are made of: where it is the same, they need not be made again."""
    digest = hashlib.sha256()
    scripts = [PROJECT / "scf/bootstrap", PROJECT / "scf/scf_bootstrap", AWS / "bootstrap"]
    own = [*sorted((PROJECT / "package").glob("*.py")), PROJECT / "package/requirements.txt"]
    for file in [vision, *functions, PROJECT / "Cargo.lock", *scripts, *own, PROJECT / ".toolchain/state.json"]:
        if file.exists():
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
