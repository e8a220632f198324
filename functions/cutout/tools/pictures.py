#!/usr/bin/env python3
"""Draws the pictures of docs/cutout.md anew: ``pictures.py``, from the root of the project, with the Python of network.py and Pillow.

The person of tests/samples is put small into a picture of its own, so that the second pass has something to do; the example `steps` does the
rest.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
from PIL import Image

PROJECT = Path(__file__).resolve().parents[3]
IMAGES = PROJECT / "docs" / "images"
WIDTH, HEIGHT = 960, 600
SHOWN = 320
STEPS = {"1-stretched": "stretched", "2-first-pass": "first-pass", "3-box": "box", "4-mask": "second-pass", "5-alpha": "alpha", "10-blur": "blur"}


def scene() -> Image.Image:
    """The person before a wall with a window and a door."""
    x, y = numpy.meshgrid(numpy.linspace(0, 1, WIDTH), numpy.linspace(0, 1, HEIGHT))
    wall = numpy.stack([0.62 + 0.2 * x - 0.1 * y, 0.60 + 0.18 * x - 0.12 * y, 0.52 + 0.16 * x - 0.1 * y], axis=-1)
    for left, top, right, bottom, colour in [(0.06, 0.1, 0.26, 0.55, (0.85, 0.92, 0.98)), (0.8, 0.2, 0.95, 1.0, (0.40, 0.26, 0.16)),
                                             (0.0, 0.9, 1.0, 1.0, (0.35, 0.30, 0.26))]:
        inside = (x >= left) & (x < right) & (y >= top) & (y < bottom)
        wall[inside] = colour
    wall += numpy.random.default_rng(3).normal(0, 0.01, wall.shape)
    picture = Image.fromarray((numpy.clip(wall, 0, 1) * 255).astype(numpy.uint8))
    samples = PROJECT / "tests" / "samples"
    size = (384, 480)
    person = Image.open(samples / "person.jpg").resize(size, Image.Resampling.LANCZOS)
    picture.paste(person, (330, HEIGHT - size[1]), Image.open(samples / "person-mask.png").resize(size, Image.Resampling.LANCZOS))
    return picture


def halo(folder: Path) -> Image.Image:
    """An edge on green, enlarged: with the colours that were there, and with the person's own."""
    cut = [Image.open(folder / f"{name}.ppm").crop((425, 190, 505, 270)) for name in ("6-own-colours-left", "8-green")]
    pair = Image.new("RGB", (SHOWN, SHOWN // 2), "white")
    for index, part in enumerate(cut):
        pair.paste(part.resize((SHOWN // 2 - 2, SHOWN // 2), Image.Resampling.NEAREST), (index * (SHOWN // 2 + 2), 0))
    return pair


def main() -> None:
    """Writes docs/images/cutout-*.jpg."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        scene().save(folder / "photo.ppm")
        subprocess.run(["cargo", "run", "--release", "--quiet", "--package", "cutout", "--example", "steps", "--", folder / "photo.ppm", folder,
                        sys.executable, Path(__file__).with_name("network.py")], check=True, cwd=PROJECT)
        pictures = {"photo": Image.open(folder / "photo.ppm"), "colours": halo(folder), "green": Image.open(folder / "8-green.ppm")}
        for name, shown in STEPS.items():
            [file] = [file for file in folder.iterdir() if file.stem == name]
            pictures[shown] = Image.open(file)
        for name, picture in pictures.items():
            picture = picture.convert("RGB")
            picture.thumbnail((SHOWN, SHOWN), Image.Resampling.LANCZOS)
            picture.save(IMAGES / f"cutout-{name}.jpg", quality=85, optimize=True)


if __name__ == "__main__":
    main()
