"""What is in the packages."""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from pathlib import Path

from package import compiler_stub, elf
from package.archive import Member

# Not in /opt itself nor in /opt/lib: the platform's LD_LIBRARY_PATH names /opt, and its own programs would load a C
# library that is not theirs.
PROGRAM = "vision/bin/vision"
LIBRARIES = "vision/lib"
LIBRARY_PATH = "$ORIGIN/../lib"

# Red Hat's and CentOS's 7, on which the platform may be built, have this kernel.
KERNEL = (3, 10)


class BadScript(Exception):
    """A start script that the platform could not start."""


# Beside the program: the modules whose native code it lets run, a sha256 a line.
KNOWN_MODULES = "vision/bin/known-modules"


# Beside the function that recognises: functions of this project that answer pictures, each in packages of its own.
PICTURE_FUNCTIONS = ("cutout", "thumbnail")


def layer(vision: Path, functions: list[Path]) -> list[Member]:
    """The runtime, its libraries and their loader, as they lie under /opt; it knows the functions."""
    libraries = elf.closure(vision)
    stand_ins = {}
    for name in filter(compiler_stub.replaces, list(libraries)):
        users = [file for file in libraries.values() if name in elf.dynamic_entries(file)["NEEDED"]]
        stand_ins[name] = compiler_stub.make(libraries[name], users)
    needed = elf.closure(vision, without=stand_ins)
    loader = elf.interpreter(vision)
    _check_kernel([loader, *needed.values()])
    own = elf.dynamic_entries(vision)
    (path,) = own["RPATH"] + own["RUNPATH"]
    program = elf.with_library_path(stripped(vision), path, LIBRARY_PATH)
    known = "".join(f"{hashlib.sha256(wasm.read_bytes()).hexdigest()}  {wasm.name}\n" for wasm in functions)
    members = [Member(PROGRAM, program, executable=True),
               Member(KNOWN_MODULES, known.encode()),
               Member(f"{LIBRARIES}/loader", loader.read_bytes(), executable=True)]
    members += [Member(f"{LIBRARIES}/{name}", stripped(file)) for name, file in needed.items()]
    members += [Member(f"{LIBRARIES}/{name}", library) for name, library in stand_ins.items()]
    return members


def function(name: str, wasm: Path, scripts: Path) -> list[Member]:
    """The two start scripts and the function, as they lie in the function's folder."""
    return [Member(f"{name}.wasm", wasm.read_bytes()), *(script(scripts / name) for name in ("bootstrap", "scf_bootstrap"))]


def lambda_layer(layer: list[Member], folder: Path) -> list[Member]:
    """The runtime for AWS Lambda, as it lies under /opt: the same files, and the script that starts them."""
    return [*layer, script(folder / "bootstrap")]


def lambda_function(layer: list[Member], name: str, wasm: Path, folder: Path) -> list[Member]:
    """The runtime and the function, as they lie in the function's folder; this package needs no other."""
    return [*lambda_layer(layer, folder), Member(f"{name}.wasm", wasm.read_bytes())]


def script(file: Path) -> Member:
    """A script that a platform starts."""
    content = file.read_bytes()
    if b"\r" in content or not content.startswith(b"#!/"):
        raise BadScript(f"{file} has Windows line ends or no #! line: the platform could not start it")
    return Member(file.name, content, executable=True)


def stripped(file: Path) -> bytes:
    """The file's bytes without what only debuggers need."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / file.name
        command = ["strip", "--strip-unneeded", "-o", str(copy), str(file)]
        subprocess.run(command, check=True, capture_output=True, text=True)
        return copy.read_bytes()


def _check_kernel(files: list[Path]) -> None:
    for file in files:
        oldest = elf.oldest_kernel(file)
        if oldest is not None and oldest > KERNEL:
            found, accepted = (".".join(map(str, version)) for version in (oldest, KERNEL))
            raise elf.BadProgram(f"{file} needs Linux {found}, the platform may have {accepted}")
