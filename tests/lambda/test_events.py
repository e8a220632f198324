"""A thousand events of mixed kinds, one in ten of them bad: each has one answer, the right one."""

import json
import re
import subprocess
import unittest
from functools import cache

from tests.s3.storage import Moto

from . import events
from .emulator import PROJECT, SAMPLES, Emulator, packaged
from .events import Event

EVENTS = 1000


@cache
def answer_at_the_prompt(event: bytes) -> bytes:
    """What `vision run` prints."""
    command = [PROJECT / "target/release/vision", "run", "--wasm", PROJECT / "dist/recognize.wasm"]
    return subprocess.run(command, input=event, check=True, capture_output=True).stdout


def mixed(count: int, of_storage: tuple[list[Event], list[Event]]) -> list[Event]:
    """Nine good ones and a bad one in turn; of both, one in four is a storage's."""
    refused = [*events.bad(), *of_storage[1]]

    def one(number: int) -> Event:
        if number % 10 == 9:
            return refused[number // 10 % len(refused)]
        return of_storage[0][number // 4 % len(of_storage[0])] if number % 4 == 0 else events.good(number)

    return [one(number) for number in range(count)]


class Thousand(unittest.TestCase):
    def setUp(self) -> None:
        self.moto = Moto.get()
        self.bucket = self.moto.bucket("thousand")
        self.photo = self.bucket.put("in/番 茄+1.jpg", events.PICTURES[0].read_bytes())
        self.gif = self.bucket.put("in/a.gif", b"GIF89a\x01\0\x01\0")

    def assert_right(self, event: Event, status: int, body: bytes, where: str) -> None:
        self.assertEqual(status, 200, where)
        if event.error:
            found = json.loads(body)
            self.assertEqual((found["errorType"], found["stackTrace"]), (event.error, []), where)
            self.assertTrue(found["errorMessage"], where)
        elif event.status:
            self.assertEqual(json.loads(body)["statusCode"], event.status, where)
        elif event.outcomes is not None:
            self.assertEqual([record["outcome"] for record in json.loads(body)["records"]], [*event.outcomes], where)
        elif event.again is not None:
            self.assertEqual(json.loads(body), {"batchItemFailures": [{"itemIdentifier": id} for id in event.again]}, where)
        else:
            self.assertEqual(body, answer_at_the_prompt(event.body), where)

    def test_each_of_a_thousand_events_has_the_one_right_answer(self) -> None:
        sent = mixed(EVENTS, events.of_storage(self.photo, self.gif))
        with Emulator(packaged(), self.moto.environment()) as emulator:
            for number, event in enumerate(sent):
                self.assert_right(event, *emulator.invoke(event.body), f"event {number}, {event.kind}")
            log = emulator.end()
        answered = re.findall(r'(?:not )?answered request_id="([^"]*)"', log)
        self.assertEqual((len(answered), len(set(answered))), (EVENTS, EVENTS))
        self.assertEqual(log.count("not answered"), sum(event.error is not None for event in sent))
        self.assertEqual(sorted(self.bucket.keys()), ["in/a.gif", "in/a.gif.labels.json", "in/番 茄+1.jpg", "in/番 茄+1.jpg.labels.json"])
        self.assertIn("omato", self.bucket.labels("in/番 茄+1.jpg")["labels"][0])


class Queues(unittest.TestCase):
    """Messages that fail, and why."""

    def test_a_batch_of_which_nothing_can_be_done_fails_as_a_whole(self) -> None:
        moto = Moto.get()
        with Emulator(packaged(), moto.environment({"Version": "2012-10-17", "Statement": []})) as emulator:
            record = moto.bucket("closed").put("a.jpg", events.PICTURES[0].read_bytes())
            body = emulator.invoke(json.dumps(events.queue({"Records": [record]})).encode())[1]
            found = json.loads(body)
            self.assertEqual(found["errorType"], "internal", found)
            self.assertIn("message 0: ", found["errorMessage"])
            self.assertIn("403", found["errorMessage"])


class Kinds(unittest.TestCase):
    """AWS's own sample events, as its tool makes them."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.emulator = Emulator(packaged("layer"))

    @classmethod
    def tearDownClass(cls) -> None:
        cls.emulator.close()

    def sample(self, name: str, **fields: object) -> dict[str, object]:
        """With the places filled in that the tool would fill in."""
        text = re.sub(r"\{\{\{?[^{}]*\}?\}\}", "x", (SAMPLES / name).read_text())
        return {**json.loads(text), **fields}

    def test_requests_get_an_answer_in_their_gateways_form(self) -> None:
        picture = events.text(events.PICTURES[0])
        for name, field in [("apigateway/AwsProxy.json", "headers"), ("apigateway/HttpApi.json", "headers"), ("alb/ALBRequest.json", "statusDescription")]:
            _, body = self.emulator.invoke(json.dumps(self.sample(name, body=picture, isBase64Encoded=True)).encode())
            answer = json.loads(body)
            self.assertEqual(answer["statusCode"], 200, name)
            self.assertIn(field, answer, name)
            self.assertIn("omato", answer["body"], name)

    def test_every_other_sample_fails_with_a_message_that_names_it(self) -> None:
        named = {"dynamodb/DynamoDBUpdate.json": "DynamoDB", "kinesis/Kinesis.json": "Kinesis", "ses/SesEmailReceiving.json": "SES",
                 "sns/Sns.json": "SNS", "sqs/Sqs.json": "SQS", "cloudwatch/ScheduledEvent.json": "\"Scheduled Event\" of aws.events",
                 "codecommit/CodeCommit.json": "CodeCommit", "cloudfront/CloudFrontABTest.json": "CloudFront",
                 "s3/S3BatchInvocation.json": "invocationSchemaVersion", "cloudwatch/CloudwatchLogs.json": "awslogs",
                 "codepipeline/CodePipeline.json": "CodePipeline.job", "cognito/CognitoSyncTrigger.json": "datasetName",
                 "stepfunctions/StepFunctionsError.json": "Cause, Error", "appsync/AppSyncDirectResolver.json": "identity"}
        for name, words in named.items():
            _, body = self.emulator.invoke((SAMPLES / name).read_bytes())
            answer = json.loads(body)
            self.assertEqual(answer["errorType"], "bad_request", name)
            self.assertIn(words, answer["errorMessage"], name)
            self.assertIn("accepted are", answer["errorMessage"], name)


if __name__ == "__main__":
    unittest.main()
