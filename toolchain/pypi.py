"""Pinned wheels from PyPI, fetched by pip (as it is configured on the machine) and unpacked without installing."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from toolchain import debian, paths
from toolchain.console import Failure, progress


def unpack(folder: Path, requirement: str, platform: str, sha256: str, members: str = "") -> Path:
    """Unpacks the wheel's files whose names start with `members` into `folder`, whole or not at all."""
    wheel = _wheel(requirement, platform, sha256)
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            if entry.filename.startswith(members):
                target = Path(archive.extract(entry, partial))
                if target.is_file() and entry.external_attr >> 16 & 0o100:
                    target.chmod(0o755)
    shutil.rmtree(folder, ignore_errors=True)
    partial.replace(folder)
    return folder


def install(folder: Path, requirements: Path) -> None:
    """Installs pinned packages (with hashes) into `folder`, for PYTHONPATH; whole or not at all."""
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    command = [*_pip(), "install", "--quiet", "--require-hashes", "--target", str(partial),
               "--requirement", str(requirements)]
    with progress(f"PyPI: installing {requirements}"):
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=_environment())
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise Failure(f"pip could not install {requirements}: {reason[0]}")
    shutil.rmtree(folder, ignore_errors=True)
    partial.replace(folder)


def _wheel(requirement: str, platform: str, sha256: str) -> Path:
    cache = paths.cache("wheels")
    for wheel in cache.glob("*.whl"):
        if wheel.name.lower().startswith(requirement.split("==")[0].replace("-", "_")) and paths.sha256(wheel) == sha256:
            return wheel
    pins = cache / "requirement.txt"
    pins.write_text(f"{requirement} --hash=sha256:{sha256}\n")
    command = [*_pip(), "download", "--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes",
               "--python-version", "3.11", "--implementation", "cp", "--platform", platform,
               "--dest", str(cache), "--requirement", str(pins)]
    with progress(f"PyPI: fetching {requirement}"):
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=_environment())
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise Failure(f"pip could not fetch {requirement}: {reason[0]}")
    for wheel in cache.glob("*.whl"):
        if paths.sha256(wheel) == sha256:
            return wheel
    raise Failure(f"pip fetched {requirement}, but no file with sha256 {sha256}")


def _pip() -> list[str]:
    """pip of the machine, or Debian's own unpacked beside the other tools (python3 there comes without it)."""
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False).returncode:
        if not _debian_pip().exists():
            debian.unpack(_debian_pip_prefix(), debian.suite_of_this_machine(), [], ["python3-pip"])
    return [sys.executable, "-m", "pip", "--disable-pip-version-check"]


def _debian_pip_prefix() -> Path:
    return paths.TOOLCHAIN / "pip"


def _debian_pip() -> Path:
    return _debian_pip_prefix() / "usr/lib/python3/dist-packages"


def _environment() -> dict[str, str] | None:
    import os

    if not _debian_pip().exists():
        return None
    return os.environ | {"PYTHONPATH": str(_debian_pip())}
