"""Photos that are equal or nearly so: found by a perceptual hash, so that splits can keep them together.

The hash is a difference hash: whether each of 16 × 16 places is lighter than its right and than its lower neighbour. It
outlives another size, another JPEG quality, other brightness and a crop of two percent; a larger crop or a turn it does not.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from PIL import Image

from trainer.photo_folder import Findings, OwnPhoto

EDGE = 16
# Of the 512 bits. Of 20,000 pairs of photos of bean leaves none differed in fewer than 185; recompressed photos differ in up to
# 20, brighter ones in 30, those with a margin of two percent cut off in 90.
NEAR_BITS = 100
# Plain pictures have no bits to tell them apart: the mean difference of their 16 × 16 miniatures must be small as well.
NEAR_LEVELS = 40.0
# Mean and largest difference up to which photos count as the same one. A small thing on the same ground must show.
SAME_LEVELS, SAME_LARGEST = 2.0, 20.0


def hashes(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of uint8 [n, s, s, 3]: bits packed as uint64 [n, 8], and miniatures float32 [n, 768]."""
    bits, miniatures = [], []
    for picture in pixels:
        image = Image.fromarray(picture)
        grey = np.asarray(image.convert("L").resize((EDGE + 1, EDGE + 1), Image.Resampling.BOX), np.int16)
        right = grey[:EDGE, :EDGE] < grey[:EDGE, 1:]
        below = grey[:EDGE, :EDGE] < grey[1:, :EDGE]
        bits.append(np.packbits(np.concatenate([right.ravel(), below.ravel()])).view(np.uint64))
        miniatures.append(np.asarray(image.resize((EDGE, EDGE), Image.Resampling.BOX), np.float32).ravel())
    return np.array(bits, np.uint64).reshape(-1, 8), np.array(miniatures, np.float32).reshape(-1, EDGE * EDGE * 3)


def near_pairs(pixels: np.ndarray) -> list[tuple[int, int, bool]]:
    """Pairs ``(i, j, same)`` with i < j that are nearly equal; ``same`` where they are the same photo to the eye."""
    bits, miniatures = hashes(pixels)
    pairs = []
    for start in range(0, len(bits), 128):
        block = bits[start : start + 128]
        distances = np.zeros((len(block), len(bits) - start), np.uint16)
        for word in range(bits.shape[1]):
            distances += np.bitwise_count(block[:, None, word] ^ bits[None, start:, word])
        for i, j in zip(*np.nonzero(distances <= NEAR_BITS), strict=True):
            if i >= j:
                continue
            first, second = int(start + i), int(start + j)
            levels = np.abs(miniatures[first] - miniatures[second])
            if levels.mean() <= NEAR_LEVELS:
                pairs.append((first, second, bool(levels.mean() <= SAME_LEVELS and levels.max() <= SAME_LARGEST)))
    return pairs


def groups_of(count: int, pairs: Sequence[tuple[int, int, bool]]) -> np.ndarray:
    """A group number for each of ``count`` photos: those of a pair, and of a chain of pairs, share one."""
    group = list(range(count))

    def root(index: int) -> int:
        while group[index] != index:
            group[index] = group[group[index]]
            index = group[index]
        return index

    for first, second, _ in pairs:
        low, high = sorted((root(first), root(second)))
        group[high] = low
    return np.array([root(index) for index in range(count)], np.int64)


def sort_out(photos: list[OwnPhoto], pixels: np.ndarray, findings: Findings) -> tuple[list[OwnPhoto], np.ndarray, np.ndarray]:
    """Drop what would teach or judge wrongly, and group the rest.

    The same photo in two classes contradicts itself: all its copies go. Of copies in one class the first stays. Where
    splits are given, a photo to learn from that is nearly equal to one that judges goes; one in ``val`` gives way to ``test``.

    Returns:
        the photos kept, their pixels, and their group numbers.
    """
    pairs = near_pairs(pixels)
    dropped: set[int] = set()
    for first, second, same in pairs:
        one, other = photos[first], photos[second]
        names = f"{one.name} and {other.name}"
        if one.label != other.label:
            (findings.contradictory if same else findings.alike_across_classes).append(names)
            if same:
                dropped |= {first, second}
    rank = {None: 0, "train": 0, "val": 1, "test": 2}
    for first, second, same in pairs:
        if {first, second} & dropped:
            continue
        one, other = photos[first], photos[second]
        if rank[one.split] != rank[other.split]:
            weaker, stronger = (first, second) if rank[one.split] < rank[other.split] else (second, first)
            findings.leaked.append(f"{photos[weaker].name} (as {photos[stronger].name})")
            dropped.add(weaker)
        elif same and one.label == other.label:
            findings.copies.append(f"{other.name} (as {one.name})")
            dropped.add(second)
    kept = [index for index in range(len(photos)) if index not in dropped]
    used = {photos[index].name for index in kept}
    findings.cmyk = [name for name in findings.cmyk if name in used]
    place = {index: position for position, index in enumerate(kept)}
    remaining = [(place[first], place[second], same) for first, second, same in pairs if first in place and second in place]
    return [replace(photos[index]) for index in kept], pixels[kept], groups_of(len(kept), remaining)
