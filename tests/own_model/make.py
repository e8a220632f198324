"""Makes the models, pictures and expected.json of this folder: small models in the forms that people's tools export.

    python tests/own_model/make.py     # needs the packages of train/requirements.txt

All of them tell colours: a convolution, the mean of all places, a few weights that were chosen by hand. What they answer is
found by LiteRT's Python interpreter on the same pixels.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from PIL import Image
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

HERE = Path(__file__).resolve().parent
SIDE = 32
LABELS = ["Red", "Green", "Blue", "Grey"]
# What each class has of red, green and blue in -1 to 1, and on its own.
WEIGHTS = np.array([[6, -3, -3, -1], [-3, 6, -3, -1], [-3, -3, 6, -1]], np.float32)
BIAS = np.array([0.3, -0.2, 0.1, 1.5], np.float32)
# As of ImageNet in PyTorch, in steps of a byte.
MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)

Network = Callable[[tf.Tensor], object]


def colours(pixels: tf.Tensor) -> tf.Tensor:
    """Logits of the four classes, from numbers in -1 to 1 of three channels."""
    kernel = np.zeros((3, 3, 3, 3), np.float32)
    for channel in range(3):
        # Not all alike, so that each has a scale of its own.
        kernel[:, :, channel, channel] = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16 * (1 + channel)
    blurred = tf.nn.conv2d(pixels, tf.constant(kernel), 2, "SAME") / tf.constant([1.0, 2.0, 3.0])
    return tf.linalg.matmul(tf.reduce_mean(blurred, [1, 2]), tf.constant(WEIGHTS)) + tf.constant(BIAS)


def softmax(pixels: tf.Tensor) -> tf.Tensor:
    return tf.nn.softmax(colours(pixels))


def rescaling(pixels: tf.Tensor) -> tf.Tensor:
    """Logits, from bytes as floating point: the model rescales them itself."""
    return colours(pixels * (1 / 127.5) - 1.0)


def brightness(pixels: tf.Tensor) -> tf.Tensor:
    """Of a grey picture: dark, medium or bright; from numbers in 0 to 1."""
    mean = tf.reduce_mean(tf.nn.conv2d(pixels, tf.constant(np.full((3, 3, 1, 1), 1 / 9, np.float32)), 1, "VALID"), [1, 2])
    return tf.nn.softmax(mean * tf.constant([[-8.0, 0.0, 8.0]]) + tf.constant([3.0, 0.5, -5.0]))


def two(pixels: tf.Tensor) -> dict[str, tf.Tensor]:
    """The classes, and numbers that are none."""
    return {"scores": softmax(pixels), "features": tf.reduce_mean(pixels, [1, 2]) * 2.0}


def convert(network: Network, shape: tuple[int | None, ...], quantized: tf.DType | None = None,
            samples: Iterator[np.ndarray] | None = None, per_tensor: bool = False) -> bytes:
    function = tf.function(network, input_signature=[tf.TensorSpec(shape, tf.float32, name="picture")])
    frozen = convert_variables_to_constants_v2(function.get_concrete_function())
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen])
    if quantized is not None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([sample[None]] for sample in samples)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = quantized
        converter._experimental_disable_per_channel = per_tensor
    return converter.convert()


def pictures() -> list[Path]:
    """Small pictures of our own renderings, and of plain colours with noise."""
    folder = HERE / "pictures"
    folder.mkdir(exist_ok=True)
    for sample in sorted((HERE.parent / "samples").glob("*.jpg")):
        with Image.open(sample) as image:
            image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX).save(folder / f"{sample.stem}.png", optimize=True)
    noise = np.random.default_rng(18)
    for name, colour in {"red": (190, 40, 60), "green": (60, 160, 70), "blue": (50, 70, 200), "grey": (120, 125, 118)}.items():
        pixels = np.clip(np.array(colour) + noise.integers(-25, 26, (SIDE, SIDE, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{name}.png", optimize=True)
    return sorted(folder.glob("*.png"))


def pixels_of(file: Path, grey: bool) -> np.ndarray:
    with Image.open(file) as image:
        return np.asarray(image.convert("L"))[..., None] if grey else np.asarray(image.convert("RGB"))


def probabilities(model: bytes, pixels: np.ndarray, mean: object, std: object, output_size: int) -> list[float]:
    interpreter = Interpreter(model_content=model)
    takes = interpreter.get_input_details()[0]
    interpreter.resize_tensor_input(takes["index"], (1, *pixels.shape))
    interpreter.allocate_tensors()
    numbers = ((pixels.astype(np.float32) - np.float32(mean)) / np.float32(std)).astype(np.float32)
    if takes["dtype"] != np.float32:
        # The models of bytes take those of the pixel.
        numbers = (pixels.astype(np.int32) - (128 if takes["dtype"] == np.int8 else 0)).astype(takes["dtype"])
    interpreter.set_tensor(takes["index"], numbers[None])
    interpreter.invoke()
    (gives,) = [output for output in interpreter.get_output_details() if output["shape"][-1] == output_size]
    values = interpreter.get_tensor(gives["index"])[0].astype(np.float64)
    if gives["dtype"] != np.float32:
        scale, zero_point = gives["quantization"]
        values = (values - zero_point) * scale
    if not np.isclose(values.sum(), 1, atol=0.05):
        values = np.exp(values - values.max())
        values /= values.sum()
    return [round(float(value), 6) for value in values]


def main() -> None:
    files = pictures()

    def samples(grey: bool = False, scale: float = 127.5, mean: float = 127.5) -> Iterator[np.ndarray]:
        for file in files:
            yield ((pixels_of(file, grey) - mean) / scale).astype(np.float32)
        # All values that a byte can have.
        ramp = np.linspace(0, 255, SIDE * SIDE).reshape(SIDE, SIDE, 1)
        yield (np.repeat((ramp - mean) / scale, 1 if grey else 3, axis=2)).astype(np.float32)

    shape = (1, SIDE, SIDE, 3)
    models = {
        "teachable-machine-float.zip": convert(softmax, shape),
        "teachable-machine-quantized.zip": convert(softmax, shape, tf.uint8, samples()),
        "open-batch-logits.tflite": convert(rescaling, (None, SIDE, SIDE, 3)),
        "int8-logits.tflite": convert(colours, shape, tf.int8, samples(), per_tensor=True),
        "any-size.tflite": convert(softmax, (1, None, None, 3)),
        "grey.tflite": convert(brightness, (1, SIDE, SIDE, 1), tf.uint8, samples(grey=True, scale=255, mean=0)),
        "two-outputs.tflite": convert(two, shape),
        "planes.tflite": convert(lambda pixels: softmax(tf.transpose(pixels, [0, 2, 3, 1])), (1, 3, SIDE, SIDE)),
    }
    numbers = {"open-batch-logits.tflite": (0, 1)}
    expected = {}
    for name, model in models.items():
        if name.endswith(".zip"):
            inside = "model.tflite" if "quantized" in name else "model_unquant.tflite"
            with zipfile.ZipFile(HERE / name, "w", zipfile.ZIP_DEFLATED) as archive:
                for member, content in ((inside, model), ("labels.txt", "".join(f"{n} {label}\n" for n, label in enumerate(LABELS)))):
                    info = zipfile.ZipInfo(member, (1980, 1, 1, 0, 0, 0))
                    info.compress_type = zipfile.ZIP_DEFLATED
                    archive.writestr(info, content)
        else:
            (HERE / name).write_bytes(model)
        grey = name == "grey.tflite"
        mean, std = numbers.get(name, (127.5, 127.5))
        answers = {}
        for file in files:
            pixels = pixels_of(file, grey)
            if name == "planes.tflite":
                pixels = np.moveaxis(pixels, 2, 0)
            answers[file.name] = probabilities(model, pixels, mean, std, 3 if grey else 4)
        expected[name] = answers
    model = models["teachable-machine-float.zip"]
    expected["told"] = {file.name: probabilities(model, pixels_of(file, False), MEAN, STD, 4) for file in files}
    (HERE / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
    for name in models:
        print(name, (HERE / name).stat().st_size)


if __name__ == "__main__":
    main()
