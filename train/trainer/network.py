"""MobileNetV2 (Sandler et al., 2018) with its batch norms folded away: convolution + bias, ReLU6, a linear classifier.

EfficientNet-Lite0 (Tan & Le, 2019; Google, 2020) is a network of the same form with another table of blocks.

Written as one pure function over a list of variables, so that training, calibration, simulated int8 and export are
the same network with different hooks.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from trainer.dataset import FINE_CLASSES

# Expansion, output channels, repetitions, stride of the first, edge of the depthwise kernels: table 2 of the paper.
Blocks = tuple[tuple[int, int, int, int, int], ...]
BLOCKS: Blocks = (
    (1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 32, 3, 2, 3), (6, 64, 4, 2, 3), (6, 96, 3, 1, 3), (6, 160, 3, 2, 3), (6, 320, 1, 1, 3),
)
# EfficientNet-B0's table without squeeze-and-excitation.
LITE0_BLOCKS: Blocks = (
    (1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3), (6, 112, 3, 1, 5), (6, 192, 4, 2, 5), (6, 320, 1, 1, 3),
)
FEATURES = 1280
# What the backbone was trained with: real = (byte − 127) × scale, about −1 … 1.
INPUT_ZERO_POINT = 127.0
INPUT_SCALE = 0.00784313725


def normalised(pixels: tf.Tensor) -> tf.Tensor:
    """Bytes 0 … 255 (uint8 or float32) → the numbers that the network works on."""
    return (tf.cast(pixels, tf.float32) - INPUT_ZERO_POINT) * INPUT_SCALE


ActivationHook = Callable[[str, tf.Tensor], tf.Tensor]
KernelHook = Callable[[tf.Tensor, int], tf.Tensor]


def _same(_name: str, tensor: tf.Tensor) -> tf.Tensor:
    return tensor


def _same_kernel(kernel: tf.Tensor, _channel_axis: int) -> tf.Tensor:
    return kernel


class MobileNetV2(tf.Module):
    """The network; ``variables_in_order`` are kernel, bias of each convolution, then of the classifier."""

    blocks: Blocks = BLOCKS

    def __init__(self, backbone: list[tuple[np.ndarray, np.ndarray]], classes: int = FINE_CLASSES) -> None:
        """``backbone`` as :func:`trainer.backbone.read_backbone` gives it; the classifier starts at zero.

        Raises:
            ValueError: ``backbone`` is of another network.
        """
        super().__init__()
        if len(backbone) != convolutions_of(self.blocks):
            raise ValueError(f"{type(self).__name__} has {convolutions_of(self.blocks)} convolutions, the backbone has {len(backbone)}")
        self.classes = classes
        self.variables_in_order: list[tf.Variable] = []
        for kernel, bias in backbone:
            self.variables_in_order += [tf.Variable(kernel), tf.Variable(bias)]
        self.variables_in_order += [tf.Variable(tf.zeros((FEATURES, classes))), tf.Variable(tf.zeros(classes))]

    def weights(self) -> list[np.ndarray]:
        """Copies of all variables, in order."""
        return [variable.numpy() for variable in self.variables_in_order]

    def set_weights(self, weights: list[np.ndarray]) -> None:
        """The reverse of :meth:`weights`."""
        for variable, value in zip(self.variables_in_order, weights, strict=True):
            variable.assign(value)

    def features(self, image: tf.Tensor, activation: ActivationHook = _same, kernel: KernelHook = _same_kernel) -> tf.Tensor:
        """``image`` float32 [n, h, w, 3], :func:`normalised` → pooled features [n, 1280].

        ``activation`` is called on each tensor that int8 inference stores, ``kernel`` on each kernel with the axis of
        its output channels; both may replace what they are given.
        """
        convolutions = iter(zip(self.variables_in_order[:-2:2], self.variables_in_order[1:-2:2], strict=True))

        def convolve(x: tf.Tensor, name: str, stride: int = 1, depthwise: bool = False, rectify: bool = True) -> tf.Tensor:
            weight, bias = next(convolutions)
            if depthwise:
                x = tf.nn.depthwise_conv2d(x, kernel(weight, 2), [1, stride, stride, 1], "SAME")
            else:
                x = tf.nn.conv2d(x, kernel(weight, 3), stride, "SAME")
            x = tf.nn.bias_add(x, bias)
            return activation(name, tf.nn.relu6(x) if rectify else x)

        x = activation("image", image)
        x = convolve(x, "stem", stride=2)
        index = 0
        for expansion, _outputs, repetitions, first_stride, _edge in self.blocks:
            for repetition in range(repetitions):
                index += 1
                name = f"block{index}"
                y = convolve(x, f"{name}/expand") if expansion > 1 else x
                y = convolve(y, f"{name}/depthwise", stride=first_stride if repetition == 0 else 1, depthwise=True)
                y = convolve(y, f"{name}/project", rectify=False)
                x = activation(f"{name}/add", x + y) if repetition > 0 else y
        x = convolve(x, "last")
        return activation("features", tf.reduce_mean(x, axis=[1, 2]))

    def logits(self, features: tf.Tensor, activation: ActivationHook = _same, kernel: KernelHook = _same_kernel) -> tf.Tensor:
        """Features [n, 1280] → logits [n, classes]."""
        weight, bias = self.variables_in_order[-2:]
        return activation("logits", tf.matmul(features, kernel(weight, 1)) + bias)

    def __call__(self, image: tf.Tensor, activation: ActivationHook = _same, kernel: KernelHook = _same_kernel) -> tf.Tensor:
        """``image`` float32 [n, h, w, 3], :func:`normalised` → logits [n, classes]."""
        return self.logits(self.features(image, activation, kernel), activation, kernel)

    @tf.function(reduce_retracing=True)
    def answer(self, pixels: tf.Tensor) -> tf.Tensor:
        """Bytes [n, h, w, 3] → logits [n, classes], as one compiled graph that is made once for a network."""
        return self(normalised(pixels))


class EfficientNetLite0(MobileNetV2):
    """The second network: a quarter slower at the same size, and wrong on other photos than the first."""

    blocks = LITE0_BLOCKS


# By the names that recipe.toml uses.
NETWORKS: dict[str, type[MobileNetV2]] = {"mobilenet-v2": MobileNetV2, "efficientnet-lite0": EfficientNetLite0}


def convolutions_of(blocks: Blocks) -> int:
    """How many convolutions a network has before its classifier: stem, blocks, and the last 1 × 1."""
    return 2 + sum(repetitions * (3 if expansion > 1 else 2) for expansion, _, repetitions, _, _ in blocks)


def variables_before_block(block: int) -> int:
    """How many entries of ``variables_in_order`` lie before block number ``block`` (from 1); 0 for block 0, the stem."""
    if block < 2:
        return 2 * block
    return 2 + 4 + 6 * (block - 2)
