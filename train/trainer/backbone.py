"""Weights of a pretrained int8 MobileNetV2 .tflite, as floating-point numbers."""

from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from trainer.errors import TrainingInputError

CONVOLUTIONS = 52  # stem, 17 blocks (the first without expansion: 2, the others 3), and the last 1 × 1


def read_backbone(path: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """Read the 52 convolutions before the classifier as (kernel, bias), float32, in the order of execution.

    Kernels come as TensorFlow wants them: [h, w, in, out], depthwise [h, w, channels, 1]. The file's batch norms are
    folded into kernel and bias. A weight is its int8 value times its channel's scale (zero point 0, as the
    TensorFlow Lite quantisation specification asks for weights); a bias its int32 value times its own.

    Raises:
        TrainingInputError: no such file, or not a MobileNetV2 of this form.
    """
    if not path.is_file():
        raise TrainingInputError(f"backbone not found: {path}. Set BACKBONE to the folder that holds {path.name}")
    try:
        interpreter = Interpreter(model_path=str(path))
    except ValueError as error:
        raise TrainingInputError(f"backbone {path} is not a TensorFlow Lite model: {error}") from error
    tensors = {detail["index"]: detail for detail in interpreter.get_tensor_details()}

    def dequantised(index: int) -> np.ndarray:
        detail = tensors[index]
        parameters = detail["quantization_parameters"]
        shape = [1] * len(detail["shape"])
        shape[parameters["quantized_dimension"]] = -1
        return interpreter.get_tensor(index).astype(np.float32) * parameters["scales"].reshape(shape)

    weights = []
    for operation in interpreter._get_ops_details():
        if operation["op_name"] not in ("CONV_2D", "DEPTHWISE_CONV_2D") or len(weights) == CONVOLUTIONS:
            continue
        _, kernel_index, bias_index = operation["inputs"]
        kernel, bias = dequantised(kernel_index), dequantised(bias_index)
        # [out, h, w, in] → [h, w, in, out]; depthwise [1, h, w, channels] → [h, w, channels, 1]
        weights.append((kernel.transpose(1, 2, 3, 0), bias))
    if len(weights) != CONVOLUTIONS:
        raise TrainingInputError(f"backbone {path} has {len(weights)} convolutions before its classifier, MobileNetV2 has {CONVOLUTIONS}")
    return weights
