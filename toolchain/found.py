"""What set-up knows about a part of the toolchain once it has been found or fetched."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from toolchain import paths


@dataclass
class Found:
    """One part of the toolchain: where it came from and what the build must be told."""

    version: str
    source: str
    """`machine`, `upstream`, `Debian <suite>` or `PyPI`."""
    place: str
    """The folder or program, for people."""
    needs: list[str] = field(default_factory=list)
    """Paths that must still exist for this entry to hold; checked at every start."""
    cargo_env: dict[str, str] = field(default_factory=dict)
    """Variables for the `[env]` table of `.cargo/config.toml`."""
    recipe: int = 0
    """The recipe's number in the part's module; another number makes set-up look again."""

    def still_there(self) -> bool:
        return all(Path(need).exists() for need in self.needs)


def load() -> dict[str, Found]:
    """What the last set-up found; empty after a first clone or a damaged state file."""
    try:
        entries = json.loads(paths.STATE.read_text())
        return {name: Found(**entry) for name, entry in entries.items()}
    except (FileNotFoundError, ValueError, TypeError):
        return {}


def save(found: dict[str, Found]) -> None:
    paths.TOOLCHAIN.mkdir(exist_ok=True)
    partial = paths.STATE.with_suffix(".partial")
    partial.write_text(json.dumps({name: asdict(entry) for name, entry in found.items()}, indent=1) + "\n")
    partial.replace(paths.STATE)
