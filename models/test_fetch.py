"""How models/fetch.py behaves: ``python3 -m unittest discover -s models``."""

import functools
import hashlib
import http.server
import socket
import tempfile
import threading
import unittest
from pathlib import Path

import test_plain
from fetch import FetchError, fetch
from plain import plain

WEIGHTS = bytes(range(256)) * 300


class FetchTest(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        root = Path(scratch.name)
        self.folder, self.mirror = root / "imagenet", root / "mirror"
        self.folder.mkdir()
        (self.mirror / "imagenet").mkdir(parents=True)
        self.describe("http://127.0.0.1:9/never-asked")

    def describe(self, url: str) -> None:
        (self.folder / "model.toml").write_text(
            f'name = "imagenet"\nfile = "model.tflite"\nsha256 = "{hashlib.sha256(WEIGHTS).hexdigest()}"\n'
            f'size = {len(WEIGHTS)}\nmirror_path = "imagenet/weights.tflite"\nurl = "{url}"\n'
        )

    def put_into_mirror(self, content: bytes) -> dict[str, str]:
        (self.mirror / "imagenet" / "weights.tflite").write_bytes(content)
        return {"MODEL_MIRROR": str(self.mirror)}

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

    def assert_nothing_written(self) -> None:
        self.assertEqual([path.name for path in self.folder.iterdir()], ["model.toml"])

    def test_takes_the_weights_from_the_mirror_folder(self) -> None:
        fetch(self.folder, self.put_into_mirror(WEIGHTS))
        self.assertEqual((self.folder / "model.tflite").read_bytes(), WEIGHTS)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["model.tflite", "model.toml"])

    def test_takes_the_weights_from_the_public_address_without_a_mirror(self) -> None:
        self.put_into_mirror(WEIGHTS)
        self.describe(self.serve(self.mirror) + "/imagenet/weights.tflite")
        fetch(self.folder, {})
        self.assertEqual((self.folder / "model.tflite").read_bytes(), WEIGHTS)

    def test_leaves_good_weights_alone_and_asks_nobody(self) -> None:
        (self.folder / "model.tflite").write_bytes(WEIGHTS)
        self.assertIn("already there", fetch(self.folder, {}))

    def test_replaces_broken_weights(self) -> None:
        (self.folder / "model.tflite").write_bytes(b"half")
        fetch(self.folder, self.put_into_mirror(WEIGHTS))
        self.assertEqual((self.folder / "model.tflite").read_bytes(), WEIGHTS)

    def test_refuses_other_content_and_names_both_sums(self) -> None:
        wrong = bytes(len(WEIGHTS))
        with self.assertRaises(FetchError) as caught:
            fetch(self.folder, self.put_into_mirror(wrong))
        self.assertIn(hashlib.sha256(wrong).hexdigest(), str(caught.exception))
        self.assertIn(hashlib.sha256(WEIGHTS).hexdigest(), str(caught.exception))
        self.assert_nothing_written()

    def test_refuses_a_file_that_is_too_long_without_reading_it_all(self) -> None:
        with self.assertRaisesRegex(FetchError, "larger than the 76800 bytes"):
            fetch(self.folder, self.put_into_mirror(WEIGHTS + b"x"))
        self.assert_nothing_written()

    def test_refuses_a_transfer_that_breaks_off(self) -> None:
        with self.assertRaisesRegex(FetchError, "not kept"):
            fetch(self.folder, self.put_into_mirror(WEIGHTS[:-1]))
        self.assert_nothing_written()

    def test_an_empty_mirror_is_named_and_the_public_address_not_asked(self) -> None:
        with self.assertRaisesRegex(FetchError, "MODEL_MIRROR has no .*weights.tflite"):
            fetch(self.folder, {"MODEL_MIRROR": str(self.mirror)})
        self.assert_nothing_written()

    def test_an_unreachable_address_gets_a_message_with_the_remedy(self) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            self.describe(f"http://127.0.0.1:{unused.getsockname()[1]}/weights.tflite")
            with self.assertRaisesRegex(FetchError, "cannot reach .*Set MODEL_MIRROR"):
                fetch(self.folder, {})
        self.assert_nothing_written()

    def test_an_address_that_never_answers_is_given_up(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            self.describe(f"http://127.0.0.1:{silent.getsockname()[1]}/weights.tflite")
            with self.assertRaisesRegex(FetchError, "cannot reach"):
                fetch(self.folder, {}, timeout=0.2)
        self.assert_nothing_written()

    def test_a_missing_page_is_an_error_too(self) -> None:
        self.describe(self.serve(self.mirror) + "/imagenet/weights.tflite")
        with self.assertRaisesRegex(FetchError, "cannot reach .*404"):
            fetch(self.folder, {})
        self.assert_nothing_written()

    def describe_published(self, wheel_sum: str = "00") -> None:
        published = test_plain.with_custom_operator()
        made = plain(published)
        (self.mirror / "imagenet" / "published.tflite").write_bytes(published)
        (self.folder / "model.toml").write_text(
            f'name = "imagenet"\nfile = "model.tflite"\nsha256 = "{hashlib.sha256(made).hexdigest()}"\nsize = {len(made)}\n'
            f'mirror_path = "imagenet/published.tflite"\n[published]\nsha256 = ["00", "{hashlib.sha256(published).hexdigest()}"]\n'
            f'wheel = "mediapipe==0.10.14"\nwheel_sha256 = "{wheel_sum}"\nwheel_platform = "any"\nmember = "a.tflite"\n'
        )

    def test_makes_a_model_of_the_published_one(self) -> None:
        self.describe_published()
        self.assertIn("made of the file", fetch(self.folder, {"MODEL_MIRROR": str(self.mirror)}))
        self.assertEqual((self.folder / "model.tflite").read_bytes(), plain(test_plain.with_custom_operator()))
        self.assertIn("already there", fetch(self.folder, {"MODEL_MIRROR": str(self.mirror)}))

    def test_another_published_file_is_not_used(self) -> None:
        self.describe_published()
        (self.mirror / "imagenet" / "published.tflite").write_bytes(WEIGHTS)
        with self.assertRaisesRegex(FetchError, f"sha256 {hashlib.sha256(WEIGHTS).hexdigest()}, expected 00 or .*not used"):
            fetch(self.folder, {"MODEL_MIRROR": str(self.mirror)})
        self.assert_nothing_written()

    def test_a_model_of_the_repository_is_not_fetched(self) -> None:
        (self.folder / "model.toml").write_text('name = "groceries"\n')
        with self.assertRaisesRegex(FetchError, "part of the repository"):
            fetch(self.folder, {})


if __name__ == "__main__":
    unittest.main()
