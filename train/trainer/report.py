"""Brings a finished training into the model's folder: the file, its description's checksum, and the card's pictures."""

import hashlib
import json
import re
from pathlib import Path

import matplotlib
import numpy as np

from trainer.dataset import ClassNames
from trainer.errors import TrainingInputError
from trainer.export import write_whole

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402

INK, ACCENT, SECOND, PALE = "#222222", "#c0392b", "#2c6e49", "#dddddd"


def publish(work: Path, model_folder: Path, names: ClassNames) -> None:
    """Copy ``model.tflite`` from ``work`` to ``model_folder``, note its sha256 in ``model.toml``, draw the pictures.

    Raises:
        TrainingInputError: the training has not finished, or the folder has no ``model.toml``.
    """
    made, scores_file, description = work / "model.tflite", work / "scores.json", model_folder / "model.toml"
    for needed in (made, scores_file):
        if not needed.is_file():
            raise TrainingInputError(f"{needed} not found: the training has not finished; run `make train`")
    if not description.is_file():
        raise TrainingInputError(f"{description} not found: {model_folder} is not a model's folder")
    model = made.read_bytes()
    write_whole(model_folder / "model.tflite", model)
    text = with_checksum(description.read_text(encoding="utf-8"), hashlib.sha256(model).hexdigest())
    write_whole(description, text.encode())
    scores = json.loads(scores_file.read_text())
    draw_confusion(np.array(scores["int8"]["confusion"]), names.coarse, model_folder / "confusion.png",
                   "Coarse classes on test.txt, int8 file: % of each row")
    draw_curves({path.name.split(".")[0]: json.loads(path.read_text()) for path in sorted(work.glob("*.history.json"))},
                model_folder / "learning-curves.png")


def with_checksum(description: str, sha256: str) -> str:
    """``description`` (a model.toml) with its one ``sha256`` line set."""
    changed, count = re.subn(r'(?m)^sha256 = "[0-9a-f]*"', f'sha256 = "{sha256}"', description)
    if count != 1:
        raise TrainingInputError(f"model.toml must have one line sha256 = \"…\", found {count}")
    return changed


def draw_confusion(confusion: np.ndarray, names: tuple[str, ...], target: Path, title: str) -> None:
    """Confusion matrix [right, given] as a picture, in percent of the right class's photos."""
    shares = 100 * confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    # From a few classes on a hand's breadth to 43 and more on a page.
    edge = min(max(3.5 + 0.175 * len(names), 4.5), 11.0)
    small, tick = (5.5, 7) if len(names) > 20 else (8, 8)
    figure, axes = pyplot.subplots(figsize=(edge, edge - 0.6), dpi=100)
    axes.imshow(np.where(shares > 0, shares, np.nan), cmap="Reds", vmin=0, vmax=100)
    for right, given in zip(*np.nonzero(confusion), strict=True):
        axes.text(given, right, round(shares[right, given]), ha="center", va="center", fontsize=small,
                  color="white" if shares[right, given] > 60 else INK)
    readable = [name.replace("-", " ") for name in names]
    axes.set_xticks(range(len(names)), readable, rotation=90, fontsize=tick)
    axes.set_yticks(range(len(names)), [f"{name} ({total})" for name, total in zip(readable, confusion.sum(axis=1), strict=True)], fontsize=tick)
    axes.set_xlabel("the model's answer")
    axes.set_ylabel("what the photo shows (number of photos)" if edge > 8 else "the photo shows")
    axes.set_title(title, fontsize=10 if edge > 8 else 8)
    axes.set_xticks(np.arange(-0.5, len(names)), minor=True)
    axes.set_yticks(np.arange(-0.5, len(names)), minor=True)
    axes.grid(which="minor", color=PALE, linewidth=0.4)
    axes.tick_params(which="minor", length=0)
    figure.tight_layout()
    figure.savefig(target)
    pyplot.close(figure)


def draw_curves(histories: dict[str, list[dict[str, float]]], target: Path) -> None:
    """Loss, and accuracy on varied training photos and on val, of each run by epoch."""
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 3.8), dpi=100)
    styles = {name: style for name, style in zip(sorted(histories), ("-", "--", ":", "-."), strict=False)}
    for name, history in sorted(histories.items()):
        epochs = [record["epoch"] for record in history]
        label = {"int8": "int8 step", "run": "whole network"}.get(name, f"run {name}")
        left.plot(epochs, [record["loss"] for record in history], styles[name], color=INK, label=label)
        right.plot(epochs, [record["train"] for record in history], styles[name], color=ACCENT, label=f"{label}, training photos, varied and mixed")
        if all("val" in record for record in history):
            right.plot(epochs, [record["val"] for record in history], styles[name], color=SECOND, label=f"{label}, val (weight average)")
    left.set_ylabel("training loss")
    right.set_ylabel("top-1 (%)")
    for axes in (left, right):
        axes.set_xlabel("epoch")
        axes.grid(color=PALE, linewidth=0.6)
        axes.legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(target)
    pyplot.close(figure)
