"""The recipe files: what ``make train`` does, in numbers; ``recipe.toml`` for the groceries, ``own.toml`` for a folder of photos."""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from trainer.augmentation import Augmentation
from trainer.errors import TrainingInputError
from trainer.training import ClassifierSettings, RunSettings


@dataclass(frozen=True)
class Run:
    """One run: its name, the lists it learns from, its hyper-parameters."""

    name: str
    lists: tuple[str, ...]
    settings: RunSettings


@dataclass(frozen=True)
class Int8:
    """The last step: fine-tuning with simulated int8."""

    lists: tuple[str, ...]
    calibration_pictures: int
    range_coverage: float
    settings: RunSettings


@dataclass(frozen=True)
class Recipe:
    """All of ``recipe.toml``."""

    input_size: int
    decoded_size: int
    classifier: ClassifierSettings
    runs: tuple[Run, ...]
    int8: Int8


@dataclass(frozen=True)
class OwnRecipe:
    """All of ``own.toml``, which explains each number."""

    input_size: int
    decoded_size: int
    smallest_edge: int
    fewest_a_class: int
    split_seed: int
    split_shares: dict[str, float]
    others_share: float
    classifier: ClassifierSettings
    fewest_steps: int
    run: RunSettings
    fewest_pictures: int
    int8: Int8
    unsure_lost: float
    top3_from: int


def _build(kind: type, values: dict[str, Any], place: str) -> Any:
    unknown = set(values) - {field.name for field in fields(kind)}
    if unknown:
        raise TrainingInputError(f"{place}: unknown setting {', '.join(sorted(unknown))}")
    try:
        return kind(**values)
    except TypeError as error:
        raise TrainingInputError(f"{place}: {error}") from None


def _run_settings(defaults: dict[str, Any], changes: dict[str, Any], place: str) -> RunSettings:
    values = {**defaults, **changes}
    augmentation = {**defaults.get("augmentation", {}), **changes.get("augmentation", {})}
    return _build(RunSettings, {**values, "augmentation": _build(Augmentation, augmentation, f"{place}, augmentation")}, place)


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TrainingInputError(f"recipe not found: {path}") from None
    except tomllib.TOMLDecodeError as error:
        raise TrainingInputError(f"{path} is not TOML: {error}") from None


def read_recipe(path: Path) -> Recipe:
    """Read the file.

    Raises:
        TrainingInputError: it is missing, is no TOML, lacks a setting or has an unknown one; the message names it.
    """
    content = _parse(path)
    try:
        defaults = content["run_defaults"]
        runs = []
        for entry in content["run"]:
            changes = dict(entry)
            name, lists = changes.pop("name"), tuple(changes.pop("lists"))
            runs.append(Run(name, lists, _run_settings(defaults, changes, f"{path}, run {name!r}")))
        int8 = dict(content["int8"])
        last = Int8(
            tuple(int8.pop("lists")), int8.pop("calibration_pictures"), int8.pop("range_coverage"),
            _run_settings(defaults, int8, f"{path}, int8"),
        )
        classifier = _build(ClassifierSettings, content["classifier"], f"{path}, classifier")
        return Recipe(content["input_size"], content["decoded_size"], classifier, tuple(runs), last)
    except KeyError as error:
        raise TrainingInputError(f"{path} lacks {error}") from None


def read_own_recipe(path: Path) -> OwnRecipe:
    """Read ``own.toml``; errors as in :func:`read_recipe`."""
    content = _parse(path)
    try:
        photos, splits, unsure = content["photos"], content["splits"], content["unsure"]
        classifier, run, int8 = dict(content["classifier"]), dict(content["run"]), dict(content["int8"])
        fewest_steps, fewest_pictures = classifier.pop("fewest_steps"), run.pop("fewest_pictures")
        last = Int8((), int8.pop("calibration_pictures"), int8.pop("range_coverage"), _run_settings(run, int8, f"{path}, int8"))
        return OwnRecipe(
            content["input_size"], content["decoded_size"], photos["smallest_edge"], photos["fewest_a_class"],
            splits["seed"], {"test": splits["test"], "val": splits["val"]}, content["others"]["share"],
            _build(ClassifierSettings, classifier, f"{path}, classifier"), fewest_steps,
            _run_settings(run, {}, f"{path}, run"), fewest_pictures, last, unsure["lost"], unsure["top3_from"],
        )
    except KeyError as error:
        raise TrainingInputError(f"{path} lacks {error}") from None
