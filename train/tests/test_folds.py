"""Dealing photos into folds: one place, one fold."""

import tempfile
import unittest
from pathlib import Path

import numpy as np

from tests.fixtures import picture_of, write_dataset
from trainer import folds
from trainer.dataset import read_list
from trainer.errors import TrainingInputError


def places(colours: list[tuple[int, int, int]], photos: int, seed: int = 1) -> np.ndarray:
    """``photos`` pictures of each place: its colour above, a dark ground below, another pattern of noise in each."""
    random = np.random.default_rng(seed)
    pictures = []
    for colour in colours:
        for _ in range(photos):
            picture = np.empty((32, 32, 3), np.float64)
            picture[:20], picture[20:] = colour, (30, 30, 30)
            pictures.append(np.clip(picture + random.normal(0, 12, picture.shape), 0, 255).astype(np.uint8))
    return np.stack(pictures)


class FoldsTest(unittest.TestCase):
    def test_photos_of_one_place_share_a_group_and_those_of_another_do_not(self) -> None:
        pixels = places([(200, 40, 40), (40, 200, 40), (40, 40, 200), (200, 200, 40)], photos=3)
        groups = folds.place_groups(pixels, np.zeros(12, np.int64))
        self.assertEqual([len(set(groups[start : start + 3])) for start in range(0, 12, 3)], [1, 1, 1, 1])
        self.assertEqual(len(set(groups)), 4)

    def test_a_place_does_not_join_two_classes(self) -> None:
        pixels = places([(200, 40, 40)], photos=8)
        groups = folds.place_groups(pixels, np.array([0] * 4 + [1] * 4))
        self.assertFalse(set(groups[:4]) & set(groups[4:]))

    def test_near_duplicates_are_together_even_across_classes(self) -> None:
        same = np.asarray(picture_of(5))
        pixels = np.stack([np.asarray(picture_of(seed)) for seed in range(4)] + [same, np.clip(same.astype(int) + 2, 0, 255).astype(np.uint8)])
        groups = folds.place_groups(pixels, np.array([0, 0, 1, 1, 0, 1]))
        self.assertEqual(groups[4], groups[5])
        self.assertEqual(len(set(groups)), 5)

    def test_a_group_takes_no_more_than_its_share_of_a_class(self) -> None:
        groups = folds.place_groups(places([(200, 40, 40)], photos=20), np.zeros(20, np.int64))
        self.assertLessEqual(np.bincount(groups).max(), folds.LARGEST_SHARE * 20)

    def test_linkage_joins_the_nearest_first_and_stops_at_the_limit(self) -> None:
        places_on_a_line = np.array([0.0, 0.1, 0.3, 1.0, 1.05])
        distances = np.abs(places_on_a_line[:, None] - places_on_a_line)
        self.assertEqual(sorted(map(sorted, folds.linked(distances, [], 0.15, 5))), [[0, 1], [2], [3, 4]])
        self.assertEqual(sorted(map(sorted, folds.linked(distances, [], 0.30, 5))), [[0, 1, 2], [3, 4]])
        self.assertEqual(sorted(map(sorted, folds.linked(distances, [], 0.30, 2))), [[0, 1], [2], [3, 4]])
        # Pairs that belong together need not be near.
        self.assertEqual(sorted(map(sorted, folds.linked(distances, [(0, 4)], 0.01, 2))), [[0, 4], [1], [2], [3]])

    def test_whole_groups_are_dealt_and_each_class_is_spread(self) -> None:
        random = np.random.default_rng(4)
        labels = np.repeat(np.arange(6), 40)
        groups = np.array([label * 100 + random.integers(0, 12) for label in labels])
        fold = folds.deal(groups, labels)
        for group in np.unique(groups):
            self.assertEqual(len(set(fold[groups == group])), 1)
        for label in range(6):
            counts = np.bincount(fold[labels == label], minlength=5)
            self.assertGreaterEqual(counts.min(), 4)
            self.assertLessEqual(counts.max(), 13)
        self.assertLessEqual(np.ptp(np.bincount(fold, minlength=5)), 8)

    def test_a_class_of_one_group_is_refused(self) -> None:
        with self.assertRaisesRegex(TrainingInputError, "all photos of class 1 are alike"):
            folds.deal(np.array([0, 1, 2, 2]), np.array([0, 0, 1, 1]))

    def test_a_table_comes_back_and_fits_its_photos_only(self) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            root = write_dataset(Path(scratch) / "dataset")
            photos = read_list(root, "train") + read_list(root, "val")
            fold = np.arange(len(photos)) % 5
            table = Path(scratch) / "folds.csv"
            table.write_text(folds.folds_table(photos, root, np.arange(len(photos)), fold))
            self.assertEqual(table.read_text().splitlines()[:2], ["photo,class,group,fold", "train/Kind-0/1.jpg,0,0,0"])
            np.testing.assert_array_equal(folds.read_folds(table, photos[::-1], root), fold[::-1])
            with self.assertRaisesRegex(TrainingInputError, "is of other photos; remove it"):
                folds.read_folds(table, photos[1:], root)


if __name__ == "__main__":
    unittest.main()
