"""Makes the pictures of this folder from our own renderings, and expected.json by a second implementation.

    python tests/reference/make.py                 # pictures (seeded) and expected.json
    python tests/reference/make.py --list LIST     # compare only: photos of a dataset's list, nothing is written

The second implementation: Pillow's decoder, EXIF orientation, conversion to RGB, a stretch with Pillow's BILINEAR
filter, and LiteRT's Python interpreter.
"""

import argparse
import hashlib
import json
import random
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image, ImageEnhance, ImageOps

HERE = Path(__file__).resolve().parent
SAMPLES = sorted((HERE.parent / "samples").glob("*.jpg"))
MODEL = HERE.parent.parent / "models" / "groceries"
SEED = 20261121
WANTED = 20
# Taken in turn; the count has no divisor in common with that of the samples.
FORMS = ("baseline", "progressive", "full chroma", "turned", "png")
# A picture whose first two classes are nearer than this says nothing about the implementation,
LEAD = 0.10
# nor does one whose probabilities move further than this when every pixel is shaken by one step of 255.
SHAKE = 0.04
SHAKES = 8


class Model:
    """The groceries model under LiteRT's own interpreter."""

    def __init__(self) -> None:
        weights = (MODEL / "model.tflite").read_bytes()
        self.sha256 = hashlib.sha256(weights).hexdigest()
        self.labels = (MODEL / "labels.txt").read_text().splitlines()
        self.interpreter = Interpreter(model_content=weights)
        self.interpreter.allocate_tensors()
        self.input = self.interpreter.get_input_details()[0]
        self.output = self.interpreter.get_output_details()[0]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the input."""
        _, height, width, _ = self.input["shape"]
        return int(width), int(height)

    def pixels(self, picture: Path) -> np.ndarray:
        with Image.open(picture) as image:
            upright = ImageOps.exif_transpose(image).convert("RGB")
            return np.asarray(upright.resize(self.size, Image.Resampling.BILINEAR))

    def probabilities(self, pixels: np.ndarray) -> np.ndarray:
        self.interpreter.set_tensor(self.input["index"], pixels[None])
        self.interpreter.invoke()
        scale, zero_point = self.output["quantization"]
        raw = self.interpreter.get_tensor(self.output["index"])[0].astype(np.int64)
        return (raw - zero_point) * scale

    def top3(self, picture: Path) -> list[dict]:
        probabilities = self.probabilities(self.pixels(picture))
        order = np.argsort(-probabilities, kind="stable")[:3]
        return [
            {"index": int(index), "label": self.labels[index], "probability": round(float(probabilities[index]), 6)}
            for index in order
        ]

    def is_steady(self, picture: Path) -> bool:
        """Whether the likeliest three keep their probabilities when every pixel is shaken by one step."""
        pixels = self.pixels(picture)
        probabilities = self.probabilities(pixels)
        first = np.argsort(-probabilities, kind="stable")[:3]
        draw = np.random.default_rng(SEED)
        for _ in range(SHAKES):
            shaken = np.clip(pixels + draw.integers(-1, 2, pixels.shape), 0, 255).astype(np.uint8)
            if np.abs(self.probabilities(shaken) - probabilities)[first].max() > SHAKE:
                return False
        return True


def variant(image: Image.Image, draw: random.Random) -> Image.Image:
    """A crop, a turn, another light and another size of a rendering."""
    share = draw.uniform(0.7, 1.0)
    width, height = (int(side * share) for side in image.size)
    left, top = draw.randint(0, image.width - width), draw.randint(0, image.height - height)
    image = image.crop((left, top, left + width, top + height))
    if draw.random() < 0.5:
        image = ImageOps.mirror(image)
    corner = image.getpixel((2, 2))
    image = image.rotate(draw.uniform(-20, 20), Image.Resampling.BICUBIC, fillcolor=corner)
    image = ImageEnhance.Brightness(image).enhance(draw.uniform(0.75, 1.25))
    image = ImageEnhance.Color(image).enhance(draw.uniform(0.8, 1.2))
    size = draw.choice([(150, 150), (224, 224), (320, 240), (240, 320), (500, 480)])
    return image.resize(size, Image.Resampling.LANCZOS)


def save(image: Image.Image, stem: Path, form: str, size: tuple[int, int], draw: random.Random) -> Path:
    """Writes the picture in one of the forms that come in practice; as PNG in the model's size, for which no resize
    can make a difference."""
    if form == "png":
        image = image.resize(size, Image.Resampling.LANCZOS)
        file = stem.with_suffix(".png")
        (image.quantize(64) if draw.random() < 0.5 else image).save(file, optimize=True)
        return file
    file = stem.with_suffix(".jpg")
    options = {"quality": draw.randint(60, 92)}
    if form == "progressive":
        options["progressive"] = True
    if form == "full chroma":
        options["subsampling"] = 0
    if form == "turned":
        # Stored lying on its side, to be turned by 90° clockwise (EXIF orientation 6).
        image = image.rotate(90, expand=True)
        exif = Image.Exif()
        exif[0x0112] = 6
        options["exif"] = exif
    image.save(file, **options)
    return file


def make_pictures(model: Model) -> list[dict]:
    folder = HERE / "pictures"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    draw = random.Random(SEED)
    entries: list[dict] = []
    while len(entries) < WANTED:
        sample = SAMPLES[len(entries) % len(SAMPLES)]
        with Image.open(sample) as image:
            picture = variant(image.convert("RGB"), draw)
        form = FORMS[len(entries) % len(FORMS)]
        file = save(picture, folder / f"{len(entries) + 1:02}-{sample.stem}", form, model.size, draw)
        top3 = model.top3(file)
        if top3[0]["probability"] - top3[1]["probability"] < LEAD or not model.is_steady(file):
            file.unlink()
            continue
        entries.append({"file": f"pictures/{file.name}", "top3": top3})
    return entries


def print_list(model: Model, dataset_list: Path) -> None:
    for line in dataset_list.read_text().splitlines():
        picture = dataset_list.parent / line.split(",")[0].strip()
        print(json.dumps({"file": str(picture), "top3": model.top3(picture)}, ensure_ascii=False))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", type=Path, help="print the top three of a list's photos instead")
    arguments = parser.parse_args()
    model = Model()
    if arguments.list:
        print_list(model, arguments.list)
        return
    expected = {"model_sha256": model.sha256, "pictures": make_pictures(model)}
    (HERE / "expected.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n")
    print(f"{len(expected['pictures'])} pictures; first classes: "
          + ", ".join(sorted({entry["top3"][0]["label"] for entry in expected["pictures"]})))


if __name__ == "__main__":
    main()
