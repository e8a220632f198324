"""cmake, which builds libjpeg-turbo from the sources that the crate turbojpeg-sys carries."""

import re
import shutil
import subprocess

from toolchain import paths, pypi
from toolchain.found import Found
from toolchain.sources import MACHINE

RECIPE = 1
WHAT = "cmake (build time only)"
VERSION = "4.4.4"
SHA256 = "f773a0544c66370408f451acd487c2c643b0dfebb48c5d64f3638bc1bb820238"
FOLDER = paths.TOOLCHAIN / "cmake"
OLDEST = (3, 15)


def provide(sources: list[str]) -> Found:
    if MACHINE in sources and (program := shutil.which("cmake")) and (version := _version(program)) >= OLDEST:
        return Found(version=".".join(map(str, version)), source="machine", place=program, needs=[program],
                     cargo_env={"CMAKE": program})
    pypi.unpack(FOLDER, f"cmake=={VERSION}", "manylinux2014_x86_64", SHA256, "cmake/data/")
    program = str(FOLDER / "cmake/data/bin/cmake")
    return Found(version=VERSION, source="PyPI", place=program, needs=[program], cargo_env={"CMAKE": program})


def _version(program: str) -> tuple[int, ...]:
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    numbers = re.search(r"(\d+)\.(\d+)\.(\d+)", answer)
    return tuple(map(int, numbers.groups())) if numbers else (0,)
