"""Counting what a threshold marks, with the shipped model and pictures made on the spot."""

import re
import shutil
import tempfile
import unittest
from pathlib import Path

from tests.fixtures import picture_of, write_dataset
from trainer.errors import TrainingInputError
from trainer.marked import tell_marked

GROCERIES = Path(__file__).resolve().parent.parent.parent / "models" / "groceries"


class MarkedTest(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder, self.said = Path(scratch.name), []

    def test_photos_of_other_things_are_counted_and_unreadable_ones_named(self) -> None:
        photos = self.folder / "photos"
        (photos / "deep").mkdir(parents=True)
        for seed in range(5):
            picture_of(seed, 200).save(photos / "deep" / f"{seed}.png")
        (photos / "broken.jpg").write_bytes(b"no picture")
        tell_marked(GROCERIES, photos, False, self.said.append)
        self.assertRegex(self.said[0], r"^note: 1 left out, not readable as a picture: broken.jpg")
        self.assertRegex(self.said[1], r"^groceries, top3 below 0\.\d+: \d of 5 \(\d+\.\d %\) photos marked$")
        self.assertTrue(any(line.startswith("probability  0.50") for line in self.said))

    def test_right_answers_are_counted_by_a_list_and_by_folders(self) -> None:
        dataset = write_dataset(self.folder / "dataset", size=64)
        tell_marked(GROCERIES, dataset / "test.txt", True, self.said.append)
        self.assertRegex(self.said[0], " of 81 ")
        self.assertRegex(self.said[1], r"^of the right answers \d+ of \d+.*, of the wrong ones \d+ of \d+")
        self.assertEqual(sum(int(total) for total in re.findall(r"\d of (\d+)", self.said[1])), 81)

    def test_a_model_without_a_threshold_is_named(self) -> None:
        model = self.folder / "plain"
        model.mkdir()
        with self.assertRaisesRegex(TrainingInputError, "is not a model's folder"):
            tell_marked(model, self.folder, False, self.said.append)
        shutil.copy(GROCERIES / "model.toml", model)
        text = (model / "model.toml").read_text()
        (model / "model.toml").write_text(text[: text.index("[unsure]")])
        with self.assertRaisesRegex(TrainingInputError, "has no threshold"):
            tell_marked(model, self.folder, False, self.said.append)


if __name__ == "__main__":
    unittest.main()
