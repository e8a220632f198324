"""What a model's threshold of "I don't know" does: how many photos of other things it marks, and how many right answers."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from trainer import evaluation
from trainer.dataset import read_list
from trainer.errors import TrainingInputError
from trainer.photo_folder import PASSED_OVER, Findings, OwnPhoto, load_usable, read_folder
from trainer.unsure import MEASURES, Threshold


def tell_marked(model_folder: Path, photos: Path, known: bool, say: Callable[[str], None]) -> None:
    """Print the counts for the model's own threshold, and for both measures at other thresholds.

    Args:
        model_folder: with ``model.toml`` and the model.
        photos: a folder of photos of other things; where ``known``, a folder a class or a list with class numbers.
        known: whether the photos show the model's classes.
        say: takes each line.

    Raises:
        TrainingInputError: something is missing, or the model has no threshold.
    """
    manifest = model_folder / "model.toml"
    if not manifest.is_file():
        raise TrainingInputError(f"{manifest} not found: {model_folder} is not a model's folder")
    described = tomllib.loads(manifest.read_text(encoding="utf-8"))
    if "unsure" not in described:
        raise TrainingInputError(f"{manifest} has no table [unsure]: the model has no threshold")
    table = described["unsure"]
    threshold, background = Threshold(table.get("by", "probability"), table["below"]), table.get("background")
    files, right = _known(photos) if known else _foreign(photos)
    findings = Findings()
    usable, pixels = load_usable(files, described["input"]["width"], 1, findings)
    for heading, names in findings.listed():
        say(f"note: {len(names)} {heading}: {', '.join(names[:5])}")
    if not usable:
        raise TrainingInputError(f"{photos} has no photo that can be read")
    answers = evaluation.probabilities((model_folder / described["file"]).read_bytes(), pixels)
    marked = threshold.marks(answers, background)
    say(f"{model_folder.name}, {threshold.by} below {threshold.below}: {_count(marked)} photos marked")
    correct = None
    if right is not None:
        correct = answers.argmax(axis=1) == np.array([photo.label for photo in usable])
        say(f"of the right answers {_count(marked[correct])}, of the wrong ones {_count(marked[~correct])}")
    say("measure      below  marked" + ("  of the right answers" if correct is not None else ""))
    for by in MEASURES:
        for below in (0.5, 0.6, 0.7, 0.8, 0.84, 0.9, 0.95):
            hit = Threshold(by, below).marks(answers, background)
            say(f"{by:<12} {below:.2f}  {100 * hit.mean():5.1f} %" + (f"  {100 * hit[correct].mean():5.1f} %" if correct is not None else ""))


def _count(marked: np.ndarray) -> str:
    return f"{int(marked.sum())} of {len(marked)}" + (f" ({100 * marked.mean():.1f} %)" if len(marked) else "")


def _foreign(folder: Path) -> tuple[list[OwnPhoto], None]:
    if not folder.is_dir():
        raise TrainingInputError(f"no such folder: {folder}")
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix.lower() not in PASSED_OVER]
    return [OwnPhoto(path, path.relative_to(folder).as_posix(), -1) for path in files], None


def _known(photos: Path) -> tuple[list[OwnPhoto], bool]:
    if photos.is_file():
        return [OwnPhoto(photo.path, photo.path.name, photo.fine) for photo in read_list(photos.parent, photos.stem)], True
    return read_folder(photos)[0], True
