"""Cross-validation of a recipe: each fold of train and val is judged by networks that have not learnt from it.

``test.txt`` is not read. All recipes share a folder for each fold. The files of a run are named after a digest of all that
made it, so a run that two recipes have in common is trained once, and an interrupted one goes on where it was stopped.
(The digest knows the recipe, not the code: after a change of the code remove the folder.)
"""

import csv
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from trainer import dataset, evaluation, export, folds, quantization, training
from trainer.backbones import Backbones
from trainer.calibration import expected_calibration_error, fit_temperature, softmax
from trainer.errors import TrainingInputError
from trainer.network import NETWORKS
from trainer.pipeline import Pipeline
from trainer.recipe import Recipe

# The kinds that the first model confused most; their recall is the mean over the kinds.
CITRUS = ("Lemon", "Lime", "Orange", "Red-Grapefruit", "Satsumas")
# What is judged beside the runs.
MEAN, INT8_FLOAT, INT8 = "mean", "int8 step, float32", "int8"


@dataclass(frozen=True)
class Row:
    """How well one candidate does on the photos of some folds, in percent; ``error`` is the expected calibration error."""

    candidate: str
    folds: tuple[int, ...]
    photos: int
    fine_top_1: float
    fine_top_3: float
    coarse_top_1: float
    citrus: float
    error: float | None

    def __str__(self) -> str:
        error = "–" if self.error is None else f"{self.error:.1f}"
        return (
            f"{self.candidate:<24} {self.fine_top_1:6.2f} {self.fine_top_3:6.2f} {self.coarse_top_1:6.2f} {self.citrus:6.2f} "
            f"{error:>5} {self.photos:6}  {','.join(map(str, self.folds))}"
        )


HEADING = f"{'candidate':<24} {'fine 1':>6} {'fine 3':>6} {'coarse':>6} {'citrus':>6} {'ECE':>5} {'photos':>6}  folds"


class CrossValidation:
    """Recipes over the folds of one dataset."""

    def __init__(self, root: Path, backbones: Backbones, work: Path, say: Callable[[str], None]) -> None:
        """``root`` is the dataset's folder; ``work/folds.csv`` is read, or made."""
        self.backbones, self.work, self.say = backbones, work / "crossval", say
        self.names = dataset.read_classes(root)
        self.photos = dataset.read_list(root, "train") + dataset.read_list(root, "val")
        self.fold = make_folds(self.photos, root, work / "folds.csv", say)

    def run(self, recipe: Recipe, fold: int) -> None:
        """Train on the other folds, and store the answers on this one; what is there already is not done again.

        Raises:
            TrainingInputError: the recipe has runs that learn from lists.
        """
        for lists in (*(run.lists for run in recipe.runs), recipe.int8.lists):
            if tuple(lists) != ("train",):
                raise TrainingInputError('a recipe for cross-validation has lists = ["train"] everywhere: all photos of the other folds')
        held_out = [photo for photo, number in zip(self.photos, self.fold, strict=True) if number == fold]
        others = [photo for photo, number in zip(self.photos, self.fold, strict=True) if number != fold]
        self.say(f"fold {fold}: {len(others)} photos to learn from, {len(held_out)} to judge")
        # Val is only watched.
        photos = {"train": others, "val": held_out}
        work, stems = self.work / f"fold-{fold}", stems_of(recipe)
        pipeline = Pipeline(recipe, photos, self.names, self.backbones, work, self.say, stems)
        runs = {}
        for run in recipe.runs:
            runs[run.name] = pipeline.train_run(run, runs)
            self._answer(recipe, fold, run.name, lambda own=run: training.logits_of(runs[own.name], pipeline.pictures(("val",), own.input_size).pixels))
        if recipe.int8.settings.epochs == 0:
            return
        pixels = pipeline.pictures(("val",), recipe.input_size).pixels
        self._answer(recipe, fold, MEAN, lambda: training.logits_of(pipeline.mean(runs), pixels))
        network, ranges = pipeline.fit_to_int8(runs)
        self._answer(recipe, fold, INT8_FLOAT, lambda: training.logits_of(network, pixels))

        def of_file() -> np.ndarray:
            activations = quantization.quantised_activations(ranges)
            model = export.convert(network, recipe.input_size, pipeline.calibration()[:20], activations)
            # Steps of 1/256: nothing smaller than half of one can be told from nothing.
            return np.log(np.maximum(evaluation.probabilities(model, pixels), 1 / 512))

        self._answer(recipe, fold, INT8, of_file)

    def table(self, recipe: Recipe, together: Sequence[str] = ()) -> list[Row]:
        """What is known so far of the recipe's candidates, each over the folds for which it has answers.

        Args:
            together: candidates whose answers are averaged as well, as ``a+b``.
        """
        candidates = [*(run.name for run in recipe.runs), MEAN, INT8_FLOAT, INT8, *together]
        rows = [self._row(recipe, candidate) for candidate in candidates]
        return [row for row in rows if row is not None]

    def _answer(self, recipe: Recipe, fold: int, candidate: str, logits: Callable[[], np.ndarray]) -> None:
        path = self._answers(recipe, fold, candidate)
        if not path.is_file():
            side = path.with_suffix(".part.npy")
            np.save(side, logits())
            side.replace(path)
            self.say(f"fold {fold}, {self._row(recipe, candidate, (fold,))}")

    def _answers(self, recipe: Recipe, fold: int, candidate: str) -> Path:
        sizes = {run.name: run.input_size for run in recipe.runs}
        stems = stems_of(recipe)
        if candidate not in stems:
            raise TrainingInputError(f"the recipe has no candidate {candidate!r}, but {', '.join(stems)}")
        return self.work / f"fold-{fold}" / f"{stems[candidate]}.{sizes.get(candidate, recipe.input_size)}px.npy"

    def _row(self, recipe: Recipe, candidate: str, among: Sequence[int] = range(folds.FOLDS)) -> Row | None:
        parts = candidate.split("+")
        finished = [fold for fold in among if all(self._answers(recipe, fold, part).is_file() for part in parts)]
        if not finished:
            return None
        logits, fine = [], []
        for fold in finished:
            answers = [softmax(np.load(self._answers(recipe, fold, part))) for part in parts]
            logits.append(np.log(np.mean(answers, axis=0) + 1e-9))
            fine.append(np.array([photo.fine for photo, number in zip(self.photos, self.fold, strict=True) if number == fold], np.int32))
        everything, right = np.concatenate(logits), np.concatenate(fine)
        scores = evaluation.score(softmax(everything), right, self.names.coarse_of_fine)
        given = everything.argmax(axis=1)
        kinds = [index for index, label in enumerate(self.names.fine) if label in CITRUS]
        recalls = [float(np.mean(given[right == kind] == kind)) for kind in kinds if (right == kind).any()]
        return Row(
            candidate, tuple(finished), len(right), scores.fine_top_1, scores.fine_top_3, scores.coarse_top_1,
            100 * float(np.mean(recalls)) if recalls else 0.0, _error_on_unseen_folds(logits, fine),
        )


def _error_on_unseen_folds(logits: list[np.ndarray], fine: list[np.ndarray]) -> float | None:
    """Expected calibration error (%), each fold with the temperature that the other folds ask for; None for one fold."""
    if len(logits) < 2:
        return None
    probabilities = []
    for index, own in enumerate(logits):
        others = [number for number in range(len(logits)) if number != index]
        temperature = fit_temperature(np.concatenate([logits[i] for i in others]), np.concatenate([fine[i] for i in others]))
        probabilities.append(softmax(own / temperature))
    return 100 * expected_calibration_error(np.concatenate(probabilities), np.concatenate(fine))


def stems_of(recipe: Recipe) -> dict[str, str]:
    """What the files of each step and candidate are called: its name, and a digest of all that makes it."""

    def digest(*parts: object) -> str:
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:8]

    classifier = digest(asdict(recipe.classifier), recipe.decoded_size)
    stems = {f"classifier-{network}": f"classifier-{network}-{classifier}" for network in NETWORKS}
    for run in recipe.runs:
        teachers = [stems[name] for name in run.teachers]
        stems[run.name] = f"{run.name}-{digest(classifier, run.network, asdict(run.settings), teachers)}"
    mean = digest([stems[name] for name in recipe.int8.mean_of])
    int8 = digest(mean, recipe.input_size, {**asdict(recipe.int8), "teachers": [stems[name] for name in recipe.int8.teachers]})
    return {**stems, MEAN: f"mean-{mean}", INT8: f"int8-{int8}", INT8_FLOAT: f"int8-float-{int8}"}


def make_folds(photos: list[dataset.Photo], root: Path, table: Path, say: Callable[[str], None]) -> np.ndarray:
    """The fold of each photo: out of ``table``, or dealt anew and written there."""
    if not table.is_file():
        say(f"dealing {len(photos)} photos into {folds.FOLDS} folds: {table}")
        pictures = dataset.load_pictures(photos, 128)
        groups = folds.place_groups(pictures.pixels, pictures.fine)
        dealt = folds.deal(groups, pictures.fine)
        table.parent.mkdir(parents=True, exist_ok=True)
        export.write_whole(table, folds.folds_table(photos, root, groups, dealt).encode())
    return folds.read_folds(table, photos, root)


def describe_folds(table: Path) -> list[str]:
    """A line for each fold: photos, groups, and classes without a photo in it."""
    with table.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    classes = {row["class"] for row in rows}
    lines = []
    for fold in sorted({row["fold"] for row in rows}):
        own = [row for row in rows if row["fold"] == fold]
        absent = len(classes - {row["class"] for row in own})
        lines.append(f"fold {fold}: {len(own)} photos of {len({row['group'] for row in own})} places, {absent} classes have none")
    return lines
