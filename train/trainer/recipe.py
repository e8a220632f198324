"""The recipe file: what ``make train`` does, in numbers."""

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


def read_recipe(path: Path) -> Recipe:
    """Read the file.

    Raises:
        TrainingInputError: it is missing, is no TOML, lacks a setting or has an unknown one; the message names it.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TrainingInputError(f"recipe not found: {path}") from None
    except tomllib.TOMLDecodeError as error:
        raise TrainingInputError(f"{path} is not TOML: {error}") from None
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
