"""Cross-validation of a small recipe, from photos to the table; and what the files of a run are named after."""

import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.fixtures import picture_of, random_backbone, write_dataset
from trainer import calibration, crossval, training
from trainer.errors import TrainingInputError
from trainer.recipe import Recipe, read_recipe

TRAIN_FOLDER = Path(__file__).resolve().parent.parent


class RandomBackbones:
    """Weights of the right shapes, instead of those that come from elsewhere."""

    def of(self, network: str) -> list[tuple[np.ndarray, np.ndarray]]:
        return random_backbone(network=network)


def small_recipe() -> Recipe:
    """The real recipe with small pictures and an epoch for each step; b is a second network and teaches a."""
    recipe = read_recipe(TRAIN_FOLDER / "recipe.toml")
    small = {"epochs": 1, "batch": 16, "train_size": 32, "first_trained_block": 16}
    a, b = (replace(run, lists=("train",), input_size=32, settings=replace(run.settings, **small)) for run in recipe.runs)
    runs = (replace(b, network="efficientnet-lite0", input_size=48), replace(a, teachers=("b",), settings=replace(a.settings, distillation=0.5, balanced=True)))
    int8 = replace(recipe.int8, lists=("train",), mean_of=("a",), teachers=("a", "b"), calibration_pictures=20, settings=replace(recipe.int8.settings, **small))
    return replace(recipe, input_size=32, decoded_size=32, classifier=replace(recipe.classifier, epochs=1, size=32), runs=runs, int8=int8)


class CrossValidationTest(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        self.root = write_dataset(self.folder / "dataset")
        # Unlike the photos of train, or they would be near-duplicates.
        for kind in range(81):
            picture_of(kind, 12).save(self.root / "val" / f"Kind-{kind}" / "1.jpg")
        # It must do without the photos that judge in the end.
        (self.root / "test.txt").unlink()
        self.said: list[str] = []

    def judged(self) -> crossval.CrossValidation:
        return crossval.CrossValidation(self.root, RandomBackbones(), self.folder / "work", self.said.append)

    def test_two_folds_of_a_recipe_end_in_a_table_and_are_not_trained_twice(self) -> None:
        recipe = small_recipe()
        judged = self.judged()
        held_out = [int((judged.fold == fold).sum()) for fold in range(5)]
        self.assertEqual((sum(held_out), min(held_out) > 0), (162, True))
        for fold in (0, 3):
            judged.run(recipe, fold)
        rows = {row.candidate: row for row in judged.table(recipe, ["a+b"])}
        self.assertEqual(list(rows), ["b", "a", "mean", "int8 step, float32", "int8", "a+b"])
        for row in rows.values():
            self.assertEqual((row.folds, row.photos), ((0, 3), held_out[0] + held_out[3]))
            self.assertIsNotNone(row.error)
        # One run alone is its own mean.
        self.assertEqual(replace(rows["mean"], candidate="a"), rows["a"])
        with self.assertRaisesRegex(TrainingInputError, "no candidate 'c', but .*int8"):
            judged.table(recipe, ["a+c"])
        said = len(self.said)
        self.judged().run(recipe, 3)
        self.assertFalse([line for line in self.said[said:] if "step" in line], self.said[said:])
        # Another int8 step goes on from the same runs.
        other = replace(recipe, int8=replace(recipe.int8, settings=replace(recipe.int8.settings, epochs=0)))
        self.judged().run(other, 3)
        self.assertFalse([line for line in self.said[said:] if "step" in line], self.said[said:])

    def test_a_recipe_that_learns_from_lists_is_refused(self) -> None:
        with self.assertRaisesRegex(TrainingInputError, 'has lists = \\["train"\\] everywhere'):
            self.judged().run(read_recipe(TRAIN_FOLDER / "recipe.toml"), 0)

    def test_what_makes_a_run_names_its_files(self) -> None:
        recipe = small_recipe()
        stems = crossval.stems_of(recipe)
        b, a = recipe.runs
        other_teacher = replace(recipe, runs=(replace(b, settings=replace(b.settings, seed=99)), a))
        self.assertEqual({name for name, stem in crossval.stems_of(other_teacher).items() if stem != stems[name]}, {"a", "b", "mean", "int8", "int8 step, float32"})
        other_student = replace(recipe, runs=(b, replace(a, settings=replace(a.settings, peak_rate=1e-4))))
        changed = {name for name, stem in crossval.stems_of(other_student).items() if stem != stems[name]}
        self.assertEqual(changed, {"a", "mean", "int8", "int8 step, float32"})

    def test_folds_are_described(self) -> None:
        self.judged()
        lines = crossval.describe_folds(self.folder / "work" / "folds.csv")
        self.assertEqual(len(lines), 5)
        self.assertRegex(lines[0], r"^fold 0: \d+ photos of \d+ places, \d+ classes have none$")


class CalibrationErrorTest(unittest.TestCase):
    def test_shares_that_come_true_have_no_error(self) -> None:
        probabilities = np.tile([0.8, 0.2], (10, 1))
        self.assertAlmostEqual(calibration.expected_calibration_error(probabilities, np.array([0] * 8 + [1] * 2)), 0.0)
        self.assertAlmostEqual(calibration.expected_calibration_error(probabilities, np.array([0] * 5 + [1] * 5)), 0.3)
        # Too high in one bin does not make good for too low in another.
        mixed = np.array([[1.0, 0.0]] * 10 + [[0.6, 0.4]] * 10)
        self.assertAlmostEqual(calibration.expected_calibration_error(mixed, np.array([0] * 8 + [1] * 2 + [0] * 8 + [1] * 2)), 0.2)

    def test_the_temperature_of_other_folds_is_used(self) -> None:
        random = np.random.default_rng(1)
        labels = random.integers(0, 5, 400).astype(np.int32)
        logits = training.smoothed_targets(labels, 0.0, 5).numpy() * 3 + random.normal(0, 1, (400, 5))
        plain = crossval._error_on_unseen_folds([logits[:200], logits[200:]], [labels[:200], labels[200:]])
        sharp = crossval._error_on_unseen_folds([logits[:200] * 2, logits[200:] * 2], [labels[:200], labels[200:]])
        self.assertLess(plain, 8)
        self.assertLess(sharp, 8)
        self.assertIsNone(crossval._error_on_unseen_folds([logits], [labels]))


if __name__ == "__main__":
    unittest.main()
