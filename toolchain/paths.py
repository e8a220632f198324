"""The folders of set-up: the project's `.toolchain`, and the user's cache that all clones share."""

import hashlib
import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
TOOLCHAIN = PROJECT / ".toolchain"
STATE = TOOLCHAIN / "state.json"
CARGO_CONFIG = PROJECT / ".cargo" / "config.toml"


def cache(*parts: str) -> Path:
    """A folder of the user's download cache (XDG), made if it is missing."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base.joinpath("wasm-vision", *parts)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
