"""A folder of photos, a class a folder: what is in it, what of it can be used, and the names of its classes.

Two layouts are understood::

    mine/apple/1.jpg              splits are made
    mine/train/apple/1.jpg        given splits are kept: train, and test, validation or both
    mine/test/apple/2.jpg

Photos are decoded as the runtime does it: turned as EXIF says, stretched to a square, never cropped.
"""

import csv
import unicodedata
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from trainer.errors import TrainingInputError

SPLITS = ("train", "val", "test")
SPLIT_FOLDERS = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "test": "test", "testing": "test"}
# Files that lie beside photos and are none.
PASSED_OVER = {".txt", ".csv", ".md", ".json", ".xml", ".toml", ".yaml", ".yml", ".ini", ".db", ".npy", ".tflite", ".wasm", ".zip"}
# What a folder of other things is called; its class is never an answer to be sure of.
BACKGROUND_FOLDER = "_background"
BACKGROUND_LABELS = ("None of these", "都不是")


@dataclass(frozen=True)
class OwnPhoto:
    """One file: ``name`` is its path within the folder, ``label`` its class number, ``split`` what a given layout says."""

    path: Path
    name: str
    label: int
    split: str | None = None


@dataclass(frozen=True)
class OwnClasses:
    """``folders`` in the order of the class numbers, what to call them, and the same in Chinese where given."""

    folders: tuple[str, ...]
    labels: tuple[str, ...]
    chinese: tuple[str, ...] | None = None

    @property
    def background(self) -> list[int]:
        """Numbers of the classes that mean "none of these"."""
        return [number for number, folder in enumerate(self.folders) if folder == BACKGROUND_FOLDER]


@dataclass
class Findings:
    """What was noticed, each with the photos' names; the first three kinds were left out, the others are used."""

    unreadable: list[str] = field(default_factory=list)
    tiny: list[str] = field(default_factory=list)
    contradictory: list[str] = field(default_factory=list)
    copies: list[str] = field(default_factory=list)
    leaked: list[str] = field(default_factory=list)
    cmyk: list[str] = field(default_factory=list)
    alike_across_classes: list[str] = field(default_factory=list)

    HEADINGS = {
        "unreadable": "left out, not readable as a picture",
        "tiny": "left out, too small",
        "contradictory": "left out, the same photo in several classes",
        "copies": "left out, copies of another photo of the class",
        "leaked": "left out of train, nearly equal to a photo that judges",
        "cmyk": "used, but in the colours of printers (CMYK); a camera makes no such photos",
        "alike_across_classes": "used, but nearly equal though of different classes; please look whether they are in the right folder",
    }

    def listed(self) -> list[tuple[str, list[str]]]:
        """Heading and photos of each kind that occurred."""
        return [(heading, getattr(self, kind)) for kind, heading in self.HEADINGS.items() if getattr(self, kind)]


def read_folder(folder: Path, labels: Path | None = None) -> tuple[list[OwnPhoto], OwnClasses]:
    """The files that may be photos, in the order of their names, and the classes.

    Args:
        folder: holds a folder for each class, or ``train`` and its like with those inside.
        labels: a ``classes.csv`` elsewhere (see :func:`read_labels`).

    Raises:
        TrainingInputError: no such folder, fewer than two classes, or split folders that don't fit each other.
    """
    if not folder.is_dir():
        raise TrainingInputError(f"no such folder: {folder}. PHOTOS is a folder that holds a folder of photos for each class")
    inside = _folders(folder)
    split_of = {path: SPLIT_FOLDERS[path.name.lower()] for path in inside if path.name.lower() in SPLIT_FOLDERS}
    given = "train" in split_of.values() and len(split_of) > 1 and any(_folders(path) for path in split_of)
    if given:
        strange = sorted(path.name for path in inside if path not in split_of)
        if strange:
            raise TrainingInputError(f"{folder} has train and test folders, and beside them {', '.join(strange)}: put each class into train")
        class_folders = [(path, split) for top, split in split_of.items() for path in _folders(top)]
    else:
        class_folders = [(path, None) for path in inside]
    names = sorted({_name(path) for path, _ in class_folders})
    if len(names) < 2:
        raise TrainingInputError(f"{folder} has {len(names)} folder{'s' if len(names) != 1 else ''} with photos; a classifier needs at least two, one for each class")
    number = {name: index for index, name in enumerate(names)}
    photos = [
        OwnPhoto(file, file.relative_to(folder).as_posix(), number[_name(path)], split)
        for path, split in class_folders
        for file in _files(path)
    ]
    return sorted(photos, key=lambda photo: photo.name), read_labels(folder, tuple(names), labels)


def with_others(
    photos: list[OwnPhoto], classes: OwnClasses, others: Path, share: float, seed: int
) -> tuple[list[OwnPhoto], OwnClasses]:
    """Add photos of other things, drawn from ``others`` at any depth, as the class :data:`BACKGROUND_FOLDER`.

    Args:
        share: how many are drawn, in photos of the largest class.

    Raises:
        TrainingInputError: no such folder or no files in it, or the photos have a folder of that name already.
    """
    if classes.background:
        raise TrainingInputError(f"the photos have a folder {BACKGROUND_FOLDER} already; leave OTHERS away, or move its photos there")
    files = sorted(_files(others)) if others.is_dir() else []
    if not files:
        raise TrainingInputError(f"no photos in {others}. OTHERS is a folder with photos of other things")
    largest = max(np.bincount([photo.label for photo in photos], minlength=1))
    chosen = sorted(np.random.default_rng(seed).permutation(len(files))[: round(share * largest)])
    folders = tuple(sorted([*classes.folders, BACKGROUND_FOLDER]))
    place = folders.index(BACKGROUND_FOLDER)

    def inserted(labels: tuple[str, ...], label: str) -> tuple[str, ...]:
        return (*labels[:place], label, *labels[place:])

    moved = [replace(photo, label=photo.label + (photo.label >= place)) for photo in photos]
    added = [OwnPhoto(files[i], f"{BACKGROUND_FOLDER}/{files[i].relative_to(others).as_posix()}", place) for i in chosen]
    chinese = inserted(classes.chinese, BACKGROUND_LABELS[1]) if classes.chinese else None
    return [*moved, *added], OwnClasses(folders, inserted(classes.labels, BACKGROUND_LABELS[0]), chinese)


def _files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file() and not file.name.startswith(".") and file.suffix.lower() not in PASSED_OVER]


def read_labels(folder: Path, names: tuple[str, ...], labels: Path | None = None) -> OwnClasses:
    """Labels of the class folders ``names``: the folder's name, unless a file says more.

    ``classes.csv`` in the folder (or ``labels``) has the columns ``folder``, ``label`` and, if wanted, ``label_zh``.
    Else ``labels_zh.txt`` has a Chinese label a line, in the alphabetical order of the folders.

    Raises:
        TrainingInputError: the file doesn't name each folder once.
    """
    english = [BACKGROUND_LABELS[0] if name == BACKGROUND_FOLDER else name.replace("_", " ").strip() for name in names]
    table = labels or folder / "classes.csv"
    if labels is not None and not labels.is_file():
        raise TrainingInputError(f"no such file: {labels}. LABELS is a table with the columns folder, label, label_zh")
    if table.is_file():
        return _read_table(table, names, english)
    lines = folder / "labels_zh.txt"
    if not lines.is_file():
        return OwnClasses(names, tuple(english))
    chinese = [line.strip() for line in lines.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    wanted = [name for name in names if name != BACKGROUND_FOLDER]
    if len(chinese) == len(wanted) < len(names):
        chinese.insert(names.index(BACKGROUND_FOLDER), BACKGROUND_LABELS[1])
    if len(chinese) != len(names):
        raise TrainingInputError(f"{lines} has {len(chinese)} lines; it needs one for each folder, in this order: {', '.join(wanted)}")
    return OwnClasses(names, tuple(english), tuple(chinese))


def _read_table(table: Path, names: tuple[str, ...], english: list[str]) -> OwnClasses:
    with table.open(newline="", encoding="utf-8-sig") as stream:
        rows = list(csv.DictReader(stream))
    if rows and not {"folder", "label"} <= set(rows[0]):
        raise TrainingInputError(f"{table}: the first line must be folder,label or folder,label,label_zh")
    row_of = {unicodedata.normalize("NFC", (row["folder"] or "").strip()): row for row in rows}
    absent = [name for name in names if name not in row_of and name != BACKGROUND_FOLDER]
    if absent:
        raise TrainingInputError(f"{table} has no line for the folder{'s' if len(absent) > 1 else ''} {', '.join(absent)}")
    label = [(row_of.get(name, {}).get("label") or english[i]).strip() for i, name in enumerate(names)]
    chinese = [(row_of.get(name, {}).get("label_zh") or (BACKGROUND_LABELS[1] if name == BACKGROUND_FOLDER else "")).strip() for name in names]
    if any(chinese) and not all(chinese):
        lacking = [name for name, text in zip(names, chinese, strict=True) if not text]
        raise TrainingInputError(f"{table} has no label_zh for {', '.join(lacking)}; give all of them or none")
    return OwnClasses(names, tuple(label), tuple(chinese) if all(chinese) else None)


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def _name(path: Path) -> str:
    # macOS writes the same name in another normal form.
    return unicodedata.normalize("NFC", path.name)


class Unusable(TrainingInputError):
    """Why a file can't be learnt from; ``tiny`` tells whether only its size is the reason."""

    def __init__(self, reason: str, tiny: bool = False) -> None:
        super().__init__(reason)
        self.tiny = tiny


def decode_own(path: Path, size: int, smallest_edge: int = 1) -> tuple[np.ndarray, bool]:
    """One photo as uint8 [size, size, 3] RGB, and whether its colours were CMYK.

    Raises:
        Unusable: not a picture, damaged, or an edge shorter than ``smallest_edge``.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                if min(image.size) < smallest_edge:
                    raise Unusable(f"{image.width} × {image.height} pixels, the shorter edge must have {smallest_edge}", tiny=True)
                is_cmyk = image.mode == "CMYK"
                # Large JPEGs are reduced while they are decoded, to no less than twice the size; the runtime does so, too.
                image.draft("RGB", (2 * size, 2 * size))
                upright = ImageOps.exif_transpose(image)
                if upright.has_transparency_data:
                    # What is transparent is white, as in the runtime.
                    ground = Image.new("RGBA", upright.size, "white")
                    upright = Image.alpha_composite(ground, upright.convert("RGBA"))
                return np.asarray(upright.convert("RGB").resize((size, size), Image.Resampling.BILINEAR)), is_cmyk
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Unusable(str(error).replace(str(path), "the file").replace("\n", " ") or type(error).__name__) from error


def load_usable(
    photos: Iterable[OwnPhoto], size: int, smallest_edge: int, findings: Findings, advance: Callable[[int], None] = lambda _: None
) -> tuple[list[OwnPhoto], np.ndarray]:
    """Decode all ``photos`` to uint8 [n, size, size, 3]; those that can't be used are named in ``findings``."""

    def attempt(photo: OwnPhoto) -> tuple[np.ndarray, bool] | Unusable:
        try:
            return decode_own(photo.path, size, smallest_edge)
        except Unusable as reason:
            return reason

    photos, usable = list(photos), []
    pixels = np.empty((len(photos), size, size, 3), np.uint8)
    with ThreadPoolExecutor(max_workers=4) as pool:
        for photo, result in zip(photos, pool.map(attempt, photos), strict=True):
            advance(1)
            if isinstance(result, Unusable):
                (findings.tiny if result.tiny else findings.unreadable).append(f"{photo.name} ({result})")
                continue
            pixels[len(usable)] = result[0]
            usable.append(photo)
            if result[1]:
                findings.cmyk.append(photo.name)
    return usable, pixels[: len(usable)]
