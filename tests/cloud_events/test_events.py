"""Events made up by CloudEvents' own SDK for `vision serve`, whose answers the SDK has to read.

Attributes, forms of the data and modes are drawn by a seed; SEED=n draws others, EVENTS=n draws more.
"""

from __future__ import annotations

import base64
import json
import os
import random
import re
import subprocess
import threading
import unittest
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cloudevents.core.bindings.http import HTTPMessage, from_http_event, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

PROJECT = Path(__file__).resolve().parent.parent.parent
VISION = PROJECT / os.environ.get("VISION", "target/release/vision")
SEED = int(os.environ.get("SEED", "1"))
EVENTS = int(os.environ.get("EVENTS", "60"))

PHOTOS = {"tomato.jpg": "Vine tomato", "granny-smith.jpg": "Golden Delicious apple"}
# Letters that headers can't carry, and some that look like encoded ones.
LETTERS = "abcXYZ019 -_.~/:;=,?#[]@!$&'()*+%\"\\<>{}|^`éß番茄🍅\u00a0"
BATCH = "application/cloudevents-batch+json"


class Service:
    def __init__(self) -> None:
        command = [VISION, "serve", "--wasm", PROJECT / "dist/recognize.wasm", "--listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={"PATH": "/usr/bin:/bin"})
        said = []
        for line in self.process.stderr:
            said.append(line)
            if found := re.search(r"listening on (http://\S+)", line):
                break
        else:
            raise AssertionError("".join(said))
        self.url = found.group(1)
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def send(self, headers: Mapping[str, str], body: bytes) -> tuple[int, HTTPMessage]:
        request = urllib.request.Request(self.url, body, dict(headers))
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, HTTPMessage(dict(answer.headers), answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, HTTPMessage(dict(error.headers), error.read())

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(60)
        self.process.stderr.close()


class Draw(random.Random):
    """Made-up events, each with the label that its picture has."""

    def text(self, most: int = 40) -> str:
        return "".join(self.choice(LETTERS) for _ in range(self.randint(1, most)))

    def attributes(self) -> dict[str, object]:
        offset = timezone(timedelta(minutes=self.randint(-14, 14) * 30))
        attributes: dict[str, object] = {
            "id": self.text(), "source": f"/camera/{self.randint(0, 9)}?of={self.randint(0, 9)}", "type": f"com.example.{self.randint(0, 9)}",
            "time": datetime(2026, 11, 30, self.randint(0, 23), self.randint(0, 59), 7, self.randint(0, 999_999), offset),
            "extrabool": self.choice([True, False]), "extraint": self.randint(-2**31, 2**31 - 1), "correlationid": self.text()}
        optional = {"subject": self.text(), "dataschema": "https://example.com/photo.json", "extratext": self.text(),
                    "partitionkey": self.text()}
        return attributes | {name: value for name, value in optional.items() if self.random() < 0.6}

    def event(self) -> tuple[CloudEvent, str]:
        name, label = self.choice(sorted(PHOTOS.items()))
        photo = (PROJECT / "tests/samples" / name).read_bytes()
        text = base64.b64encode(photo).decode()
        kind, data = self.choice([("image/jpeg", photo), ("application/octet-stream", photo), ("text/plain", text),
                                  ("application/json", {"image": text}), ("application/json; charset=utf-8", {"body": text}),
                                  ("text/plain", f"data:image/jpeg;base64,{text}")])
        return CloudEvent(self.attributes() | {"datacontenttype": kind}, data), label


class MadeUp(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.service = Service()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.service.close()

    def check(self, asked: CloudEvent, answer: CloudEvent, label: str) -> None:
        self.assertEqual((answer.get_type(), answer.get_source()), ("wasm-vision.labels", "/v1/recognize"))
        self.assertEqual(answer.get_subject(), asked.get_subject())
        for name, of_asked in (("causationid", asked.get_id()), ("correlationid", asked.get_extension("correlationid"))):
            self.assertEqual(answer.get_extension(name), of_asked)
        self.assertNotEqual(answer.get_id(), asked.get_id())
        data = answer.get_data()
        data = json.loads(data) if isinstance(data, (bytes, str)) else data
        self.assertEqual(data["predictions"][0]["label"], label)

    def test_single_events(self) -> None:
        draw = Draw(SEED)
        for number in range(EVENTS):
            asked, label = draw.event()
            write = draw.choice([to_binary_event, to_structured_event])
            message = write(asked)
            with self.subTest(seed=SEED, number=number, headers=message.headers):
                status, answer = self.service.send(message.headers, message.body)
                self.assertEqual(status, 200, answer.body)
                lower = {name.lower(): value for name, value in answer.headers.items()}
                self.assertEqual("ce-id" in lower, write is to_binary_event)
                self.check(asked, from_http_event(HTTPMessage(lower, answer.body)), label)

    def test_batches(self) -> None:
        draw = Draw(SEED)
        for number in range(EVENTS // 10):
            drawn = [draw.event() for _ in range(draw.randint(1, 8))]
            bodies = [to_structured_event(event).body for event, _ in drawn]
            status, answer = self.service.send({"content-type": BATCH}, b"[" + b",".join(bodies) + b"]")
            with self.subTest(seed=SEED, number=number):
                self.assertEqual(status, 200, answer.body)
                answers = json.loads(answer.body)
                self.assertEqual(len(answers), len(drawn))
                for (asked, label), each in zip(drawn, answers):
                    message = HTTPMessage({"content-type": "application/cloudevents+json"}, json.dumps(each).encode())
                    self.check(asked, from_http_event(message), label)

    def test_events_without_a_picture_are_told_why(self) -> None:
        draw = Draw(SEED)
        for number in range(EVENTS // 6):
            data, code = draw.choice([(b"GIF89a", 415), ({"photo": 3}, 400), ("no picture", 400), (b"", 400), (b"\xff\xd8\xff", 422)])
            kind = "application/json" if isinstance(data, dict) else draw.choice(["image/jpeg", "text/plain"])
            message = draw.choice([to_binary_event, to_structured_event])(
                CloudEvent(draw.attributes() | {"datacontenttype": kind}, data))
            with self.subTest(seed=SEED, number=number, data=data):
                status, answer = self.service.send(message.headers, message.body)
                self.assertEqual(status, code, answer.body)
                self.assertTrue(json.loads(answer.body)["error"]["message"])


if __name__ == "__main__":
    unittest.main()
