"""What a finished training brings into the model's folder."""

import json
import tempfile
import unittest
from pathlib import Path

import numpy as np
from PIL import Image

from trainer.dataset import COARSE_CLASSES, FINE_CLASSES, ClassNames
from trainer.errors import TrainingInputError
from trainer.report import publish, with_checksum

NAMES = ClassNames(
    tuple(f"Kind-{i}" for i in range(FINE_CLASSES)), tuple(f"Group-{i}" for i in range(COARSE_CLASSES)),
    np.arange(FINE_CLASSES, dtype=np.int32) % COARSE_CLASSES,
)


class PublishTest(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.work, self.folder = Path(scratch.name) / "work", Path(scratch.name) / "groceries"
        self.work.mkdir()
        self.folder.mkdir()
        (self.folder / "model.toml").write_text('name = "groceries"\nsha256 = "00"\n')

    def test_brings_the_file_its_checksum_and_the_pictures(self) -> None:
        (self.work / "model.tflite").write_bytes(b"model")
        (self.work / "scores.json").write_text(json.dumps({"int8": {"confusion": np.eye(COARSE_CLASSES, dtype=int).tolist()}}))
        history = [{"epoch": 1, "loss": 2.0, "train": 50.0, "val": 60.0}, {"epoch": 2, "loss": 1.0, "train": 80.0, "val": 70.0}]
        (self.work / "a.history.json").write_text(json.dumps(history))
        publish(self.work, self.folder, NAMES)
        self.assertEqual((self.folder / "model.tflite").read_bytes(), b"model")
        self.assertIn('sha256 = "9372c470eeadd5ecd9c3c74c2b3cb633f8e2f2fad799250a0f70d652b6b825e4"', (self.folder / "model.toml").read_text())
        for name in ("confusion.png", "learning-curves.png"):
            with Image.open(self.folder / name) as picture:
                self.assertGreater(min(picture.size), 300)

    def test_an_unfinished_training_changes_nothing(self) -> None:
        with self.assertRaisesRegex(TrainingInputError, "the training has not finished"):
            publish(self.work, self.folder, NAMES)
        self.assertEqual([path.name for path in self.folder.iterdir()], ["model.toml"])

    def test_a_description_without_a_checksum_line_is_refused(self) -> None:
        with self.assertRaisesRegex(TrainingInputError, "one line sha256"):
            with_checksum('name = "groceries"\n', "ab")


if __name__ == "__main__":
    unittest.main()
