"""nasm, the assembler of libjpeg-turbo's SIMD code: without it JPEGs decode several times slower."""

import shutil

from toolchain import debian, paths
from toolchain.console import Failure
from toolchain.found import Found
from toolchain.sources import MACHINE, PACKAGES

RECIPE = 1
WHAT = "nasm (build time only)"
PREFIX = paths.TOOLCHAIN / "nasm"


def provide(sources: list[str]) -> Found:
    program = shutil.which("nasm") or shutil.which("yasm")
    if MACHINE in sources and program:
        return Found(version="?", source="machine", place=program, needs=[program], cargo_env={"ASM_NASM": program})
    if PACKAGES not in sources:
        raise Failure("no nasm: install Debian's package nasm")
    suite = debian.suite_of_this_machine()
    versions = debian.unpack(PREFIX, suite, [], ["nasm"])
    program = str(PREFIX / "usr/bin/nasm")
    return Found(version=versions["nasm"], source=f"Debian {suite}", place=program, needs=[program],
                 cargo_env={"ASM_NASM": program})
