"""`.cargo/config.toml`, through which plain cargo commands and rust-analyzer find what set-up found."""

import json
from pathlib import Path

from toolchain import paths
from toolchain.found import Found
from toolchain.parts import wasm_target


def write(found: dict[str, Found]) -> None:
    text = render(found)
    paths.CARGO_CONFIG.parent.mkdir(exist_ok=True)
    # An unchanged file keeps its date, so cargo rebuilds nothing.
    if not paths.CARGO_CONFIG.exists() or paths.CARGO_CONFIG.read_text() != text:
        paths.CARGO_CONFIG.write_text(text)


def render(found: dict[str, Found]) -> str:
    lines = ["# Written by `make setup`; not committed, because it says what this machine has.", "", "[env]"]
    for entry in found.values():
        lines += [f"{name} = {_value(value)}" for name, value in sorted(entry.cargo_env.items())]
    flags = ["-C", "target-feature=+simd128,+bulk-memory"]
    lines += ["", "[target.wasm32-wasip1]"]
    if linker := wasm_target.linker():
        lines.append(f"linker = {json.dumps(str(linker))}")
        flags += ["-L", f"native={wasm_target.native_libraries()}"]
    lines.append(f"rustflags = {json.dumps(flags)}")
    return "\n".join(lines) + "\n"


def _value(value: str) -> str:
    # JSON's strings are TOML's basic strings for all that a path holds.
    if Path(value).is_absolute() and Path(value).is_relative_to(paths.PROJECT):
        relative = str(Path(value).relative_to(paths.PROJECT))
        return f"{{ value = {json.dumps(relative)}, relative = true }}"
    return json.dumps(value)
