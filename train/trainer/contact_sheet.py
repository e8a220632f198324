"""The photos that a model finds hardest, side by side: where it is wrong, and where photos lie in the wrong folder."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from trainer.photo_folder import OwnPhoto, decode_own

CELL, CAPTION, COLUMNS, FEWEST, MOST = 168, 46, 6, 12, 24
INK, WRONG, GROUND = "#222222", "#c0392b", "#ffffff"


def hardest(answers: np.ndarray, right: np.ndarray, fewest: int = FEWEST, most: int = MOST) -> np.ndarray:
    """Indices of the photos whose right class got the least probability, hardest first.

    ``fewest`` of them, or all that got less than a half, up to ``most``.
    """
    given = answers[np.arange(len(right)), right]
    return np.argsort(given, kind="stable")[: min(max(fewest, int(np.sum(given < 0.5))), most)]


def drawable(label: str, number: int) -> str:
    """``label`` where the pictures' fonts have its letters, else the number of the class."""
    return label if label.isascii() or all(ord(letter) < 0x180 for letter in label) else f"class {number}"


def draw_contact_sheet(photos: Sequence[OwnPhoto], answers: np.ndarray, labels: Sequence[str], target: Path) -> int:
    """Draw the :func:`hardest` of ``photos``, with right and given class; returns how many."""
    right = np.array([photo.label for photo in photos], np.int64)
    chosen = hardest(answers, right)
    rows = -(-len(chosen) // COLUMNS)
    sheet = Image.new("RGB", (min(COLUMNS, len(chosen)) * CELL, rows * (CELL + CAPTION)), GROUND)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(11)
    for position, index in enumerate(chosen):
        left, top = position % COLUMNS * CELL, position // COLUMNS * (CELL + CAPTION)
        sheet.paste(Image.fromarray(decode_own(photos[index].path, CELL - 6)[0]), (left + 3, top + 3))
        given = int(answers[index].argmax())
        lines = [
            (f"{drawable(labels[right[index]], right[index])} ({100 * answers[index, right[index]]:.0f} %)", INK),
            (f"answer: {drawable(labels[given], given)} ({100 * answers[index, given]:.0f} %)", INK if given == right[index] else WRONG),
            (Path(photos[index].name).name, "#777777"),
        ]
        for line, (text, colour) in enumerate(lines):
            draw.text((left + 4, top + CELL - 1 + 14 * line), _fitted(draw, font, text), fill=colour, font=font)
    sheet.save(target, quality=85)
    return len(chosen)


def _fitted(draw: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont, text: str) -> str:
    text = "".join(letter if ord(letter) < 0x180 else "?" for letter in text)
    while draw.textlength(text, font=font) > CELL - 8:
        text = text[:-2] + "…" if text.endswith("…") else text[:-1] + "…"
    return text
