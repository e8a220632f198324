"""Compares a function with LiteRT's Python interpreter on the same pixels of photos.

    python tests/own_model/compare.py MODEL LABELS FOLDER [OPTION of vision function …]

MODEL is a .tflite file, LABELS a file or `-` where the model has them, FOLDER has photos, of which the first twenty are taken.
Each photo is stretched by Pillow to the model's size, so that both see the same pixels.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

PROJECT = Path(__file__).resolve().parents[2]
VISION = PROJECT / "target/release/vision"
WANTED = 20


def values(interpreter: Interpreter, pixels: np.ndarray, mean: np.ndarray, std: np.ndarray) -> np.ndarray:
    takes, gives = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    if takes["dtype"] == np.float32:
        numbers = ((pixels.astype(np.float32) - mean) / std).astype(np.float32)
    else:
        numbers = (pixels.astype(np.int32) - (128 if takes["dtype"] == np.int8 else 0)).astype(takes["dtype"])
    interpreter.set_tensor(takes["index"], numbers[None])
    interpreter.invoke()
    return interpreter.get_tensor(gives["index"])[0].astype(np.float64)


def option(options: list[str], name: str, default: str) -> np.ndarray:
    text = options[options.index(name) + 1] if name in options else default
    return np.array([float(number) for number in text.split(",")], np.float32)


def main() -> int:
    model, labels, folder, *options = sys.argv[1:]
    mean, std = option(options, "--mean", "127.5"), option(options, "--std", "127.5")
    interpreter = Interpreter(model_path=model)
    interpreter.allocate_tensors()
    _, height, width, _ = interpreter.get_input_details()[0]["shape"]
    photos = sorted(file for file in Path(folder).rglob("*") if file.suffix.lower() in {".jpg", ".jpeg", ".png"})[:WANTED]
    agree = 0
    with tempfile.TemporaryDirectory() as work:
        function, picture = Path(work) / "my.wasm", Path(work) / "picture.png"
        begin = time.monotonic()
        command = [VISION, "function", "--model", model, "--output", function, *options]
        subprocess.run(command + ([] if labels == "-" else ["--labels", labels]), check=True, stdout=subprocess.DEVNULL)
        seconds = time.monotonic() - begin
        for photo in photos:
            with Image.open(photo) as image:
                pixels = np.asarray(image.convert("RGB").resize((int(width), int(height)), Image.Resampling.BILINEAR))
            Image.fromarray(pixels).save(picture)
            event = {"httpMethod": "POST", "path": "/", "headers": {}, "queryString": {"top": "3"}, "body": ""}
            event["body"] = subprocess.run(["base64", "-w0", picture], check=True, capture_output=True, text=True).stdout
            done = subprocess.run([VISION, "run", "--wasm", function], input=json.dumps(event), check=True, capture_output=True, text=True)
            found = [prediction["index"] for prediction in json.loads(json.loads(done.stdout)["body"])["predictions"]]
            expected = np.argsort(-values(interpreter, pixels, mean, std), kind="stable")[:3].tolist()
            agree += found[0] == expected[0]
            if found != expected:
                print(f"{photo.name}: {found}, LiteRT says {expected}")
    print(f"{agree} of {len(photos)} first labels agree; the function was made in {seconds:.2f} s")
    return 0 if agree == len(photos) else 1


if __name__ == "__main__":
    sys.exit(main())
