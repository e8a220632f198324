"""Photos put into a bucket, with a function that answers pictures: each gets its pictures, once, and they start nothing."""

from __future__ import annotations

import json
import unittest

from .function import PROJECT, Function
from .storage import Bucket, Moto, notification, record

PICTURE = (PROJECT / "tests/images/rgb-8.png").read_bytes()
OTHER = (PROJECT / "tests/images/grey-8.png").read_bytes()
COPIES = PROJECT / "target/wasm/wasm32-wasip1/release/copies.wasm"


def read(bucket: Bucket, key: str) -> dict:
    """An object with all that is kept with it."""
    found = bucket.s3.get_object(Bucket=bucket.name, Key=key)
    return {**found, "Body": found["Body"].read()}


class Pictures(unittest.TestCase):
    def setUp(self) -> None:
        self.moto = Moto.get()

    def function(self, query: str = "", **more: str) -> Function:
        """One that answers the picture that it is given."""
        environment = self.moto.environment() | {"VISION_QUERY": query} | more
        function = Function(environment, module=COPIES)
        self.addCleanup(function.__exit__)
        return function

    def told_of(self, bucket: Bucket, key: str) -> dict:
        """What the storage tells of an object that a function wrote."""
        found = read(bucket, key)
        return notification(record(bucket.name, key, len(found["Body"]), found["ETag"].strip('"')))

    def test_a_picture_is_written_once_with_its_type_and_starts_nothing(self) -> None:
        bucket = self.moto.bucket("pictures")
        function = self.function()
        for key in ("in/番 茄+1.png", "no-ending"):
            event = notification(bucket.put(key, PICTURE))
            self.assertEqual(function.outcomes(event, event, event).count("made"), 1, key)
            made = read(bucket, f"{key}.copy.png")
            self.assertEqual((made["Body"], made["ContentType"]), (PICTURE, "image/png"))
            self.assertEqual(function.outcomes(self.told_of(bucket, f"{key}.copy.png")), ["own_output"])
        self.assertEqual(len(bucket.keys()), 4)

    def test_an_older_picture_does_not_replace_what_was_made_of_a_newer_one(self) -> None:
        bucket = self.moto.bucket("newer-pictures", versioned=True)
        function = self.function("files=2")
        first, second = (notification(bucket.put("a.png", body)) for body in (PICTURE, OTHER))
        self.assertEqual(function.outcomes(second), ["made"])
        self.assertEqual(function.outcomes(first), ["superseded"])
        self.assertEqual(function.outcomes(second), ["already_made"])
        for number in (1, 2):
            self.assertEqual(read(bucket, f"a.png.copy-{number}.jpg")["Body"], OTHER)
        self.assertEqual(len(bucket.versions()), 4)

    def test_functions_on_one_bucket_take_no_results_of_each_other(self) -> None:
        bucket = self.moto.bucket("two-functions")
        event = notification(bucket.put("a.png", PICTURE))
        functions = [self.function("suffix=.odd.png"), self.function(VISION_S3_OUTPUT_NAME="small")]
        for function in functions:
            self.assertEqual(function.outcomes(event), ["made"])
        self.assertEqual(sorted(bucket.keys()), ["a.png", "a.png.odd.png", "a.png.small.png"])
        for function in functions:
            for key in ("a.png.odd.png", "a.png.small.png"):
                self.assertEqual(function.outcomes(self.told_of(bucket, key)), ["own_output"], key)
        self.assertEqual(len(bucket.keys()), 3)

    def test_why_there_is_no_picture_is_told_in_a_file(self) -> None:
        bucket = self.moto.bucket("refused-pictures")
        function = self.function("refuse=nobody is in the picture")
        self.assertEqual(function.outcomes(notification(bucket.put("a.png", PICTURE))), ["refused"])
        told = json.loads(read(bucket, "a.png.copy.json")["Body"])
        self.assertEqual((told["key"], told["error"]), ("a.png", "nobody is in the picture"))


if __name__ == "__main__":
    unittest.main()
