"""Photos of every name are put into a bucket: each gets its labels, once, whatever is told twice."""

from __future__ import annotations

import json
import random
import sqlite3
import tempfile
import unittest
from pathlib import Path

from .function import PROJECT, Function
from .storage import Moto, notification

SAMPLES = [file.read_bytes() for file in sorted((PROJECT / "tests/samples").glob("*.jpg"))]
PHOTOS = 200

# Pieces of names; all of them are names that S3 takes.
PIECES = ["a b", "c+d", "100%", "%41", "番茄", "ä ö", "e//f", "./g", "h/./i", "j/../k", "l&m=n", "o?p#q", "r;s,t", "(u)!'*~$@:",
          "\u0301v", "🍅", "w\\x", "y{z}^`|[]<>\"", "UPPER", ".hidden", "trailing.", " lead", "+", "%2F", "%%", "=", "é+%20 b"]


def names(count: int) -> list[str]:
    chosen = random.Random(16)
    made: list[str] = []
    while len(made) < count:
        pieces = chosen.sample(PIECES, chosen.randint(1, 3))
        ending = chosen.choice([".jpg", ".JPG", ".jpeg", "", ".png", ".photo"])
        name = f"in/{len(made)}/{'-'.join(pieces)}{ending}"
        made.append(name)
    return made


class Labels(unittest.TestCase):
    def test_two_hundred_photos_have_their_labels_once_however_often_they_are_told_of(self) -> None:
        moto, chance = Moto.get(), random.Random(4)
        bucket = moto.bucket("photos", versioned=True)
        sqs = moto.client("sqs")
        queue = sqs.create_queue(QueueName="photos")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        moto.s3.put_bucket_notification_configuration(Bucket="photos", NotificationConfiguration={
            "QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]})
        keys = names(PHOTOS)
        for number, key in enumerate(keys):
            # No two have the same bytes: what stands behind the end of a JPEG is no part of the picture.
            bucket.put(key, chance.choice(SAMPLES) + str(number).encode())
        told = set()
        with tempfile.TemporaryDirectory() as folder:
            history = Path(folder) / "history.sqlite"
            environment = {**moto.environment(), "VISION_HISTORY": str(history)}
            with Function(environment, instances=2) as function:
                # What the storage tells of the labels is told to the function, too.
                while messages := receive(sqs, queue):
                    events = [event for message in messages for event in as_sent(message, chance)]
                    events += chance.sample(events, len(events) // 2)
                    chance.shuffle(events)
                    invocations = [function.send(event) for event in events]
                    for event, invocation in zip(events, invocations):
                        answer = invocation.result()
                        if "records" in answer:
                            told |= {record["outcome"] for record in answer["records"]}
                        else:
                            self.assertEqual(answer, {"batchItemFailures": []}, event)
            self.check_history(history)
        labels = [key for key in bucket.keys() if key.endswith(".labels.json")]
        self.assertEqual(sorted(labels), sorted(f"{key}.labels.json" for key in keys))
        self.assertEqual(sorted(bucket.versions()), sorted(keys + labels), "each was written once")
        self.assertLessEqual({"labelled", "already_labelled", "own_output"}, told)
        self.assertLessEqual(told, {"labelled", "already_labelled", "own_output"})
        for key in keys:
            written = bucket.labels(key)
            self.assertEqual((written["bucket"], written["key"]), ("photos", key))
            self.assertEqual((len(written["labels"]), written["model"]), (3, "groceries"), key)
            self.assertEqual(written["labels"][0].rsplit(":", 1)[0], written["predictions"][0]["label"])

    def check_history(self, file: Path) -> None:
        """Each version of each photo is in the index, once, with a small picture."""
        with sqlite3.connect(file) as database:
            rows = database.execute("SELECT source, labels, length(thumbnail) FROM entries").fetchall()
        self.assertEqual(len(rows), PHOTOS)
        self.assertEqual(len({source for source, _, _ in rows}), PHOTOS)
        for source, labels, thumbnail in rows:
            self.assertTrue(source.startswith("s3://photos/in/") and labels and thumbnail > 100, source)


def receive(sqs, queue: str) -> list[str]:
    """All that waits in the queue; it is taken out of it."""
    bodies = []
    while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        bodies += [message["Body"] for message in messages]
        for message in messages:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return bodies


def as_sent(body: str, chance: random.Random) -> list[dict]:
    """The event that the function gets for a notification: directly, or out of the queue; sometimes twice."""
    told = json.loads(body)
    queued = {"Records": [{"messageId": "1", "receiptHandle": "x", "body": body, "eventSource": "aws:sqs",
                           "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:photos"}]}
    direct = [{"Records": [record]} for record in told.get("Records", [])]
    return chance.choice([[queued], direct, [queued, *direct]]) if direct else []


class Once(unittest.TestCase):
    """The rules behind that, one by one."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.moto = Moto.get()
        cls.function = Function(cls.moto.environment() | {"VISION_S3_TAGS": "true"})

    @classmethod
    def tearDownClass(cls) -> None:
        cls.function.__exit__()

    def test_an_event_that_comes_again_changes_nothing(self) -> None:
        bucket = self.moto.bucket("again")
        event = notification(bucket.put("lemon.jpg", SAMPLES[0]))
        self.assertEqual(self.function.outcomes(event), ["labelled"])
        before = self.moto.s3.head_object(Bucket="again", Key="lemon.jpg.labels.json")
        self.assertEqual(self.function.outcomes(event, event), ["already_labelled"] * 2)
        after = self.moto.s3.head_object(Bucket="again", Key="lemon.jpg.labels.json")
        self.assertEqual((before["LastModified"], before["ETag"]), (after["LastModified"], after["ETag"]))

    def test_a_picture_that_was_replaced_is_labelled_by_its_own_event_only(self) -> None:
        bucket = self.moto.bucket("replaced")
        first = notification(bucket.put("a.jpg", SAMPLES[0]))
        second = notification(bucket.put("a.jpg", SAMPLES[1]))
        self.assertEqual(self.function.outcomes(first), ["superseded"])
        self.assertNotIn("a.jpg.labels.json", bucket.keys())
        self.assertEqual(self.function.outcomes(second, first), ["labelled", "superseded"])

    def test_an_older_version_does_not_replace_the_labels_of_a_newer_one(self) -> None:
        bucket = self.moto.bucket("versions", versioned=True)
        first = notification(bucket.put("a.jpg", SAMPLES[0]))
        second = notification(bucket.put("a.jpg", SAMPLES[1]))
        self.assertEqual(self.function.outcomes(second), ["labelled"])
        labels = bucket.labels("a.jpg")
        self.assertEqual(self.function.outcomes(first), ["superseded"])
        self.assertEqual(bucket.labels("a.jpg"), labels)
        third = notification(bucket.put("a.jpg", SAMPLES[2]))
        self.assertEqual(self.function.outcomes(third), ["labelled"])
        self.assertNotEqual(bucket.labels("a.jpg"), labels)

    def test_the_likeliest_label_becomes_a_tag_beside_those_that_are_there(self) -> None:
        bucket = self.moto.bucket("tagged")
        told = bucket.put("a b+c.jpg", SAMPLES[0])
        tags = {"TagSet": [{"Key": "project", "Value": "x + y"}]}
        self.moto.s3.put_object_tagging(Bucket="tagged", Key="a b+c.jpg", Tagging=tags)
        self.assertEqual(self.function.outcomes(notification(told), notification(told)), ["labelled", "already_labelled"])
        tags = self.moto.s3.get_object_tagging(Bucket="tagged", Key="a b+c.jpg")["TagSet"]
        top = bucket.labels("a b+c.jpg")["predictions"][0]["label"]
        self.assertEqual({tag["Key"]: tag["Value"] for tag in tags}, {"project": "x + y", "vision-label": top})


if __name__ == "__main__":
    unittest.main()
