"""`python3 -m package.platform PLATFORM FOLDER`: an empty root, as bare as the platform's, with the packages in their places.

On scf, /opt is layer.zip and /var/user is scf.zip; on lambda, /var/task is lambda.zip; on lambda-with-layer, /opt is
lambda-layer.zip, and the function is alone in /var/task; lambda-cutout and lambda-thumbnail have those packages. They are unpacked with the modes that they name. Besides these there
is nothing but a shell: Debian's busybox-static, which needs no library that the packages could use by mistake.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import zipfile
from pathlib import Path

from toolchain import debian, paths

BUSYBOX = paths.TOOLCHAIN / "busybox"
# What the start scripts call.
APPLETS = ("sh", "dirname")
# The archives of each platform, and where they lie.
PLACES = {"scf": {"layer": "opt", "scf": "var/user"}, "lambda": {"lambda": "var/task"},
          "lambda-with-layer": {"lambda-layer": "opt"},
          "lambda-cutout": {"lambda-cutout": "var/task"}, "lambda-thumbnail": {"lambda-thumbnail": "var/task"}}
# Where the function lies alone.
FUNCTION = {"lambda-with-layer": "var/task/recognize.wasm"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m package.platform", description=__doc__)
    parser.add_argument("platform", choices=PLACES)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--packages", type=Path, default=paths.PROJECT / "dist", help="where the packages are")
    arguments = parser.parse_args()
    build(arguments.platform, arguments.folder, arguments.packages, busybox())
    return 0


def busybox() -> Path:
    """The shell of the root, fetched once."""
    program = next(BUSYBOX.glob("**/bin/busybox"), None)
    if program is None:
        debian.unpack(BUSYBOX, debian.suite_of_this_machine(), [], ["busybox-static"])
        program = next(BUSYBOX.glob("**/bin/busybox"))
    return program


def build(platform: str, folder: Path, packages: Path, shell: Path) -> None:
    """Makes the root anew."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "bin").mkdir(parents=True)
    shutil.copy(shell, folder / "bin/busybox")
    for applet in APPLETS:
        (folder / "bin" / applet).symlink_to("busybox")
    for name, place in PLACES[platform].items():
        extract(packages / f"{name}.zip", folder / place)
    if place := FUNCTION.get(platform):
        (folder / place).parent.mkdir(parents=True)
        shutil.copy(packages / "recognize.wasm", folder / place)
    # Where the one who starts something in the root mounts it.
    (folder / "proc").mkdir()
    (folder / "tmp").mkdir()
    (folder / "tmp").chmod(0o1777)


def extract(archive: Path, folder: Path) -> None:
    """Unpacks with the modes of the archive, as the platform does."""
    with zipfile.ZipFile(archive) as zip_file:
        for info in zip_file.infolist():
            file = Path(zip_file.extract(info, folder))
            file.chmod(info.external_attr >> 16 & 0o777)


if __name__ == "__main__":
    sys.exit(main())
