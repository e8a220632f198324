"""The recipe files: what ``make train`` does, in numbers; ``recipe.toml`` for the groceries, ``own.toml`` for a folder of photos."""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from trainer.augmentation import Augmentation
from trainer.errors import TrainingInputError
from trainer.network import NETWORKS
from trainer.training import ClassifierSettings, RunSettings

SHIPPED_NETWORK = "mobilenet-v2"


@dataclass(frozen=True)
class Run:
    """One run: its name, the lists it learns from, its hyper-parameters.

    ``network`` is a name in :data:`trainer.network.NETWORKS`, ``input_size`` the edge at which it answers, ``teachers`` name
    earlier runs whose answers it learns from.
    """

    name: str
    lists: tuple[str, ...]
    network: str
    input_size: int
    teachers: tuple[str, ...]
    settings: RunSettings


@dataclass(frozen=True)
class Int8:
    """The last step: fine-tuning with simulated int8.

    It starts from the mean of the runs ``mean_of`` and learns from the answers of the runs ``teachers`` (both empty for own photos).
    """

    lists: tuple[str, ...]
    mean_of: tuple[str, ...]
    teachers: tuple[str, ...]
    calibration_pictures: int
    range_coverage: float
    settings: RunSettings


@dataclass(frozen=True)
class Recipe:
    """All of ``recipe.toml``, or of a recipe that is tried."""

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
            name, lists, network = changes.pop("name"), tuple(changes.pop("lists")), changes.pop("network", SHIPPED_NETWORK)
            size, teachers = changes.pop("input_size", content["input_size"]), tuple(changes.pop("teachers", ()))
            runs.append(Run(name, lists, network, size, teachers, _run_settings(defaults, changes, f"{path}, run {name!r}")))
        int8 = dict(content["int8"])
        mean_of = tuple(int8.pop("mean_of", [run.name for run in runs]))
        last = Int8(
            tuple(int8.pop("lists")), mean_of, tuple(int8.pop("teachers", mean_of)), int8.pop("calibration_pictures"),
            int8.pop("range_coverage"), _run_settings(defaults, int8, f"{path}, int8"),
        )
        _check_names(runs, last, path)
        classifier = _build(ClassifierSettings, content["classifier"], f"{path}, classifier")
        return Recipe(content["input_size"], content["decoded_size"], classifier, tuple(runs), last)
    except KeyError as error:
        raise TrainingInputError(f"{path} lacks {error}") from None


def _check_names(runs: list[Run], int8: Int8, path: Path) -> None:
    """Names of networks and runs must be known where they are used."""
    networks: dict[str, str] = {}
    for run in runs:
        if run.network not in NETWORKS:
            raise TrainingInputError(f"{path}, run {run.name!r}: unknown network {run.network!r}, known are {', '.join(NETWORKS)}")
        if run.name in networks:
            raise TrainingInputError(f"{path}: two runs have the name {run.name!r}")
        for teacher in run.teachers:
            if teacher not in networks:
                raise TrainingInputError(f"{path}, run {run.name!r}: its teacher {teacher!r} is no earlier run")
        networks[run.name] = run.network
    for name in (*int8.mean_of, *int8.teachers):
        if name not in networks:
            raise TrainingInputError(f"{path}, int8: there is no run {name!r}")
    if not int8.mean_of or len({networks[name] for name in int8.mean_of}) > 1:
        raise TrainingInputError(f"{path}, int8: mean_of must name runs of one network")


def read_own_recipe(path: Path) -> OwnRecipe:
    """Read ``own.toml``; errors as in :func:`read_recipe`."""
    content = _parse(path)
    try:
        photos, splits, unsure = content["photos"], content["splits"], content["unsure"]
        classifier, run, int8 = dict(content["classifier"]), dict(content["run"]), dict(content["int8"])
        fewest_steps, fewest_pictures = classifier.pop("fewest_steps"), run.pop("fewest_pictures")
        last = Int8((), (), (), int8.pop("calibration_pictures"), int8.pop("range_coverage"), _run_settings(run, int8, f"{path}, int8"))
        return OwnRecipe(
            content["input_size"], content["decoded_size"], photos["smallest_edge"], photos["fewest_a_class"],
            splits["seed"], {"test": splits["test"], "val": splits["val"]}, content["others"]["share"],
            _build(ClassifierSettings, classifier, f"{path}, classifier"), fewest_steps,
            _run_settings(run, {}, f"{path}, run"), fewest_pictures, last, unsure["lost"], unsure["top3_from"],
        )
    except KeyError as error:
        raise TrainingInputError(f"{path} lacks {error}") from None
