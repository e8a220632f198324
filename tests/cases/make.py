"""Writes the events of tests/cases from tests/images: `python3 tests/cases/make.py`, then `UPDATE_CASES=1 cargo test
--release --package vision --test end_to_end cases`, then read the difference."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import quote

CASES = Path(__file__).resolve().parent
IMAGES = CASES.parent / "images"
JPEG = (IMAGES / "baseline.jpg").read_bytes()
PNG = (IMAGES / "rgb-8.png").read_bytes()
TEXT = base64.b64encode(JPEG).decode()
URL = f"data:image/jpeg;base64,{TEXT}"
FORM = "multipart/form-data; boundary=----b0undary"
ONE_LINE = "application/x-www-form-urlencoded"


def form(*parts: tuple[str, bytes], boundary: str = "----b0undary", end: bytes = b"\r\n") -> bytes:
    """A form of parts with the headers behind `Content-Disposition: form-data` and the content of each."""
    body = b""
    for head, content in parts:
        lines = [f"--{boundary}".encode(), *(("Content-Disposition: form-data" + head).encode("gbk").split(b"\r\n")), b"", content, b""]
        body += end.join(lines)
    return body + f"--{boundary}--".encode() + end


def http(body: bytes | str, kind: str = "", **more: object) -> dict[str, object]:
    """An event as an API gateway makes it, with a binary body in base64."""
    is_base64 = isinstance(body, bytes)
    text = base64.b64encode(body).decode() if isinstance(body, bytes) else body
    return {"httpMethod": "POST", "path": "/", "headers": {"Content-Type": kind, "Accept": "text/plain"},
            "isBase64Encoded": is_base64, "body": text, **more}


def file_box(major: str, *compatible: str) -> str:
    brands = "".join(compatible).encode()
    return base64.b64encode((16 + len(brands)).to_bytes(4, "big") + b"ftyp" + major.encode() + bytes(4) + brands).decode()


WITHOUT_FILE_NAME = '; name="file"\r\nContent-Type: image/jpeg'
WITH_FILE_NAME = '; name="file"; filename="a.jpg"\r\nContent-Type: image/jpeg'
PAYLOAD_2 = {"version": "2.0", "routeKey": "$default", "rawPath": "/", "rawQueryString": "lang=zh&top=1", "cookies": ["a=b"],
             "headers": {"accept": "application/json"}, "queryStringParameters": {"lang": "zh", "top": "1"},
             "requestContext": {"http": {"method": "POST", "path": "/", "protocol": "HTTP/1.1"}}, "isBase64Encoded": True}
BALANCER = {"requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:x"}}, "httpMethod": "POST", "path": "/",
            "isBase64Encoded": True}
REST = {"version": "1.0", "resource": "/{proxy+}", "path": "/photos", "httpMethod": "POST", "headers": {"Accept": "text/plain"},
        "multiValueHeaders": {"Accept": ["text/plain"]}, "queryStringParameters": {"top": "1"},
        "multiValueQueryStringParameters": {"top": ["1"]}, "pathParameters": {"proxy": "photos"}, "stageVariables": None,
        "requestContext": {"stage": "prod", "httpMethod": "POST", "identity": {"sourceIp": "203.0.113.7"}},
        "isBase64Encoded": True}
URL_2 = {"version": "2.0", "routeKey": "$default", "rawPath": "/", "rawQueryString": "top=1&lang=en",
         "headers": {"content-type": "application/x-www-form-urlencoded", "accept": "*/*", "x-forwarded-proto": "https"},
         "requestContext": {"accountId": "anonymous", "domainName": "id.lambda-url.eu-west-1.on.aws", "stage": "$default",
                            "http": {"method": "POST", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7"}},
         "isBase64Encoded": True}
QUEUE = {"messageId": "059f36b4", "receiptHandle": "AQEB", "body": "hello", "attributes": {}, "messageAttributes": {},
         "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:q", "awsRegion": "eu-west-1"}
S3 = {"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
      "s3": {"bucket": {"name": "photos"}, "object": {"key": "a.jpg", "size": 1024}}}

JSON_EVENTS: dict[str, object] = {
    "bare": {"body": TEXT},
    "bare-url-safe-unpadded": {"body": base64.urlsafe_b64encode(JPEG).decode().rstrip("=")},
    "bare-base64-of-base64": {"body": base64.b64encode(TEXT.encode()).decode()},
    "bare-data-url-percent-encoded": {"body": quote(URL, safe="")},
    "bare-plus-became-space": {"body": TEXT.replace("+", " ")},
    "bare-read-as-text": {"body": JPEG.decode(errors="replace")},
    "bare-latin-1": {"body": JPEG.decode("latin-1")},
    "bare-cut-off": {"body": "/9j/4AAQS"},
    "bare-no-base64": {"body": "a-tomato?"},
    "bare-null": {"body": None},
    "bare-object": {"body": {"image": TEXT}},
    "bare-without-body": {},
    "bare-text": {"body": base64.b64encode(b"just some text").decode()},
    "format-gif": {"body": base64.b64encode(b"GIF89a\x01\0\x01\0").decode()},
    "format-heic-by-major-brand": {"body": file_box("heic", "mif1")},
    "format-heic-by-compatible-brand": {"body": file_box("isom", "mif1", "MiHB")},
    "format-avif-that-is-heif": {"body": file_box("mif1", "miaf", "avif")},
    "format-canon-raw": {"body": file_box("crx ", "isom")},
    "format-video": {"body": file_box("isom", "iso2", "avc1")},
    "storage-s3": {"Records": [S3]},
    "storage-minio": {"EventName": "s3:ObjectCreated:Put", "Key": "photos/a.jpg", "Records": [{**S3, "eventSource": "minio:s3"}]},
    "service-sqs": {"Records": [QUEUE]},
    "service-sns": {"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": {"Message": "hello"}}]},
    "service-event-bridge": {"version": "0", "detail-type": "Scheduled Event", "source": "aws.events", "detail": {}},
    "service-dynamodb": {"Records": [{"eventID": "1", "eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": {}}]},
    "service-unknown": {"invocationId": "1", "job": {"id": "2"}},
    "http-gateway": http(JPEG),
    "http-json-body": http(json.dumps({"image": URL}), "application/json"),
    "http-claims-to-be-base64": http(json.dumps({"image": "QQ=="}), isBase64Encoded=True),
    "http-compressed": http(JPEG, headers={"content-encoding": "gzip"}),
    "http-charset-as-encoding": http(JPEG, headers={"content-encoding": "UTF-8", "accept": "text/plain"}),
    "http-aws-payload-2": {**PAYLOAD_2, "body": TEXT},
    "http-aws-payload-2-refused": {**PAYLOAD_2, "body": "R0lGODlhAQABAA=="},
    "http-aws-url-curl": {**URL_2, "body": TEXT},
    "http-aws-url-without-body": {key: value for key, value in URL_2.items() if key != "isBase64Encoded"},
    "http-aws-rest": {**REST, "body": TEXT},
    "http-aws-rest-refused": {**REST, "body": "R0lGODlhAQABAA=="},
    "http-aws-rest-text": {**REST, "isBase64Encoded": False, "body": URL},
    "http-aws-balancer": {**BALANCER, "headers": {"accept": "text/plain"}, "body": TEXT},
    "http-aws-balancer-lists": {**BALANCER, "multiValueHeaders": {"accept": ["text/plain"]},
                                "multiValueQueryStringParameters": {"top": ["1"]}, "body": TEXT},
    "http-aws-balancer-lists-refused": {**BALANCER, "multiValueHeaders": {}, "body": ""},
    "form-empty-file-first": http(form(('; name="camera"; filename=""\r\nContent-Type: application/octet-stream', b""),
                                       (WITH_FILE_NAME, JPEG)), FORM),
    "form-json-first": http(form(('; name="meta"; filename="blob"\r\nContent-Type: application/json', b'{"device":"x"}'),
                                 (WITH_FILE_NAME, JPEG)), FORM),
    "form-text-first": http(form(('; name="user"', b"anna"), (WITHOUT_FILE_NAME, JPEG)), FORM),
    "form-file-name-in-gbk": http(form(('; name="file"; filename="番茄.jpg"', JPEG)), FORM),
    "form-file-name-encoded": http(form(("; name=file; filename*=UTF-8''%e7%95%aa.gif\r\nContent-Type: image/gif", JPEG)), FORM),
    "form-line-feeds-only": http(form((WITH_FILE_NAME, JPEG), end=b"\n"), FORM),
    "form-boundary-in-quotes": http(form((WITH_FILE_NAME, JPEG), boundary="a=b; c"), 'multipart/form-data; boundary="a=b; c"'),
    "form-without-content-type": http(form((WITH_FILE_NAME, JPEG))),
    "form-related": http(form((WITHOUT_FILE_NAME, JPEG)), "multipart/related; type=\"image/jpeg\"; boundary=----b0undary"),
    "form-within-form": http(form(("; name=\"files\"\r\nContent-Type: multipart/mixed; boundary=inner",
                                   form(("", JPEG), boundary="inner"))), FORM),
    "form-field-with-data-url": http(form(('; name="note"', b"QUJDRA=="), ('; name="photo"', URL.encode())), FORM),
    "form-as-text": http(form(('; name="photo"', TEXT.encode())).decode(), FORM),
    "form-cut-off": http(form((WITH_FILE_NAME, JPEG))[:-20], FORM),
    "form-of-gif": http(form(('; name="user"', b"anna"), (WITH_FILE_NAME, b"GIF89a\x01\0\x01\0")), FORM),
    "form-without-picture": http(form(('; name="user"', b"anna"), ('; name="file"; filename=""', b"")), FORM),
    "form-without-parts": http(b"--x--", "multipart/form-data"),
    "form-one-line": http(f"note=a+b&image={quote(TEXT, safe='')}", ONE_LINE),
    "form-one-line-with-bare-plus": http(f"image={TEXT}".encode(), ONE_LINE),
    "form-one-line-without-picture": http(b"name=anna&age=7", ONE_LINE),
}

OTHER_EVENTS: dict[str, bytes] = {
    "bare-jpeg.event.jpg": JPEG,
    "bare-png.event.png": PNG,
    "bare-gif.event.bin": b"GIF89a\x01\0\x01\0",
    "bare-base64-alone.event.bin": base64.encodebytes(JPEG),
    "bare-data-url-alone.event.bin": URL.encode(),
    "bare-form-alone.event.bin": form((WITH_FILE_NAME, JPEG)),
    "bare-utf-8-with-mark.event.bin": b"\xEF\xBB\xBF" + json.dumps({"body": TEXT}).encode(),
    "bare-utf-16-big.event.bin": json.dumps({"body": TEXT}).encode("utf-16-be"),
    "bare-utf-16-little-with-mark.event.bin": b"\xFF\xFE" + json.dumps({"body": TEXT}).encode("utf-16-le"),
    "bare-base64-in-lines.event.bin": b'{"body": "' + base64.encodebytes(JPEG) + b'"}\n',
    "bare-base64-in-lines-with-spaces.event.bin": b'{"body": "' + base64.encodebytes(JPEG).replace(b"\n", b" ") + b'"}\n',
    "bare-nothing.event.bin": b"",
    "bare-words.event.bin": b"tomato",
    "bare-list.event.bin": b"[]",
    "bare-field-twice.event.bin": b'{"body": "QQ==", "body": "QQ=="}',
    "bare-no-utf-8.event.bin": b'{"body": "\xE9\xFF"}',
    "bare-picture-within-json.event.bin": b'{"body": "' + JPEG[:40] + b'"}',
    "http-cut-off.event.bin": b'{"httpMethod": "POST", "body": "/9j/',
}


def main() -> None:
    for name, event in JSON_EVENTS.items():
        (CASES / f"{name}.event.json").write_bytes(json.dumps(event).encode() + b"\n")
    for name, content in OTHER_EVENTS.items():
        (CASES / name).write_bytes(content)


if __name__ == "__main__":
    main()
