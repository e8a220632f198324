"""TensorFlow's C library and what it needs, out of the wheel that its makers publish: for graphs that are not converted."""

import shutil

from toolchain import paths, pypi
from toolchain.found import Found

RECIPE = 1
WHAT = "TensorFlow 2.15.1"
VERSION = "2.15.1"
SHA256 = "54660c074d7241a503e81edfd9f5ef5af88f64051b72e2945f26318c790f2d26"
FOLDER = paths.TOOLCHAIN / "tensorflow"
LIBRARIES = ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"]


def provide(sources: list[str]) -> Found:
    platform = "manylinux_2_17_x86_64"
    pypi.unpack(FOLDER, f"tensorflow-cpu=={VERSION}", platform, SHA256, "tensorflow/libtensorflow_")
    for library in LIBRARIES:
        (FOLDER / "tensorflow" / library).replace(FOLDER / library)
    shutil.rmtree(FOLDER / "tensorflow")
    return Found(
        version=VERSION, source="PyPI", place=str(FOLDER), needs=[str(FOLDER / library) for library in LIBRARIES],
        cargo_env={},
    )
