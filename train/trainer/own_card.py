"""The result of a training on a folder of photos: model, description, labels, and the card that says how good it is."""

import hashlib
import json
import math
from pathlib import Path

import numpy as np

from trainer.contact_sheet import draw_contact_sheet, drawable
from trainer.export import INPUT_TENSOR, OUTPUT_TENSOR, write_whole
from trainer.own import Result
from trainer.photo_folder import SPLITS
from trainer.recipe import OwnRecipe
from trainer.report import draw_confusion, draw_curves
from trainer.sources import BACKBONE_ADDRESS, BACKBONE_FILE

PURPOSES = {"train": "learnt from", "val": "temperature and threshold set on", "test": "judged on"}
# Below so many photos the threshold is a guess, and the accuracy nearly so.
FEW_TO_DECIDE = 60


def write_result(result: Result, model: bytes, recipe: OwnRecipe, folder: Path) -> None:
    """Write all files of a model's folder: ``model.tflite``, ``model.toml``, labels, ``README.md`` and its pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "model.tflite", model)
    write_whole(folder / "labels.txt", _lines(result.classes.labels))
    if result.classes.chinese:
        write_whole(folder / "labels.zh.txt", _lines(result.classes.chinese))
    else:
        (folder / "labels.zh.txt").unlink(missing_ok=True)
    write_whole(folder / "model.toml", description(result, model, recipe).encode())
    names = tuple(drawable(label, number) for number, label in enumerate(result.classes.labels))
    draw_confusion(result.confusion, names, folder / "confusion.png", "Test photos, int8 file: % of each row")
    draw_curves(result.histories, folder / "learning-curves.png")
    hard = draw_contact_sheet(result.photos["test"], result.answers, result.classes.labels, folder / "hardest.jpg")
    write_whole(folder / "README.md", card(result, recipe, len(model), hard).encode())
    write_whole(folder / "scores.json", json.dumps({name: score.as_json() for name, score in result.scores.items()}, indent=1).encode())


def _lines(labels: tuple[str, ...]) -> bytes:
    return ("\n".join(labels) + "\n").encode()


def description(result: Result, model: bytes, recipe: OwnRecipe) -> str:
    """The model.toml."""
    count, threshold = len(result.classes.labels), result.threshold
    shown = ", ".join(result.classes.labels[:6]) + (" …" if count > 6 else "")
    background = f"background = {result.classes.background}\n" if result.classes.background else ""
    return f'''name = "{result.name}"
version = "1.0.0"
description = {json.dumps(f"MobileNetV2: {count} classes ({shown})", ensure_ascii=False)}
file = "model.tflite"
sha256 = "{hashlib.sha256(model).hexdigest()}"
# The backbone is Apache-2.0; what else holds depends on the photos that this was trained with.
licence = "LicenseRef-photos"
sources = [
    "{BACKBONE_ADDRESS}",
]

[input]
tensor = "{INPUT_TENSOR}"
width = {recipe.input_size}
height = {recipe.input_size}

[output]
tensor = "{OUTPUT_TENSOR}"
classes = {count}

[unsure]
by = "{threshold.by}"
below = {threshold.below:.2f}
{background}'''


def sampling_error(share: float, count: int) -> float:
    """One standard deviation of a share (%) over ``count`` photos, in points; never nothing (Wilson's centre)."""
    centre = (share / 100 * count + 2) / (count + 4)
    return 100 * math.sqrt(centre * (1 - centre) / (count + 4))


def card(result: Result, recipe: OwnRecipe, size: int, hard: int) -> str:
    """The model card, Markdown."""
    int8, plain, labels = result.scores["int8"], result.scores["float32"], result.classes.labels
    lost, right = result.right_marked
    measure = "the sum of the three highest probabilities" if result.threshold.by == "top3" else "the highest probability"
    parts = [
        f"# Model card: {result.name}\n",
        f"Tells {len(labels)} classes apart. Made by `make train PHOTOS=… NAME={result.name}`.\n",
        _table([
            ("network", f"MobileNetV2, width 1.0, batch norms folded into the convolutions; {len(labels)} classes"),
            ("file", f"`model.tflite`, {size / 1e6:.1f} MB: int8, kernels with a scale for each channel, softmax at the end"),
            ("input", f"tensor `{INPUT_TENSOR}`, uint8 [1, {recipe.input_size}, {recipe.input_size}, 3], RGB, the photo stretched "
                      "(not cropped) with an anti-aliased bilinear filter"),
            ("output", f"tensor `{OUTPUT_TENSOR}`, uint8 [1, {len(labels)}], probability = value / 256; line number in `labels.txt` = class index"),
        ]),
        "## Data\n",
        _data(result),
        "## Accuracy\n",
        f"On {int8.pictures} photos that nothing was learnt from and nothing was chosen by:\n",
        "| | top-1 | top-3 |\n| --- | --- | --- |\n"
        + "".join(f"| {name} | {score.fine_top_1:.1f} % | {score.fine_top_3:.1f} % |\n"
                  for name, score in (("**the int8 file**", int8), ("the same weights in float32", plain))),
        f"Sampling error: ± {sampling_error(int8.fine_top_1, int8.pictures):.1f} points (one standard deviation), and more where photos show the same thing.\n",
        "| class | recall | precision | photos |\n| --- | ---: | ---: | ---: |\n"
        + "".join(f"| {label} | {int8.recall(i):.0f} % | {int8.precision(i):.0f} % | {int(int8.confusion[i].sum())} |\n"
                  for i, label in enumerate(labels) if i not in result.classes.background),
        "![Confusion matrix](confusion.png)\n",
        "![Learning curves](learning-curves.png)\n",
        f"The {hard} hardest test photos, those whose right class got the least probability (red: wrong). Look at them first: "
        "some may lie in the wrong folder.\n",
        "![Hardest photos](hardest.jpg)\n",
        '## "I don\'t know"\n',
        f"An answer counts as unsure where {measure} is below {result.threshold.below:.2f}. The threshold was set on the "
        f"{len(result.photos['val'])} val photos so that at most "
        f"{100 * recipe.unsure_lost:.0f} % of the right answers are marked; on the test photos {lost} of {right} right answers are.\n",
    ]
    if result.classes.background:
        marked, others = result.others_marked
        parts.append(f"An answer \"{labels[result.classes.background[0]]}\" is unsure, too. Of the {others} test photos of other things {marked} are marked; "
                     "things of quite another sort than those learnt from will be marked less often.\n")
    if len(result.photos["val"]) < FEW_TO_DECIDE:
        parts.append(f"With only {len(result.photos['val'])} photos the threshold is a rough guess. Change `below` in `model.toml` "
                     "if too much or too little is marked.\n")
    parts += [
        "## How it was trained\n",
        "All numbers are in `train/own.toml` of wasm-vision. Start: the convolutions of an int8 MobileNetV2 for ImageNet, "
        "dequantised. The classifier alone first; then all layers but the stem and the first three blocks, "
        f"{recipe.run.epochs} epochs at {recipe.run.train_size} px; then {recipe.int8.settings.epochs} epochs with simulated int8. "
        f"A temperature of {result.temperature:.2f}, fitted on val, is built into the classifier.\n",
        "## What it is not good for\n",
        "- Anything that is not one of its classes: it always names one. The mark above catches a part of such photos, not all.\n"
        "- Photos from other places, cameras and light than those it learnt from: they will do worse than the figures above.\n",
        "## Attribution\n",
        f"- Backbone: `{BACKBONE_FILE}`, repository google-coral/test_data, Apache-2.0; MobileNetV2 is by Sandler, Howard, "
        "Zhu, Zhmoginov and Chen, 2018.\n"
        "- Photos: yours. Say here where they come from and what their licence allows.\n",
    ]
    return "\n".join(parts)


def _table(rows: list[tuple[str, str]]) -> str:
    return "| | |\n| --- | --- |\n" + "".join(f"| {name} | {text} |\n" for name, text in rows)


def _data(result: Result) -> str:
    labels = result.classes.labels
    counts = {split: np.bincount([photo.label for photo in result.photos[split]], minlength=len(labels)) for split in SPLITS}
    lines = ["| class | " + " | ".join(PURPOSES[split] for split in SPLITS) + " |", "| --- | ---: | ---: | ---: |"]
    lines += [f"| {label} | " + " | ".join(str(counts[split][i]) for split in SPLITS) + " |" for i, label in enumerate(labels)]
    lines += ["| all | " + " | ".join(str(counts[split].sum()) for split in SPLITS) + " |", ""]
    source = "The folder gave the splits" if result.given else "The splits were made by the training"
    lines.append(f"{source}; what it lacked was taken out of the photos to learn from. Near-duplicates, found by a perceptual hash, lie in the same split.\n"
                 if result.given else f"{source}. Near-duplicates, found by a perceptual hash, lie in the same split.\n")
    for folder in result.alike_classes:
        lines.append(f"Nearly all photos in `{folder}` look alike and could not be kept apart: the accuracy looks better than it is.\n")
    for heading, names in result.findings.listed():
        lines.append(f"{len(names)} {heading}:\n")
        lines += [f"- {name}" for name in names] + [""]
    return "\n".join(lines)
