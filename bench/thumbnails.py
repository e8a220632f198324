"""Thumbnails beside sharp's: how near both are to Lanczos in linear light, and how long they take, on one thread.

    python -m bench.thumbnails PHOTO…        (numpy, Pillow; `npm ci` in bench/peers/sharp; `make thumbnail`)

The photos are enlarged to 0.3, 3 and 12 megapixels, get some grain, and are coded as JPEG of quality 90.
"""

from __future__ import annotations

import functools
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
from PIL import Image

PROJECT = Path(__file__).resolve().parent.parent
PEER = PROJECT / "bench/peers/sharp/sharp.mjs"
MEGAPIXELS = {"0.3": 0.3, "3": 3.0, "12": 12.0}
SIZES = (160, 480)
# The usual quality of both, and one at which the coding hides nothing.
QUALITIES = (80, 100)
ROUNDS = 3
COUNTS = {"0.3": 60, "3": 30, "12": 15}


def linear(values: numpy.ndarray) -> numpy.ndarray:
    share = values.astype(numpy.float64) / 255
    return numpy.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def encoded(light: numpy.ndarray) -> numpy.ndarray:
    light = light.clip(0, 1)
    share = numpy.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return share * 255


@functools.lru_cache(maxsize=4)
def reference(photo: Path, size: tuple[int, int]) -> numpy.ndarray:
    """All pixels decoded, stretched by Pillow's LANCZOS in linear light and 32 bits."""
    pixels = linear(numpy.asarray(Image.open(photo).convert("RGB"))).astype(numpy.float32)
    channels = [
        numpy.asarray(Image.fromarray(pixels[..., at], "F").resize(size, Image.Resampling.LANCZOS))
        for at in range(3)
    ]
    return encoded(numpy.stack(channels, axis=-1).astype(numpy.float64))


def luma(pixels: numpy.ndarray) -> numpy.ndarray:
    return pixels.astype(numpy.float64) @ numpy.array([0.299, 0.587, 0.114])


def blurred(values: numpy.ndarray) -> numpy.ndarray:
    at = numpy.arange(-5, 6)
    window = numpy.exp(-(at**2) / (2 * 1.5**2))
    window /= window.sum()
    for axis in (0, 1):
        values = numpy.apply_along_axis(lambda row: numpy.convolve(row, window, "valid"), axis, values)
    return values


def ssim(one: numpy.ndarray, other: numpy.ndarray) -> float:
    """Of brightness, Wang et al. 2004: a window of 11 pixels, sigma 1.5."""
    one, other = luma(one), luma(other)
    first, second = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_one, mean_other = blurred(one), blurred(other)
    var_one = blurred(one * one) - mean_one**2
    var_other = blurred(other * other) - mean_other**2
    together = blurred(one * other) - mean_one * mean_other
    share = (2 * mean_one * mean_other + first) * (2 * together + second)
    share /= (mean_one**2 + mean_other**2 + first) * (var_one + var_other + second)
    return float(share.mean())


def enlarged(photo: Path, megapixels: float, folder: Path) -> Path:
    picture = Image.open(photo).convert("RGB")
    scale = (megapixels * 1e6 / (picture.width * picture.height)) ** 0.5
    size = (round(picture.width * scale), round(picture.height * scale))
    pixels = numpy.asarray(picture.resize(size, Image.Resampling.BICUBIC)).astype(numpy.int16)
    grain = numpy.random.default_rng(1).normal(0, 4, pixels.shape)
    out = folder / f"{photo.stem}-{megapixels}.jpg"
    Image.fromarray((pixels + grain).clip(0, 255).astype(numpy.uint8)).save(out, quality=90)
    return out


def by_sharp(photo: Path, size: int, quality: int, count: int, folder: Path) -> tuple[Path, float]:
    out = folder / "sharp.jpg"
    command = ["node", PEER, photo, size, quality, count, out]
    answer = subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True)
    return out, statistics.median(json.loads(answer.stdout)["times"])


def ours(photo: Path, size: int, quality: int, count: int, folder: Path) -> tuple[Path, float]:
    program = [PROJECT / "target/release/vision"]
    options = ["--wasm", PROJECT / "dist/thumbnail.wasm", "--query", f"size={size}&quality={quality}", "--threads", "1"]
    made = subprocess.run([str(part) for part in [*program, "run", *options, photo]], check=True, capture_output=True)
    out = folder / "ours.jpg"
    out.write_bytes(made.stdout)
    command = [*program, "bench", "--json", "--count", count, *options, photo]
    answer = subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True)
    return out, json.loads(answer.stdout)["median"]


def main() -> None:
    photos = [Path(name) for name in sys.argv[1:]] or [PROJECT / "tests/samples/tomato.jpg"]
    print("photo, megapixels, size | sharp ms, ours ms, ours/sharp | quality: SSIM of sharp, of ours …")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for photo in photos:
            for label, megapixels in MEGAPIXELS.items():
                large = enlarged(photo, megapixels, folder)
                for size in SIZES:
                    report(large, label, size, folder)


def report(photo: Path, label: str, size: int, folder: Path) -> None:
    makers = {"sharp": by_sharp, "ours": ours}
    times: dict[str, list[float]] = {name: [] for name in makers}
    for _ in range(ROUNDS):
        for name, make in makers.items():
            times[name].append(make(photo, size, QUALITIES[0], COUNTS[label], folder)[1])
    near = []
    for quality in QUALITIES:
        made = {name: make(photo, size, quality, 1, folder)[0] for name, make in makers.items()}
        pixels = {name: numpy.asarray(Image.open(path).convert("RGB")) for name, path in made.items()}
        truth = {name: reference(photo, (of.shape[1], of.shape[0])) for name, of in pixels.items()}
        values = ", ".join(f"{ssim(truth[name], pixels[name]):.4f}" for name in makers)
        near.append(f"{quality}: {values}")
    best = {name: min(values) for name, values in times.items()}
    print(
        f"{photo.stem}, {label}, {size} | {best['sharp']:.2f}, {best['ours']:.2f}, "
        f"{best['ours'] / best['sharp']:.2f} | {'; '.join(near)}",
        flush=True,
    )


if __name__ == "__main__":
    main()
