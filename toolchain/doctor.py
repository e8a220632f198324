"""A report of the toolchain: what was found, from where, in which version."""

import shutil
import subprocess

from toolchain import found, parts, paths, setup


def run() -> int:
    """Prints the report; 0 where all parts are there, 1 otherwise."""
    known = found.load()
    rows = [("part", "state", "version", "from", "place")]
    rows += [_tool(program) for program in ("cargo", "rustc", "gcc", "make")]
    for name in [*parts.ALL, *(name for name in parts.ON_DEMAND if name in known)]:
        entry = known.get(name)
        if entry is None:
            rows.append((name, "missing", "-", "-", "run `make setup`"))
        else:
            state = "ok" if setup.holds(known, name) else "gone or outdated: run `make setup`"
            rows.append((name, state, entry.version, entry.source, _short(entry.place)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    print(f"\ndownloads are kept in {paths.cache()}")
    return 0 if all(row[1] == "ok" for row in rows[1:]) else 1


def _tool(program: str) -> tuple[str, ...]:
    place = shutil.which(program)
    if place is None:
        return program, "missing", "-", "-", "install it, see README.md"
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    return program, "ok", answer.splitlines()[0] if answer else "?", "machine", place


def _short(place: str) -> str:
    return place.removeprefix(f"{paths.PROJECT}/")
