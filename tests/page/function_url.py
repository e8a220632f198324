"""`vision lambda` behind what AWS puts in front of it: a function URL, with CORS as deploy/aws/template.yaml sets it, and a
bucket whose notifications reach the function.

https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html, urls-invocation.html.
"""

from __future__ import annotations

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from tests.s3.function import Function
from tests.s3.storage import Moto

# As in the template; a test there compares.
METHODS = ("GET", "POST")
ALLOWED_HEADERS = ("accept", "accept-language", "content-type")
EXPOSED_HEADERS = ("retry-after", "server-timing", "x-request-id")
LARGEST_EVENT = 6 << 20
TEXT_TYPES = ("text/", "application/json", "application/xml", "application/javascript")


class FunctionUrl:
    """A running URL; `events` are the payloads that reached the function."""

    def __init__(self, function: Function, origins: list[str]) -> None:
        self.events: list[dict] = []
        self.preflights: list[str] = []
        handler = type("Handler", (_Request,), {"of": self, "function": function, "origins": origins})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = "http://{}:{}".format(*self._server.server_address)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    of: FunctionUrl
    function: Function
    origins: list[str]

    def do_OPTIONS(self) -> None:
        """AWS answers preflights itself: the function does not hear of them."""
        method = self.headers.get("Access-Control-Request-Method", "")
        asked = {name.strip().lower() for name in self.headers.get("Access-Control-Request-Headers", "").split(",") if name}
        self.of.preflights.append(f"{method} {self.path}")
        if self._is_allowed() and method in METHODS and asked <= set(ALLOWED_HEADERS):
            self._answer(200, b"", {"Access-Control-Allow-Methods": ",".join(METHODS),
                                    "Access-Control-Allow-Headers": ",".join(ALLOWED_HEADERS), "Access-Control-Max-Age": "0"})
        else:
            self._answer(200, b"", {}, is_allowed=False)

    def do_GET(self) -> None:
        self._invoke()

    do_POST = do_DELETE = do_GET

    def _invoke(self) -> None:
        event = self._event(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        if len(json.dumps(event)) > LARGEST_EVENT:
            return self._answer(413, b'{"Message":"Request must be smaller than 6291456 bytes for the InvokeFunction operation"}')
        self.of.events.append(event)
        answer = self.function.send(event).result()
        body = answer["body"]
        body = base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()
        own = [name for name in answer.get("headers", {}) if name.lower().startswith("access-control-")]
        assert not own, f"the function answers CORS itself, a second time: {own}"
        self._answer(answer["statusCode"], body, answer.get("headers", {}))

    def _event(self, body: bytes) -> dict:
        """The payload of format 2.0."""
        url = urlsplit(self.path)
        kind = self.headers.get("Content-Type", "")
        is_text = kind.startswith(TEXT_TYPES)
        event = {
            "version": "2.0", "routeKey": "$default", "rawPath": url.path, "rawQueryString": url.query,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "requestContext": {"http": {"method": self.command, "path": url.path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1"},
                               "requestId": "id", "stage": "$default", "timeEpoch": 1764500000000},
            "isBase64Encoded": bool(body) and not is_text,
        }
        if body:
            event["body"] = body.decode() if is_text else base64.b64encode(body).decode()
        return event

    def _is_allowed(self) -> bool:
        return self.headers.get("Origin") in self.origins

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None, is_allowed: bool = True) -> None:
        self.send_response(status)
        shared = {"Access-Control-Allow-Origin": self.headers["Origin"], "Vary": "Origin",
                  "Access-Control-Expose-Headers": ",".join(EXPOSED_HEADERS)} if is_allowed and self._is_allowed() else {}
        for name, value in ((headers or {}) | shared | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Notifications:
    """A bucket's notifications by way of a queue: whatever is put under uploads/ becomes an event of the function."""

    def __init__(self, moto: Moto, bucket: str, function: Function) -> None:
        self._queue = moto.client("sqs")
        self._url = self._queue.create_queue(QueueName=bucket)["QueueUrl"]
        arn = self._queue.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        rules = {"Key": {"FilterRules": [{"Name": "prefix", "Value": "uploads/"}]}}
        told = {"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"], "Filter": rules}]}
        moto.s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=told)
        self._function = function
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def _carry(self) -> None:
        while not self._is_over.wait(0.1):
            for message in self._queue.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get("Messages", []):
                event = json.loads(message["Body"])
                self._queue.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
                # The first message of a queue only says that it works.
                if "Records" in event:
                    self._function.send(event)

    def close(self) -> None:
        self._is_over.set()
        self._thread.join()
