"""`vision serve` with CloudEvents that tell of objects in a bucket."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
import threading
import unittest
import urllib.error
import urllib.request
import uuid

from .function import MODULE, PROJECT, VISION
from .storage import Moto, notification

TOMATO = (PROJECT / "tests/samples/tomato.jpg").read_bytes()
# All that fetching needs.
READING = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Resource": "arn:aws:s3:::*", "Action": ["s3:GetObject", "s3:GetObjectVersion"]}]}


class Service:
    """`vision serve` with these options, and nothing else of the caller's environment."""

    def __init__(self, options: list[str], environment: dict[str, str]) -> None:
        self.home = tempfile.TemporaryDirectory()
        command = [VISION, "serve", "--wasm", MODULE, "--listen", "127.0.0.1:0", "--workers", "1", *options]
        environment = {"PATH": "/usr/bin:/bin", "HOME": self.home.name, "AWS_REGION": "eu-central-1", **environment}
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
        said = []
        for line in self.process.stderr:
            said.append(line)
            if found := re.search(r"listening on (http://\S+)", line):
                break
        else:
            raise AssertionError("".join(said))
        self.url = found.group(1)
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(60)
        self.process.stderr.close()
        self.home.cleanup()


def event(data: object, **attributes: object) -> bytes:
    return json.dumps({"specversion": "1.0", "id": "7", "source": "minio:photos", "type": "s3.created", "subject": "from outside",
                       "data": data, **attributes}).encode()


class Told(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.moto = Moto.get()
        cls.name = f"photos-{uuid.uuid4().hex[:8]}"
        cls.bucket = cls.moto.bucket(cls.name)
        cls.versioned = cls.moto.bucket(f"{cls.name}-v", versioned=True)
        allowed = f"{cls.name}/in/,{cls.name}-v"
        cls.service = Service(["--event-bucket", allowed, "--history"], cls.moto.environment(READING))

    @classmethod
    def tearDownClass(cls) -> None:
        cls.service.close()

    def send(self, body: bytes, kind: str = "application/cloudevents+json") -> tuple[int, dict, dict]:
        request = urllib.request.Request(self.service.url + "/", body, {"Content-Type": kind})
        try:
            with urllib.request.urlopen(request) as response:
                text = response.read()
                return response.status, json.loads(text or b"{}"), dict(response.headers)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read()), dict(error.headers)

    def history(self) -> int:
        with urllib.request.urlopen(self.service.url + "/v1/history") as response:
            return len(json.load(response)["entries"])

    def test_a_record_gets_the_labels_of_its_object(self) -> None:
        record = self.bucket.put("in/a b+番茄.jpg", TOMATO)
        before = self.history()
        # By itself as well as in a list, and sent again.
        for data in (notification(record), record, notification(record)):
            status, answer, _ = self.send(event(data))
            self.assertEqual((status, answer["type"], answer["subject"]), (200, "wasm-vision.labels", "in/a b+番茄.jpg"), answer)
            self.assertEqual(answer["data"]["predictions"][0]["label"], "Vine tomato")
        self.assertEqual(self.history(), before + 1)
        # The answer is the event; no file of labels is written.
        self.assertFalse([key for key in self.bucket.keys() if key.endswith(".labels.json")])

    def test_a_batch_has_objects_and_pictures(self) -> None:
        record = self.bucket.put("in/batch.jpg", TOMATO)
        gone = json.loads(json.dumps(record).replace("batch.jpg", "gone.jpg"))
        events = [json.loads(event(notification(each))) for each in (gone, record)]
        status, answers, _ = self.send(json.dumps(events).encode(), "application/cloudevents-batch+json")
        self.assertEqual((status, [answer["type"] for answer in answers]), (200, ["wasm-vision.error", "wasm-vision.labels"]))
        self.assertEqual(answers[0]["data"]["error"]["code"], "not_found")
        self.assertEqual(answers[1]["subject"], "in/batch.jpg")

    def test_the_version_of_the_record_is_the_one_that_is_read(self) -> None:
        first = self.versioned.put("a.jpg", TOMATO)
        self.versioned.put("a.jpg", b"GIF89a")
        status, answer, _ = self.send(event(notification(first)))
        self.assertEqual((status, answer["type"]), (200, "wasm-vision.labels"), answer)

    def test_an_object_that_was_written_again_is_another_events(self) -> None:
        record = self.bucket.put("in/again.jpg", b"GIF89a")
        self.bucket.put("in/again.jpg", TOMATO)
        self.assertEqual(self.send(event(notification(record)))[0], 204)

    def test_what_is_no_new_picture_has_no_answer(self) -> None:
        record = self.bucket.put("in/b.jpg", TOMATO)
        for changed in ({"eventName": "ObjectRemoved:Delete"},
                        {"s3": {"bucket": {"name": self.name}, "object": {"key": "in/b.jpg.labels.json"}}}):
            self.assertEqual(self.send(event(notification({**record, **changed})))[0], 204)

    def test_nothing_else_is_fetched(self) -> None:
        record = self.bucket.put("private/a.jpg", TOMATO)
        inside = self.bucket.put("in/c.jpg", TOMATO)
        for key in ("private/a.jpg", "in/../private/a.jpg", "in/..%2Fprivate/a.jpg"):
            record["s3"]["object"]["key"] = key
            status, answer, _ = self.send(event(notification(record)))
            self.assertEqual((status, answer["error"]["code"]), (403, "forbidden"), key)
        inside["s3"]["bucket"]["name"] = "another-bucket"
        self.assertEqual(self.send(event(notification(inside)))[0], 403)
        status, answer, _ = self.send(event(notification(record, record)))
        self.assertEqual((status, answer["error"]["message"]), (400, "the event tells of 2 objects, accepted is one"))

    def test_a_region_of_the_record_leads_nowhere_else(self) -> None:
        record = self.bucket.put("in/d.jpg", TOMATO)
        record["awsRegion"] = "elsewhere"
        self.assertEqual(self.send(event(notification(record)))[0], 200)

    def test_an_object_has_the_bound_of_a_body(self) -> None:
        record = self.bucket.put("in/large.jpg", TOMATO + bytes(6 << 20))
        status, answer, _ = self.send(event(notification(record)))
        self.assertEqual((status, answer["error"]["code"]), (413, "too_large"))

    def test_without_rights_nothing_of_the_storage_is_told(self) -> None:
        record = self.bucket.put("in/e.jpg", TOMATO)
        nothing = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Resource": "*", "Action": "*"}]}
        for environment in (self.moto.environment(nothing), {"VISION_S3_ENDPOINT": self.moto.endpoint}):
            service = Service(["--event-bucket", self.name], environment)
            try:
                request = urllib.request.Request(service.url + "/", event(notification(record)),
                                                 {"Content-Type": "application/cloudevents+json"})
                with self.assertRaises(urllib.error.HTTPError) as refused:
                    urllib.request.urlopen(request)
                told = refused.exception.read().decode()
                refused.exception.close()
                self.assertEqual(refused.exception.code, 503)
                self.assertNotIn(self.name, told)
            finally:
                service.close()
