"""The steps of the function `cutout` in Python, with OpenCV and Pillow: ``peer.py PHOTO``.

A process as the other contestants are: each line on standard input is a number of photos; a line of JSON with the times comes back. What takes
the time is printed to standard error at the end.
"""

import io
import json
import sys
import time
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image, ImageOps

MODELS = Path(__file__).resolve().parents[2] / "models"
SIDE, FACE_SIDE, REDUCED_SIDE = 256, 192, 512
EPSILON, FLAT, CLEAR, SOLID, SURE = 2.5e-4, 1e-3, 0.1, 0.9, 0.65
SPENT: dict[str, float] = defaultdict(float)

cv2.setNumThreads(1)


class Network:
    """One of the two, ready to run."""

    def __init__(self, name: str, output: str) -> None:
        self.interpreter = Interpreter(str(MODELS / name / "model.tflite"), num_threads=1)
        self.interpreter.allocate_tensors()
        self.input = self.interpreter.get_input_details()[0]["index"]
        [self.output] = [detail["index"] for detail in self.interpreter.get_output_details() if detail["name"] == output]

    def run(self, tensor: np.ndarray) -> np.ndarray:
        self.interpreter.set_tensor(self.input, tensor[None])
        self.interpreter.invoke()
        return self.interpreter.get_tensor(self.output)[0, ..., 0]


PERSON, FACE = Network("selfie", "activation_10"), Network("faces", "Identity_1")


class Clock:
    """Adds up what each step takes."""

    def __init__(self) -> None:
        self.at = time.perf_counter()

    def step(self, name: str) -> None:
        now = time.perf_counter()
        SPENT[name] += now - self.at
        self.at = now


def cut_out(encoded: bytes) -> bytes:
    """JPEG to PNG with alpha."""
    clock = Clock()
    photo = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(encoded))).convert("RGB"))
    clock.step("decoding")
    height, width = photo.shape[:2]
    factor = -(-max(height, width) // REDUCED_SIDE)
    small = cv2.resize(photo, (-(-width // factor), -(-height // factor)), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    first = PERSON.run(cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_AREA))
    left, top, right, bottom = box(first)
    left, top, right, bottom = left * width // SIDE, top * height // SIDE, right * width // SIDE, bottom * height // SIDE
    region = widened((left, top, right, bottom), width, height)
    if not is_face(photo, region):
        raise SystemExit("no face")
    mask = np.zeros(small.shape[:2], np.float32)
    if (right - left) * (bottom - top) <= 0.7 * width * height:
        left, top, right, bottom = region
        part = cv2.resize(photo[top:bottom, left:right], (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        second = PERSON.run(part)
        x0, y0, x1, y1 = left // factor, top // factor, -(-right // factor), -(-bottom // factor)
        mask[y0:y1, x0:x1] = cv2.resize(second, (x1 - x0, y1 - y0), interpolation=cv2.INTER_LINEAR)
    else:
        mask = cv2.resize(first, small.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    clock.step("networks")
    linear = guided(small, mask)
    full = photo.astype(np.float32) / 255
    upper = cv2.resize(linear, (width, height), interpolation=cv2.INTER_LINEAR)
    alpha = stretched((upper[..., :3] * full).sum(axis=2) + upper[..., 3])
    clock.step("filter")
    person, background = colours(small, stretched((linear[..., :3] * small).sum(axis=2) + linear[..., 3]))
    person = cv2.resize(person, (width, height), interpolation=cv2.INTER_LINEAR)
    background = cv2.resize(background, (width, height), interpolation=cv2.INTER_LINEAR)
    weight = alpha[..., None]
    own = person + weight * (full - weight * person - (1 - weight) * background)
    clock.step("colours")
    picture = np.empty((height, width, 4), np.uint8)
    picture[..., :3] = np.clip(own * 255 + 0.5, 0, 255)
    picture[..., 3] = alpha * 255 + 0.5
    picture[alpha <= 0] = 0
    clock.step("composing")
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    clock.step("coding")
    return file.getvalue()


def box(mask: np.ndarray) -> tuple[int, int, int, int]:
    count, _, stats, _ = cv2.connectedComponentsWithStats((mask > 0.5).astype(np.uint8), connectivity=4)
    parts = sorted(stats[1:count].tolist(), key=lambda part: -part[cv2.CC_STAT_AREA])
    parts = [part for part in parts if part[cv2.CC_STAT_AREA] >= max(SIDE, parts[0][cv2.CC_STAT_AREA] // 10)]
    return (min(part[0] for part in parts), min(part[1] for part in parts),
            max(part[0] + part[2] for part in parts), max(part[1] + part[3] for part in parts))


def widened(region: tuple[int, int, int, int], width: int, height: int) -> tuple[int, int, int, int]:
    left, top, right, bottom = region
    across, down = (right - left) * 15 // 100, (bottom - top) * 15 // 100
    return max(0, left - across), max(0, top - down), min(width, right + across), min(height, bottom + down)


def is_face(photo: np.ndarray, region: tuple[int, int, int, int]) -> bool:
    left, top, right, bottom = region
    longer = max(right - left, bottom - top)
    size = (right - left) * FACE_SIDE // longer, (bottom - top) * FACE_SIDE // longer
    square = np.full((FACE_SIDE, FACE_SIDE, 3), -1, np.float32)
    x, y = (FACE_SIDE - size[0]) // 2, (FACE_SIDE - size[1]) // 2
    part = cv2.resize(photo[top:bottom, left:right], size, interpolation=cv2.INTER_AREA)
    square[y : y + size[1], x : x + size[0]] = part.astype(np.float32) / 127.5 - 1
    return bool(FACE.run(square).max() > np.log(SURE / (1 - SURE)))


def mean(values: np.ndarray, radius: int) -> np.ndarray:
    side = 2 * radius + 1
    return cv2.boxFilter(values, -1, (side, side), borderType=cv2.BORDER_REFLECT)


def guided(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    radius = max(max(picture.shape[:2]) // 60, 1)
    r, g, b = cv2.split(picture)
    planes = mean(np.dstack([r, g, b, mask]), radius)
    mr, mg, mb, mv = cv2.split(planes)
    rr, rg, rb, rv = cv2.split(mean(np.dstack([r * r, r * g, r * b, r * mask]), radius))
    gg, gb, gv = cv2.split(mean(np.dstack([g * g, g * b, g * mask]), radius))
    bb, bv = cv2.split(mean(np.dstack([b * b, b * mask]), radius))
    rr, gg, bb = rr - mr * mr + EPSILON, gg - mg * mg + EPSILON, bb - mb * mb + EPSILON
    rg, rb, gb = rg - mr * mg, rb - mr * mb, gb - mg * mb
    vr, vg, vb = rv - mr * mv, gv - mg * mv, bv - mb * mv
    ia, ib, ic = gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg
    ie, if_, ii = rr * bb - rb * rb, rg * rb - rr * gb, rr * gg - rg * rg
    scale = 1 / (rr * ia + rg * ib + rb * ic)
    ar = (ia * vr + ib * vg + ic * vb) * scale
    ag = (ib * vr + ie * vg + if_ * vb) * scale
    ab = (ic * vr + if_ * vg + ii * vb) * scale
    return mean(np.dstack([ar, ag, ab, mv - ar * mr - ag * mg - ab * mb]), radius)


def stretched(alpha: np.ndarray) -> np.ndarray:
    return np.clip((alpha - CLEAR) / (SOLID - CLEAR), 0, 1)


def colours(picture: np.ndarray, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    weight = alpha[..., None]
    person = background = picture
    for share in (20, 150):
        radius = max(max(picture.shape[:2]) // share, 1)
        of_person = mean(np.dstack([person * weight, alpha]), radius)
        of_background = mean(np.dstack([background * (1 - weight), 1 - alpha]), radius)
        around = of_person[..., :3] / np.maximum(of_person[..., 3:], 1e-4)
        background = of_background[..., :3] / np.maximum(of_background[..., 3:], 1e-4)
        person = around + weight * (picture - weight * around - (1 - weight) * background)
    return around, background


def main() -> None:
    """Takes turns."""
    encoded = Path(sys.argv[1]).read_bytes()
    done = 0
    for line in sys.stdin:
        started, times = time.perf_counter_ns(), []
        for _ in range(int(line)):
            before = time.perf_counter_ns()
            answer = cut_out(encoded)
            times.append(time.perf_counter_ns() - before)
        done += len(times)
        if len(sys.argv) > 2:
            Path(sys.argv[2]).write_bytes(answer)
        print(json.dumps({"nanoseconds": times, "wall_nanoseconds": time.perf_counter_ns() - started}), flush=True)
    print({name: f"{spent / done * 1000:.1f} ms" for name, spent in SPENT.items()}, file=sys.stderr)


if __name__ == "__main__":
    main()
