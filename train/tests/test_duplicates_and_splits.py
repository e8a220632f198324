"""Near-duplicates are found and stay together; splits have a share of each class."""

import io
import unittest
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance

from tests.fixtures import picture_of
from trainer.duplicates import groups_of, near_pairs, sort_out
from trainer.errors import TrainingInputError
from trainer.photo_folder import Findings, OwnClasses, OwnPhoto
from trainer.sampling import BalancedSampler
from trainer.splits import make_splits

SHARES = {"test": 0.2, "val": 0.15}


def photos_of(labels: list[int], split: list[str | None] | None = None) -> list[OwnPhoto]:
    return [OwnPhoto(Path(f"{i}.jpg"), f"{i:03}.jpg", label, split[i] if split else None) for i, label in enumerate(labels)]


def pixels_of(*pictures: Image.Image) -> np.ndarray:
    return np.stack([np.asarray(picture.convert("RGB").resize((256, 256), Image.Resampling.BILINEAR)) for picture in pictures])


def recompressed(picture: Image.Image) -> Image.Image:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=50)
    return Image.open(stream)


class DuplicatesTest(unittest.TestCase):
    def test_other_size_quality_brightness_and_a_slight_crop_are_near(self) -> None:
        original = picture_of(1, 256)
        variants = [recompressed(original), original.resize((90, 90)), ImageEnhance.Brightness(original).enhance(1.2), original.crop((3, 3, 253, 253))]
        pairs = near_pairs(pixels_of(original, *variants, *(picture_of(seed, 256) for seed in range(2, 30))))
        self.assertEqual({second for first, second, _ in pairs if first == 0}, {1, 2, 3, 4})
        self.assertTrue(all(second <= 4 for _, second, _ in pairs))
        self.assertIn((0, 1, True), pairs)
        self.assertIn((0, 3, False), pairs)

    def test_plain_pictures_of_other_colours_are_not_the_same(self) -> None:
        plain = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue", "white")]
        self.assertEqual(near_pairs(pixels_of(*plain)), [])

    def test_a_small_thing_on_the_same_ground_is_another_photo(self) -> None:
        ground, with_thing = picture_of(3, 256), picture_of(3, 256)
        with_thing.paste((0, 0, 0), (100, 100, 130, 130))
        self.assertEqual(near_pairs(pixels_of(ground, with_thing)), [(0, 1, False)])

    def test_chains_make_one_group(self) -> None:
        self.assertEqual(groups_of(5, [(3, 4, False), (1, 3, False)]).tolist(), [0, 1, 2, 1, 1])

    def test_the_same_photo_in_two_classes_goes_and_copies_in_one_stay_once(self) -> None:
        findings = Findings(cmyk=["001.jpg", "006.jpg"])
        same, other = picture_of(1), picture_of(2)
        brighter = ImageEnhance.Brightness(picture_of(5)).enhance(1.2)
        kept, pixels, groups = sort_out(
            photos_of([0, 1, 0, 0, 0, 1, 1]), pixels_of(same, same, other, other, picture_of(5), brighter, picture_of(6)), findings
        )
        self.assertEqual([photo.name for photo in kept], ["002.jpg", "004.jpg", "005.jpg", "006.jpg"])
        self.assertEqual(findings.contradictory, ["000.jpg and 001.jpg"])
        self.assertEqual(findings.copies, ["003.jpg (as 002.jpg)"])
        self.assertEqual(findings.alike_across_classes, ["004.jpg and 005.jpg"])
        self.assertEqual(findings.cmyk, ["006.jpg"])  # of the two that were named, the one still used
        self.assertEqual((len(pixels), groups.tolist()), (4, [0, 1, 1, 3]))

    def test_a_photo_that_judges_is_not_learnt_from(self) -> None:
        findings = Findings()
        kept, _, _ = sort_out(photos_of([0, 0, 0], ["train", "test", "val"]), pixels_of(*[recompressed(picture_of(7, 256))] * 3), findings)
        self.assertEqual([photo.name for photo in kept], ["001.jpg"])
        self.assertEqual(findings.leaked, ["000.jpg (as 001.jpg)", "002.jpg (as 001.jpg)"])


class SplitsTest(unittest.TestCase):
    classes = OwnClasses(("a", "b"), ("a", "b"))

    def split(self, labels: list[int], groups: list[int] | None = None, given: list[str | None] | None = None, fewest: int = 5):
        numbers = np.array(groups if groups is not None else range(len(labels)))
        return make_splits(photos_of(labels, given), numbers, self.classes, SHARES, 5, fewest)

    def test_each_class_gives_its_share(self) -> None:
        labels = [0] * 100 + [1] * 20
        split, alike = self.split(labels)
        counts = Counter(zip(labels, split, strict=True))
        self.assertEqual((counts[0, "test"], counts[0, "val"], counts[0, "train"]), (20, 15, 65))
        self.assertEqual((counts[1, "test"], counts[1, "val"], counts[1, "train"]), (4, 3, 13))
        self.assertEqual(alike, [])

    def test_a_group_is_never_torn(self) -> None:
        labels = [0] * 60 + [1] * 60
        groups = [i // 3 for i in range(60)] + [100 + i // 4 for i in range(60)]
        groups[59], labels[59] = 100, 0  # a group of two classes
        split, _ = self.split(labels, groups)
        for group in set(groups):
            self.assertEqual(len({split[i] for i in range(120) if groups[i] == group}), 1)
        self.assertEqual(set(split), {"train", "val", "test"})

    def test_photos_that_all_look_alike_are_cut_by_name_and_that_is_said(self) -> None:
        split, alike = self.split([0] * 30 + [1] * 30, [0] * 30 + list(range(1, 31)))
        self.assertEqual(alike, ["a"])
        self.assertEqual(set(split[:30]), {"train", "val", "test"})
        changes = sum(split[i] != split[i + 1] for i in range(29))
        self.assertLessEqual(changes, 5)

    def test_given_splits_stay_and_what_lacks_comes_from_train(self) -> None:
        labels = [0, 1] * 40
        given = ["train"] * 60 + ["test"] * 20
        split, _ = self.split(labels, given=given)
        self.assertEqual(split[60:], ["test"] * 20)
        self.assertEqual(Counter(split[:60]), {"train": 52, "val": 8})

    def test_photos_of_other_things_are_split_where_the_classes_come_with_splits(self) -> None:
        classes = OwnClasses(("_background", "a", "b"), ("none", "a", "b"))
        labels = [0] * 40 + [1, 2] * 20
        given = [None] * 40 + (["train"] * 20 + ["val"] * 10 + ["test"] * 10)
        split, _ = make_splits(photos_of(labels, given), np.arange(80), classes, SHARES, 5, 5)
        self.assertEqual(Counter(split[:40]), {"test": 8, "val": 6, "train": 26})
        self.assertEqual(split[40:], given[40:])

    def test_few_photos_still_give_each_split_one(self) -> None:
        split, _ = self.split([0] * 5 + [1] * 5)
        for own in (split[:5], split[5:]):
            self.assertEqual(Counter(own), {"train": 3, "val": 1, "test": 1})

    def test_too_few_photos_and_empty_given_classes_are_named(self) -> None:
        with self.assertRaisesRegex(TrainingInputError, r"at least 5 .*: b \(2\)"):
            self.split([0] * 9 + [1] * 2)
        with self.assertRaisesRegex(TrainingInputError, "for test has no usable photo of: b"):
            self.split([0] * 9 + [1] * 9 + [0], given=["train"] * 18 + ["test"])

    def test_the_same_photos_give_the_same_splits(self) -> None:
        self.assertEqual(self.split([0, 1] * 30), self.split([0, 1] * 30))


class SamplingTest(unittest.TestCase):
    def test_small_classes_come_more_often_and_an_epoch_is_long_enough(self) -> None:
        labels = np.array([0] * 90 + [1] * 10)
        sampler = BalancedSampler.of(labels, 32, 640)
        shown = sampler(np.random.default_rng(1))
        self.assertEqual(len(shown), 640)
        self.assertEqual(Counter(labels[shown].tolist()), {0: 480, 1: 160})
        self.assertEqual(set(shown.tolist()), set(range(100)))

    def test_equal_classes_come_once_in_an_epoch_but_for_the_last_batch(self) -> None:
        shown = BalancedSampler.of(np.array([0, 1] * 500), 32, 640)(np.random.default_rng(1))
        self.assertEqual(len(shown), 1024)
        self.assertLessEqual(max(Counter(shown.tolist()).values()), 2)
        self.assertEqual(len(set(shown.tolist())), 1000)


if __name__ == "__main__":
    unittest.main()
