"""Uploads past the function: what a place takes and what it doesn't, and the answer afterwards."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
import unittest
import urllib.error
import urllib.request

import requests

from .function import MODULE, PROJECT, VISION, Function
from .storage import Bucket, Moto, S3sFs, notification, record

PHOTO = (PROJECT / "tests/samples/tomato.jpg").read_bytes()
JPEG = {"content_type": "image/jpeg", "size": len(PHOTO)}


def send(ticket: dict, body: bytes, **changed: str) -> int:
    """Uploads as a page does; the status."""
    if ticket["method"] == "PUT":
        return requests.put(ticket["url"], data=body, headers=ticket["headers"] | changed).status_code
    fields = [(name, changed.get(name, value)) for name, value in ticket["fields"].items()]
    return requests.post(ticket["url"], data=fields, files={"file": ("photo.jpg", body)}).status_code


def created(bucket: Bucket, key: str) -> dict:
    """What the storage tells of an object that is there."""
    head = bucket.s3.head_object(Bucket=bucket.name, Key=key)
    return notification(record(bucket.name, key, head["ContentLength"], head["ETag"].strip('"')))


class Places(unittest.TestCase):
    """On a server that holds to signatures and policies."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.storage = S3sFs("pictures")
        cls.environment = cls.storage.environment() | {"VISION_UPLOAD_BUCKET": "pictures"}
        cls.function = Function(cls.environment)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.function.__exit__()
        cls.storage.close()

    def place(self, **asked: object) -> dict:
        status, ticket = self.function.http("POST", "/v1/uploads", JPEG | asked)
        self.assertEqual(status, 201, ticket)
        return ticket

    def test_a_picture_goes_past_the_function_and_its_answer_is_asked_for(self) -> None:
        ticket = self.place()
        self.assertEqual((ticket["method"], ticket["expires_in"]), ("POST", 300))
        self.assertEqual(ticket["result"], f"/v1/uploads/{ticket['id']}")
        self.assertRegex(ticket["key"], r"^uploads/[0-9a-f]{40}\.jpg$")
        pending = (202, {"id": ticket["id"], "status": "pending"})
        self.assertEqual(self.function.http("GET", ticket["result"]), pending)
        self.assertEqual(send(ticket, PHOTO), 201)
        self.assertEqual(self.function.http("GET", ticket["result"]), pending)
        self.assertEqual(self.function.outcomes(created(self.storage.bucket, ticket["key"])), ["labelled"])
        status, answer = self.function.http("GET", ticket["result"])
        self.assertEqual((status, answer["status"], answer["model"]), (200, "done", "groceries"))
        self.assertIn("omato", answer["predictions"][0]["label"])

    def test_the_answer_is_in_the_language_that_was_asked_for(self) -> None:
        ticket = self.place(lang="zh")
        self.assertEqual(send(ticket, PHOTO), 201)
        self.assertEqual(self.function.outcomes(created(self.storage.bucket, ticket["key"])), ["labelled"])
        _, answer = self.function.http("GET", ticket["result"])
        self.assertIn("番茄", answer["predictions"][0]["label"])

    def test_what_is_no_picture_fails_with_its_reason(self) -> None:
        gif = b"GIF89a\x01\0\x01\0 not one we know"
        ticket = self.place(size=len(gif))
        self.assertEqual(send(ticket, gif), 201)
        self.assertEqual(self.function.outcomes(created(self.storage.bucket, ticket["key"])), ["refused"])
        status, answer = self.function.http("GET", ticket["result"])
        self.assertEqual((status, answer["status"]), (200, "failed"))
        self.assertEqual(answer["error"]["code"], "unsupported_image")
        self.assertIn("GIF", answer["error"]["message"])

    def test_a_place_takes_one_size_one_type_and_one_name(self) -> None:
        for body, changed in [
            (PHOTO + b"x", {}),
            (PHOTO[:-1], {}),
            (b"", {}),
            (PHOTO, {"key": "uploads/another.jpg"}),
            (PHOTO, {"key": "index.html"}),
            (PHOTO, {"Content-Type": "text/html"}),
            (PHOTO, {"success_action_status": "200"}),
            (PHOTO, {"x-amz-signature": "0" * 64}),
        ]:
            ticket = self.place()
            status = send(ticket, body, **changed)
            self.assertIn(status, (400, 403), f"{changed} {len(body)}")
            self.assertNotIn(ticket["key"], self.storage.bucket.keys())
        self.assertNotIn("index.html", self.storage.bucket.keys())

    def test_a_place_is_gone_after_its_time(self) -> None:
        with Function(self.environment | {"VISION_UPLOAD_TIME": "10s"}) as function:
            _, ticket = function.http("POST", "/v1/uploads", JPEG)
            self.assertEqual(ticket["expires_in"], 10)
            time.sleep(11)
            self.assertIn(send(ticket, PHOTO), (400, 403))

    def test_storages_that_take_no_forms_get_a_signed_url(self) -> None:
        with Function(self.environment | {"VISION_UPLOAD_METHOD": "put"}) as function:
            status, ticket = function.http("POST", "/v1/uploads", JPEG)
            self.assertEqual((status, ticket["method"]), (201, "PUT"))
            self.assertIn(send(ticket, PHOTO, **{"content-type": "text/html"}), (400, 403))
            self.assertIn(send(ticket, PHOTO + b"x"), (400, 403))
            self.assertNotIn(ticket["key"], self.storage.bucket.keys())
            self.assertEqual(send(ticket, PHOTO), 200)
            self.assertEqual(function.outcomes(created(self.storage.bucket, ticket["key"])), ["labelled"])

    def test_what_cannot_be_had_is_told(self) -> None:
        for body, status, code in [
            ({}, 400, "bad_request"),
            (JPEG | {"size": 0}, 400, "bad_request"),
            (JPEG | {"size": (20 << 20) + 1}, 413, "too_large"),
            (JPEG | {"content_type": "text/html"}, 415, "unsupported_image"),
        ]:
            found, answer = self.function.http("POST", "/v1/uploads", body)
            self.assertEqual((found, answer["error"]["code"]), (status, code), answer)
        for name in ["x", "0" * 40 + ".jpg", "f" * 40 + ".jpg", "..%2Fx.jpg", "692c2620.jpg"]:
            found, answer = self.function.http("GET", f"/v1/uploads/{name}")
            self.assertEqual((found, answer["error"]["code"]), (404, "not_found"), name)
        self.assertEqual(self.function.http("DELETE", "/v1/uploads/x")[0], 405)
        self.assertEqual(self.function.http("GET", "/v1/uploads")[0], 405)

    def test_without_a_bucket_there_are_no_uploads(self) -> None:
        with Function(self.storage.environment()) as function:
            for method, path in [("POST", "/v1/uploads"), ("GET", "/v1/uploads/x")]:
                status, answer = function.http(method, path, JPEG)
                self.assertEqual((status, answer["error"]["code"]), (404, "not_found"))


class OfARole(unittest.TestCase):
    """On a server that knows roles and their tokens."""

    def test_a_place_that_a_role_signed_has_its_token_and_the_labels_may_go_elsewhere(self) -> None:
        moto = Moto.get()
        bucket = moto.bucket("of-a-role")
        environment = moto.environment() | {"VISION_UPLOAD_BUCKET": "of-a-role", "VISION_S3_OUTPUT_PREFIX": "labels/"}
        with Function(environment) as function:
            _, ticket = function.http("POST", "/v1/uploads", JPEG)
            self.assertEqual(ticket["fields"]["x-amz-security-token"], environment["AWS_SESSION_TOKEN"])
            # moto takes no forms where it checks signatures.
            bucket.put(ticket["key"], PHOTO)
            self.assertEqual(function.http("GET", ticket["result"])[0], 202)
            self.assertEqual(function.outcomes(created(bucket, ticket["key"])), ["labelled"])
            self.assertIn(f"labels/{ticket['key']}.labels.json", bucket.keys())
            self.assertEqual(function.http("GET", ticket["result"])[1]["status"], "done")

    def test_a_large_photo_is_recognised(self) -> None:
        moto = Moto.get()
        bucket = moto.bucket("large-photos")
        # What stands behind the end of a JPEG is no part of the picture.
        large = PHOTO + bytes((20 << 20) - len(PHOTO))
        with Function(moto.environment() | {"VISION_UPLOAD_BUCKET": "large-photos"}) as function:
            _, ticket = function.http("POST", "/v1/uploads", JPEG | {"size": len(large)})
            bucket.put(ticket["key"], large)
            self.assertEqual(function.outcomes(created(bucket, ticket["key"])), ["labelled"])
            self.assertIn("omato", function.http("GET", ticket["result"])[1]["predictions"][0]["label"])


class Serve(unittest.TestCase):
    """The same in `vision serve`."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.storage = S3sFs("served")
        cls.environment = cls.storage.environment() | {"VISION_UPLOAD_BUCKET": "served", "PATH": "/usr/bin:/bin",
                                                       "AWS_REGION": "eu-central-1"}
        command = [VISION, "serve", "--wasm", MODULE, "--listen", "127.0.0.1:0", "--workers", "1"]
        cls.service = subprocess.Popen(command, env=cls.environment, stderr=subprocess.PIPE, text=True)
        for line in cls.service.stderr:
            if found := re.search(r"listening on (http://\S+)", line):
                cls.address = found.group(1)
                break

    @classmethod
    def tearDownClass(cls) -> None:
        cls.service.terminate()
        cls.service.communicate(timeout=60)
        cls.storage.close()

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, dict]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def test_a_picture_goes_past_the_service_and_is_labelled_by_the_function(self) -> None:
        status, ticket = self.ask("POST", "/v1/uploads", JPEG)
        self.assertEqual(status, 201)
        self.assertEqual(self.ask("GET", ticket["result"])[0], 202)
        self.assertEqual(send(ticket, PHOTO), 201)
        with Function(self.environment) as function:
            self.assertEqual(function.outcomes(created(self.storage.bucket, ticket["key"])), ["labelled"])
        status, answer = self.ask("GET", ticket["result"])
        self.assertEqual((status, answer["status"]), (200, "done"))

    def test_answers_are_as_the_interface_is_described(self) -> None:
        _, interface = self.ask("GET", "/openapi.json")
        ticket_schema = interface["components"]["schemas"]["UploadTicket"]
        progress_schema = interface["components"]["schemas"]["UploadProgress"]
        status, ticket = self.ask("POST", "/v1/uploads", JPEG)
        self.assertIn(str(status), interface["paths"]["/v1/uploads"]["post"]["responses"])
        self.assertLessEqual(set(ticket_schema["required"]), set(ticket))
        self.assertLessEqual(set(ticket), set(ticket_schema["properties"]))
        status, pending = self.ask("GET", ticket["result"])
        self.assertIn(str(status), interface["paths"]["/v1/uploads/{id}"]["get"]["responses"])
        kinds = {kind["properties"]["status"]["enum"][0]: kind for kind in progress_schema["oneOf"]}
        self.assertEqual(set(kinds), {"pending", "done", "failed"})
        self.assertEqual(set(pending), set(kinds["pending"]["required"]))

    def test_pages_of_others_get_no_place(self) -> None:
        status, answer = self.ask("POST", "/v1/uploads", JPEG, Origin="https://evil.example")
        self.assertEqual((status, answer["error"]["code"]), (403, "forbidden"))

    def test_limits_hold(self) -> None:
        self.assertEqual(self.ask("POST", "/v1/uploads", {"x": "y" * 5000})[0], 413)
        self.assertEqual(self.ask("POST", "/v1/uploads", JPEG | {"size": 1 << 30})[0], 413)
        self.assertEqual(self.ask("POST", "/v1/uploads", [])[0], 400)
        self.assertEqual(self.ask("GET", "/v1/uploads/%2e%2e%2fx")[0], 404)


if __name__ == "__main__":
    unittest.main()
