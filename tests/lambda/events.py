"""Events of every kind that people and services send to the function, each with what it must get."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_plus

PROJECT = Path(__file__).resolve().parents[2]
SAMPLES = PROJECT / "tests/samples"
PICTURES = [SAMPLES / f"{name}.jpg" for name in ("tomato", "lemon", "granny-smith")]
GIF = base64.b64encode(b"GIF89a\x01\0\x01\0").decode()
CUT_OFF = "/9j/4AAQSkZJRgABAQ=="


@dataclass(frozen=True)
class Event:
    kind: str
    body: bytes
    status: int | None = None
    """Of an HTTP answer that refuses; None where there is a right answer, or an error."""
    error: str | None = None
    """Of an event that fails."""
    outcomes: tuple[str, ...] | None = None
    """Of the objects of a notification."""
    again: tuple[str, ...] | None = None
    """Messages of a queue that it is to send again."""


def text(picture: Path) -> str:
    return base64.b64encode(picture.read_bytes()).decode()


def function_url(body: str, **more: object) -> dict[str, object]:
    """As `curl --data-binary @photo.jpg URL` reaches the function."""
    return {"version": "2.0", "routeKey": "$default", "rawPath": "/", "rawQueryString": "top=2&lang=zh",
            "headers": {"content-type": "application/x-www-form-urlencoded", "accept": "*/*", "host": "id.lambda-url.eu-west-1.on.aws"},
            "queryStringParameters": {"top": "2", "lang": "zh"},
            "requestContext": {"accountId": "anonymous", "apiId": "id", "domainName": "id.lambda-url.eu-west-1.on.aws",
                               "http": {"method": "POST", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7", "userAgent": "curl/8.5.0"},
                               "requestId": "e1506fd5", "routeKey": "$default", "stage": "$default", "timeEpoch": 1583348638390},
            "body": body, "isBase64Encoded": True, **more}


def http_api(body: str) -> dict[str, object]:
    return function_url(body, routeKey="POST /recognize", rawPath="/recognize", cookies=["a=b"], rawQueryString="",
                        queryStringParameters={}, headers={"content-type": "image/jpeg", "accept": "text/plain"})


def http_api_json(body: str) -> dict[str, object]:
    return function_url(json.dumps({"image": f"data:image/jpeg;base64,{body}"}), headers={"content-type": "application/json"}, isBase64Encoded=False)


def rest_api(body: str) -> dict[str, object]:
    return {"resource": "/{proxy+}", "path": "/recognize", "httpMethod": "POST", "headers": {"Accept": "application/json"},
            "multiValueHeaders": {"Accept": ["application/json"]}, "queryStringParameters": {"top": "1"},
            "multiValueQueryStringParameters": {"top": ["1"]}, "pathParameters": {"proxy": "recognize"}, "stageVariables": None,
            "requestContext": {"resourcePath": "/{proxy+}", "httpMethod": "POST", "stage": "prod", "identity": {"sourceIp": "203.0.113.7"}},
            "body": body, "isBase64Encoded": True}


def balancer(body: str, **more: object) -> dict[str, object]:
    return {"requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/x/y"}},
            "httpMethod": "POST", "path": "/", "queryStringParameters": {"top": "1"}, "headers": {"accept": "text/plain"},
            "body": body, "isBase64Encoded": True, **more}


def balancer_with_lists(body: str) -> dict[str, object]:
    event = balancer(body, multiValueHeaders={"accept": ["text/plain"]}, multiValueQueryStringParameters={"top": ["1"]})
    del event["headers"], event["queryStringParameters"]
    return event


KINDS: dict[str, Callable[[str], dict[str, object]]] = {
    "direct": lambda body: {"body": body}, "function URL": function_url, "HTTP API": http_api, "HTTP API, JSON": http_api_json,
    "REST API": rest_api, "balancer": balancer, "balancer, lists": balancer_with_lists,
}


def topic(message: object) -> dict[str, object]:
    return {"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": "arn:aws:sns:eu-central-1:123456789012:t:1",
                         "Sns": {"Type": "Notification", "MessageId": "1", "TopicArn": "arn:aws:sns:eu-central-1:123456789012:t",
                                 "Subject": "Amazon S3 Notification", "Message": json.dumps(message)}}]}


def topic_in_queue(message: object) -> dict[str, object]:
    return {"Type": "Notification", "MessageId": "1", "TopicArn": "arn:aws:sns:eu-central-1:123456789012:t", "Message": json.dumps(message)}


def queue(*messages: object, name: str = "photos") -> dict[str, object]:
    """Their ids are their numbers."""
    return {"Records": [{"messageId": str(number), "receiptHandle": "AQEB", "body": message if isinstance(message, str) else json.dumps(message),
                         "attributes": {"ApproximateReceiveCount": "1"}, "messageAttributes": {}, "eventSource": "aws:sqs",
                         "eventSourceARN": f"arn:aws:sqs:eu-central-1:123456789012:{name}", "awsRegion": "eu-central-1"}
                        for number, message in enumerate(messages)]}


def bus(record: dict) -> dict[str, object]:
    """EventBridge's words for a record of S3; its keys are not encoded."""
    told = record["s3"]["object"]
    return {"version": "0", "id": "17793124", "detail-type": "Object Created", "source": "aws.s3", "account": "123456789012",
            "region": record["awsRegion"], "resources": [record["s3"]["bucket"]["arn"]],
            "detail": {"version": "0", "bucket": {"name": record["s3"]["bucket"]["name"]},
                       "object": {"key": unquote_plus(told["key"]), "size": told["size"], "etag": told["eTag"], "sequencer": told["sequencer"]},
                       "request-id": "N4N7GDK58NMKJ12R", "requester": "123456789012", "reason": "PutObject"}}


TRIAL = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Time": "2026-11-30T08:00:00.000Z", "Bucket": "photos", "RequestId": "5582815E", "HostId": "8cLeGAmw"}


def of_storage(photo: dict, gif: dict) -> tuple[list[Event], list[Event]]:
    """Good and bad events that tell of two objects, whose records these are."""
    def event(kind: str, body: object, **expected: tuple[str, ...]) -> Event:
        return Event(kind, json.dumps(body).encode(), **expected)

    plain = {"Records": [photo]}
    good = [event("S3", plain, outcomes=("labelled",)), event("SNS", topic(plain), outcomes=("labelled",)),
            event("EventBridge", bus(photo), outcomes=("labelled",)), event("SQS", queue(plain, topic_in_queue(plain), bus(photo), TRIAL), again=())]
    bad = [event("S3, GIF", {"Records": [gif]}, outcomes=("refused",)),
           event("SQS, some words", queue(plain, "hello", bus(gif)), again=("1",)),
           event("SQS in order, some words", queue(plain, {"a": 1}, plain, name="photos.fifo"), again=("1", "2"))]
    return good, bad


def good(number: int) -> Event:
    """The kinds and pictures in turn."""
    kind = list(KINDS)[number % len(KINDS)]
    return Event(kind, json.dumps(KINDS[kind](text(PICTURES[number // len(KINDS) % len(PICTURES)]))).encode())


def bad() -> list[Event]:
    events = [Event("direct, GIF", json.dumps({"body": GIF}).encode(), error="unsupported_image"),
              Event("direct, cut off", json.dumps({"body": CUT_OFF}).encode(), error="undecodable_image"),
              Event("direct, nothing", b"{}", error="bad_request"),
              Event("queue without notifications", json.dumps({"Records": [{"eventSource": "aws:sqs", "messageId": "1", "body": "hello"}]}).encode(),
                    error="bad_request"),
              Event("schedule", json.dumps({"detail-type": "Scheduled Event", "source": "aws.events", "detail": {}}).encode(), error="bad_request")]
    for kind, make in KINDS.items():
        if kind != "direct":
            events += [Event(f"{kind}, GIF", json.dumps(make(GIF)).encode(), status=415),
                       Event(f"{kind}, cut off", json.dumps(make(CUT_OFF)).encode(), status=422)]
    return events
