"""From trained variables to the int8 TensorFlow Lite file that the project ships."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import flatbuffers
import numpy as np
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from trainer.network import ActivationHook, KernelHook, MobileNetV2, normalised

INPUT_TENSOR = "image"
OUTPUT_TENSOR = "probabilities"


def convert(
    network: MobileNetV2,
    size: int,
    calibration: np.ndarray,
    activation: ActivationHook | None = None,
    kernel: KernelHook | None = None,
) -> bytes:
    """Convert to int8 with a softmax at the end, uint8 in and out.

    The graph starts behind :func:`normalised`: its input's scale and zero point do that step, so bytes go in as they are.

    Args:
        network: trained.
        size: edge of the input.
        calibration: uint8 [n, size, size, 3], pictures whose activations set the ranges.
        activation: hook with simulated quantisation, whose ranges then take the place of the calibrated ones.
        kernel: the same for kernels.
    """
    hooks = {name: hook for name, hook in (("activation", activation), ("kernel", kernel)) if hook is not None}

    @tf.function(input_signature=[tf.TensorSpec([1, size, size, 3], tf.float32, name=INPUT_TENSOR)])
    def serve(image: tf.Tensor) -> dict[str, tf.Tensor]:
        return {OUTPUT_TENSOR: tf.nn.softmax(network(image, **hooks), name=OUTPUT_TENSOR)}

    # Freezing first: the calibrator stumbles over READ_VARIABLE.
    frozen = convert_variables_to_constants_v2(serve.get_concrete_function())
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.uint8
    converter.inference_output_type = tf.uint8

    def representative() -> Iterator[list[np.ndarray]]:
        # The ends of a byte's range come first: the input's scale must fit the bytes, whatever the photos hold.
        for value in (0, 255):
            yield [normalised(np.full((1, size, size, 3), value, np.uint8)).numpy()]
        for picture in calibration:
            yield [normalised(picture[None]).numpy()]

    converter.representative_dataset = representative
    return name_tensors(converter.convert())


def convert_float(network: MobileNetV2, size: int) -> bytes:
    """The same network as a float32 file, for comparison only."""

    @tf.function(input_signature=[tf.TensorSpec([1, size, size, 3], tf.float32, name=INPUT_TENSOR)])
    def serve(image: tf.Tensor) -> tf.Tensor:
        return tf.nn.softmax(network(normalised(image)))

    frozen = convert_variables_to_constants_v2(serve.get_concrete_function())
    return name_tensors(tf.lite.TFLiteConverter.from_concrete_functions([frozen]).convert())


def name_tensors(model: bytes) -> bytes:
    """Give the only input and the only output our names, in the graph and in a signature ``serving_default``.

    The converter invents names such as ``serving_default_image:0`` or ``StatefulPartitionedCall:0``.
    """
    parsed = schema.ModelT.InitFromPackedBuf(model, 0)
    graph = parsed.subgraphs[0]
    (graph_input,), (graph_output,) = graph.inputs, graph.outputs
    graph.tensors[graph_input].name = INPUT_TENSOR.encode()
    graph.tensors[graph_output].name = OUTPUT_TENSOR.encode()
    signature = schema.SignatureDefT()
    signature.signatureKey = b"serving_default"
    signature.subgraphIndex = 0
    signature.inputs, signature.outputs = [schema.TensorMapT()], [schema.TensorMapT()]
    signature.inputs[0].name, signature.inputs[0].tensorIndex = INPUT_TENSOR.encode(), int(graph_input)
    signature.outputs[0].name, signature.outputs[0].tensorIndex = OUTPUT_TENSOR.encode(), int(graph_output)
    parsed.signatureDefs = [signature]
    builder = flatbuffers.Builder(len(model))
    builder.Finish(parsed.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that there is never half of it."""
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as side:
        side.write(content)
    Path(side.name).chmod(0o644)
    Path(side.name).replace(path)
