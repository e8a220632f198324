"""Compares what a running service makes of the pictures in folders with what Pillow makes of them.

    vision serve --history /tmp/compare.sqlite --history-limit 100000 --body-limit 8 &
    python tests/reference/compare.py --side 192 FOLDER …       # sums, then each picture that is not as with Pillow

JPEG and PNG, by their first bytes whatever the name: the service and Pillow should both decode them or both not. The label
should be that of Pillow's pixels: upright, RGB over white, stretched by BILINEAR to the model's input, sent as PNG, which
the service takes as it is. The small picture of the history should have the size and look of Pillow's. Any other file
that Pillow knows should be refused with its format's name.
"""

import argparse
import collections
import hashlib
import http.client
import io
import json
import re
import time
import urllib.parse
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

# Names of files and folders whose contents were made wrong by a machine.
FUZZED = re.compile(r"fuzz|corpus|afl|[/.]crash", re.IGNORECASE)
# Sides of the history's small pictures.
SMALL = 160
# Two pictures look different where their mean distance in grey, of 255, is larger than this in a size in which details
# and the small picture's own compression no longer count; what is not much larger than that has nothing but details.
LOOKS_DIFFERENT = 12.0
WITHOUT_DETAILS = 16
LARGE_ENOUGH = 64
JPEG, PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"


class Service:
    def __init__(self, address: str, top: int) -> None:
        self.host = urllib.parse.urlsplit(address).netloc
        self.path = f"/v1/recognize?lang=en&top={top}"
        self.connection = http.client.HTTPConnection(self.host, timeout=120)

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        for attempt in (1, 2):
            try:
                headers = {"content-type": "application/octet-stream"} if body is not None else {}
                self.connection.request(method, path, body, headers)
                response = self.connection.getresponse()
                return response.status, response.read()
            except (http.client.HTTPException, OSError):
                # A connection that was idle for too long, or closed behind a body that is too large.
                self.connection.close()
                if attempt == 2:
                    raise
        raise AssertionError

    def recognise(self, picture: bytes) -> dict:
        status, body = self.ask("POST", self.path, picture)
        return {"status": status, **json.loads(body)}

    def small_pictures(self) -> dict[str, str]:
        """Where the history has each picture's small one, by the picture's sum."""
        found, before = {}, ""
        while True:
            status, body = self.ask("GET", f"/v1/history?limit=100{before}")
            if status != 200:
                return {}
            page = json.loads(body)
            found.update({entry["sha256"]: entry["thumbnail"] for entry in page["entries"] if entry["thumbnail"]})
            if not page["next"]:
                return found
            before = "&before=" + urllib.parse.quote(page["next"])


def upright(encoded: bytes) -> Image.Image:
    """Pillow's picture as the service promises it: upright, RGB, over white."""
    with Image.open(io.BytesIO(encoded)) as image:
        image.load()
        image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):
        # 16 bits of grey, of which one may stand for transparent.
        grey = np.asarray(image).astype(np.uint32)
        white = np.where(grey == image.info.get("transparency", -1), 255, grey >> 8)
        return Image.fromarray(white.astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        over = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(over, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")


def by_pillow(encoded: bytes) -> Image.Image | str:
    """The picture, or why there is none."""
    try:
        return upright(encoded)
    except Exception as error:  # Pillow's decoders raise nearly anything.
        return re.sub(r" <.*>", "", f"{type(error).__name__}: {error}")


def reference_label(service: Service, image: Image.Image, side: int) -> dict:
    out = io.BytesIO()
    image.resize((side, side), Image.Resampling.BILINEAR).save(out, "png", compress_level=1)
    return service.recognise(out.getvalue())


def labels_agree(ours: dict, theirs: dict) -> str:
    ours, theirs = ours["predictions"], theirs["predictions"]
    if ours[0]["index"] == theirs[0]["index"]:
        return "same"

    def likeliest(predictions: list[dict]) -> set[int]:
        return {one["index"] for one in predictions if one["probability"] == predictions[0]["probability"]}

    return "tie" if likeliest(ours) & likeliest(theirs) else "other"


def describe_labels(answer: dict) -> str:
    return ", ".join(f"{one['label']} {one['probability']:.3f}" for one in answer["predictions"][:2])


def describe_picture(encoded: bytes) -> str:
    with Image.open(io.BytesIO(encoded)) as image:
        layers = getattr(image, "layer", [])
        sampling = "/".join(f"{across}x{down}" for _, across, down, _ in layers)
        return f"{image.width} × {image.height} {image.mode} {sampling}".strip()


def small_picture_differs(service: Service, path: str, image: Image.Image) -> str | None:
    status, body = service.ask("GET", path)
    if status != 200:
        return f"the history's small picture: {status}"
    small = Image.open(io.BytesIO(body)).convert("RGB")
    longest = max(image.size)
    expected = tuple(max(1, side * min(SMALL, longest) // longest) for side in image.size)
    if small.size != expected:
        return f"size {small.size}, expected {expected}"
    if longest < LARGE_ENOUGH:
        return None
    coarse = tuple(min(side, WITHOUT_DETAILS) for side in expected)
    ours, theirs = (
        np.asarray(one.convert("L").resize(coarse, Image.Resampling.BOX)).astype(int) for one in (small, image)
    )
    distance = np.abs(ours - theirs).mean()
    return f"mean distance {distance:.1f}" if distance > LOOKS_DIFFERENT else None


class Comparison:
    """What was found in one folder."""

    def __init__(self, service: Service, folder: Path, side: int) -> None:
        self.service, self.folder, self.side = service, folder, side
        self.counts = {is_fuzzed: collections.Counter() for is_fuzzed in (False, True)}
        self.said: list[tuple[str, str]] = []
        self.refused = collections.Counter()
        self.decoded: list[Path] = []

    def is_fuzzed(self, path: Path) -> bool:
        return bool(FUZZED.search(str(path.relative_to(self.folder.parent))))

    def count(self, path: Path, key: str, text: str | None = None) -> None:
        self.counts[self.is_fuzzed(path)][key] += 1
        if text is not None:
            mark = "fuzzed, " if self.is_fuzzed(path) else ""
            self.said.append((mark + key, f"{path.relative_to(self.folder)}: {text}"))

    def add(self, path: Path) -> None:
        encoded = path.read_bytes()
        if encoded.startswith((JPEG, PNG)):
            self.add_picture(path, encoded)
        elif name := name_of_other(encoded):
            answer = self.service.recognise(encoded)
            self.count(path, "other formats")
            self.refused[name, answer["status"], answer.get("error", {}).get("message", "labels")] += 1

    def add_picture(self, path: Path, encoded: bytes) -> None:
        answer, image = self.service.recognise(encoded), by_pillow(encoded)
        reason = answer.get("error", {}).get("message", "")
        self.count(path, "files")
        if answer["status"] >= 500:
            self.count(path, "5xx", reason)
        elif answer["status"] != 200 and isinstance(image, str):
            self.count(path, "neither", f"{reason}; Pillow: {image}")
        elif answer["status"] != 200:
            self.count(path, "only Pillow", f"{describe_picture(encoded)}: {reason}")
        elif isinstance(image, str):
            notice = answer.get("notice", "no notice")
            self.count(path, "only the service", f"{describe_labels(answer)}; {notice}; Pillow: {image}")
        else:
            self.count(path, "both")
            self.decoded.append(path)
            self.add_label(path, encoded, answer, image)

    def add_label(self, path: Path, encoded: bytes, answer: dict, image: Image.Image) -> None:
        reference = reference_label(self.service, image, self.side)
        agreement = labels_agree(answer, reference)
        text = f"{describe_picture(encoded)}: {describe_labels(answer)}; Pillow: {describe_labels(reference)}"
        if "notice" in answer:
            text += f"; {answer['notice']}"
        self.count(path, f"label {agreement}", None if agreement == "same" else text)

    def compare_looks(self) -> None:
        small = self.service.small_pictures()
        for path in self.decoded:
            encoded = path.read_bytes()
            if where := small.get(hashlib.sha256(encoded).hexdigest()):
                self.count(path, "looks compared")
                if differs := small_picture_differs(self.service, where, upright(encoded)):
                    self.count(path, "looks differ", differs)

    def print(self) -> None:
        for is_fuzzed, count in self.counts.items():
            if count:
                name = f"{self.folder.name}, fuzzed" if is_fuzzed else self.folder.name
                print(f"{name}: " + ", ".join(f"{key} {number}" for key, number in count.items()))
        for key, text in sorted(self.said):
            print(f"  {key}: {text}")
        for (name, status, message), number in sorted(self.refused.items()):
            print(f"  {number} × {name}: {status} {message}")


def compare(service: Service, folder: Path, side: int) -> None:
    comparison = Comparison(service, folder, side)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and ".git" not in path.parts:
            comparison.add(path)
    time.sleep(1)  # The history is written behind the answers.
    comparison.compare_looks()
    comparison.print()


def name_of_other(encoded: bytes) -> str | None:
    """What Pillow calls a file that is neither JPEG nor PNG, if it knows it."""
    try:
        with Image.open(io.BytesIO(encoded)) as image:
            return image.format
    except Exception:
        return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--service", default="http://127.0.0.1:9000", help="its address")
    parser.add_argument("--side", type=int, required=True, help="of the model's input: 192 groceries, 224 imagenet")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = 200_000_000
    service = Service(arguments.service, top=5)
    for folder in arguments.folders:
        compare(service, folder.resolve(), arguments.side)


if __name__ == "__main__":
    main()
