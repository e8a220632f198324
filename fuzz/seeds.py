"""Writes the seeds of the fuzz targets to fuzz/seeds: `python3 fuzz/seeds.py`.

The pictures are the project's own, made by tests/images/make.py; everything else is made here. The forms of the
inputs are described at the head of each target.
"""

from __future__ import annotations

import base64
import json
import shutil
import struct
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT / "fuzz"))

import tiny_model  # noqa: E402

SEEDS = PROJECT / "fuzz/seeds"
IMAGES = sorted(file for kind in ("jpg", "png") for file in (PROJECT / "tests/images").glob(f"*.{kind}"))
SMALL = [PROJECT / "tests/images" / name for name in
         ("one-pixel.jpg", "one-pixel.png", "baseline.jpg", "progressive.jpg", "grey-1.png", "little-there.jpg")]
SCF_EVENTS = sorted((PROJECT / "tests/events/scf").glob("*.json"))
CASES = sorted((PROJECT / "tests/cases").glob("*.event.*"))


def main() -> None:
    shutil.rmtree(SEEDS, ignore_errors=True)
    for target, seeds in {"event": events(), "base64": base64_texts(), "picture": pictures(), "host": host_calls(),
                          "scf": platform_answers(), "multipart": requests(), "objects": objects(), "envelope": envelopes(),
                          "cloud_event": cloud_events(),
                          "model": models(), "graph": graphs(), "packed": blocks()}.items():
        folder = SEEDS / target
        folder.mkdir(parents=True)
        for name, content in seeds.items():
            (folder / name).write_bytes(content)
    (SEEDS / "tiny.tflite").write_bytes(tiny_model.model())


def graphs() -> dict[str, bytes]:
    lines = (PROJECT / "tests/graphs/operations.jsonl").read_text().splitlines()
    return {case["name"]: b"\x04\x05" + base64.b64decode(case["graph"]) for case in map(json.loads, lines)}


def models() -> dict[str, bytes]:
    files = [*(PROJECT / "tests/own_model").glob("*.tflite"), *(PROJECT / "tests/own_model").glob("*.zip")]
    labels = {"labels-csv": b'id,name\n0,"a, b"\n1,c\n', "labels-json": b'{"a": 0, "b": 1}', "labels-numbers": b"0 a\n1 b\n",
              "labels-utf16": "\ufeffa\nb".encode("utf-16")}
    return {file.name: file.read_bytes() for file in sorted(files)} | {"tiny": tiny_model.model()} | labels


def blocks() -> dict[str, bytes]:
    description = json.dumps({
        "name": "n", "input": {"tensor": "in", "width": 2, "height": 2, "channels": 3, "element": "int8",
                               "normalization": {"mean": [1, 2, 3], "std": [4, 5, 6]}, "quantization": {"scale": 0.5, "zero_point": 3}},
        "output": {"tensor": "out", "classes": 2, "element": "float32", "scores": "logits"},
        "unsure": {"by": "energy", "below": 1.5, "background": [1]}}).encode()
    header = struct.pack("<16s5I32s", b"wasm-vision-pack", 1, len(description), 4, 8, 5, bytes(32))
    block = (header + description + b"a\nb\n" + "甲\n乙\n".encode()).ljust(4096, b"\0") + b"model"
    place = b"wasm-vision here" + bytes(8)
    data = b"\x01\x00\x41\x00\x0b" + bytes([len(place)]) + place
    module = b"\0asm\x01\0\0\0" + b"\x05\x03\x01\x00\x01" + b"\x0b" + bytes([len(data)]) + data
    return {"block": block, "module": module}


def encoded(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()


def http_event(body: str, **more: object) -> bytes:
    return json.dumps({"httpMethod": "POST", "path": "/", "headers": {"Accept": "application/json"},
                       "queryString": {"lang": "zh", "top": "5"}, "body": body, **more}).encode()


def events() -> dict[str, bytes]:
    seeds = {f"scf-{file.name}": file.read_bytes() for file in SCF_EVENTS}
    seeds |= {f"case-{file.name}": file.read_bytes() for file in CASES}
    for file in SMALL:
        text = encoded(file)
        seeds |= {
            f"bare-{file.name}": json.dumps({"body": text}).encode(),
            f"http-{file.name}": http_event(text),
            f"url-{file.name}": http_event(f"data:image/png;base64,{text}"),
            f"json-{file.name}": http_event(json.dumps({"image": text})),
            f"twice-{file.name}": http_event(base64.b64encode(text.encode()).decode(), isBase64Encoded=True),
        }
    seeds["options"] = json.dumps({"httpMethod": "OPTIONS"}).encode()
    seeds["queries"] = http_event("QUJD", queryString="?lang=en&top=99", queryStringParameters=None,
                                  headers={"ACCEPT": ["text/plain;q=0.5", "x"], "accept-language": "zh-CN,en;q=0.1"})
    seeds["nested"] = b'{"x":' + b"[" * 500 + b"]" * 500 + b',"body":{"a":[1,2.5,true,null]}}'
    seeds["escapes"] = b'\xef\xbb\xbf {"body":"\\u0051\\u0055\\/\\n\\ud83d\\ude00","headers":null}'
    for text in ("GIF89a", "RIFF....WEBP", "%PDF-1.7", "<svg xmlns=", "hello"):
        seeds[f"other-{text[:3].strip('<%')}"] = json.dumps({"body": base64.b64encode(text.encode()).decode()}).encode()
    return seeds


def base64_texts() -> dict[str, bytes]:
    texts = {"canonical": "QUJDRA==", "unpadded": "QUJDRA", "half-padded": "QUJDRA=", "url-safe": "-_-_", "lines":
             "QUJD\r\nQUJD \t\f", "padding-within": "QQ==QUJD", "left-over-bits": "QUJDRF==", "one-over": "QUJDR",
             "no-digit": "QU*D", "no-ascii": "QUJDé", "separators": "QUJD\u00a0\u2028", "nothing": ""}
    return {name: text.encode() for name, text in texts.items()}


def pictures() -> dict[str, bytes]:
    seeds = {}
    for number, file in enumerate(IMAGES):
        sizes = [(40, 32), (7, 5), (1, 1), (96, 96)]
        width, height = sizes[number % len(sizes)]
        mode = number % 8
        seeds[file.name] = struct.pack("<IIB", width, height, mode) + file.read_bytes()
    return seeds


# The functions in the order of engine::host::offered: pictures, TensorFlow Lite models and graphs, each of version 0.3 and then
# under its older names, WASI-NN, the names of ssvm, WASI.
LOAD_JPG, LOAD_PNG, LOAD_JPG_TO_RGB8 = range(3)
CREATE, DELETE, RUN, APPEND, OUTPUT, LENGTH, DATA = range(10, 17)
OLDER_LITE = 17
GRAPHS, OLDER_GRAPHS = 24, 35
NN_LOAD, NN_BY_NAME, _, NN_CONTEXT, NN_SET, NN_COMPUTE, NN_GET, _, _, _, NN_UNLOAD, NN_FINALIZE = range(45, 57)
SSVM_IMAGE, SSVM_LITE, SSVM_GRAPHS = 57, 65, 72
WASI = 82
(ARGS_GET, ARGS_SIZES, ENVIRON_GET, ENVIRON_SIZES, CLOCK_RES, CLOCK_TIME, RANDOM, PRESTAT, PRESTAT_NAME) = range(WASI, WASI + 9)
FD_READ, FD_PREAD, FD_WRITE, FD_PWRITE, FD_READDIR = range(WASI + 23, WASI + 28)
PATH_OPEN, PROC_EXIT, POLL = WASI + 32, WASI + 38, WASI + 41
COUNT = WASI + 58


def number(value: int) -> bytes:
    return bytes([value]) if value < 0xC0 else b"\xE0" + struct.pack("<I", value & 0xFFFFFFFF)


def at(place: int) -> bytes:
    """The address of a byte of the input."""
    return b"\xC0" + struct.pack("<H", place)


def long(value: int) -> bytes:
    return number(value >> 32) + number(value & 0xFFFFFFFF)


def value_at(place: int) -> bytes:
    return b"\xF0" + struct.pack("<H", place)


def call(function: int, *arguments: bytes) -> bytes:
    return bytes([function]) + b"".join(arguments)


def with_data(calls: list[bytes], data: bytes) -> bytes:
    """The data lies behind the calls, from byte 0x400 on; proc_exit keeps it from being read as calls."""
    program = b"".join(calls) + call(PROC_EXIT, number(0))
    assert len(program) <= 0x400, len(program)
    return program.ljust(0x400, b"\0") + data


def host_calls() -> dict[str, bytes]:
    data, free = 0x400, 0x8000
    seeds = {}
    for file in SMALL[:5]:
        picture = file.read_bytes()
        for kind in (0, 3):
            arguments = (at(data), number(len(picture)), number(9), number(7), number(kind), at(free), number(9 * 7 * 12))
            seeds[f"load-{kind}-{file.name}"] = with_data([call(LOAD_JPG, *arguments), call(LOAD_PNG, *arguments)], picture)
    model = tiny_model.model()
    name = data + len(model)
    session = value_at(free)
    use = [
        call(CREATE, at(data), number(len(model)), at(free)),
        call(APPEND, session, at(name), number(1), at(free + 64), number(16)),
        call(RUN, session),
        call(OUTPUT, session, at(name + 1), number(1), at(free + 4)),
        call(LENGTH, session, value_at(free + 4), at(free + 8)),
        call(DATA, session, value_at(free + 4), at(free + 128), value_at(free + 8), at(free + 12)),
    ]
    seeds["model"] = with_data([*use, call(DELETE, session)], model + b"xy")
    seeds["model-kept"] = with_data([*use, *use[2:]], model + b"xy")
    seeds["model-forged"] = with_data([use[0], call(RUN, number(7)), call(DELETE, session), call(RUN, session)], model + b"xy")
    for prefix, older in (("wasmedge", OLDER_LITE), ("ssvm", SSVM_LITE)):
        create, delete, run, output, length, values, append = range(older, older + 7)
        seeds[f"{prefix}-model"] = with_data([
            call(create, at(data), number(len(model))),
            call(output, long(1), at(name + 1), number(1)),
            call(append, long(1), at(name), number(1), at(free + 64), number(16)),
            call(run, long(1)),
            call(length, long(2)),
            call(values, long(2), at(free + 128)),
            call(delete, long(1)),
            call(values, long(2), at(free + 128)),
        ], model + b"xy")
    for prefix, older in (("wasmedge", LOAD_JPG_TO_RGB8), ("ssvm", SSVM_IMAGE)):
        picture = SMALL[0].read_bytes()
        for kind in range(8):
            seeds[f"{prefix}-load-{kind}"] = with_data(
                [call(older + kind, at(data), number(len(picture)), number(9), number(7), at(free))], picture)
    # A builder and a tensor of WASI-NN; the tiny model takes four values in one dimension.
    nn = struct.pack("<7I", 0x10000 + data, len(model), 0x10000 + name + 28, 1, 1, 0x10000 + free + 64, 16) + struct.pack("<I", 4)
    seeds["nn"] = with_data([
        call(NN_LOAD, at(name), number(1), number(4), number(0), at(free)),
        call(NN_CONTEXT, value_at(free), at(free + 4)),
        call(NN_SET, value_at(free + 4), number(0), at(name + 8)),
        call(NN_COMPUTE, value_at(free + 4)),
        call(NN_GET, value_at(free + 4), number(0), at(free + 128), number(16), at(free + 8)),
        call(NN_UNLOAD, value_at(free)),
        call(NN_FINALIZE, value_at(free + 4)),
        call(NN_COMPUTE, value_at(free + 4)),
        call(NN_BY_NAME, at(name), number(1), at(free)),
    ], model + nn)
    vectors = struct.pack("<IIII", 0x10000 + free, 64, 0x10000 + free + 64, 32)
    for function in (FD_READ, FD_WRITE):
        for stream in range(4):
            seeds[f"stream-{function}-{stream}"] = with_data(
                [call(function, number(stream), at(data), number(2), at(free + 256))], vectors)
            seeds[f"stream-many-{function}-{stream}"] = with_data(
                [call(function, number(stream), at(data), number(0x20000000), at(free + 256))], vectors)
    clock = struct.pack("<QBxxxxxxxIxxxxQQHxxxxxx", 7, 0, 1, 1_000_000, 1, 0)
    seeds["poll"] = with_data([call(POLL, at(data), at(free), number(2), at(free + 128))], clock + clock[:8] + b"\1" + clock[9:])
    path = b"../etc/hosts"
    seeds["open"] = with_data([call(PATH_OPEN, number(3), number(1), at(data), number(len(path)), number(1),
                                    number(0), number(2), number(0), number(0), number(0), at(free))], path)
    for function in range(COUNT):
        seeds[f"all-{function:03}"] = with_data([call(function, *[at(free + 64 * place) for place in range(1, 10)])], b"")
        seeds[f"far-{function:03}"] = with_data([call(function, *[number(0xFFFFFFFF - place) for place in range(10)])], b"")
        seeds[f"small-{function:03}"] = with_data([call(function, *[number(3)] * 10)], b"")
    return seeds


def answer(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers.items()), f"content-length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def platform_answers() -> dict[str, bytes]:
    limits = {"Request_Id": "c6af9ac6-7b61", "Memory_Limit_In_Mb": "512", "Time_Limit_In_Ms": "3000"}
    event = answer(b'{"body":"QUJD"}', **limits)
    notification = answer((PROJECT / "tests/events/scf/cos-put.json").read_bytes(), **limits)
    runs = {
        "answered": [event, answer(), event, answer()],
        "refused": [event, answer(status="400 Bad Request"), answer(), event],
        "server-error": [event, answer(status="503 Busy"), answer()],
        "lost": [event, b"", answer(status="404 Not Found")],
        "module-fails": [answer(b"\x01because", **limits), answer()],
        "module-late": [answer(b"t", Time_Limit_In_Ms="1"), answer()],
        "module-gone": [answer(b'g{"httpMethod":"POST"}', **limits), answer()],
        "http": [answer(b'\x02{"httpMethod":"POST"}'), answer()],
        "no-event": [answer(status="204 No Content"), answer(status="500 Error"), event],
        "too-large": [b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n" + b"x" * 2000, event],
        "odd-id": [answer(b"{}", **{"Request_Id": "\u00e9\t"}), answer()],
        "chunked": [b"HTTP/1.1 200 OK\r\nrequest_id: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n2\r\n1}\r\n0\r\nX-T: 1\r\n\r\n", answer()],
        "cut-off": [b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{", event],
        "early-hints": [b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + event, answer()],
        "redirect": [b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"],
        "garbage": [b"\x16\x03\x01\x02\x00", b"HTTP/9.9 999\r\n\r\n"],
        "picture-put": [notification, answer(b"\xff\xd8\xff\xe0picture"), answer(), answer()],
        "picture-gone": [notification, answer(status="404 Not Found"), answer()],
        "picture-forbidden": [notification, answer(b"<Error/>", "403 Forbidden"), answer()],
        "picture-busy": [notification, answer(status="503 Busy"), answer(b"{}"), answer(), answer()],
    }
    return {name: b"\n====\n".join(answers) for name, answers in runs.items()}


def cloud_events() -> dict[str, bytes]:
    event = {"specversion": "1.0", "id": "1", "source": "/camera", "type": "photo.taken", "time": "2026-11-30T08:00:00.5+08:00",
             "subject": "in/番茄.jpg", "datacontenttype": "image/png", "count": 7, "on": True, "none": None}
    structured = {"base64": {**event, "data_base64": encoded(SMALL[1])}, "text": {**event, "data": "a text"},
                  "json": {**event, "data": {"image": "QUJD"}}, "bare": event}
    seeds = {name: b"\0" + json.dumps(fields, ensure_ascii=False).encode() for name, fields in structured.items()}
    seeds["batch"] = b"\1" + json.dumps([*structured.values(), 3, {}]).encode()
    head = ("ce-specversion:1.0\nce-id:1\nce-source:\"/camera \\\"1\\\"\"\nce-type:photo.taken\n"
            "ce-subject:in/%E7%95%AA%20100%25.jpg\ncontent-type:image/png\n\n")
    seeds["binary"] = b"\2" + head.encode() + SMALL[1].read_bytes()
    return seeds


def envelopes() -> dict[str, bytes]:
    record = {"eventSource": "aws:s3", "awsRegion": "eu-west-1", "eventName": "ObjectCreated:Put",
              "s3": {"bucket": {"name": "photos"}, "object": {"key": "in/%E7%95%AA+1.jpg", "size": 1024, "eTag": "d41d8cd9"}}}
    plain = {"Records": [record]}
    text = json.dumps(plain)
    bus = {"detail-type": "Object Created", "source": "aws.s3", "region": "eu-west-1",
           "detail": {"bucket": {"name": "photos"}, "object": {"key": "in/番 1.jpg", "size": 1024}, "reason": "PutObject"}}
    message = {"eventSource": "aws:sqs", "messageId": "1", "eventSourceARN": "arn:aws:sqs:eu-west-1:1:q.fifo"}
    seeds = {
        "s3": plain, "minio": {"EventName": "s3:ObjectCreated:Put", **plain}, "bus": bus,
        "topic": {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": text}}]},
        "queue": {"Records": [{**message, "body": body} for body in (text, json.dumps(bus), "hello", json.dumps({"Message": text}))]},
        "trial": {"Service": "Amazon S3", "Event": "s3:TestEvent"},
    }
    cases = {file.name: file.read_bytes() for file in CASES if file.name.startswith(("service-", "storage-", "http-aws-"))}
    return {name: json.dumps(event).encode() for name, event in seeds.items()} | cases


def objects() -> dict[str, bytes]:
    s3 = {"eventSource": "aws:s3", "awsRegion": "eu-central-1", "eventName": "ObjectCreated:Put",
          "s3": {"bucket": {"name": "photos"}, "object": {"key": "in%2Fa+b.jpg", "size": 9, "eTag": "d41d8", "versionId": "1",
                                                         "sequencer": "0055AED6"}}}
    new = {"content_type": "image/jpeg", "size": 12345678, "lang": "zh"}
    name = b"692c2620000102030405060708090a0b0c0d0e0f.jpg"
    tags = b"<Tagging><TagSet><Tag><Key>a</Key><Value>&amp;</Value></Tag></TagSet></Tagging>"
    event = {"rawPath": "/v1/uploads", "requestContext": {"http": {"method": "POST"}}, "body": json.dumps(new)}
    return {"s3": b"\0" + json.dumps({"Records": [s3]}).encode(),
            "cos": b"\1" + (PROJECT / "tests/events/scf/cos-put.json").read_bytes(),
            "new": b"\2" + json.dumps(new).encode(), "event": b"\3" + json.dumps(event).encode(),
            "rest": b"\3" + http_event("", path="/v1/uploads/" + name.decode(), httpMethod="GET"),
            "name": b"\3" + name, "tags": b"\4" + tags}


def requests() -> dict[str, bytes]:
    def request(kind: str, body: bytes, encoding: str = "") -> bytes:
        return f"{kind}\n{encoding}\n".encode() + body

    def form(*parts: tuple[str, bytes]) -> bytes:
        lines = b"".join(b"--X\r\n" + head.encode() + b"\r\n\r\n" + body + b"\r\n" for head, body in parts)
        return lines + b"--X--\r\n"

    picture = (PROJECT / "tests/images/one-pixel.jpg").read_bytes()
    text = base64.b64encode(picture)
    field = 'Content-Disposition: form-data; name="note"'
    file = 'Content-Disposition: form-data; name="f"; filename="a.jpg"\r\nContent-Type: image/jpeg'
    encoded_name = "Content-Disposition: form-data; name=f; filename*=UTF-8''%e7%95%aa.png\r\nContent-Type: text/plain"
    multipart = "multipart/form-data; boundary=X"
    return {
        "jpeg": request("image/jpeg", picture),
        "octets": request("application/octet-stream", picture),
        "base64": request("text/plain; charset=utf-8", text),
        "data-url": request("", b"data:image/jpeg;base64," + text),
        "json": request("application/json", json.dumps({"image": text.decode()}).encode()),
        "event": request("application/json", json.dumps({"body": text.decode(), "isBase64Encoded": True}).encode()),
        "compressed": request("image/jpeg", picture, "gzip"),
        "identity": request("image/jpeg", picture, "identity"),
        "form-file": request(multipart, form((field, b"hello"), (file, picture))),
        "form-field": request(multipart, form((field, text))),
        "form-name": request(multipart, form((encoded_name, text))),
        "form-empty": request(multipart, b"--X--\r\n"),
        "form-cut-off": request(multipart, form((file, picture))[:70]),
        "form-quoted": request('Multipart/Form-Data; charset=utf-8; boundary="X"', form((file, picture))),
        "form-without-boundary": request("multipart/form-data", form((file, picture))),
        "form-related": request('multipart/related; type="image/jpeg"; boundary="X"', form((field, text))),
        "form-line-feeds": request(multipart, form((field, b"hello"), (file, picture)).replace(b"\r\n", b"\n")),
        "form-unannounced": request("", form((field, b""), (file, picture))),
        "form-within-form": request(multipart, form(("Content-Type: multipart/mixed; boundary=Y",
                                                     form((file, picture)).replace(b"--X", b"--Y")))),
        "form-one-line": request("application/x-www-form-urlencoded", b"note=a+b&image=" + text.replace(b"+", b"%2B")),
        "form-one-line-url": request("application/x-www-form-urlencoded", b"image=data%3Aimage%2Fjpeg%3Bbase64%2C" + text),
        "latin-1": request("", picture.decode("latin-1").encode()),
        "utf-16": request("application/json", json.dumps({"image": text.decode()}).encode("utf-16")),
        "form-mixed": request("multipart/mixed; boundary=X", b"preamble\r\n" + form((file, picture)) + b"epilogue"),
    }


if __name__ == "__main__":
    main()
