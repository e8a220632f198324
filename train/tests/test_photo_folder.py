"""What is found in a folder of photos, and what is said of photos that can't be used."""

import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from tests.fixtures import picture_of
from trainer.errors import TrainingInputError
from trainer.photo_folder import Findings, Unusable, decode_own, load_usable, read_folder, with_others


class Scratch(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def photo(self, name: str, seed: int = 1, edge: int = 48, mode: str = "RGB", **options: object) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        picture_of(seed, edge).convert(mode).save(path, **options)
        return path


class LayoutTest(Scratch):
    def test_a_folder_a_class_in_the_order_of_the_names(self) -> None:
        for name in ("pear/b.jpg", "pear/deep/a.png", "apple_tree/a.jpg", ".cache/x.jpg"):
            self.photo(name)
        (self.folder / "pear" / "notes.txt").write_text("no photo")
        photos, classes = read_folder(self.folder)
        self.assertEqual(classes.folders, ("apple_tree", "pear"))
        self.assertEqual(classes.labels, ("apple tree", "pear"))
        self.assertEqual([(photo.name, photo.label, photo.split) for photo in photos],
                         [("apple_tree/a.jpg", 0, None), ("pear/b.jpg", 1, None), ("pear/deep/a.png", 1, None)])

    def test_given_splits_are_told_from_classes(self) -> None:
        for name in ("train/a/1.jpg", "train/b/1.jpg", "validation/a/2.jpg", "validation/b/2.jpg", "Test/a/3.jpg"):
            self.photo(name)
        photos, classes = read_folder(self.folder)
        self.assertEqual(classes.folders, ("a", "b"))
        self.assertEqual({photo.name: photo.split for photo in photos}["Test/a/3.jpg"], "test")
        self.assertEqual(sorted({photo.split for photo in photos}), ["test", "train", "val"])

    def test_a_class_may_be_called_train(self) -> None:
        for name in ("train/1.jpg", "bus/1.jpg"):
            self.photo(name)
        self.assertEqual(read_folder(self.folder)[1].folders, ("bus", "train"))

    def test_a_class_beside_the_splits_is_named(self) -> None:
        for name in ("train/a/1.jpg", "test/a/1.jpg", "b/1.jpg"):
            self.photo(name)
        with self.assertRaisesRegex(TrainingInputError, "beside them b"):
            read_folder(self.folder)

    def test_one_class_or_none_is_too_few(self) -> None:
        with self.assertRaisesRegex(TrainingInputError, "no such folder"):
            read_folder(self.folder / "none")
        with self.assertRaisesRegex(TrainingInputError, "has 0 folders"):
            read_folder(self.folder)
        self.photo("only/1.jpg")
        with self.assertRaisesRegex(TrainingInputError, "has 1 folder with photos"):
            read_folder(self.folder)


class LabelsTest(Scratch):
    def setUp(self) -> None:
        super().setUp()
        for name in ("cat/1.jpg", "dog/1.jpg"):
            self.photo(name)

    def test_chinese_labels_a_line_for_each_folder(self) -> None:
        (self.folder / "labels_zh.txt").write_text("猫\n狗\n", encoding="utf-8")
        self.assertEqual(read_folder(self.folder)[1].chinese, ("猫", "狗"))
        (self.folder / "labels_zh.txt").write_text("猫\n", encoding="utf-8")
        with self.assertRaisesRegex(TrainingInputError, "has 1 lines; .* in this order: cat, dog"):
            read_folder(self.folder)

    def test_a_table_names_folders_in_any_order(self) -> None:
        table = self.folder / "classes.csv"
        table.write_text("folder,label,label_zh\ndog,A dog,狗\ncat,,猫\n", encoding="utf-8")
        classes = read_folder(self.folder)[1]
        self.assertEqual((classes.labels, classes.chinese), (("cat", "A dog"), ("猫", "狗")))
        table.write_text("folder,label\ndog,A dog\n")
        with self.assertRaisesRegex(TrainingInputError, "no line for the folder cat"):
            read_folder(self.folder)
        table.write_text("folder,label,label_zh\ndog,A dog,狗\ncat,A cat,\n", encoding="utf-8")
        with self.assertRaisesRegex(TrainingInputError, "no label_zh for cat"):
            read_folder(self.folder)
        table.write_text("name,text\ndog,x\n")
        with self.assertRaisesRegex(TrainingInputError, "first line must be folder,label"):
            read_folder(self.folder)

    def test_a_folder_of_other_things_is_a_background(self) -> None:
        self.photo("_background/1.jpg")
        (self.folder / "labels_zh.txt").write_text("猫\n狗\n", encoding="utf-8")
        classes = read_folder(self.folder)[1]
        self.assertEqual(classes.background, [0])
        self.assertEqual((classes.labels[0], classes.chinese), ("None of these", ("都不是", "猫", "狗")))


class OthersTest(Scratch):
    def test_photos_of_other_things_become_a_class_without_splits(self) -> None:
        for name in ("mine/train/cat/1.jpg", "mine/train/dog/1.jpg", "mine/train/dog/2.jpg", "mine/test/cat/2.jpg", "mine/test/dog/3.jpg"):
            self.photo(name)
        for i in range(9):
            self.photo(f"others/deep/{i}.jpg", seed=10 + i)
        photos, classes = read_folder(self.folder / "mine")
        photos, classes = with_others(photos, classes, self.folder / "others", 2.0, 1)
        self.assertEqual((classes.folders, classes.background), (("_background", "cat", "dog"), [0]))
        added = [photo for photo in photos if photo.label == 0]
        self.assertEqual(len(added), 6)
        self.assertEqual({photo.split for photo in added}, {None})
        self.assertEqual({photo.label for photo in photos if "dog" in photo.name}, {2})

    def test_other_things_twice_or_none_are_refused(self) -> None:
        for name in ("mine/_background/1.jpg", "mine/dog/1.jpg"):
            self.photo(name)
        (self.folder / "empty").mkdir()
        photos, classes = read_folder(self.folder / "mine")
        with self.assertRaisesRegex(TrainingInputError, "have a folder _background already"):
            with_others(photos, classes, self.folder / "mine", 1.0, 1)
        with self.assertRaisesRegex(TrainingInputError, "no photos in .*empty"):
            with_others(*read_folder(self.folder / "mine")[:1], replace(classes, folders=("a", "b")), self.folder / "empty", 1.0, 1)


class DecodeTest(Scratch):
    def test_bad_photos_are_named_and_the_others_used(self) -> None:
        self.photo("a/good.jpg")
        self.photo("a/tiny.png", edge=20)
        self.photo("b/print.jpg", mode="CMYK")
        self.photo("b/grey.png", mode="L")
        (self.folder / "b" / "broken.jpg").write_bytes(b"no picture")
        whole = self.photo("b/half.jpg", edge=200, quality=95).read_bytes()
        (self.folder / "b" / "half.jpg").write_bytes(whole[: len(whole) // 2])
        (self.folder / "b" / "empty.jpg").write_bytes(b"")
        findings = Findings()
        usable, pixels = load_usable(read_folder(self.folder)[0], 32, 32, findings)
        self.assertEqual([photo.name for photo in usable], ["a/good.jpg", "b/grey.png", "b/print.jpg"])
        self.assertEqual(pixels.shape, (3, 32, 32, 3))
        self.assertEqual([line.split(" ")[0] for line in findings.unreadable], ["b/broken.jpg", "b/empty.jpg", "b/half.jpg"])
        self.assertEqual(findings.tiny, ["a/tiny.png (20 × 20 pixels, the shorter edge must have 32)"])
        self.assertEqual(findings.cmyk, ["b/print.jpg"])
        self.assertNotIn(str(self.folder), " ".join(findings.unreadable))

    def test_photos_are_turned_as_their_exif_says(self) -> None:
        turned = Image.Exif()
        turned[0x0112] = 6
        upright = decode_own(self.photo("a/1.png"), 48)[0]
        path = self.folder / "a" / "2.png"
        Image.fromarray(np.rot90(upright)).save(path, exif=turned)
        np.testing.assert_array_equal(decode_own(path, 48)[0], upright)

    def test_what_is_transparent_is_white(self) -> None:
        path = self.folder / "clear.png"
        Image.new("RGBA", (40, 40), (200, 0, 0, 0)).save(path)
        self.assertTrue((decode_own(path, 8)[0] == 255).all())

    def test_a_large_jpeg_is_reduced_but_looks_the_same(self) -> None:
        path = self.folder / "large.jpg"
        picture_of(4, 1600).save(path, quality=95)
        with Image.open(path) as image:
            whole = np.asarray(image.resize((64, 64), Image.Resampling.BILINEAR), np.int16)
        self.assertLess(np.abs(decode_own(path, 64)[0].astype(np.int16) - whole).mean(), 2)

    def test_what_is_no_picture_says_why(self) -> None:
        path = self.folder / "a.jpg"
        path.write_bytes(b"no picture")
        with self.assertRaisesRegex(Unusable, "cannot identify"):
            decode_own(path, 8)


if __name__ == "__main__":
    unittest.main()
