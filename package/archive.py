"""Zip files that depend on nothing but their contents."""

from __future__ import annotations

import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

# The earliest time that a zip can hold; every file gets it.
_TIME = (1980, 1, 1, 0, 0, 0)
_EXECUTABLE = 0o100755
_PLAIN = 0o100644


@dataclass(frozen=True)
class Member:
    """A file of an archive. Its mode follows from `executable`, never from the umask or the file system."""

    name: str
    content: bytes
    executable: bool = False


def write(archive: Path, members: list[Member]) -> None:
    """Writes the members sorted by name, with fixed times and modes: the same input gives the same bytes."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    unfinished = archive.with_suffix(".zip.unfinished")
    with zipfile.ZipFile(unfinished, "w") as zip_file:
        for member in sorted(members, key=lambda member: member.name):
            info = zipfile.ZipInfo(member.name, _TIME)
            info.create_system = 3  # Unix: else the mode is not looked at
            info.external_attr = (_EXECUTABLE if member.executable else _PLAIN) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            zip_file.writestr(info, member.content, compresslevel=9)
    unfinished.replace(archive)


def unpacked_size(archive: Path) -> int:
    """Bytes of the archive's files."""
    with zipfile.ZipFile(archive) as zip_file:
        return sum(info.file_size for info in zip_file.infolist())


def unpack(folder: Path, members: list[Member]) -> None:
    """The same files as a folder, for tools that pack folders themselves; what was there before is gone."""
    shutil.rmtree(folder, ignore_errors=True)
    for member in members:
        file = folder / member.name
        for parent in reversed(file.relative_to(folder.parent).parents[:-1]):
            (folder.parent / parent).mkdir(parents=True, exist_ok=True)
            (folder.parent / parent).chmod(0o755)
        file.write_bytes(member.content)
        file.chmod(0o755 if member.executable else 0o644)
