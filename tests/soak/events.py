"""The events: what is sent, and what has to come back."""

from __future__ import annotations

import base64
import functools
import json
import random
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
MIB = 1 << 20
# Half of the memory that each process may have.
PICTURE_LIMIT = ["--picture-limit", "128"]


@dataclass(frozen=True)
class Event:
    """A body for the function, with the outcomes that are right for it."""

    name: str
    body: bytes
    # Of the runtime API: `answer` or the code of the error; of the service: the status.
    expected: frozenset[str]
    content_type: str = "application/octet-stream"
    query: str = ""


def picture(path: str) -> bytes:
    return (PROJECT / "tests" / path).read_bytes()


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def bare(content: bytes) -> bytes:
    return json.dumps({"body": encoded(content)}).encode()


def http(body: str, **more: object) -> bytes:
    return json.dumps({"httpMethod": "POST", "path": "/", "headers": {"accept": "application/json"}, "body": body, **more}).encode()


@functools.cache
def interlaced(side: int) -> bytes:
    """A black square as interlaced PNG, which must be in memory as a whole: 3 bytes a pixel. The file is small."""
    steps = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    compressor, data = zlib.compressobj(1), b""
    for x, y, across, down in steps:
        row = bytes(1 + 3 * -(-(side - x) // across))
        for _ in range(-(-(side - y) // down)):
            data += compressor.compress(row)
    data += compressor.flush()

    def chunk(chunk_type: bytes, content: bytes) -> bytes:
        checksum = zlib.crc32(chunk_type + content)
        return struct.pack(">I", len(content)) + chunk_type + content + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@functools.cache
def progressive(side: int) -> bytes:
    """A progressive JPEG whose frame header says that it has sides of that length."""
    jpeg = bytearray(picture("images/progressive.jpg"))
    frame = jpeg.index(b"\xff\xc2")
    jpeg[frame + 5:frame + 9] = struct.pack(">HH", side, side)
    return bytes(jpeg)


GOOD = ["samples/tomato.jpg", "samples/lemon.jpg", "samples/granny-smith.jpg", "images/progressive.jpg", "images/cmyk.jpg",
        "images/orientation-6.jpg", "images/rgb-alpha-16-interlaced.png", "images/grey-1.png", "images/wrong-crc.png", "reference/pictures/15-tomato.png"]
BAD = {"bomb.png": "413", "truncated.png": "422", "header-only.jpg": "422", "little-there.jpg": "422"}
CODES = {"413": "too_large", "415": "unsupported_image", "422": "undecodable_image"}


def for_scf() -> list[Event]:
    """Events of the runtime API: bare ones fail at the error endpoint, HTTP ones in their own answer."""
    answered = frozenset({"answer"})
    events = [Event(f"good {name}", bare(picture(name)), answered) for name in GOOD]
    events += [Event(f"good HTTP {name}", http(encoded(picture(name))), frozenset({"200"})) for name in GOOD[:3]]
    events += [Event(f"bad {name}", bare(picture(f"images/{name}")), frozenset({CODES[status]})) for name, status in BAD.items()]
    events += [Event(f"bad HTTP {name}", http(encoded(picture(f"images/{name}"))), frozenset({status})) for name, status in BAD.items()]
    refused = frozenset({"bad_request"})
    events += [
        Event("no JSON", b"hello", refused),
        Event("nothing", b"", refused),
        Event("no picture", bare(b"GIF89a......"), frozenset({CODES["415"]})),
        Event("no base64", json.dumps({"body": "*" * 1000}).encode(), refused),
        Event("deep nesting", b'{"body":' + b"[" * 100_000 + b"]" * 100_000 + b"}", refused),
        Event("many headers", http("QUJD", headers={f"x-{number}": "y" * 50 for number in range(20_000)}), frozenset({"415"})),
        Event("bad query", http("QUJD", queryString={"top": "many"}), frozenset({"400"})),
        Event("large interlaced", bare(interlaced(5000)), answered),
        Event("too large interlaced", bare(interlaced(7000)), frozenset({CODES["413"]})),
        Event("too large interlaced HTTP", http(encoded(interlaced(7000))), frozenset({"413"})),
        Event("too large progressive", bare(progressive(9000)), frozenset({CODES["413"]})),
        Event("large noise", bare(random.Random(1).randbytes(4 * MIB)), frozenset({CODES["415"]})),
        Event("too large", b'{"body":"' + b"A" * (7 * MIB) + b'"}', frozenset({"too_large"})),
    ]
    return events


def for_serve() -> list[Event]:
    """Requests of the service."""
    events = [Event(f"good {name}", picture(name), frozenset({"200"})) for name in GOOD]
    events += [Event(f"bad {name}", picture(f"images/{name}"), frozenset({status})) for name, status in BAD.items()]
    tomato = picture(GOOD[0])
    form = (b'--X\r\nContent-Disposition: form-data; name="f"; filename="t.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
            + tomato + b"\r\n--X--\r\n")
    events += [
        Event("form", form, frozenset({"200"}), "multipart/form-data; boundary=X"),
        Event("JSON", json.dumps({"image": encoded(tomato)}).encode(), frozenset({"200"}), "application/json"),
        Event("data URL", f"data:image/jpeg;base64,{encoded(tomato)}".encode(), frozenset({"200"}), "text/plain", "?lang=zh&top=5"),
        Event("form cut off", form[:100], frozenset({"422"}), "multipart/form-data; boundary=X"),
        Event("form without boundary", form, frozenset({"200"}), "multipart/form-data"),
        Event("bad query", tomato, frozenset({"400"}), query="?top=none"),
        Event("GIF", b"GIF89a\xff.....", frozenset({"415"})),
        Event("nothing", b"", frozenset({"400"})),
        Event("large interlaced", interlaced(5000), frozenset({"200"})),
        Event("too large interlaced", interlaced(7000), frozenset({"413"})),
        Event("too large progressive", progressive(9000), frozenset({"413"})),
        Event("noise", random.Random(2).randbytes(2 * MIB), frozenset({"415"})),
        Event("too large", bytes(7 * MIB), frozenset({"413"})),
    ]
    return events
