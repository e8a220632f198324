"""From a folder of photos to a model with its card: all steps of ``make train PHOTOS=… NAME=…``, in order.

Each step leaves its result in the work folder and is skipped where that is there already, as long as photos and recipe stay
the same; else all starts anew.
"""

import hashlib
import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from trainer import backbone, duplicates, evaluation, export, quantization, training
from trainer.calibration import apply_temperature, fit_temperature
from trainer.dataset import Pictures
from trainer.errors import TrainingInputError
from trainer.network import MobileNetV2
from trainer.photo_folder import SPLITS, Findings, OwnClasses, OwnPhoto, decode_own, load_usable, read_folder, with_others
from trainer.pipeline import load_weights, save_weights
from trainer.progress import Progress
from trainer.recipe import OwnRecipe
from trainer.sampling import BalancedSampler
from trainer.splits import make_splits
from trainer.unsure import Threshold, find_threshold

Say = Callable[[str], None]
# Work of a picture in each step, beside a picture forward and backward in a run.
COST_OF_FEATURES, COST_OF_INT8, COST_OF_ANSWERS = 0.35, 1.5, 0.5


@dataclass(frozen=True)
class Result:
    """What a finished training knows, for its card.

    ``answers`` are those of the int8 file on ``test``, ``confusion`` counts all of them. ``scores`` count the photos of the classes, without those of a
    background; ``right_marked`` how many of the right ones are unsure, and of how many; ``others_marked`` the same of the
    background's photos.
    """

    name: str
    classes: OwnClasses
    photos: dict[str, list[OwnPhoto]]
    given: bool
    findings: Findings
    alike_classes: list[str]
    scores: dict[str, evaluation.Scores]
    answers: np.ndarray
    confusion: np.ndarray
    temperature: float
    threshold: Threshold
    right_marked: tuple[int, int]
    others_marked: tuple[int, int]
    histories: dict[str, list[dict[str, float]]]
    minutes: float


class OwnTraining:
    """One training on a folder of photos."""

    def __init__(self, recipe: OwnRecipe, name: str, work: Path, backbone_file: Path, say: Say) -> None:
        """``work`` is this model's own folder, made where needed."""
        self.recipe, self.name, self.work, self.say = recipe, name, work, say
        work.mkdir(parents=True, exist_ok=True)
        self.backbone = backbone.read_backbone(backbone_file)
        self._answer_pictures: dict[str, np.ndarray] = {}

    def run(self, folder: Path, labels: Path | None = None, others: Path | None = None) -> Result:
        """All steps, up to ``model.tflite`` in the work folder.

        Args:
            folder: the photos.
            labels: a table of names elsewhere.
            others: photos of other things, which become a class "none of these".

        Raises:
            TrainingInputError: the folder can't be learnt from; the message names what is wrong.
        """
        started = time.monotonic()
        photos, self.classes = read_folder(folder, labels)
        if not photos:
            raise TrainingInputError(f"{folder} has folders, but no photos in them")
        if others is not None:
            photos, self.classes = with_others(photos, self.classes, others, self.recipe.others_share, self.recipe.split_seed)
        self.findings = Findings()
        self._read_photos(photos)
        self._start_anew_if_changed()
        network, temperature, ranges = self._train()
        model = export.convert(
            network, self.recipe.input_size, self._calibration()[:20], quantization.quantised_activations(ranges)
        )
        export.write_whole(self.work / "model.tflite", model)
        return self._judge(model, network, temperature, started)

    def _read_photos(self, photos: list[OwnPhoto]) -> None:
        recipe = self.recipe
        self.say(f"reading {len(photos)} photos of {len(self.classes.folders)} classes: {_shortened(self.classes.labels)}")
        reading = Progress(self.say, len(photos))
        usable, pixels = load_usable(photos, recipe.decoded_size, recipe.smallest_edge, self.findings, reading.advance)
        usable, pixels, groups = duplicates.sort_out(usable, pixels, self.findings)
        self.given = any(photo.split for photo in usable)
        split, self.alike_classes = make_splits(
            usable, groups, self.classes, recipe.split_shares, recipe.split_seed, recipe.fewest_a_class
        )
        place = {name: [i for i, own in enumerate(split) if own == name] for name in SPLITS}
        self.photos = {name: [replace(usable[i], split=name) for i in place[name]] for name in SPLITS}
        self._tell_findings()
        taught = place["train"]
        self.train = Pictures(pixels[taught], np.array([usable[i].label for i in taught], np.int32))
        self.say("photos: " + ", ".join(f"{len(self.photos[name])} to {purpose}" for name, purpose in
                                        (("train", "learn from"), ("val", "set the threshold"), ("test", "judge"))))
        lines = [f"{photo.split},{photo.label},{photo.name}" for name in SPLITS for photo in self.photos[name]]
        export.write_whole(self.work / "splits.csv", ("split,class,photo\n" + "\n".join(lines) + "\n").encode())

    def _tell_findings(self) -> None:
        for heading, names in self.findings.listed():
            self.say(f"note: {len(names)} {heading}:")
            for name in names[:10]:
                self.say(f"  {name}")
            if len(names) > 10:
                self.say(f"  … and {len(names) - 10} more, all of them in the card")
        for folder in self.alike_classes:
            self.say(f"note: nearly all photos in {folder} look alike; they can't be kept apart, so the accuracy will look better than it is")

    def _start_anew_if_changed(self) -> None:
        digest = hashlib.sha256(json.dumps(asdict(self.recipe), sort_keys=True).encode())
        digest.update(self.train.pixels.tobytes())
        digest.update((self.work / "splits.csv").read_bytes())
        mark, found = self.work / "made-of", digest.hexdigest()
        before = mark.read_text() if mark.is_file() else None
        if before not in (None, found):
            self.say("photos or recipe have changed since the last call: starting anew")
        if before != found:
            for stale in [*self.work.glob("*.npz"), *self.work.glob("*.history.json")]:
                stale.unlink()
            mark.write_text(found)

    def _train(self) -> tuple[MobileNetV2, float, quantization.Ranges]:
        recipe = self.recipe
        sampler = BalancedSampler.of(self.train.fine, recipe.run.batch, recipe.fewest_pictures)
        validated = len(self.photos["val"]) * COST_OF_ANSWERS * recipe.run.epochs
        shares = {
            "classifier": 3 * len(self.train) * COST_OF_FEATURES,
            "run": sampler.length * recipe.run.epochs + validated,
            "int8": sampler.length * recipe.int8.settings.epochs * COST_OF_INT8,
        }
        waiting = [step for step in shares if not (self.work / f"{step}.npz").is_file()]
        progress = Progress(self.say, sum(shares[step] for step in waiting))
        network = MobileNetV2(self.backbone, len(self.classes.folders))
        self._step("classifier", "1 of 3: the classifier, on features of the frozen backbone", network, lambda: self._classifier(network, progress))
        self._step("run", f"2 of 3: the whole network, {recipe.run.epochs} epochs", network, lambda: self._run(network, sampler, progress))
        ranges = quantization.measure_ranges(network, self._calibration(), recipe.int8.range_coverage)
        self._step("int8", f"3 of 3: learning to live with int8, {recipe.int8.settings.epochs} epochs", network,
                   lambda: self._int8(network, ranges, sampler, progress))
        # Val has taught none of the weights: what it says of the temperature holds for photos to come.
        fitted = fit_temperature(training.logits_of(network, self._pixels("val")), self._labels("val"))
        return network, fitted, apply_temperature(network, ranges, fitted)

    def _step(self, name: str, heading: str, network: MobileNetV2, work: Callable[[], None]) -> None:
        stored = self.work / f"{name}.npz"
        if not stored.is_file():
            self.say(f"step {heading}")
            work()
            save_weights(stored, network.weights())
        network.set_weights(load_weights(stored))

    def _classifier(self, network: MobileNetV2, progress: Progress) -> None:
        settings = self.recipe.classifier
        progress.cost = COST_OF_FEATURES
        steps_an_epoch = max(1, 3 * len(self.train) // 128)
        epochs = max(settings.epochs, math.ceil(self.recipe.fewest_steps / steps_an_epoch))
        training.train_classifier(network, self.train, replace(settings, epochs=epochs), progress)

    def _run(self, network: MobileNetV2, sampler: BalancedSampler, progress: Progress) -> None:
        progress.cost = 1.0
        val = Pictures(self._pixels("val"), self._labels("val"))

        def validate(current: MobileNetV2) -> float:
            right = training.top_1(current, val)
            progress.advance(len(val) * COST_OF_ANSWERS)
            return right

        self._fine_tune("run", network, self.recipe.run, sampler, progress, validate)

    def _int8(self, network: MobileNetV2, ranges: quantization.Ranges, sampler: BalancedSampler, progress: Progress) -> None:
        progress.cost = COST_OF_INT8
        hooks = training.Hooks(quantization.quantised_activations(ranges), quantization.quantised_kernel)
        self._fine_tune("int8", network, self.recipe.int8.settings, sampler, progress, None, hooks)

    def _fine_tune(
        self, name: str, network: MobileNetV2, settings: training.RunSettings, sampler: BalancedSampler, progress: Progress,
        validate: Callable[[MobileNetV2], float] | None, hooks: training.Hooks | None = None,
    ) -> None:
        checkpoint = training.Checkpoint(self.work / f"{name}.checkpoint.npz")
        history = training.train_network(
            network, self.train, np.arange(len(self.classes.folders), dtype=np.int32), settings, checkpoint, validate,
            hooks=hooks, say=self.say, sampler=sampler, progress=progress,
        )
        export.write_whole(self.work / f"{name}.history.json", json.dumps(history).encode())
        checkpoint.path.unlink(missing_ok=True)

    def _judge(self, model: bytes, network: MobileNetV2, temperature: float, started: float) -> Result:
        """Threshold by val, accuracy by test; both with the int8 file, as the runtime will see it."""
        recipe = self.recipe
        count = len(self.classes.folders)
        self.say("judging the int8 file")
        decided, decided_right = evaluation.probabilities(model, self._pixels("val")), self._labels("val")
        answers, right = evaluation.probabilities(model, self._pixels("test")), self._labels("test")
        plain = evaluation.probabilities(export.convert_float(network, recipe.input_size), self._pixels("test"))
        background = self.classes.background
        own, own_decided = ~np.isin(right, background), ~np.isin(decided_right, background)
        by = "top3" if count >= recipe.top3_from else "probability"
        threshold = find_threshold(decided[own_decided], decided_right[own_decided], by, recipe.unsure_lost)
        same = np.arange(count)
        scores = {
            "int8": evaluation.score(answers[own], right[own], same),
            "float32": evaluation.score(plain[own], right[own], same),
            "val": evaluation.score(decided[own_decided], decided_right[own_decided], same),
        }
        correct = own & (answers.argmax(axis=1) == right)
        marked = threshold.marks(answers, background)
        return Result(
            self.name, self.classes, self.photos, self.given, self.findings, self.alike_classes, scores, answers,
            evaluation.score(answers, right, same).confusion, temperature, threshold,
            (int(np.sum(marked & correct)), int(correct.sum())), (int(np.sum(marked & ~own)), int(np.sum(~own))),
            {path.name.split(".")[0]: json.loads(path.read_text()) for path in sorted(self.work.glob("*.history.json"))},
            (time.monotonic() - started) / 60,
        )

    def _labels(self, split: str) -> np.ndarray:
        return np.array([photo.label for photo in self.photos[split]], np.int32)

    def _pixels(self, split: str) -> np.ndarray:
        """Photos of ``val`` or ``test`` at the model's input size, straight from the files, as the runtime makes them."""
        if split not in self._answer_pictures:
            made = [decode_own(photo.path, self.recipe.input_size)[0] for photo in self.photos[split]]
            self._answer_pictures[split] = np.stack(made)
        return self._answer_pictures[split]

    def _calibration(self) -> np.ndarray:
        settings, size = self.recipe.int8, self.recipe.input_size
        chosen = np.random.default_rng(settings.settings.seed).permutation(len(self.train))[: settings.calibration_pictures]
        resized = [Image.fromarray(self.train.pixels[i]).resize((size, size), Image.Resampling.BILINEAR) for i in chosen]
        return np.stack([np.asarray(picture) for picture in resized])


def _shortened(labels: tuple[str, ...]) -> str:
    return ", ".join(labels) if len(labels) <= 12 else ", ".join(labels[:10]) + f" … and {len(labels) - 10} more"

