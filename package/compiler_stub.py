"""A stand-in for libLLVM, which WasmEdge needs to load but only calls to compile modules ahead of time.

What is deployed carries its native code already. libLLVM and what it needs make up 170 of 200 MB, would take the
layer over the console's 50 MB, and are mapped and relocated at every cold start. The stand-in has the same symbols
for WasmEdge to be linked to; a call says that there is no compiler and ends the program with code 2.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from package import elf
from package.elf import BadProgram, Symbol

_PREFIX = "libLLVM.so"

_START = """
    .text
unavailable:
    mov $1, %eax
    mov $2, %edi
    lea message(%rip), %rsi
    mov $message_bytes, %edx
    syscall
    mov $231, %eax
    mov $2, %edi
    syscall
    hlt
    .section .rodata
message: .ascii "vision: this package can't compile modules: run `vision compile` where you build it\\n"
    .set message_bytes, . - message
    .section .note.GNU-stack, "", @progbits
"""

_SECTIONS = {"OBJECT": ('.section .bss, "aw", @nobits', "object"),
             "TLS": ('.section .tbss, "awT", @nobits', "tls_object")}


def replaces(library: str) -> bool:
    """Whether the library, by the name that is asked for, is one that a stand-in is made for."""
    return library.startswith(_PREFIX)


def make(llvm: Path, users: list[Path]) -> bytes:
    """A library with LLVM's name and all symbols that the users need of it.

    The users may only need functions to be called and objects to lie somewhere before they compile anything;
    tests run the package to see that.
    """
    real = {symbol.name: symbol for symbol in elf.versioned_symbols(llvm) if symbol.defined}
    needed = {symbol.name: real[symbol.name] for user in users for symbol in elf.versioned_symbols(user)
              if not symbol.defined and symbol.name in real}
    versions = {symbol.version for symbol in needed.values()}
    if len(versions) != 1:
        raise BadProgram(f"{llvm} gives WasmEdge symbols of versions {sorted(versions)}, expected is one version")
    (name,) = elf.dynamic_entries(llvm)["SONAME"]
    with tempfile.TemporaryDirectory() as folder:
        source, versions_file, library = (Path(folder) / file for file in ("stub.s", "stub.map", name))
        source.write_text(assembly(list(needed.values())))
        versions_file.write_text(f"{versions.pop()} {{ global: *; local: unavailable; }};\n")
        command = ["gcc", "-shared", "-nostdlib", "-s", "-Wl,--build-id=none", f"-Wl,-soname,{name}",
                   f"-Wl,--version-script={versions_file}", "-o", str(library), str(source)]
        subprocess.run(command, check=True, capture_output=True, text=True)
        return library.read_bytes()


def assembly(symbols: list[Symbol]) -> str:
    """Every function is the same one; objects are as large as the real ones, and zero."""
    lines = [_START, ".text"]
    for symbol in sorted(symbols, key=lambda symbol: (symbol.kind, symbol.name)):
        lines.append(f".globl {symbol.name}")
        if symbol.kind in _SECTIONS:
            section, kind = _SECTIONS[symbol.kind]
            lines += [section, ".balign 16", f".type {symbol.name}, @{kind}",
                      f".size {symbol.name}, {symbol.size}", f"{symbol.name}: .zero {max(symbol.size, 1)}"]
        else:
            lines += [f".type {symbol.name}, @function", f".set {symbol.name}, unavailable"]
    return "\n".join([*lines, ""])
