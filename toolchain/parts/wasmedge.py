"""WasmEdge's library and headers, in the version that the crate wasmedge-sdk was made for."""

import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

from toolchain import debian, fetch, paths
from toolchain.console import Failure, say
from toolchain.found import Found
from toolchain.sources import MACHINE, PACKAGES, UPSTREAM

RECIPE = 3
WHAT = "WasmEdge 0.17 (library and headers)"
RELEASE = "0.17.1"
SERIES = "0.17."
# The address and sha256 that the build script of wasmedge-sys 0.21.1 names for this release.
ARCHIVE = (f"https://github.com/WasmEdge/WasmEdge/releases/download/{RELEASE}/"
           f"WasmEdge-{RELEASE}-manylinux_2_28_x86_64.tar.gz")
ARCHIVE_SHA256 = "27a1abec072ddf45b40e2e81e33c1e5fe9b241f31fd1bbf0182f05097489a07a"
ARCHIVE_GLIBC = (2, 28)
# Debian's testing suite, then unstable, which has a package before (and sometimes after) testing has it.
SUITES = ("forky", "sid")
PREFIX = paths.TOOLCHAIN / "wasmedge"
LINK_FOLDER = paths.TOOLCHAIN / "wasmedge-link"
MULTIARCH = "usr/lib/x86_64-linux-gnu"


def provide(sources: list[str]) -> Found:
    for source in sources:
        if source == MACHINE and (found := _of_the_machine()):
            return found
        if source == UPSTREAM and (found := _from_release()):
            return found
        if source == PACKAGES:
            return _from_debian()
    raise Failure(f"no WasmEdge {SERIES}x: install it from its releases page and set WASMEDGE_DIR to its folder")


def _of_the_machine() -> Found | None:
    places = [os.environ.get("WASMEDGE_DIR"), Path.home() / ".wasmedge", "/usr/local", Path.home() / ".local", "/usr"]
    for place in (Path(place) for place in places if place):
        for folder in ("lib64", "lib", "lib/x86_64-linux-gnu"):
            library = place / folder / "libwasmedge.so"
            version = _version_in(place / "include")
            if library.exists() and version and version.startswith(SERIES):
                return _found(version, "machine", library, place / "include", loader=None)
            if library.exists() and version:
                say(f"WasmEdge {version} in {place} is not {SERIES}x: not used")
    return None


def _from_release() -> Found | None:
    if _glibc() < ARCHIVE_GLIBC:
        return None
    archive = fetch.pinned(ARCHIVE, ARCHIVE_SHA256)
    if archive is None:
        return None
    partial = PREFIX.with_name("wasmedge.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    subprocess.run(["tar", "-xzf", archive, "-C", partial], check=True)
    shutil.rmtree(PREFIX, ignore_errors=True)
    next(partial.glob("WasmEdge-*")).replace(PREFIX)
    shutil.rmtree(partial)
    library = next(PREFIX.glob("lib*/libwasmedge.so"))
    return _found(RELEASE, "upstream", library, PREFIX / "include", loader=None)


def _from_debian() -> Found:
    failures = []
    for suite in SUITES:
        try:
            versions = debian.unpack(PREFIX, suite, ["libwasmedge-dev"])
        except Failure as failure:
            failures.append(str(failure))
            continue
        if (version := versions["libwasmedge-dev"]).startswith(SERIES):
            # libLLVM looks for its own libraries in $ORIGIN/../lib and there alone: its folder must be named so.
            libraries = (PREFIX / MULTIARCH).rename(PREFIX / "lib")
            # These libraries need the newer C library that came with them, and so does a program that uses them.
            return _found(version, f"Debian {suite}", libraries / "libwasmedge.so", PREFIX / "usr/include",
                          loader=libraries / "ld-linux-x86-64.so.2")
        failures.append(f"Debian {suite} has WasmEdge {version}")
    raise Failure(f"no WasmEdge {SERIES}x: {'; '.join(failures)}. Install {RELEASE} from its releases page and set "
                  "WASMEDGE_DIR to its folder")


def _found(version: str, source: str, library: Path, headers: Path, loader: Path | None) -> Found:
    # A folder with nothing but the link: the crate's build script puts it on LD_LIBRARY_PATH of rustc, which
    # dies if it finds another C library there.
    LINK_FOLDER.mkdir(parents=True, exist_ok=True)
    link = LINK_FOLDER / "libwasmedge.so"
    link.unlink(missing_ok=True)
    link.symlink_to(os.path.relpath(library, LINK_FOLDER) if library.is_relative_to(paths.TOOLCHAIN) else library)
    env = {"WASMEDGE_INCLUDE_DIR": str(headers), "WASMEDGE_LIB_DIR": str(LINK_FOLDER),
           "VISION_WASMEDGE_LIBRARIES": str(library.parent)}
    if loader:
        env["VISION_LOADER"] = str(loader)
    return Found(version=version, source=source, place=str(library), needs=[str(library), str(link), str(headers)],
                 cargo_env=env)


def _version_in(include: Path) -> str | None:
    header = include / "wasmedge/version.h"
    if not header.exists():
        return None
    version = re.search(r'WASMEDGE_VERSION\s+"([^"]+)"', header.read_text())
    return version.group(1) if version else None


def _glibc() -> tuple[int, ...]:
    return tuple(int(number) for number in platform.libc_ver()[1].split(".")[:2]) or (0,)
