"""LiteRT (TensorFlow Lite's successor): libLiteRt.so out of the wheel that its makers publish."""

import os
from pathlib import Path

from toolchain import paths, pypi
from toolchain.console import Failure
from toolchain.found import Found
from toolchain.sources import MACHINE

RECIPE = 1
WHAT = "LiteRT 2.1.4"
VERSION = "2.1.4"
SHA256 = "1bed8ccd8dfc4f2ec388bc79cb90920c261a244995ce378d396fb8967b7db640"
FOLDER = paths.TOOLCHAIN / "litert"


def provide(sources: list[str]) -> Found:
    given = os.environ.get("LITERT_LIB_DIR")
    if MACHINE in sources and given:
        if not (Path(given) / "libLiteRt.so").exists():
            raise Failure(f"LITERT_LIB_DIR is {given}, which holds no libLiteRt.so")
        return _found("?", "machine", Path(given))
    pypi.unpack(FOLDER, f"ai-edge-litert=={VERSION}", "manylinux_2_27_x86_64", SHA256, "ai_edge_litert/libLiteRt.so")
    return _found(VERSION, "PyPI", FOLDER / "ai_edge_litert")


def _found(version: str, source: str, folder: Path) -> Found:
    return Found(
        version=version, source=source, place=str(folder / "libLiteRt.so"), needs=[str(folder / "libLiteRt.so")],
        cargo_env={"LITERT_LIB_DIR": str(folder), "LITERT_NO_DOWNLOAD": "1", "VISION_LITERT_LIBRARIES": str(folder)},
    )
