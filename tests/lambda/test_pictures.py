"""The packages of the functions that answer pictures: a photo in, the picture out that `vision run` writes."""

import base64
import json
import subprocess
import tempfile
import unittest
from pathlib import Path

from package import platform

from . import events
from .emulator import PROJECT, Emulator, in_root

PHOTO = PROJECT / "tests/samples/person.jpg"


class Pictures(unittest.TestCase):
    def test_packages_answer_a_photo_with_a_picture(self) -> None:
        for name, query, kind in (("cutout", "size=320", "image/png"), ("thumbnail", "size=160", "image/jpeg")):
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                root = Path(folder) / "root"
                platform.build(f"lambda-{name}", root, PROJECT / "dist", platform.busybox())
                event = events.function_url(events.text(PHOTO), rawQueryString=query, queryStringParameters={})
                with Emulator(in_root(root, "/var/task/bootstrap")) as emulator:
                    status, body = emulator.invoke(json.dumps(event).encode())
                    self.assertEqual(status, 200, emulator.log())
                answer = json.loads(body)
                self.assertEqual((answer["statusCode"], answer["isBase64Encoded"]), (200, True), body[:300])
                headers = {name.lower(): value for name, value in answer["headers"].items()}
                self.assertEqual(headers["content-type"], kind)
                command = [PROJECT / "target/release/vision", "run", PHOTO, "--wasm", PROJECT / f"dist/{name}.wasm", "--query", query]
                expected = subprocess.run(command, check=True, capture_output=True).stdout
                self.assertEqual(base64.b64decode(answer["body"]), expected)


if __name__ == "__main__":
    unittest.main()
