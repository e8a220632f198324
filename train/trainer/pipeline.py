"""All steps in order. Each leaves its result in the work folder, and is skipped where that is there already."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from trainer import averaging, backbone, dataset, evaluation, export, quantization, training
from trainer.calibration import apply_temperature, fit_temperature
from trainer.errors import TrainingInputError
from trainer.network import MobileNetV2
from trainer.recipe import Recipe, Run
from trainer.sources import Sources

Say = Callable[[str], None]


class Pipeline:
    """One training from photos to a checked int8 file."""

    def __init__(self, recipe: Recipe, sources: Sources, work: Path, say: Say = print) -> None:
        """Check the sources' lists and read the backbone; photos are decoded when a step needs them."""
        self.recipe, self.work, self.say = recipe, work, say
        work.mkdir(parents=True, exist_ok=True)
        self.names = dataset.read_classes(sources.dataset)
        self.photos = {name: dataset.read_list(sources.dataset, name) for name in ("train", "val", "test")}
        for name in ("train", "test"):
            dataset.require_every_class(self.photos[name], self.names, name)
        self.backbone = backbone.read_backbone(sources.backbone)
        self._decoded: dict[tuple[str, int], dataset.Pictures] = {}

    def pictures(self, lists: tuple[str, ...], size: int) -> dataset.Pictures:
        """The photos of ``lists`` at edge ``size``, decoded once."""
        parts = []
        for name in lists:
            if (name, size) not in self._decoded:
                self.say(f"decoding {len(self.photos[name])} photos of {name}.txt to {size} × {size}")
                self._decoded[name, size] = dataset.load_pictures(self.photos[name], size)
            parts.append(self._decoded[name, size])
        joined = parts[0]
        for part in parts[1:]:
            joined = joined.joined_with(part)
        return joined

    def new_network(self, weights: list[np.ndarray] | None = None) -> MobileNetV2:
        """The network with the backbone's weights, or with ``weights``."""
        network = MobileNetV2(self.backbone)
        if weights is not None:
            network.set_weights(weights)
        return network

    def train_classifier(self) -> list[np.ndarray]:
        """Step 1: weights with the backbone untouched and the classifier fitted."""
        stored = self.work / "classifier.npz"
        if not stored.is_file():
            self.say("step 1: the classifier, on features of the frozen backbone")
            network = self.new_network()
            training.train_classifier(network, self.pictures(("train",), self.recipe.decoded_size), self.recipe.classifier)
            save_weights(stored, network.weights())
        return load_weights(stored)

    def validate(self, network: MobileNetV2) -> float:
        """Top-1 on val (%), at the shipped input size."""
        return training.top_1(network, self.pictures(("val",), self.recipe.input_size))

    def train_run(self, run: Run, start: list[np.ndarray]) -> list[np.ndarray]:
        """Step 2, for each run: the whole network."""
        stored = self.work / f"{run.name}.npz"
        if not stored.is_file():
            self.say(f"step 2: run {run.name}, {run.settings.epochs} epochs on {' + '.join(run.lists)}")
            network = self.new_network(start)
            history = training.train_network(
                network, self.pictures(run.lists, self.recipe.decoded_size), self.names.coarse_of_fine, run.settings,
                training.Checkpoint(self.work / f"{run.name}.checkpoint.npz"),
                validate=None if "val" in run.lists else self.validate, say=self.say,
            )
            self._write_history(run.name, history)
            save_weights(stored, network.weights())
        return load_weights(stored)

    def fit_to_int8(self, runs: list[list[np.ndarray]]) -> tuple[MobileNetV2, quantization.Ranges]:
        """Step 3: the mean of the runs, fine-tuned with simulated int8, taught by the runs."""
        settings = self.recipe.int8
        network = self.new_network(averaging.mean_weights(runs))
        ranges = quantization.measure_ranges(network, self._calibration(), settings.range_coverage)
        stored = self.work / "int8.npz"
        if not stored.is_file():
            self.say(f"step 3: fine-tuning with simulated int8, {settings.settings.epochs} epochs")
            history = training.train_network(
                network, self.pictures(settings.lists, self.recipe.decoded_size), self.names.coarse_of_fine, settings.settings,
                training.Checkpoint(self.work / "int8.checkpoint.npz"), validate=None,
                teachers=[self.new_network(weights) for weights in runs],
                hooks=training.Hooks(quantization.quantised_activations(ranges), quantization.quantised_kernel), say=self.say,
            )
            self._write_history("int8", history)
            save_weights(stored, network.weights())
        network.set_weights(load_weights(stored))
        return network, ranges

    def temperature(self, runs: list[list[np.ndarray]]) -> float:
        """Step 4: fitted on val, with the first run that has not learnt from it."""
        held_out = self.pictures(("val",), self.recipe.input_size)
        for run, weights in zip(self.recipe.runs, runs, strict=True):
            if "val" not in run.lists:
                temperature = fit_temperature(training.logits_of(self.new_network(weights), held_out.pixels), held_out.fine)
                self.say(f"step 4: temperature {temperature}, from run {run.name} on val")
                return temperature
        raise TrainingInputError("the recipe has no run without val: nothing is left to fit the temperature on")

    def run(self) -> Path:
        """All steps; returns the int8 file, beside which lies ``scores.json``."""
        start = self.train_classifier()
        runs = [self.train_run(run, start) for run in self.recipe.runs]
        network, ranges = self.fit_to_int8(runs)
        ranges = apply_temperature(network, ranges, self.temperature(runs))
        self.say("step 5: export and evaluation on test.txt")
        size = self.recipe.input_size
        model = self.work / "model.tflite"
        export.write_whole(model, export.convert(network, size, self._calibration()[:20], quantization.quantised_activations(ranges)))
        candidates = {"int8": model.read_bytes(), "float32": export.convert_float(network, size)}
        averaged = self.new_network(averaging.mean_weights(runs))
        candidates["mean of the runs, float32"] = export.convert_float(averaged, size)
        for run, weights in zip(self.recipe.runs, runs, strict=True):
            candidates[f"run {run.name}, float32"] = export.convert_float(self.new_network(weights), size)
        scores = {}
        for name, candidate in candidates.items():
            measured = evaluation.evaluate(candidate, self.pictures(("test",), size), self.names.coarse_of_fine)
            self.say(f"{name}: {measured}")
            scores[name] = measured.as_json()
        export.write_whole(self.work / "scores.json", json.dumps(scores, indent=1).encode())
        return model

    def _calibration(self) -> np.ndarray:
        """Training photos at the shipped input size, uint8 [n, size, size, 3]; the same ones each time."""
        settings, size = self.recipe.int8, self.recipe.input_size
        decoded = self.pictures(("train",), self.recipe.decoded_size).pixels
        chosen = np.random.default_rng(settings.settings.seed).permutation(len(decoded))[: settings.calibration_pictures]
        resized = [Image.fromarray(decoded[i]).resize((size, size), Image.Resampling.BILINEAR) for i in chosen]
        return np.stack([np.asarray(picture) for picture in resized])

    def _write_history(self, name: str, history: list[dict[str, float]]) -> None:
        export.write_whole(self.work / f"{name}.history.json", json.dumps(history).encode())


def save_weights(path: Path, weights: list[np.ndarray]) -> None:
    """Store weights; never half of them."""
    side = path.with_suffix(".part.npz")
    np.savez(side, **{f"w{index:03}": weight for index, weight in enumerate(weights)})
    side.replace(path)


def load_weights(path: Path) -> list[np.ndarray]:
    """The reverse of :func:`save_weights`."""
    with np.load(path) as stored:
        return [stored[key] for key in sorted(stored.files)]
