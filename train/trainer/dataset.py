"""The Grocery Store Dataset in memory: its lists, its classes, and its photos decoded as the runtime decodes them.

Layout of the dataset folder (see the repository marcusklasson/GroceryStoreDataset): ``classes.csv`` and the lists
``train.txt``, ``val.txt``, ``test.txt``, whose lines are ``path, fine label, coarse label``.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from trainer.errors import TrainingInputError

FINE_CLASSES = 81
COARSE_CLASSES = 43


@dataclass(frozen=True)
class Photo:
    """One line of a list: where the photo lies, and what it shows."""

    path: Path
    fine: int
    coarse: int


@dataclass(frozen=True)
class ClassNames:
    """Names as the dataset writes them; ``coarse_of_fine[i]`` is the coarse index of fine class ``i``."""

    fine: tuple[str, ...]
    coarse: tuple[str, ...]
    coarse_of_fine: np.ndarray


@dataclass(frozen=True)
class Pictures:
    """Decoded photos: ``pixels`` uint8 [n, size, size, 3] RGB, ``fine`` int32 [n]."""

    pixels: np.ndarray
    fine: np.ndarray

    def __len__(self) -> int:
        return len(self.fine)

    def joined_with(self, other: "Pictures") -> "Pictures":
        """Both sets, one after the other."""
        return Pictures(np.concatenate([self.pixels, other.pixels]), np.concatenate([self.fine, other.fine]))


def read_classes(folder: Path) -> ClassNames:
    """Read ``classes.csv``.

    Raises:
        TrainingInputError: the folder or the file is missing, or a class index is out of its range.
    """
    if not folder.is_dir():
        raise TrainingInputError(f"dataset folder not found: {folder}. Set DATASET to the folder that holds classes.csv and train.txt")
    table = folder / "classes.csv"
    if not table.is_file():
        raise TrainingInputError(f"{table} not found: {folder} is not the dataset folder (it holds classes.csv, train.txt, val.txt, test.txt)")
    fine: dict[int, str] = {}
    coarse: dict[int, str] = {}
    coarse_of_fine = np.full(FINE_CLASSES, -1, np.int32)
    with table.open(newline="", encoding="utf-8") as stream:
        for row in list(csv.reader(stream))[1:]:
            fine_index, coarse_index = int(row[1]), int(row[3])
            if not (0 <= fine_index < FINE_CLASSES and 0 <= coarse_index < COARSE_CLASSES):
                raise TrainingInputError(f"{table}: class {row[0]!r} has indices {fine_index}/{coarse_index}, beyond {FINE_CLASSES}/{COARSE_CLASSES}")
            fine[fine_index], coarse[coarse_index] = row[0], row[2]
            coarse_of_fine[fine_index] = coarse_index
    absent = [index for index in range(FINE_CLASSES) if index not in fine]
    if absent:
        raise TrainingInputError(f"{table} names no class {', '.join(map(str, absent))}")
    return ClassNames(tuple(fine[i] for i in range(FINE_CLASSES)), tuple(coarse[i] for i in range(COARSE_CLASSES)), coarse_of_fine)


def read_list(folder: Path, name: str) -> list[Photo]:
    """Read one of the lists (``name``: ``train``, ``val`` or ``test``); checks each line and that each file is there.

    Raises:
        TrainingInputError: naming the list, the line or the file that is wrong.
    """
    listing = folder / f"{name}.txt"
    if not listing.is_file():
        raise TrainingInputError(f"{listing} not found: the dataset folder must hold train.txt, val.txt and test.txt")
    photos = []
    for number, line in enumerate(listing.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            path, fine, coarse = (field.strip() for field in line.split(","))
            photo = Photo(folder / path, int(fine), int(coarse))
        except ValueError:
            raise TrainingInputError(f"{listing}, line {number}: expected 'path, fine label, coarse label', found {line!r}") from None
        if not (0 <= photo.fine < FINE_CLASSES and 0 <= photo.coarse < COARSE_CLASSES):
            raise TrainingInputError(f"{listing}, line {number}: labels {photo.fine}/{photo.coarse} are beyond {FINE_CLASSES}/{COARSE_CLASSES}")
        if not photo.path.is_file():
            raise TrainingInputError(f"{listing}, line {number}: no such picture: {photo.path}")
        photos.append(photo)
    return photos


def require_every_class(photos: Sequence[Photo], names: ClassNames, list_name: str) -> None:
    """Training needs at least one photo of each class.

    Raises:
        TrainingInputError: naming the classes without one.
    """
    seen = {photo.fine for photo in photos}
    absent = [f"{names.fine[i]} ({i})" for i in range(len(names.fine)) if i not in seen]
    if absent:
        raise TrainingInputError(f"{list_name}.txt has no picture of: {', '.join(absent)}")


def decode(path: Path, size: int) -> np.ndarray:
    """Decode one photo and stretch it to ``size`` × ``size``: uint8 [size, size, 3] RGB.

    The runtime does the same: no crop, anti-aliased bilinear (a triangle filter as wide as the scale asks for).

    Raises:
        TrainingInputError: the file cannot be decoded.
    """
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB").resize((size, size), Image.Resampling.BILINEAR))
    except (OSError, ValueError, SyntaxError) as error:
        raise TrainingInputError(f"corrupt picture: {path} ({error}); restore it from the dataset") from error


def load_pictures(photos: Sequence[Photo], size: int) -> Pictures:
    """Decode all ``photos`` to ``size`` × ``size``; errors as in :func:`decode`."""
    pixels = np.empty((len(photos), size, size, 3), np.uint8)
    for index, photo in enumerate(photos):
        pixels[index] = decode(photo.path, size)
    return Pictures(pixels, np.array([photo.fine for photo in photos], np.int32))
