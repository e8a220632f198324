"""libclang, with which bindgen reads WasmEdge's headers at build time."""

import glob
import os
import subprocess
from pathlib import Path

from toolchain import paths, pypi
from toolchain.console import Failure
from toolchain.found import Found
from toolchain.sources import MACHINE

RECIPE = 1
WHAT = "libclang (build time only)"
VERSION = "18.1.1"
SHA256 = "c533091d8a3bbf7460a00cb6c1a71da93bffe148f172c7d03b1c31fbf8aa2a0b"
FOLDER = paths.TOOLCHAIN / "libclang"
NATIVE = f"libclang-{VERSION}.data/platlib/clang/native/"


def provide(sources: list[str]) -> Found:
    if MACHINE in sources and (library := _of_the_machine()):
        return Found(version=library.name, source="machine", place=str(library), needs=[str(library)],
                     cargo_env={"LIBCLANG_PATH": str(library.parent)})
    folder = pypi.unpack(FOLDER, f"libclang=={VERSION}", "manylinux2010_x86_64", SHA256, NATIVE) / NATIVE
    # The wheel has no headers of its own; stdbool.h and its kin are gcc's.
    include = subprocess.run(["gcc", "-print-file-name=include"], capture_output=True, text=True, check=False)
    if include.returncode or not Path(include.stdout.strip()).is_absolute():
        raise Failure("gcc is missing: install Debian's package gcc (or build-essential)")
    return Found(version=VERSION, source="PyPI", place=str(folder / "libclang.so"), needs=[str(folder / "libclang.so")],
                 cargo_env={"LIBCLANG_PATH": str(folder),
                            "BINDGEN_EXTRA_CLANG_ARGS": f"-I{include.stdout.strip()}"})


def _of_the_machine() -> Path | None:
    """A libclang with its own headers beside it (Debian's libclang-dev)."""
    given = os.environ.get("LIBCLANG_PATH", "")
    libraries = [given] if given.endswith(".so") else [f"{given}/libclang.so"] if given else []
    libraries += sorted(glob.glob("/usr/lib/llvm-*/lib/libclang.so"), reverse=True)
    for library in map(Path, libraries):
        if library.exists() and list(library.parent.glob("clang/*/include/stdbool.h")):
            return library
    return None
