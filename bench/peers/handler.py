"""The same job as a Python function: json, base64, Pillow, LiteRT's own interpreter.

    handler.py once EVENT-FILE MODEL.tflite LABELS THREADS [--draft]    prints the answer (for cold starts)
    handler.py turns EVENT-FILE MODEL.tflite LABELS THREADS [--draft]   a count a line in, a line of JSON out

With --draft Pillow decodes JPEGs at the smallest sufficient scale, which few handlers do.
"""

import base64
import io
import json
import sys
import time

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image, ImageOps

WARM_UP = 5


class Handler:
    def __init__(self, model: str, labels: str, threads: int, draft: bool) -> None:
        with open(labels, encoding="utf-8") as file:
            self.labels = file.read().splitlines()
        self.interpreter = Interpreter(model_path=model, num_threads=threads)
        self.interpreter.allocate_tensors()
        self.input = self.interpreter.get_input_details()[0]
        self.output = self.interpreter.get_output_details()[0]
        self.draft = draft

    def handle(self, event: bytes) -> str:
        encoded = base64.b64decode(json.loads(event)["body"])
        _, height, width, _ = self.input["shape"]
        with Image.open(io.BytesIO(encoded)) as image:
            if self.draft:
                image.draft("RGB", (width, height))
            upright = ImageOps.exif_transpose(image).convert("RGB")
            pixels = np.asarray(upright.resize((width, height), Image.Resampling.BILINEAR))
        self.interpreter.set_tensor(self.input["index"], pixels[None])
        self.interpreter.invoke()
        scale, zero_point = self.output["quantization"]
        raw = self.interpreter.get_tensor(self.output["index"])[0].astype(np.int32)
        first = np.argsort(-raw, kind="stable")[:3]
        lines = [f"{self.labels[index]}: {(raw[index] - zero_point) * scale:.2%}" for index in first]
        return "\n".join(lines)


def main() -> None:
    mode, event_file, model, labels, threads, pause, *options = sys.argv[1:]
    with open(event_file, "rb") as file:
        event = file.read()
    handler = Handler(model, labels, int(threads), "--draft" in options)
    if mode == "once":
        print(handler.handle(event))
        return
    for _ in range(WARM_UP):
        handler.handle(event)
    for line in sys.stdin:
        nanoseconds = []
        begin = time.perf_counter_ns()
        for _ in range(int(line)):
            time.sleep(int(pause) / 1000)
            start = time.perf_counter_ns()
            handler.handle(event)
            nanoseconds.append(time.perf_counter_ns() - start)
        wall = time.perf_counter_ns() - begin
        print(json.dumps({"nanoseconds": nanoseconds, "wall_nanoseconds": wall}), flush=True)


if __name__ == "__main__":
    main()
