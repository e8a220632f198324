"""Reading the dataset, and what is said about a broken one."""

import tempfile
import unittest
from pathlib import Path

import numpy as np
from PIL import Image

from tests.fixtures import write_dataset
from trainer import dataset
from trainer.errors import TrainingInputError


class DatasetTest(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name) / "grocery"

    def test_classes_lists_and_photos_are_read_in_order(self) -> None:
        write_dataset(self.folder)
        names = dataset.read_classes(self.folder)
        self.assertEqual((names.fine[80], names.coarse[42], names.coarse_of_fine[80]), ("Kind-80", "Group-42", 37))
        photos = dataset.read_list(self.folder, "train")
        self.assertEqual([photo.fine for photo in photos], list(range(81)))
        pictures = dataset.load_pictures(photos[:3], 8)
        self.assertEqual((pictures.pixels.shape, pictures.pixels.dtype, list(pictures.fine)), ((3, 8, 8, 3), np.uint8, [0, 1, 2]))
        self.assertEqual(len(pictures.joined_with(pictures)), 6)

    def test_a_photo_is_stretched_not_cropped(self) -> None:
        wide = np.zeros((10, 40, 3), np.uint8)
        wide[:, 20:] = 255
        self.folder.mkdir()
        Image.fromarray(wide).save(self.folder / "wide.png")
        decoded = dataset.decode(self.folder / "wide.png", 8)
        # At the edge the triangle, two target pixels wide, has an eighth of its area on the other side.
        self.assertEqual(decoded[4, :, 0].tolist(), [0, 0, 0, 31, 224, 255, 255, 255])

    def test_a_missing_folder_is_named(self) -> None:
        with self.assertRaisesRegex(TrainingInputError, f"dataset folder not found: {self.folder}. Set DATASET"):
            dataset.read_classes(self.folder)

    def test_a_folder_that_is_no_dataset_is_named(self) -> None:
        self.folder.mkdir()
        with self.assertRaisesRegex(TrainingInputError, "classes.csv not found"):
            dataset.read_classes(self.folder)
        with self.assertRaisesRegex(TrainingInputError, "train.txt not found"):
            dataset.read_list(self.folder, "train")

    def test_a_corrupt_picture_is_named(self) -> None:
        write_dataset(self.folder)
        photos = dataset.read_list(self.folder, "train")
        photos[5].path.write_bytes(photos[5].path.read_bytes()[:150])
        with self.assertRaisesRegex(TrainingInputError, f"corrupt picture: {photos[5].path}"):
            dataset.load_pictures(photos, 8)
        photos[5].path.write_bytes(b"no picture at all")
        with self.assertRaisesRegex(TrainingInputError, f"corrupt picture: {photos[5].path}"):
            dataset.load_pictures(photos, 8)

    def test_a_missing_picture_is_named_with_its_line(self) -> None:
        write_dataset(self.folder)
        (self.folder / "val" / "Kind-7" / "1.jpg").unlink()
        with self.assertRaisesRegex(TrainingInputError, r"val.txt, line 8: no such picture: .*Kind-7"):
            dataset.read_list(self.folder, "val")

    def test_a_class_without_a_picture_is_named(self) -> None:
        write_dataset(self.folder, range(79))
        names = dataset.read_classes(self.folder)
        with self.assertRaisesRegex(TrainingInputError, r"train.txt has no picture of: Kind-79 \(79\), Kind-80 \(80\)"):
            dataset.require_every_class(dataset.read_list(self.folder, "train"), names, "train")

    def test_a_line_of_another_form_is_quoted(self) -> None:
        write_dataset(self.folder)
        for line, complaint in (("train/Kind-0/1.jpg, 0", "expected 'path, fine label, coarse label'"), ("train/Kind-0/1.jpg, 81, 0", "labels 81/0 are beyond 81/43")):
            (self.folder / "train.txt").write_text(line + "\n")
            with self.subTest(line), self.assertRaisesRegex(TrainingInputError, f"train.txt, line 1: {complaint}"):
                dataset.read_list(self.folder, "train")

    def test_a_class_list_with_a_gap_is_named(self) -> None:
        write_dataset(self.folder)
        table = self.folder / "classes.csv"
        table.write_text(table.read_text().replace("Kind-3,3,Group-3,3,,\n", ""))
        with self.assertRaisesRegex(TrainingInputError, "names no class 3"):
            dataset.read_classes(self.folder)


if __name__ == "__main__":
    unittest.main()
