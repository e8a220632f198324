"""Brings the clone to the state in which everything builds; does nothing, quickly, where it already is."""

import fcntl
import platform
import shutil
from types import ModuleType

from toolchain import cargo_config, found, parts, paths, sources
from toolchain.console import Failure, say


def run() -> None:
    paths.TOOLCHAIN.mkdir(exist_ok=True)
    with (paths.TOOLCHAIN / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = found.load()
        if missing := [name for name in parts.ALL if not holds(known, name)]:
            _check_machine()
            for name in missing:
                _provide(known, name)
            say("ready; `make doctor` lists what was found")
        cargo_config.write({name: known[name] for name in parts.ALL})


def on_demand(name: str) -> found.Found:
    """A part that only some targets need, found or fetched now if it is not there yet."""
    paths.TOOLCHAIN.mkdir(exist_ok=True)
    with (paths.TOOLCHAIN / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = found.load()
        if not holds(known, name):
            _provide(known, name)
        return known[name]


def holds(known: dict[str, found.Found], name: str) -> bool:
    entry = known.get(name)
    return entry is not None and entry.recipe == _module(name).RECIPE and entry.still_there()


def _provide(known: dict[str, found.Found], name: str) -> None:
    module = _module(name)
    entry = module.provide(sources.allowed())
    if not entry.still_there():
        raise Failure(f"{module.WHAT} from {entry.source} lacks one of {', '.join(entry.needs)}")
    entry.recipe = module.RECIPE
    known[name] = entry
    # Saved part by part: an interrupted set-up goes on with the first missing one.
    found.save(known)
    say(f"{module.WHAT}: {entry.version}, from {entry.source}")


def _module(name: str) -> ModuleType:
    return (parts.ALL | parts.ON_DEMAND)[name]


def _check_machine() -> None:
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise Failure(f"this is {platform.system()} on {platform.machine()}; supported is Linux on x86_64")
    remedies = {"cargo": "Rust from https://rustup.rs", "gcc": "Debian's package gcc (or build-essential)"}
    for program, remedy in remedies.items():
        if shutil.which(program) is None:
            raise Failure(f"{program} is missing: install {remedy}")
