"""Where data comes from, what the recipe says, and what the command line answers when either is wrong."""

import functools
import hashlib
import http.server
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import threading
import unittest
from pathlib import Path
from unittest import mock

from PIL import Image

from tests.fixtures import picture_of, write_dataset
from trainer import sources
from trainer.errors import TrainingInputError
from trainer.recipe import read_own_recipe, read_recipe

TRAIN_FOLDER = Path(__file__).resolve().parent.parent


class Scratch(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def serve(self, folder: Path) -> str:
        class Quiet(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *_arguments: object) -> None:
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"http://127.0.0.1:{server.server_port}"


class SourcesTest(Scratch):
    def archive_of_a_dataset(self) -> tuple[str, dict[str, str]]:
        """Address of an archive as the forge makes them, and the digests of what it holds."""
        original = write_dataset(self.folder / "original" / "Repository-abc" / "dataset")
        (self.folder / "original" / "Repository-abc" / "README.md").write_text("not wanted")
        with tarfile.open(self.folder / "archive.tar.gz", "w:gz") as archive:
            archive.add(self.folder / "original" / "Repository-abc", "Repository-abc")
        return self.serve(self.folder) + "/archive.tar.gz", {name: sources.list_digest(original, name) for name in ("train", "val")}

    def test_the_dataset_is_fetched_unpacked_and_checked(self) -> None:
        address, digests = self.archive_of_a_dataset()
        with mock.patch.object(sources, "LIST_DIGESTS", digests):
            found = sources.find_dataset(None, self.folder / "work", lambda _: None, address)
            self.assertTrue((found / "train" / "Kind-0" / "1.jpg").is_file())
            # The second time it is there already: nobody is asked.
            self.assertEqual(sources.find_dataset(None, self.folder / "work", lambda _: None, "http://127.0.0.1:9/"), found)
        self.assertEqual([path.name for path in (self.folder / "work" / "sources").iterdir()], ["GroceryStoreDataset"])

    def test_another_dataset_is_refused_and_removed(self) -> None:
        address, _ = self.archive_of_a_dataset()
        with self.assertRaisesRegex(TrainingInputError, "is not the dataset expected and was removed"):
            sources.find_dataset(None, self.folder / "work", lambda _: None, address)
        self.assertEqual(list((self.folder / "work" / "sources").iterdir()), [])

    def test_a_given_folder_may_differ_but_that_is_said(self) -> None:
        said: list[str] = []
        folder = write_dataset(self.folder / "own")
        self.assertEqual(sources.find_dataset(folder, self.folder / "work", said.append), folder)
        self.assertIn("not those the recipe was made for", said[0])

    def test_a_broken_archive_leaves_nothing_behind(self) -> None:
        (self.folder / "archive.tar.gz").write_bytes(b"no archive")
        address = self.serve(self.folder) + "/archive.tar.gz"
        with self.assertRaisesRegex(TrainingInputError, "is broken .*nothing was kept. Set DATASET"):
            sources.find_dataset(None, self.folder / "work", lambda _: None, address)
        self.assertEqual(list((self.folder / "work" / "sources").iterdir()), [])

    def test_an_archive_cannot_write_outside_its_folder(self) -> None:
        with tarfile.open(self.folder / "archive.tar.gz", "w:gz") as archive:
            member = tarfile.TarInfo("Repository/dataset/../../../../escaped.txt")
            member.size = 1
            archive.addfile(member, io.BytesIO(b"x"))
        address = self.serve(self.folder) + "/archive.tar.gz"
        with self.assertRaises(TrainingInputError):
            sources.find_dataset(None, self.folder / "work", lambda _: None, address)
        self.assertEqual(list(self.folder.rglob("escaped.txt")), [])

    def test_unreachable_addresses_name_the_variable_to_set(self) -> None:
        address = "http://127.0.0.1:9/nothing"
        with self.assertRaisesRegex(TrainingInputError, "cannot reach .*Set DATASET"):
            sources.find_dataset(None, self.folder, lambda _: None, address)
        with self.assertRaisesRegex(TrainingInputError, "cannot reach .*Set BACKBONE"):
            sources.find_backbone(None, self.folder, lambda _: None, address)
        self.assertEqual(list((self.folder / "sources").iterdir()), [])

    def test_a_backbone_with_another_sum_is_refused(self) -> None:
        (self.folder / sources.BACKBONE_FILE).write_bytes(b"other")
        found = hashlib.sha256(b"other").hexdigest()
        with self.assertRaisesRegex(TrainingInputError, f"has sha256 {found}, expected {sources.BACKBONE_SHA256}"):
            sources.find_backbone(self.folder, self.folder, lambda _: None)
        address = f"{self.serve(self.folder)}/{sources.BACKBONE_FILE}"
        with self.assertRaisesRegex(TrainingInputError, f"has sha256 {found}.*nothing was kept"):
            sources.find_backbone(None, self.folder / "work", lambda _: None, address)

    def test_a_folder_without_the_backbone_is_named(self) -> None:
        with self.assertRaisesRegex(TrainingInputError, f"backbone not found: {self.folder}"):
            sources.find_backbone(self.folder, self.folder, lambda _: None)

    def test_the_photos_of_a_model_are_fetched_and_checked(self) -> None:
        original = self.folder / "original" / "Repository-abc"
        for name in ("train/leaf/1.jpg", "test/leaf/2.jpg"):
            photo = original / "data" / name
            photo.parent.mkdir(parents=True)
            picture_of(len(name)).save(photo)
        (original / "data" / "notes.txt").write_text("no photo")
        with tarfile.open(self.folder / "archive.tar.gz", "w:gz") as archive:
            archive.add(original, "Repository-abc")
        address = self.serve(self.folder) + "/archive.tar.gz"
        known = {"leaves": ("someone/something", "abc", "data", sources.folder_digest(original / "data"))}
        with mock.patch.object(sources, "PHOTOS", known):
            found = sources.fetch_photos("leaves", self.folder / "work", lambda _: None, address)
            self.assertTrue((found / "test" / "leaf" / "2.jpg").is_file())
            (found / "test" / "leaf" / "2.jpg").write_bytes(b"other")
            with self.assertRaisesRegex(TrainingInputError, "other photos than expected .*remove it"):
                sources.fetch_photos("leaves", self.folder / "work", lambda _: None, address)
            with self.assertRaisesRegex(TrainingInputError, "no photos are known by the name 'stones', but those of leaves"):
                sources.fetch_photos("stones", self.folder / "work", lambda _: None)
            with self.assertRaisesRegex(TrainingInputError, "cannot reach .*Set PHOTOS"):
                sources.fetch_photos("leaves", self.folder / "elsewhere", lambda _: None, "http://127.0.0.1:9/nothing")

    def test_a_digest_changes_with_a_label_and_with_a_pixel(self) -> None:
        folder = write_dataset(self.folder / "own")
        before = sources.list_digest(folder, "train")
        Image.new("RGB", (12, 12)).save(folder / "train" / "Kind-3" / "1.jpg")
        changed = sources.list_digest(folder, "train")
        listing = folder / "train.txt"
        listing.write_text(listing.read_text().replace("Kind-3/1.jpg, 3, 3", "Kind-3/1.jpg, 4, 3"))
        self.assertEqual(len({before, changed, sources.list_digest(folder, "train")}), 3)


class RecipeTest(Scratch):
    def broken(self, old: str, new: str) -> Path:
        path = self.folder / "recipe.toml"
        text = (TRAIN_FOLDER / "recipe.toml").read_text()
        self.assertIn(old, text)
        path.write_text(text.replace(old, new, 1))
        return path

    def test_runs_take_the_defaults_and_their_own_changes(self) -> None:
        recipe = read_recipe(TRAIN_FOLDER / "recipe.toml")
        seeds = [run.settings.seed for run in recipe.runs] + [recipe.int8.settings.seed]
        self.assertEqual(len(set(seeds)), len(seeds))
        self.assertEqual(recipe.runs[0].settings.augmentation, recipe.runs[1].settings.augmentation)
        self.assertEqual(recipe.runs[0].settings.augmentation.hue, recipe.int8.settings.augmentation.hue)
        self.assertNotEqual(recipe.runs[0].settings.augmentation.plain_ground, recipe.int8.settings.augmentation.plain_ground)
        self.assertGreater(recipe.runs[0].settings.peak_rate, recipe.int8.settings.peak_rate)

    def test_the_recipe_for_own_photos_has_nothing_of_the_groceries_alone(self) -> None:
        recipe = read_own_recipe(TRAIN_FOLDER / "own.toml")
        for settings in (recipe.run, recipe.int8.settings):
            self.assertEqual((settings.coarse_loss, settings.distillation, settings.augmentation.plain_ground), (0.0, 0.0, 0.0))
        self.assertLess(recipe.int8.settings.peak_rate, recipe.run.peak_rate)
        self.assertEqual(recipe.int8.settings.augmentation, recipe.run.augmentation)
        broken = self.folder / "own.toml"
        broken.write_text((TRAIN_FOLDER / "own.toml").read_text().replace("fewest_steps", "fewest_stops"))
        with self.assertRaisesRegex(TrainingInputError, "lacks 'fewest_steps'"):
            read_own_recipe(broken)

    def test_runs_may_have_another_network_and_teachers(self) -> None:
        recipe = read_recipe(TRAIN_FOLDER / "recipe.toml")
        self.assertEqual({(run.network, run.input_size, run.teachers) for run in recipe.runs}, {("mobilenet-v2", recipe.input_size, ())})
        self.assertEqual((recipe.int8.mean_of, recipe.int8.teachers), (("a", "b"), ("a", "b")))
        path = self.broken('name = "b"', 'name = "b"\nnetwork = "efficientnet-lite0"\ninput_size = 224\nteachers = ["a"]')
        path.write_text(path.read_text().replace("[int8]", '[int8]\nmean_of = ["a"]\nteachers = ["b"]'))
        recipe = read_recipe(path)
        run = recipe.runs[1]
        self.assertEqual((run.network, run.input_size, run.teachers), ("efficientnet-lite0", 224, ("a",)))
        self.assertEqual((recipe.int8.mean_of, recipe.int8.teachers), (("a",), ("b",)))

    def test_unknown_networks_and_runs_are_named(self) -> None:
        for old, new, message in (
            ('name = "b"', 'name = "b"\nnetwork = "resnet"', "run 'b': unknown network 'resnet', known are mobilenet-v2, efficientnet-lite0"),
            ('name = "a"', 'name = "a"\nteachers = ["b"]', "run 'a': its teacher 'b' is no earlier run"),
            ('name = "b"', 'name = "a"', "two runs have the name 'a'"),
            ("[int8]", '[int8]\nteachers = ["c"]', "int8: there is no run 'c'"),
            ("[int8]", "[int8]\nmean_of = []", "int8: mean_of must name runs of one network"),
            ('name = "b"', 'name = "b"\nnetwork = "efficientnet-lite0"', "int8: mean_of must name runs of one network"),
        ):
            with self.subTest(new), self.assertRaisesRegex(TrainingInputError, message):
                read_recipe(self.broken(old, new))

    def test_an_unknown_or_a_missing_setting_is_named(self) -> None:
        with self.assertRaisesRegex(TrainingInputError, "unknown setting weight_decoy"):
            read_recipe(self.broken("weight_decay", "weight_decoy"))
        with self.assertRaisesRegex(TrainingInputError, "unknown setting hew"):
            read_recipe(self.broken("hue", "hew"))
        with self.assertRaisesRegex(TrainingInputError, "lacks 'input_size'"):
            read_recipe(self.broken("input_size", "output_size"))
        with self.assertRaisesRegex(TrainingInputError, "is not TOML"):
            read_recipe(self.broken("=", "=="))
        with self.assertRaisesRegex(TrainingInputError, "recipe not found"):
            read_recipe(self.folder / "none.toml")


class CommandLineTest(Scratch):
    def run_trainer(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if name not in ("DATASET", "BACKBONE")}
        return subprocess.run(
            [sys.executable, "-m", "trainer", "--work", str(self.folder / "work"), *map(str, arguments)],
            cwd=TRAIN_FOLDER, env=environment, capture_output=True, text=True, check=False,
        )

    def assert_complains(self, answer: subprocess.CompletedProcess[str], message: str) -> None:
        self.assertEqual(answer.returncode, 1, answer.stderr)
        self.assertRegex(answer.stderr, rf"^trainer: .*{message}")
        self.assertNotIn("Traceback", answer.stderr)

    def test_a_missing_dataset_folder_is_one_line_and_exit_code_1(self) -> None:
        answer = self.run_trainer("--dataset", self.folder / "none", "evaluate", self.folder / "model.tflite")
        self.assert_complains(answer, f"dataset folder not found: {self.folder / 'none'}")

    def test_a_missing_model_is_named(self) -> None:
        answer = self.run_trainer("--dataset", write_dataset(self.folder / "own"), "evaluate", self.folder / "none.tflite")
        self.assert_complains(answer, "no such model: .*none.tflite")

    def test_a_corrupt_picture_is_one_line_and_exit_code_1(self) -> None:
        folder = write_dataset(self.folder / "own")
        (folder / "test" / "Kind-9" / "1.jpg").write_bytes(b"broken")
        model = TRAIN_FOLDER.parent / "models" / "groceries" / "model.tflite"
        answer = self.run_trainer("--dataset", folder, "evaluate", model)
        self.assert_complains(answer, "corrupt picture: .*Kind-9")

    def test_wrong_usage_is_exit_code_2(self) -> None:
        self.assertEqual(self.run_trainer("dance").returncode, 2)


if __name__ == "__main__":
    unittest.main()
