"""From a folder of photos to a model with its card: the whole way, on random weights and tiny pictures."""

import contextlib
import csv
import hashlib
import io
import subprocess
import sys
import tempfile
import tomllib
import unittest
from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np
from PIL import Image, ImageEnhance

from tests.fixtures import random_backbone
from trainer import backbone, evaluation, sources
from trainer.__main__ import checked_name, main
from trainer.contact_sheet import drawable, hardest
from trainer.errors import TrainingInputError
from trainer.function import make_function
from trainer.own import OwnTraining
from trainer.own_card import sampling_error, write_result
from trainer.recipe import OwnRecipe, read_own_recipe

TRAIN_FOLDER = Path(__file__).resolve().parent.parent


def small_recipe() -> OwnRecipe:
    """The real recipe, made so small that it takes seconds."""
    recipe = read_own_recipe(TRAIN_FOLDER / "own.toml")
    tiny = {"batch": 8, "train_size": 32, "epochs": 1, "first_trained_block": 17}
    return replace(
        recipe, input_size=32, decoded_size=48, fewest_pictures=16, fewest_steps=300,
        classifier=replace(recipe.classifier, size=32), run=replace(recipe.run, **tiny),
        int8=replace(recipe.int8, calibration_pictures=8, settings=replace(recipe.int8.settings, **tiny)),
    )


def write_photos(folder: Path) -> None:
    """Red and blue noise, easily told apart; a broken file, a copy, and one photo in both folders."""
    random = np.random.default_rng(2)
    for name, tint in (("red_thing", (1.0, 0.2, 0.2)), ("蓝色", (0.2, 0.2, 1.0))):
        (folder / name).mkdir(parents=True)
        for i in range(14):
            coarse = (random.integers(90, 256, (8, 8, 3)) * tint).astype(np.uint8)
            Image.fromarray(coarse).resize((64, 64), Image.Resampling.BICUBIC).save(folder / name / f"{i:02}.png")
    (folder / "red_thing" / "broken.jpg").write_bytes(b"no picture")
    with Image.open(folder / "red_thing" / "00.png") as image:
        image.save(folder / "red_thing" / "copy.png")
        ImageEnhance.Brightness(image).enhance(0.85).save(folder / "red_thing" / "darker.png")
    with Image.open(folder / "red_thing" / "13.png") as image:
        image.save(folder / "蓝色" / "from-red.png")
    (folder / "labels_zh.txt").write_text("红色的东西\n蓝色的东西\n", encoding="utf-8")


class OwnTrainingTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.folder, cls.said = Path(scratch.name), []
        write_photos(cls.folder / "photos")
        cls.result = cls.train()
        cls.first_said = list(cls.said)
        cls.model = (cls.folder / "work" / "model.tflite").read_bytes()
        cls.made = cls.folder / "work" / "result"
        write_result(cls.result, cls.model, small_recipe(), cls.made)

    @classmethod
    def train(cls, others: Path | None = None):
        cls.said.clear()
        with mock.patch.object(backbone, "read_backbone", lambda _: random_backbone()):
            return OwnTraining(small_recipe(), "colours", cls.folder / "work", Path("none"), cls.said.append).run(
                cls.folder / "photos", others=others
            )

    def test_the_folder_has_all_that_a_function_needs(self) -> None:
        described = tomllib.loads((self.made / "model.toml").read_text(encoding="utf-8"))
        self.assertEqual(described["sha256"], hashlib.sha256((self.made / "model.tflite").read_bytes()).hexdigest())
        self.assertEqual((described["name"], described["output"]["classes"], described["input"]["width"]), ("colours", 2, 32))
        self.assertEqual(described["unsure"], {"by": "probability", "below": self.result.threshold.below})
        self.assertEqual((self.made / "labels.txt").read_text(encoding="utf-8"), "red thing\n蓝色\n")
        self.assertEqual((self.made / "labels.zh.txt").read_text(encoding="utf-8"), "红色的东西\n蓝色的东西\n")

    def test_the_int8_file_takes_bytes_and_tells_the_colours_apart(self) -> None:
        pixels = np.stack([np.full((32, 32, 3), colour, np.uint8) for colour in ((210, 40, 40), (40, 40, 210))])
        self.assertEqual(evaluation.probabilities(self.model, pixels).argmax(axis=1).tolist(), [0, 1])
        self.assertEqual(self.result.scores["int8"].pictures, len(self.result.photos["test"]))

    def test_the_card_names_what_was_left_out_and_shows_the_figures(self) -> None:
        text = (self.made / "README.md").read_text(encoding="utf-8")
        for words in ("red_thing/broken.jpg (cannot identify", "red_thing/13.png and 蓝色/from-red.png", "red_thing/copy.png (as red_thing/00.png)",
                      f"{self.result.scores['int8'].fine_top_1:.1f} %", "rough guess", "2 classes"):
            self.assertIn(words, text)
        for name in ("confusion.png", "learning-curves.png"):
            with Image.open(self.made / name) as picture:
                self.assertGreater(min(picture.size), 300)
        with Image.open(self.made / "hardest.jpg") as picture:
            self.assertEqual(picture.width, 168 * min(6, len(self.result.photos["test"])))
        self.assertIn("note: 1 left out, not readable as a picture:", self.first_said)

    def test_near_duplicates_lie_in_one_split(self) -> None:
        with (self.folder / "work" / "splits.csv").open(encoding="utf-8") as stream:
            split_of = {row["photo"]: row["split"] for row in csv.DictReader(stream)}
        self.assertEqual(split_of["red_thing/darker.png"], split_of["red_thing/00.png"])
        self.assertEqual(set(split_of.values()), {"train", "val", "test"})

    def test_zz_a_second_call_learns_nothing_anew_until_a_photo_changes(self) -> None:
        again = self.train()
        self.assertFalse([line for line in self.said if line.startswith(("step", "epoch"))])
        self.assertEqual(again.scores["int8"].fine_top_1, self.result.scores["int8"].fine_top_1)
        self.assertEqual(again.others_marked, (0, 0))
        others = self.folder / "others"
        others.mkdir()
        for i in range(20):
            Image.fromarray(np.random.default_rng(50 + i).integers(0, 120, (64, 64, 3), np.uint8) * np.uint8([0, 2, 0])).save(others / f"{i}.png")
        changed = self.train(others)
        self.assertIn("photos or recipe have changed since the last call: starting anew", self.said)
        self.assertTrue([line for line in self.said if line.startswith("epoch")])
        self.assertEqual(changed.classes.labels, ("None of these", "red thing", "蓝色"))
        self.assertEqual(changed.scores["int8"].pictures, len([photo for photo in changed.photos["test"] if photo.label != 0]))
        self.assertGreater(changed.others_marked[1], 0)
        made = self.folder / "with-others"
        write_result(changed, (self.folder / "work" / "model.tflite").read_bytes(), small_recipe(), made)
        self.assertEqual(tomllib.loads((made / "model.toml").read_text(encoding="utf-8"))["unsure"]["background"], [0])
        self.assertIn('An answer "None of these" is unsure, too', (made / "README.md").read_text(encoding="utf-8"))


class CardTest(unittest.TestCase):
    def test_the_error_of_a_share_is_never_nothing(self) -> None:
        self.assertAlmostEqual(sampling_error(50, 96), 5.0, places=2)
        self.assertGreater(sampling_error(100, 20), 2)

    def test_the_hardest_photos_have_the_least_for_the_right_class(self) -> None:
        answers = np.array([[0.9, 0.1], [0.2, 0.8], [0.45, 0.55]])
        self.assertEqual(hardest(answers, np.array([0, 0, 0])).tolist(), [1, 2, 0])
        self.assertEqual(hardest(answers, np.array([0, 0, 0]), fewest=1).tolist(), [1, 2])
        self.assertEqual(hardest(answers, np.array([0, 0, 0]), fewest=1, most=1).tolist(), [1])

    def test_labels_without_letters_in_the_font_become_numbers(self) -> None:
        self.assertEqual([drawable("Möhre", 1), drawable("胡萝卜", 2)], ["Möhre", "class 2"])


class FunctionTest(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def test_a_runtime_that_is_missing_or_refuses_leaves_the_model_and_the_command(self) -> None:
        with self.assertRaisesRegex(TrainingInputError, "can't be run .*make build.*function --model"):
            make_function(self.folder / "vision", self.folder, "mine", lambda _: None)
        said: list[str] = []
        with self.assertRaisesRegex(TrainingInputError, "could not be made a function; the command was: .*mine.wasm"):
            make_function(Path("/bin/false"), self.folder, "mine", said.append)


class CommandLineTest(unittest.TestCase):
    def test_a_name_that_can_be_no_file_is_refused(self) -> None:
        self.assertEqual(checked_name("my-plants_2"), "my-plants_2")
        for name in ("", "../x", "Mine", "a b", "sources"):
            with self.assertRaisesRegex(TrainingInputError, "NAME"):
                checked_name(name)

    def test_stopping_says_that_the_next_call_goes_on(self) -> None:
        complaints = io.StringIO()
        with mock.patch.object(sys, "argv", ["trainer", "photos", "beans"]), contextlib.redirect_stderr(complaints), \
                mock.patch.object(sources, "fetch_photos", side_effect=KeyboardInterrupt):
            self.assertEqual(main(), 130)
        self.assertEqual(complaints.getvalue(), "trainer: stopped; the same command goes on from here\n")

    def test_a_missing_folder_is_one_line_before_anything_is_loaded(self) -> None:
        answer = subprocess.run([sys.executable, "-m", "trainer", "own", "/nowhere"], cwd=TRAIN_FOLDER, capture_output=True, text=True, check=False)
        self.assertEqual(answer.returncode, 1)
        self.assertRegex(answer.stderr, r"^trainer: no such folder: /nowhere\. PHOTOS is")


if __name__ == "__main__":
    unittest.main()
