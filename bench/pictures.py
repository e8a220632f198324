"""The pictures and their events: `python bench/pictures.py FOLDER`, run with Pillow.

All are the sample tomato, enlarged, with the grain of a camera's sensor, in the quality that gives the usual size of
such a photo's file.
"""

import base64
import io
import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image

SAMPLE = Path(__file__).resolve().parent.parent / "tests/samples/tomato.jpg"
SEED = 20261121
GRAIN = 12.0
# Name, width, height, bytes of the file (None: quality 85).
PICTURES = [
    ("512x384", 512, 384, 200_000),
    ("1280x720", 1280, 720, 600_000),
    ("4000x3000", 4000, 3000, 4_000_000),
    *[(f"growth-{megapixels}", round((megapixels * 4e6 / 3) ** 0.5), round((megapixels * 3e6 / 4) ** 0.5), None)
      for megapixels in (0.1, 0.3, 1, 3, 6, 12)],
]
# The sample as it is, with bytes behind its end that decoders don't look at: an event grows, its picture doesn't.
EVENT_MEGABYTES = [0.1, 1, 2, 3, 4, 5, 6]


def picture(width: int, height: int) -> Image.Image:
    with Image.open(SAMPLE) as sample:
        enlarged = sample.convert("RGB").resize((width, height), Image.Resampling.BICUBIC)
    grain = np.random.default_rng(SEED).normal(0, GRAIN, (height, width, 3))
    return Image.fromarray(np.clip(np.asarray(enlarged) + grain, 0, 255).astype(np.uint8))


def encoded(image: Image.Image, size: int | None) -> bytes:
    """As JPEG: in the highest quality that stays within the size."""
    qualities = [85] if size is None else range(100, 20, -1)
    for quality in qualities:
        out = io.BytesIO()
        image.save(out, "JPEG", quality=quality)
        if size is None or out.tell() <= size:
            break
    return out.getvalue()


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    files = {name: encoded(picture(width, height), size) for name, width, height, size in PICTURES}
    sample = files["tomato"] = SAMPLE.read_bytes()
    for megabytes in EVENT_MEGABYTES:
        # Base64 has four letters for three bytes; the rest of the event is `{"body": ""}`.
        files[f"event-{megabytes}"] = sample.ljust(int(megabytes * 1e6 * 3 / 4) - 12, b"\0")
    for name, data in files.items():
        (folder / f"{name}.jpg").write_bytes(data)
        event = json.dumps({"body": base64.b64encode(data).decode()})
        (folder / f"{name}.json").write_text(event)


if __name__ == "__main__":
    main()
