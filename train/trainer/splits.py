"""Which photos teach, which decide (temperature and threshold), and which judge; near-duplicates stay together."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from trainer.errors import TrainingInputError
from trainer.photo_folder import OwnClasses, OwnPhoto


def make_splits(
    photos: Sequence[OwnPhoto], groups: np.ndarray, classes: OwnClasses, shares: dict[str, float], seed: int, fewest: int
) -> tuple[list[str], list[str]]:
    """A split for each photo, and the folders whose photos are so alike that groups had to be cut.

    Given splits are kept; what is not given is taken out of ``train``, a share of each class.

    Args:
        groups: group number of each photo; a group goes into one split as a whole.
        shares: of ``val`` and ``test``.
        fewest: photos that each class must have.

    Raises:
        TrainingInputError: naming the classes with too few photos, in all or in a given split.
    """
    labels = np.array([photo.label for photo in photos], np.int64)
    split = [photo.split or "train" for photo in photos]
    free = np.array([name == "train" for name in split])
    # Photos of other things come without splits, whatever the classes have.
    unplaced = {number for number in classes.background if all(photo.split is None for photo in photos if photo.label == number)}
    lacking = [name for name in ("test", "val") if name not in split]
    wanted = {number: ["test", "val"] if number in unplaced else lacking for number in range(len(classes.folders))}
    counts = Counter(labels[free].tolist())
    few = [f"{folder} ({counts[number]})" for number, folder in enumerate(classes.folders) if counts[number] < fewest]
    if few:
        raise TrainingInputError(f"too few usable photos to learn from, at least {fewest} a class are needed (20 are a fair start): {', '.join(few)}")
    for name in set(split) - {"train"}:
        absent = [folder for number, folder in enumerate(classes.folders) if number not in unplaced and name not in {split[i] for i in np.flatnonzero(labels == number)}]
        if absent:
            raise TrainingInputError(f"the given folder for {name} has no usable photo of: {', '.join(absent)}")
    generator = np.random.default_rng(seed)
    groups, cut = _cut_large_groups(groups, labels, free, wanted)
    for number in range(len(classes.folders)):
        own = free & (labels == number)
        need = {name: max(1, round(shares[name] * int(own.sum()))) for name in wanted[number]}
        _assign(split, [np.flatnonzero(free & (groups == group)) for group in generator.permutation(np.unique(groups[own]))], need, labels, number)
    return split, [classes.folders[number] for number in sorted(cut)]


def _cut_large_groups(groups: np.ndarray, labels: np.ndarray, free: np.ndarray, wanted: dict[int, list[str]]) -> tuple[np.ndarray, set[int]]:
    """Cut the groups of classes that would not leave one for each split, along the order of the names."""
    groups, cut = groups.copy(), set()
    following = int(groups.max(initial=0)) + 1
    for number in np.unique(labels):
        own = np.flatnonzero(free & (labels == number))
        sizes, parts = Counter(groups[own].tolist()), len(wanted[int(number)])
        # The largest group teaches; the others must do for the rest.
        if parts == 0 or not sizes or len(own) - max(sizes.values()) >= max(parts, len(own) // 10):
            continue
        cut.add(int(number))
        largest = own[groups[own] == max(sizes, key=lambda group: sizes[group])]
        for piece in np.array_split(largest, min(6, len(largest)))[1:]:
            groups[piece] = following
            following += 1
    return groups, cut


def _assign(split: list[str], groups: list[np.ndarray], need: dict[str, int], labels: np.ndarray, number: int) -> None:
    """Fill ``test`` and ``val`` with whole groups, the emptier of both first; the rest stays in ``train``."""
    have = {name: sum(1 for index, place in enumerate(split) if place == name and labels[index] == number) for name in need}
    for members in groups:
        if any(split[index] != "train" for index in members):
            continue  # with a photo of another class, and placed with it
        size = int(np.sum(labels[members] == number))
        fitting = [name for name in need if have[name] + size <= need[name]]
        if fitting:
            target = min(fitting, key=lambda name: have[name] / need[name])
            have[target] += size
            for index in members:
                split[index] = target
    for name in need:
        if have[name] == 0:
            left = [members for members in groups if all(split[index] == "train" for index in members)]
            if len(left) > 1:
                smallest = min(left, key=len)
                have[name] += len(smallest)
                for index in smallest:
                    split[index] = name
