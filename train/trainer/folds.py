"""Folds for cross-validation over train and val: photos of the same shelf and near-duplicates stay in one fold.

The dataset's photos were taken in series, a dozen of the same shelf or of the same fruit in the same hand, and their file
numbers are shuffled, so numbers tell nothing. Colours do: within a class, photos of one place share ground, light and
neighbours. Groups are made by average linkage over distances of colour histograms.
"""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from trainer.dataset import Photo
from trainer.duplicates import groups_of, near_pairs
from trainer.errors import TrainingInputError

FOLDS = 5
# Levels of each colour channel in a histogram.
LEVELS = 8
# Hellinger distance (0 … 1) up to which two groups are the same place. Photos of one shelf differ by 0.1 to 0.35, photos of
# one class in different shops mostly by 0.45 to 0.7.
SAME_PLACE = 0.42
# A group takes at most this share of its class; else a fold would lack the class, or hold most of it.
LARGEST_SHARE = 0.3


def colour_histograms(pixels: np.ndarray) -> np.ndarray:
    """Of uint8 [n, s, s, 3]: square roots of the shares of 512 colours, float32 [n, 512], each of length 1."""
    rows = []
    for picture in pixels:
        levels = picture.reshape(-1, 3).astype(np.int64) * LEVELS // 256
        colours = (levels[:, 0] * LEVELS + levels[:, 1]) * LEVELS + levels[:, 2]
        rows.append(np.sqrt(np.bincount(colours, minlength=LEVELS**3) / len(colours)))
    return np.array(rows, np.float32).reshape(-1, LEVELS**3)


def hellinger_distances(histograms: np.ndarray) -> np.ndarray:
    """Distances [n, n] between histograms as :func:`colour_histograms` gives them: 0 the same, 1 no colour in common."""
    return np.sqrt(np.maximum(0.0, 1.0 - histograms @ histograms.T))


def linked(distances: np.ndarray, together: Sequence[tuple[int, int]], limit: float, largest: int) -> list[list[int]]:
    """Average linkage: joins the nearest two groups as long as they are within ``limit`` and not larger than ``largest``.

    Args:
        together: pairs that are in one group from the start, whatever their distance and number.
    """
    start = groups_of(len(distances), [(first, second, False) for first, second in together])
    groups = [np.flatnonzero(start == number).tolist() for number in np.unique(start)]
    while len(groups) > 1:
        means = np.array([[distances[np.ix_(one, other)].mean() for other in groups] for one in groups])
        sizes = np.array([len(group) for group in groups])
        means[sizes[:, None] + sizes[None, :] > largest] = np.inf
        np.fill_diagonal(means, np.inf)
        first, second = sorted(np.unravel_index(int(np.argmin(means)), means.shape))
        if means[first, second] > limit:
            break
        groups[first] += groups.pop(second)
    return groups


def place_groups(pixels: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """A group number for each picture: those that show the same place, and near-duplicates, share one.

    Args:
        pixels: uint8 [n, s, s, 3].
        labels: int [n]; a group is of one class, but for near-duplicates across classes.
    """
    near = [(first, second) for first, second, _ in near_pairs(pixels)]
    histograms = colour_histograms(pixels)
    joined = [(first, second, False) for first, second in near]
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        place = {int(index): position for position, index in enumerate(own)}
        together = [(place[first], place[second]) for first, second in near if first in place and second in place]
        largest = max(1, int(LARGEST_SHARE * len(own)))
        for group in linked(hellinger_distances(histograms[own]), together, SAME_PLACE, largest):
            joined += [(int(own[group[0]]), int(own[other]), False) for other in group[1:]]
    return groups_of(len(labels), joined)


def deal(groups: np.ndarray, labels: np.ndarray, folds: int = FOLDS) -> np.ndarray:
    """A fold (0 … ``folds`` − 1) for each picture: whole groups, each class spread as evenly as its groups allow.

    Raises:
        TrainingInputError: a class has fewer groups than two, so that a fold would leave none to learn from.
    """
    fold = np.full(len(labels), -1, np.int64)
    for label in np.unique(labels):
        own = labels == label
        sizes = Counter(groups[own].tolist())
        if len(sizes) < 2:
            raise TrainingInputError(f"all photos of class {label} are alike: they can't be dealt into folds")
        # Large groups first; then the fold with the fewest of this class, then the one with the fewest of all.
        for group in sorted(sizes, key=lambda number: (-sizes[number], number)):
            members = groups == group
            if (fold[members] >= 0).any():
                continue
            of_class = np.bincount(fold[own & (fold >= 0)], minlength=folds)
            of_all = np.bincount(fold[fold >= 0], minlength=folds)
            fold[members] = min(range(folds), key=lambda number: (of_class[number], of_all[number], number))
    return fold


def folds_table(photos: Sequence[Photo], root: Path, groups: np.ndarray, fold: np.ndarray) -> str:
    """The table ``photo,class,group,fold`` as CSV text; photos as paths below ``root``."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["photo", "class", "group", "fold"])
    for photo, group, number in zip(photos, groups, fold, strict=True):
        writer.writerow([photo.path.relative_to(root).as_posix(), photo.fine, int(group), int(number)])
    return text.getvalue()


def read_folds(table: Path, photos: Sequence[Photo], root: Path) -> np.ndarray:
    """The folds of ``photos`` out of a table as :func:`folds_table` writes it.

    Raises:
        TrainingInputError: the table is of other photos.
    """
    with table.open(newline="", encoding="utf-8") as stream:
        found = {row["photo"]: int(row["fold"]) for row in csv.DictReader(stream)}
    names = [photo.path.relative_to(root).as_posix() for photo in photos]
    if set(names) != set(found):
        raise TrainingInputError(f"{table} is of other photos; remove it, and it is made anew")
    return np.array([found[name] for name in names], np.int64)
