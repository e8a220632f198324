"""What a program needs, all the way down, as readelf tells it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

_DYNAMIC = re.compile(r"\((NEEDED|SONAME|RPATH|RUNPATH)\).*\[(.*)\]")
_INTERPRETER = re.compile(r"\[Requesting program interpreter: (.*)\]")
_SYMBOL = re.compile(r"^\s*\d+: \w+\s+(\d+) (\w+)\s+\w+\s+\w+\s+(\w+) ([^@\s]+)@+(\S+)", re.MULTILINE)
_KERNEL = re.compile(r"OS: Linux, ABI: (\d+)\.(\d+)\.\d+")


class BadProgram(Exception):
    """A program or library that can't be packaged; the message says why and what to do."""


@dataclass(frozen=True)
class Symbol:
    """A dynamic symbol with a version."""

    name: str
    version: str
    kind: str
    """`FUNC`, `OBJECT` or `TLS`."""
    size: int
    defined: bool


def dynamic_entries(file: Path) -> dict[str, list[str]]:
    """The NEEDED, SONAME, RPATH and RUNPATH entries of an ELF file."""
    entries: dict[str, list[str]] = {"NEEDED": [], "SONAME": [], "RPATH": [], "RUNPATH": []}
    for kind, value in _DYNAMIC.findall(_readelf("--dynamic", file)):
        entries[kind].append(value)
    return entries


def interpreter(program: Path) -> Path:
    """The loader that the program was linked for."""
    found = _INTERPRETER.search(_readelf("--program-headers", program))
    if found is None:
        raise BadProgram(f"{program} names no loader: it is not a dynamically linked program")
    return Path(found.group(1))


def versioned_symbols(file: Path) -> list[Symbol]:
    """The dynamic symbols that have a version, defined and undefined ones."""
    table = _SYMBOL.findall(_readelf("--dyn-syms", file))
    return [Symbol(name, version, kind, int(size), section != "UND") for size, kind, section, name, version in table]


def oldest_kernel(file: Path) -> tuple[int, int] | None:
    """The oldest kernel that the loader or C library says it runs on; others say nothing."""
    found = _KERNEL.search(_readelf("--notes", file))
    return (int(found.group(1)), int(found.group(2))) if found else None


def closure(program: Path, without: Collection[str] = ()) -> dict[str, Path]:
    """All libraries that the program loads: the name that is asked for → the file.

    `without` are left out, and so is what only they need. The loader's own rules, as far as they matter here: the
    folders of the program's RPATH, then the machine's.
    """
    own = dynamic_entries(program)
    folders = [Path(folder) for entry in own["RPATH"] + own["RUNPATH"] for folder in entry.split(":")]
    folders += _folders_of_the_machine(program)
    found: dict[str, Path] = {}
    waiting = list(own["NEEDED"])
    while waiting:
        name = waiting.pop()
        if name in found or name in without:
            continue
        file = next((folder / name for folder in folders if (folder / name).exists()), None)
        if file is None:
            places = ", ".join(str(folder) for folder in folders)
            raise BadProgram(f"{name} is in none of {places}: run `make setup`")
        found[name] = file.resolve()
        waiting += dynamic_entries(file)["NEEDED"]
    return dict(sorted(found.items()))


def with_library_path(program: bytes, old: str, new: str) -> bytes:
    """The program with another RPATH, which has to be no longer: it is overwritten in place."""
    before = old.encode() + b"\0"
    after = new.encode() + b"\0"
    if len(after) > len(before) or program.count(before) != 1:
        raise BadProgram(f"the library path {old!r} can't be replaced by {new!r}: it is too short or not alone")
    return program.replace(before, after.ljust(len(before), b"\0"))


def _folders_of_the_machine(program: Path) -> list[Path]:
    """Where the program's own loader looks by default, beginning with the loader's folder."""
    loader = interpreter(program)
    multiarch = Path("lib/x86_64-linux-gnu")
    return [loader.parent, loader.resolve().parent, Path("/") / multiarch, Path("/usr") / multiarch,
            Path("/lib64"), Path("/usr/lib64"), Path("/usr/lib")]


def _readelf(option: str, file: Path) -> str:
    command = ["readelf", option, "--wide", str(file)]
    done = subprocess.run(command, check=False, capture_output=True, text=True,
                          env={"LC_ALL": "C", "PATH": "/usr/local/bin:/usr/bin:/bin"})
    if done.returncode or "Not an ELF file" in done.stderr:
        raise BadProgram(f"{file} can't be read by readelf: {done.stderr.strip()}")
    return done.stdout
