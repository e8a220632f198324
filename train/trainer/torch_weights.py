"""Reads the tensors of a PyTorch state file (.pth) without PyTorch, and EfficientNet-Lite0's backbone out of one.

The format is the one before PyTorch 1.6: five pickles (magic number, protocol, system, state, storage keys), then each
storage as its length (int64) and its numbers. A pickle may name any callable, so only the few that a state needs are known.
"""

import io
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np

from trainer.errors import TrainingInputError
from trainer.network import INPUT_SCALE, LITE0_BLOCKS

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
STORAGES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}
# Google's EfficientNets: epsilon of the batch norms, and what pixels were divided by (after 127 was taken off).
NORM_EPSILON = 1e-3
PIXEL_SCALE = 1 / 128


class _Tensor:
    """A tensor whose storage has not been read yet."""

    def __init__(self, storage: tuple[str, np.dtype], offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_rest: object) -> None:
        self.storage, self.offset, self.shape, self.strides = storage, offset, shape, strides

    def of(self, numbers: np.ndarray) -> np.ndarray:
        """The tensor, copied out of its storage's ``numbers``."""
        last = self.offset + sum((length - 1) * stride for length, stride in zip(self.shape, self.strides, strict=True))
        if min((self.offset, *self.shape, *self.strides)) < 0 or 0 in self.shape or last >= len(numbers):
            raise pickle.UnpicklingError("a tensor reaches beyond its storage")
        strides = [stride * numbers.itemsize for stride in self.strides]
        return np.lib.stride_tricks.as_strided(numbers[self.offset :], self.shape, strides).copy()


class _Unpickler(pickle.Unpickler):
    """Knows nothing but ordered dicts, tensors and storages."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _Tensor
        if module == "torch" and name in STORAGES:
            return STORAGES[name]
        raise pickle.UnpicklingError(f"{module}.{name} does not belong into a file of weights")

    def persistent_load(self, pid: Any) -> tuple[str, np.dtype]:
        kind, dtype, key, _device, _count, view = pid
        if kind != "storage" or view is not None:
            raise pickle.UnpicklingError(f"unexpected reference {pid!r}")
        return key, dtype


def read_state(path: Path) -> dict[str, np.ndarray]:
    """All tensors of the file, by name.

    Raises:
        TrainingInputError: the file is missing, or not of this form.
    """
    try:
        stream = io.BytesIO(path.read_bytes())
    except FileNotFoundError:
        raise TrainingInputError(f"weights not found: {path}") from None
    try:
        magic, protocol, _system, state, keys = (_Unpickler(stream).load() for _ in range(5))
        if (magic, protocol) != (MAGIC, PROTOCOL):
            raise pickle.UnpicklingError("another magic number or protocol")
        dtypes = dict(tensor.storage for tensor in state.values())
        storages = {}
        for key in keys:
            count = int.from_bytes(stream.read(8), "little")
            storages[key] = np.frombuffer(stream.read(count * dtypes[key].itemsize), dtypes[key], count)
        return {name: tensor.of(storages[tensor.storage[0]]) for name, tensor in state.items()}
    except (pickle.UnpicklingError, EOFError, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise TrainingInputError(f"{path} is not a PyTorch state file of the form before version 1.6: {error}") from error


def read_lite0(path: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """EfficientNet-Lite0's 49 convolutions before the classifier as :func:`trainer.backbone.read_backbone` gives them.

    Batch norms are folded into kernel and bias, and the stem is scaled so that it takes what
    :func:`trainer.network.normalised` gives.

    Raises:
        TrainingInputError: the file is missing, or holds another network.
    """
    state = read_state(path)

    def folded(convolution: str, norm: str, depthwise: bool = False) -> tuple[np.ndarray, np.ndarray]:
        gain = state[f"{norm}.weight"] / np.sqrt(state[f"{norm}.running_var"] + NORM_EPSILON)
        # [out, in, h, w] → [h, w, in, out]; depthwise [channels, 1, h, w] → [h, w, channels, 1]
        kernel = (state[f"{convolution}.weight"] * gain[:, None, None, None]).transpose(2, 3, *((0, 1) if depthwise else (1, 0)))
        return np.ascontiguousarray(kernel), state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * gain

    try:
        kernel, bias = folded("_conv_stem", "_bn0")
        layers = [(kernel * np.float32(PIXEL_SCALE / INPUT_SCALE), bias)]
        index = 0
        for expansion, _outputs, repetitions, _stride, _edge in LITE0_BLOCKS:
            for _ in range(repetitions):
                block = f"_blocks.{index}"
                if expansion > 1:
                    layers.append(folded(f"{block}._expand_conv", f"{block}._bn0"))
                layers.append(folded(f"{block}._depthwise_conv", f"{block}._bn1", depthwise=True))
                layers.append(folded(f"{block}._project_conv", f"{block}._bn2"))
                index += 1
        return [*layers, folded("_conv_head", "_bn1")]
    except KeyError as error:
        raise TrainingInputError(f"{path} holds another network than EfficientNet-Lite0: it has no tensor {error}") from None
