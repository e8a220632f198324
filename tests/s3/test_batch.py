"""`vision batch` over a bucket's prefix: every photo has a row, whatever its name, however many pages the list has."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from .function import PROJECT, VISION
from .storage import REGION, Moto
from .test_labels import SAMPLES, names

LISTING = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Resource": "arn:aws:s3:::*", "Action": ["s3:GetObject", "s3:ListBucket"]}]}


def batch(environment: dict[str, str], *arguments: str | Path) -> subprocess.CompletedProcess:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("VISION_", "AWS_"))}
    return subprocess.run([VISION, "batch", *arguments, "--wasm", PROJECT / "dist/recognize.wasm"], capture_output=True, text=True,
                          env={**clean, "AWS_REGION": REGION, **environment})


def rows(jsonl: str) -> dict[str, dict]:
    read = [json.loads(line) for line in jsonl.splitlines()]
    by_path = {row["path"]: row for row in read}
    assert len(by_path) == len(read), "a photo has two rows"
    return by_path


class Scripted(BaseHTTPRequestHandler):
    """A storage that answers a list, by the name after which it is asked for, as the test says."""

    lists: dict[str, tuple[int, str]] = {}

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        status, body = self.lists[query.get("start-after", [""])[0]] if "list-type" in query else (200, "GIF89a")
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        pass


def listed(*keys: str, goes_on: bool) -> tuple[int, str]:
    contents = "".join(f"<Contents><Key>{key}</Key></Contents>" for key in keys)
    return 200, f"<ListBucketResult><IsTruncated>{str(goes_on).lower()}</IsTruncated>{contents}</ListBucketResult>"


class Batch(unittest.TestCase):
    def test_photos_of_every_name_have_a_row_and_those_outside_of_the_prefix_none(self) -> None:
        moto = Moto.get()
        bucket = moto.bucket("batch-photos")
        keys = [key for key in names(60) if key.lower().endswith((".jpg", ".jpeg", ".png"))]
        for number, key in enumerate(keys):
            bucket.put(key, SAMPLES[number % len(SAMPLES)])
        bucket.put("in/folder/", b"")
        bucket.put("in/notes.txt", b"no photo")
        bucket.put("out/other.jpg", SAMPLES[0])
        bucket.put("in/broken.jpg", b"GIF89a")
        environment = moto.environment(LISTING)
        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder) / "labels.jsonl"
            done = batch(environment, "s3://batch-photos/in/", "--output", output)
            self.assertEqual(done.returncode, 0, done.stderr)
            found = rows(output.read_text())
            self.assertEqual(set(found), {*keys, "in/broken.jpg"})
            self.assertEqual(found["in/broken.jpg"]["error"]["code"], "unsupported_image")
            self.assertTrue(all(len(found[key]["predictions"]) == 3 for key in keys))
            again = batch(environment, "s3://batch-photos/in/", "--output", output)
            self.assertIn("vision: 0 photos in", again.stderr)

    def test_lists_of_many_pages_are_read_to_their_end_by_shards_that_share_them(self) -> None:
        moto = Moto.get()
        bucket = moto.bucket("batch-pages")
        keys = {f"{number:04}.jpg" for number in range(2100)}
        for key in keys:
            bucket.s3.put_object(Bucket="batch-pages", Key=key, Body=b"GIF89a")
        parts = []
        for shard in ("0/2", "1/2"):
            done = batch(moto.environment(LISTING), "s3://batch-pages", "--shard", shard)
            self.assertEqual(done.returncode, 0, done.stderr)
            parts.append(set(rows(done.stdout)))
        self.assertFalse(parts[0] & parts[1])
        self.assertEqual(parts[0] | parts[1], keys)

    def test_what_can_t_be_listed_ends_the_batch_with_the_reason(self) -> None:
        moto = Moto.get()
        moto.bucket("batch-secret")
        nothing = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}
        denied = batch(moto.environment(nothing), "s3://batch-secret/")
        self.assertEqual(denied.returncode, 1, denied.stderr)
        self.assertIn("the storage refused to list", denied.stderr)
        missing = batch(moto.environment(LISTING), "s3://batch-nowhere/")
        self.assertEqual(missing.returncode, 1, missing.stderr)
        self.assertIn("there is no bucket batch-nowhere", missing.stderr)
        for source in ("s3://", "s3://No_Bucket/", "cos://photos/"):
            self.assertEqual(batch(moto.environment(LISTING), source).returncode, 2, source)

    def test_lists_that_break_off_or_lead_elsewhere_are_no_end_of_the_batch_but_one_of_its_failures(self) -> None:
        server = ThreadingHTTPServer(("127.0.0.1", 0), Scripted)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        environment = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
                       "VISION_S3_ENDPOINT": f"http://127.0.0.1:{server.server_port}/{{bucket}}"}
        first = listed("in/a.jpg", "in/b.jpg", goes_on=True)
        for second, reason in (
            (first, 'has "in/b.jpg" after "in/b.jpg": it does not go on'),
            (listed(goes_on=True), 'ends after "in/b.jpg", and shall go on'),
            (listed("in/c.jpg", "secret/d.jpg", goes_on=False), 'has "secret/d.jpg", which does not begin with "in/"'),
            ((403, "<Error><Code>AccessDenied</Code></Error>"), "the storage refused to list"),
            ((200, "<html>"), "is no list of the bucket"),
        ):
            Scripted.lists = {"": first, "in/b.jpg": second}
            done = batch(environment, "s3://odd-lists/in/")
            self.assertEqual(done.returncode, 1, f"{reason}: {done.stderr}")
            self.assertIn(reason, done.stderr)
            self.assertIn("1 places could not be looked into", done.stderr)
            self.assertEqual(set(rows(done.stdout)), {"in/a.jpg", "in/b.jpg"})
            self.assertNotIn("panicked", done.stderr)


if __name__ == "__main__":
    unittest.main()
