"""Simulated int8: the network computes in floating point what int8 inference would compute.

Activations get one scale and zero point a tensor, kernels one scale a channel, as the TensorFlow Lite quantisation
specification has it. The ranges of the linear activations are measured on training photos; those behind a ReLU6 are 0 … 6.
"""

from collections import defaultdict

import numpy as np
import tensorflow as tf

from trainer.network import INPUT_SCALE, INPUT_ZERO_POINT, ActivationHook, MobileNetV2, normalised

# Simulated quantisation needs a step larger than nothing.
NARROWEST_RANGE = 1e-3

Ranges = dict[str, tuple[float, float]]


def measure_ranges(network: MobileNetV2, pixels: np.ndarray, coverage: float) -> Ranges:
    """Ranges of all activations over ``pixels`` uint8 [n, s, s, 3].

    Args:
        coverage: share of the values of each picture's tensor that the range must hold, 1.0 for all; a little less
            drops outliers and so makes the steps finer. The mean over the pictures counts.
    """
    lows: dict[str, list[np.ndarray]] = defaultdict(list)
    highs: dict[str, list[np.ndarray]] = defaultdict(list)

    for start in range(0, len(pixels), 20):

        def note(name: str, tensor: tf.Tensor) -> tf.Tensor:
            values = np.sort(tensor.numpy().reshape(tensor.shape[0], -1), axis=1)
            last = values.shape[1] - 1
            dropped = round((1 - coverage) * last)
            lows[name].append(values[:, dropped])
            highs[name].append(values[:, last - dropped])
            return tensor

        network(normalised(pixels[start : start + 20]), activation=note)
    ranges: Ranges = {}
    for name in lows:
        low, high = np.concatenate(lows[name]), np.concatenate(highs[name])
        # With full coverage nothing may be cut off; else the typical picture decides.
        measured = (low.min(), high.max()) if coverage >= 1.0 else (low.mean(), high.mean())
        lowest = min(0.0, float(measured[0]))
        ranges[name] = (lowest, max(0.0, float(measured[1]), lowest + NARROWEST_RANGE))
        if name.endswith(("stem", "expand", "depthwise", "last")):
            ranges[name] = (0.0, 6.0)
    ranges["image"] = (-INPUT_ZERO_POINT * INPUT_SCALE, (255 - INPUT_ZERO_POINT) * INPUT_SCALE)
    return ranges


def quantised_activations(ranges: Ranges) -> ActivationHook:
    """Hook that rounds each activation to its 256 steps."""

    def hook(name: str, tensor: tf.Tensor) -> tf.Tensor:
        low, high = ranges[name]
        return tf.quantization.fake_quant_with_min_max_args(tensor, low, high, num_bits=8)

    return hook


def quantised_kernel(kernel: tf.Tensor, channel_axis: int) -> tf.Tensor:
    """Hook that rounds a kernel to −127 … 127 steps of each output channel's largest weight.

    The gradient passes straight through.
    """
    axes = [axis for axis in range(len(kernel.shape)) if axis != channel_axis]
    scale = tf.maximum(tf.reduce_max(tf.abs(kernel), axis=axes, keepdims=True), 1e-8) / 127
    return kernel + tf.stop_gradient(tf.round(kernel / scale) * scale - kernel)
