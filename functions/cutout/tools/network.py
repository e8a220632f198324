#!/usr/bin/env python3
"""Runs one of the function's networks on floats from standard input, for the example `steps`: ``network.py person`` or ``face``.

Needs ai-edge-litert and numpy (bench/requirements.txt has both), and the weights (``python3 models/fetch.py selfie``, ``faces``).
"""

import sys
from pathlib import Path

import numpy
from ai_edge_litert.interpreter import Interpreter

NETWORKS = {"person": ("selfie", "activation_10"), "face": ("faces", "Identity_1")}


def main() -> None:
    """Reads the input, writes the output."""
    model, output = NETWORKS[sys.argv[1]]
    interpreter = Interpreter(str(Path(__file__).resolve().parents[3] / "models" / model / "model.tflite"), num_threads=1)
    interpreter.allocate_tensors()
    [source] = interpreter.get_input_details()
    tensor = numpy.frombuffer(sys.stdin.buffer.read(), numpy.float32).reshape(source["shape"])
    interpreter.set_tensor(source["index"], tensor)
    interpreter.invoke()
    [target] = [detail for detail in interpreter.get_output_details() if detail["name"] == output]
    sys.stdout.buffer.write(interpreter.get_tensor(target["index"]).tobytes())


if __name__ == "__main__":
    main()
