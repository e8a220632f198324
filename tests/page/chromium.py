"""Chromium for the tests: the machine's own, or Debian's package unpacked into `.toolchain`, without root."""

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from toolchain import debian, paths, sources
from toolchain.console import Failure

PREFIX = paths.TOOLCHAIN / "chromium"
# The fonts are small ones that cover both languages of the page; without any, Chromium draws no text at all.
PACKAGES = ["chromium", "fonts-inter", "fonts-wqy-microhei"]
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{prefix}/usr/share/fonts</dir>
  <cachedir>{prefix}/var/cache/fontconfig</cachedir>
  <alias><family>system-ui</family><prefer><family>Inter</family><family>WenQuanYi Micro Hei</family></prefer></alias>
  <alias><family>sans-serif</family><prefer><family>Inter</family><family>WenQuanYi Micro Hei</family></prefer></alias>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
</fontconfig>
"""


@dataclass
class Chromium:
    """A Chromium that starts."""

    program: Path
    version: str
    environment: dict[str, str] = field(default_factory=dict)
    """What it needs besides the caller's own environment."""


def provide() -> Chromium:
    """The one that `CHROMIUM` names, or the first that starts of the machine's and Debian's; else a Failure."""
    if named := os.environ.get("CHROMIUM"):
        return _started(Path(named), {})
    reasons = []
    for candidate in (_of_the_machine, _from_debian):
        try:
            if found := candidate():
                return _started(*found)
        except Failure as failure:
            reasons.append(str(failure))
    raise Failure("; ".join(reasons) or "no Chromium on this machine, and TOOLCHAIN_SOURCES forbids fetching one")


def _started(program: Path, environment: dict[str, str]) -> Chromium:
    command = [program, "--version"]
    try:
        done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
    except OSError as error:
        raise Failure(f"{program} can't be started ({error.strerror})") from error
    if done.returncode:
        raise Failure(f"{program} does not start: {done.stderr.strip().splitlines()[-1:] or 'no reason given'}")
    return Chromium(program, done.stdout.strip(), environment)


def _of_the_machine() -> tuple[Path, dict[str, str]] | None:
    if sources.MACHINE not in sources.allowed():
        return None
    program = shutil.which("chromium") or shutil.which("google-chrome")
    return (Path(program), {}) if program else None


def _from_debian() -> tuple[Path, dict[str, str]] | None:
    if sources.PACKAGES not in sources.allowed():
        return None
    program = PREFIX / "usr/lib/chromium/chromium"
    fonts = PREFIX / "etc/fonts/tests.conf"
    if not fonts.exists():
        debian.unpack(PREFIX, debian.suite_of_this_machine(), PACKAGES)
        # The loader is the machine's, and loader and C library must come from one build: the machine's serves.
        for file in _files_of("libc6"):
            file.unlink()
        (PREFIX / "var/cache/fontconfig").mkdir(parents=True, exist_ok=True)
        fonts.write_text(FONTS.format(prefix=PREFIX))
    libraries = PREFIX / "usr/lib/x86_64-linux-gnu"
    # Some packages keep parts of theirs in a folder that they know by its absolute path (libpulse).
    own = sorted({file.parent for file in libraries.glob("*/*.so*")})
    folders = [libraries, PREFIX / "lib/x86_64-linux-gnu", *own]
    return program, {"LD_LIBRARY_PATH": ":".join(map(str, folders)), "FONTCONFIG_FILE": str(fonts)}


def _files_of(package: str) -> list[Path]:
    """The package's libraries in the prefix."""
    debs = sorted(paths.cache("debian", debian.suite_of_this_machine()).glob(f"{package}_*.deb"))
    if not debs:
        raise Failure(f"{package} is not among the packages that apt fetched with Chromium")
    listing = subprocess.run(["dpkg-deb", "--fsys-tarfile", debs[-1]], capture_output=True, check=True).stdout
    names = subprocess.run(["tar", "-t"], input=listing, capture_output=True, check=True).stdout.decode().split()
    return [file for name in names if (file := PREFIX / name).is_file() and ".so" in file.name]
