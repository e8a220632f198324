"""All steps in order. Each leaves its result in the work folder, and is skipped where that is there already."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from trainer import averaging, dataset, evaluation, export, quantization, training
from trainer.backbones import Backbones
from trainer.calibration import apply_temperature, fit_temperature
from trainer.errors import TrainingInputError
from trainer.network import NETWORKS, MobileNetV2
from trainer.recipe import SHIPPED_NETWORK, Recipe, Run
from trainer.sampling import BalancedSampler

Say = Callable[[str], None]
# Finished runs, by name.
Runs = dict[str, MobileNetV2]


class Pipeline:
    """One training from photos to a checked int8 file."""

    def __init__(
        self, recipe: Recipe, photos: dict[str, list[dataset.Photo]], names: dataset.ClassNames, backbones: Backbones, work: Path,
        say: Say = print, stems: dict[str, str] | None = None,
    ) -> None:
        """Photos are decoded when a step needs them.

        Args:
            photos: by list; those of ``val`` and ``test`` teach only where the recipe names their list.
            work: the folder for checkpoints and results, made where needed.
            stems: what the files of a step are called there, where not as the run (or ``int8``, or ``classifier-NETWORK``).
        """
        self.recipe, self.photos, self.names, self.work, self.say = recipe, photos, names, work, say
        self._stems = stems or {}
        work.mkdir(parents=True, exist_ok=True)
        dataset.require_every_class(photos["train"], names, "train")
        self._backbones = backbones
        self._decoded: dict[tuple[str, int], dataset.Pictures] = {}

    @classmethod
    def of_dataset(cls, recipe: Recipe, folder: Path, backbones: Backbones, work: Path, say: Say) -> "Pipeline":
        """With the dataset's own lists."""
        names = dataset.read_classes(folder)
        photos = {name: dataset.read_list(folder, name) for name in ("train", "val", "test")}
        dataset.require_every_class(photos["test"], names, "test")
        return cls(recipe, photos, names, backbones, work, say)

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

    def new_network(self, name: str = SHIPPED_NETWORK, weights: list[np.ndarray] | None = None) -> MobileNetV2:
        """The network of this name with its backbone's weights, or with ``weights``."""
        network = NETWORKS[name](self._backbones.of(name))
        if weights is not None:
            network.set_weights(weights)
        return network

    def train_classifier(self, name: str = SHIPPED_NETWORK) -> list[np.ndarray]:
        """Step 1, for each network: weights with the backbone untouched and the classifier fitted."""
        stored = self._file(f"classifier-{name}", ".npz")
        if not stored.is_file():
            self.say(f"step 1: the classifier of {name}, on features of the frozen backbone")
            network = self.new_network(name)
            training.train_classifier(network, self.pictures(("train",), self.recipe.decoded_size), self.recipe.classifier)
            save_weights(stored, network.weights())
        return load_weights(stored)

    def train_run(self, run: Run, earlier: Runs) -> MobileNetV2:
        """Step 2, for each run: the whole network, taught by ``earlier`` runs where the recipe says so."""
        stored = self._file(run.name, ".npz")
        if stored.is_file():
            return self.new_network(run.network, load_weights(stored))
        start = self.train_classifier(run.network)
        taught = f", taught by {' and '.join(run.teachers)}" if run.teachers else ""
        self.say(f"step 2: run {run.name}, {run.network}, {run.settings.epochs} epochs on {' + '.join(run.lists)}{taught}")
        network = self.new_network(run.network, start)
        history = self._train(run.name, network, run.lists, run.settings, [earlier[name] for name in run.teachers],
                              validate=None if "val" in run.lists else lambda current: self._right_on_val(current, run.input_size))
        self._write_history(run.name, history)
        save_weights(stored, network.weights())
        return network

    def train_runs(self) -> Runs:
        """Step 2 for all runs, in the recipe's order."""
        runs: Runs = {}
        for run in self.recipe.runs:
            runs[run.name] = self.train_run(run, runs)
        return runs

    def mean(self, runs: Runs) -> MobileNetV2:
        """The mean of those runs that the int8 step starts from."""
        chosen = self.recipe.int8.mean_of
        return self.new_network(self._run(chosen[0]).network, averaging.mean_weights([runs[name].weights() for name in chosen]))

    def fit_to_int8(self, runs: Runs) -> tuple[MobileNetV2, quantization.Ranges]:
        """Step 3: the mean of the runs, fine-tuned with simulated int8, taught by the runs."""
        settings = self.recipe.int8
        network = self.mean(runs)
        ranges = quantization.measure_ranges(network, self.calibration(), settings.range_coverage)
        stored = self._file("int8", ".npz")
        if not stored.is_file():
            self.say(f"step 3: fine-tuning with simulated int8, {settings.settings.epochs} epochs")
            hooks = training.Hooks(quantization.quantised_activations(ranges), quantization.quantised_kernel)
            history = self._train("int8", network, settings.lists, settings.settings, [runs[name] for name in settings.teachers], None, hooks)
            self._write_history("int8", history)
            save_weights(stored, network.weights())
        network.set_weights(load_weights(stored))
        return network, ranges

    def temperature(self, runs: Runs) -> float:
        """Step 4: fitted on val, with the first averaged run that has not learnt from it."""
        held_out = self.pictures(("val",), self.recipe.input_size)
        for name in self.recipe.int8.mean_of:
            if "val" not in self._run(name).lists:
                temperature = fit_temperature(training.logits_of(runs[name], held_out.pixels), held_out.fine)
                self.say(f"step 4: temperature {temperature}, from run {name} on val")
                return temperature
        raise TrainingInputError("the recipe averages no run without val: nothing is left to fit the temperature on")

    def run(self) -> Path:
        """All steps; returns the int8 file, beside which lies ``scores.json``."""
        runs = self.train_runs()
        network, ranges = self.fit_to_int8(runs)
        ranges = apply_temperature(network, ranges, self.temperature(runs))
        self.say("step 5: export and evaluation on test.txt")
        size = self.recipe.input_size
        model = self.work / "model.tflite"
        export.write_whole(model, export.convert(network, size, self.calibration()[:20], quantization.quantised_activations(ranges)))
        candidates = {"int8": model.read_bytes(), "float32": export.convert_float(network, size)}
        candidates["mean of the runs, float32"] = export.convert_float(self.mean(runs), size)
        for run in self.recipe.runs:
            candidates[f"run {run.name}, float32"] = export.convert_float(runs[run.name], run.input_size)
        scores = {}
        for name, candidate in candidates.items():
            pictures = self.pictures(("test",), evaluation.input_size(candidate))
            measured = evaluation.evaluate(candidate, pictures, self.names.coarse_of_fine)
            self.say(f"{name}: {measured}")
            scores[name] = measured.as_json()
        export.write_whole(self.work / "scores.json", json.dumps(scores, indent=1).encode())
        return model

    def calibration(self) -> np.ndarray:
        """Training photos at the shipped input size, uint8 [n, size, size, 3]; the same ones each time."""
        settings, size = self.recipe.int8, self.recipe.input_size
        decoded = self.pictures(("train",), self.recipe.decoded_size).pixels
        chosen = np.random.default_rng(settings.settings.seed).permutation(len(decoded))[: settings.calibration_pictures]
        resized = [Image.fromarray(decoded[i]).resize((size, size), Image.Resampling.BILINEAR) for i in chosen]
        return np.stack([np.asarray(picture) for picture in resized])

    def _file(self, step: str, ending: str) -> Path:
        return self.work / f"{self._stems.get(step, step)}{ending}"

    def _run(self, name: str) -> Run:
        return next(run for run in self.recipe.runs if run.name == name)

    def _right_on_val(self, network: MobileNetV2, size: int) -> float:
        """Top-1 on val (%)."""
        return training.top_1(network, self.pictures(("val",), size))

    def _train(
        self, name: str, network: MobileNetV2, lists: tuple[str, ...], settings: training.RunSettings, teachers: list[MobileNetV2],
        validate: Callable[[MobileNetV2], float] | None, hooks: training.Hooks | None = None,
    ) -> list[dict[str, float]]:
        pictures = self.pictures(lists, self.recipe.decoded_size)
        sampler = BalancedSampler.of(pictures.fine, settings.batch, 0) if settings.balanced else None
        checkpoint = training.Checkpoint(self._file(name, ".checkpoint.npz"))
        return training.train_network(
            network, pictures, self.names.coarse_of_fine, settings, checkpoint, validate, teachers, hooks, self.say, sampler,
        )

    def _write_history(self, name: str, history: list[dict[str, float]]) -> None:
        export.write_whole(self._file(name, ".history.json"), json.dumps(history).encode())


def save_weights(path: Path, weights: list[np.ndarray]) -> None:
    """Store weights; never half of them."""
    side = path.with_suffix(".part.npz")
    np.savez(side, **{f"w{index:03}": weight for index, weight in enumerate(weights)})
    side.replace(path)


def load_weights(path: Path) -> list[np.ndarray]:
    """The reverse of :func:`save_weights`."""
    with np.load(path) as stored:
        return [stored[key] for key in sorted(stored.files)]
