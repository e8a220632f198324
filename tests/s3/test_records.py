"""What becomes of objects that are no pictures, and of storages and roles that refuse."""

from __future__ import annotations

import time
import unittest

from .function import PROJECT, Function
from .storage import REGION, ROLE_POLICY, Container, Moto, notification, record

PHOTO = (PROJECT / "tests/samples/tomato.jpg").read_bytes()


class Records(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.moto = Moto.get()
        cls.function = Function(cls.moto.environment() | {"VISION_OBJECT_LIMIT": "1"})

    @classmethod
    def tearDownClass(cls) -> None:
        cls.function.__exit__()

    def test_what_is_no_picture_gets_a_file_that_says_why(self) -> None:
        bucket = self.moto.bucket("no-pictures")
        told = [bucket.put("a.gif", b"GIF89a\x01\0\x01\0 not one we know"), bucket.put("empty.jpg", b"")]
        self.assertEqual(self.function.outcomes(notification(*told)), ["refused", "refused"])
        self.assertIn("GIF", bucket.labels("a.gif")["error"])
        self.assertEqual(bucket.labels("a.gif")["code"], "unsupported_image")

    def test_a_large_object_is_not_even_asked_for(self) -> None:
        bucket = self.moto.bucket("large")
        # Its size stands in the record; the object itself is not there.
        told = record("large", "large.jpg", 5 << 20, "0123456789abcdef")
        self.assertEqual(self.function.outcomes(notification(told)), ["too_large"])
        self.assertEqual(bucket.labels("large.jpg")["error"], "the object has 5242880 bytes, accepted are up to 1048576")
        told = bucket.put("unknown.jpg", bytes(2 << 20))
        del told["s3"]["object"]["size"]
        self.assertEqual(self.function.outcomes(notification(told)), ["too_large"])

    def test_folders_own_output_and_other_events_are_left_alone(self) -> None:
        bucket = self.moto.bucket("others")
        folder, labels = bucket.put("folder/", b""), bucket.put("x.jpg.labels.json", b"{}")
        removed = record("others", "gone.jpg", 1, "x") | {"eventName": "ObjectRemoved:Delete"}
        gone = record("others", "gone.jpg", 1, "x")
        self.assertEqual(self.function.outcomes(notification(folder, labels, removed, gone)),
                         ["folder", "own_output", "not_a_creation", "gone"])
        self.assertEqual(sorted(bucket.keys()), ["folder/", "x.jpg.labels.json"])

    def test_events_of_minio_are_the_same(self) -> None:
        bucket = self.moto.bucket("minio")
        told = bucket.put("in/番 茄.jpg", PHOTO)
        told |= {"eventSource": "minio:s3", "eventName": "s3:ObjectCreated:Put", "awsRegion": ""}
        told["s3"]["object"]["key"] = "in%2F%E7%95%AA+%E8%8C%84.jpg"
        event = notification(told) | {"EventName": "s3:ObjectCreated:Put", "Key": "minio/in/番 茄.jpg"}
        self.assertEqual(self.function.outcomes(event), ["labelled"])
        self.assertEqual(bucket.labels("in/番 茄.jpg")["key"], "in/番 茄.jpg")

    def test_names_that_nothing_can_be_written_beside_are_told_and_not_tried_again(self) -> None:
        told = [record("others", "k" * 1020, 1, "x"), record("others", "../x", 1, "x"), record("No_Bucket", "x", 1, "x")]
        answers = [self.function.send(notification(one)) for one in told]
        self.assertEqual(answers[0].result()["records"][0]["outcome"], "unreadable")
        self.assertEqual(answers[1].result()["records"][0]["outcome"], "unreadable")
        self.assertIn("No_Bucket", answers[2].result()["records"][0]["reason"])


class Roles(unittest.TestCase):
    def test_a_wrong_signature_and_a_missing_right_fail_the_event_with_a_remedy(self) -> None:
        moto = Moto.get()
        bucket = moto.bucket("rights")
        told = notification(bucket.put("a.jpg", PHOTO))
        wrong = moto.environment() | {"AWS_SECRET_ACCESS_KEY": "of-somebody-else"}
        with Function(wrong) as function:
            message = function.send(told).failure()
            self.assertIn("refused to read rights/a.jpg (403, SignatureDoesNotMatch)", message)
            self.assertIn("docs/aws.md", message)
        only_read = {**ROLE_POLICY, "Statement": [{**ROLE_POLICY["Statement"][0], "Action": ["s3:GetObject"]}]}
        with Function(moto.environment(only_read)) as function:
            self.assertIn("refused to write rights/a.jpg.labels.json (403, AccessDenied)", function.send(told).failure())
        self.assertEqual(bucket.keys(), ["a.jpg"])

    def test_without_a_role_the_event_fails_and_says_so(self) -> None:
        with Function({"VISION_S3_ENDPOINT": Moto.get().endpoint}) as function:
            message = function.send(notification(record("rights", "a.jpg", 1, "x"))).failure()
        self.assertIn("neither AWS_ACCESS_KEY_ID nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set", message)

    def test_a_containers_credentials_are_kept_and_renewed_before_they_run_out(self) -> None:
        moto = Moto.get()
        bucket = moto.bucket("containers")

        def given(seconds: int) -> dict:
            role = moto.role()
            end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
            return {"AccessKeyId": role["AccessKeyId"], "SecretAccessKey": role["SecretAccessKey"],
                    "Token": role["SessionToken"], "Expiration": end}

        container = Container([given(60), given(3600)], "the container's own token")
        environment = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": container.url, "VISION_S3_ENDPOINT": moto.endpoint,
                       "AWS_CONTAINER_AUTHORIZATION_TOKEN": "the container's own token", "AWS_REGION": REGION}
        with Function(environment) as function:
            for number in range(4):
                told = notification(bucket.put(f"{number}.jpg", PHOTO))
                self.assertEqual(function.outcomes(told), ["labelled"])
        container.close()
        # The first ones were about to run out; the second ones were kept.
        self.assertEqual(container.asked, 2)


if __name__ == "__main__":
    unittest.main()
