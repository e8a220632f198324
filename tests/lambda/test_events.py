"""A thousand events of mixed kinds, one in ten of them bad: each has one answer, the right one."""

import json
import re
import subprocess
import unittest
from functools import cache

from . import events
from .emulator import PROJECT, SAMPLES, Emulator, packaged
from .events import Event

EVENTS = 1000


@cache
def answer_at_the_prompt(event: bytes) -> bytes:
    """What `vision run` prints."""
    command = [PROJECT / "target/release/vision", "run", "--wasm", PROJECT / "dist/recognize.wasm"]
    return subprocess.run(command, input=event, check=True, capture_output=True).stdout


def mixed(count: int) -> list[Event]:
    refused = events.bad()
    return [refused[number // 10 % len(refused)] if number % 10 == 9 else events.good(number) for number in range(count)]


class Thousand(unittest.TestCase):
    def test_each_of_a_thousand_events_has_the_one_right_answer(self) -> None:
        with Emulator(packaged()) as emulator:
            for number, event in enumerate(mixed(EVENTS)):
                status, body = emulator.invoke(event.body)
                where = f"event {number}, {event.kind}"
                self.assertEqual(status, 200, where)
                if event.error:
                    found = json.loads(body)
                    self.assertEqual((found["errorType"], found["stackTrace"]), (event.error, []), where)
                    self.assertTrue(found["errorMessage"], where)
                elif event.status:
                    self.assertEqual(json.loads(body)["statusCode"], event.status, where)
                else:
                    self.assertEqual(body, answer_at_the_prompt(event.body), where)
            log = emulator.end()
        answered = re.findall(r'(?:not )?answered request_id="([^"]*)"', log)
        self.assertEqual((len(answered), len(set(answered))), (EVENTS, EVENTS))
        self.assertEqual(log.count("not answered"), sum(event.error is not None for event in mixed(EVENTS)))


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
