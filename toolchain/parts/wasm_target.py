"""Rust's standard library for wasm32-wasip1, and a linker for it."""

import shutil
import subprocess
from pathlib import Path

from toolchain import debian, paths
from toolchain.console import Failure, progress, say
from toolchain.found import Found
from toolchain.sources import MACHINE, PACKAGES, UPSTREAM

RECIPE = 2
WHAT = "Rust's standard library for wasm32-wasip1"
TARGET = "wasm32-wasip1"
PREFIX = paths.TOOLCHAIN / "rust-wasm"
SUITE = "trixie"
RUSTUP_SECONDS = 120


def provide(sources: list[str]) -> Found:
    for source in sources:
        if source == MACHINE and (found := _of_the_machine("machine")):
            return found
        if source == UPSTREAM and (found := _by_rustup()):
            return found
        if source == PACKAGES:
            return _from_debian()
    raise Failure(f"no Rust for {TARGET}: run `rustup target add {TARGET}`")


def _of_the_machine(source: str) -> Found | None:
    library = _output("rustc", "--print", "target-libdir", "--target", TARGET)
    if not library or not list(Path(library).glob("libstd-*.rlib")):
        return None
    shutil.rmtree(PREFIX, ignore_errors=True)
    return Found(version=_output("rustc", "--version") or "?", source=source, place=library, needs=[library])


def _by_rustup() -> Found | None:
    if shutil.which("rustup") is None:
        return None
    try:
        with progress(f"rustup target add {TARGET}"):
            subprocess.run(["rustup", "target", "add", TARGET], check=True, capture_output=True, timeout=RUSTUP_SECONDS)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        say("rustup could not reach its server")
        return None
    return _of_the_machine("upstream (rustup)")


def _from_debian() -> Found:
    """Debian's rustc with its wasm library, run through the loader and C library of its own suite."""
    # rustc itself goes in alone: its dependencies are a C compiler that the machine has already.
    versions = debian.unpack(PREFIX, SUITE, ["libstd-rust-dev", "libstd-rust-dev-wasm32", "wasi-libc", "lld-19"],
                             ["rustc"])
    libraries = '"$root/usr/lib/x86_64-linux-gnu"'
    loader = f'exec "$root/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" --library-path {libraries}'
    _script("rustc", f'{loader} "$root/usr/bin/rustc" --sysroot "$root/usr" "$@"')
    _script("wasm-ld", f'{loader} --argv0 wasm-ld "$root/usr/lib/llvm-19/bin/lld" "$@"')
    return Found(version=f"rustc {versions['rustc']}", source=f"Debian {SUITE}", place=str(PREFIX),
                 needs=[str(PREFIX / "bin/rustc"), str(PREFIX / "bin/wasm-ld")])


def linker() -> Path | None:
    """The linker that cargo must be given, None where rustc brings its own."""
    file = PREFIX / "bin/wasm-ld"
    return file if file.exists() else None


def native_libraries() -> Path:
    """wasi-libc's folder, which Debian's rustc doesn't know by itself."""
    return PREFIX / "usr/lib/wasm32-wasi"


def _script(name: str, command: str) -> None:
    file = PREFIX / "bin" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(f'#!/bin/sh\nroot=$(dirname "$(dirname "$(readlink -f "$0")")")\n{command}\n')
    file.chmod(0o755)


def _output(*command: str) -> str | None:
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    except (FileNotFoundError, subprocess.CalledProcessError):
        return None
