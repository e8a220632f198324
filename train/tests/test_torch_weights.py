"""Reading PyTorch's state files: here files that are written on the spot, in PyTorch's own form."""

import os
import pickle
import struct
import tempfile
import unittest
from collections import OrderedDict
from pathlib import Path
from unittest import mock

import numpy as np
import tensorflow as tf

from tests.fixtures import random_backbone
from trainer import backbones, torch_weights
from trainer.errors import TrainingInputError
from trainer.network import EfficientNetLite0


class Named:
    """Stands for a callable or class of PyTorch: pickled by its name alone."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name


class Stored:
    """A tensor as PyTorch pickles it: a call that names a storage."""

    def __init__(self, key: str, array: np.ndarray, shape: tuple[int, ...], strides: tuple[int, ...], offset: int = 0) -> None:
        self.key, self.array, self.shape, self.strides, self.offset = key, array, shape, strides, offset


class Writer(pickle._Pickler):
    """Writes :class:`Named` as a global, and storages as persistent references."""

    def persistent_id(self, value: object) -> object:
        return ("storage", Named("torch", "FloatStorage"), value[1], "cpu", value[2], None) if isinstance(value, tuple) and value[:1] == ("#storage",) else None

    def save_named(self, value: Named) -> None:
        self.write(pickle.GLOBAL + f"{value.module}\n{value.name}\n".encode())

    def save_stored(self, value: Stored) -> None:
        self.save_reduce(
            Named("torch._utils", "_rebuild_tensor_v2"),
            (("#storage", value.key, value.array.size), value.offset, value.shape, value.strides, False, OrderedDict()), obj=value,
        )

    def save_reduce(self, func: object, args: tuple, *rest: object, **named: object) -> None:
        if isinstance(func, Named):
            self.save(func)
            self.save(args)
            self.write(pickle.REDUCE)
        else:
            super().save_reduce(func, args, *rest, **named)

    dispatch = {**pickle._Pickler.dispatch, Named: save_named, Stored: save_stored}


def write_state(path: Path, state: dict[str, object], storages: dict[str, np.ndarray]) -> None:
    """A .pth of the form before PyTorch 1.6."""
    with path.open("wb") as stream:
        for part in (torch_weights.MAGIC, torch_weights.PROTOCOL, {"little_endian": True}, OrderedDict(state), list(storages)):
            Writer(stream, 2).dump(part)
        for numbers in storages.values():
            stream.write(struct.pack("<q", numbers.size) + numbers.astype("<f4").tobytes())


def whole(key: str, array: np.ndarray) -> Stored:
    """A tensor that is all of its storage, in order."""
    strides = tuple(int(np.prod(array.shape[i + 1 :])) for i in range(array.ndim))
    return Stored(key, array, array.shape, strides)


class TorchWeightsTest(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.file = Path(scratch.name) / "weights.pth"

    def test_tensors_come_back_transposed_or_out_of_the_middle(self) -> None:
        numbers = np.arange(12, dtype=np.float32)
        state = {"plain": Stored("1", numbers, (3, 4), (4, 1)), "turned": Stored("1", numbers, (4, 3), (1, 4)), "part": Stored("1", numbers, (2,), (1,), 5)}
        write_state(self.file, state, {"1": numbers})
        read = torch_weights.read_state(self.file)
        np.testing.assert_array_equal(read["plain"], numbers.reshape(3, 4))
        np.testing.assert_array_equal(read["turned"], numbers.reshape(3, 4).T)
        np.testing.assert_array_equal(read["part"], [5, 6])

    def test_a_tensor_beyond_its_storage_is_refused(self) -> None:
        numbers = np.arange(4, dtype=np.float32)
        for shape, strides, offset in (((5,), (1,), 0), ((2,), (1,), 3), ((2, 2), (3, 1), 0), ((2,), (-1,), 1), ((0,), (1,), 0)):
            write_state(self.file, {"a": Stored("1", numbers, shape, strides, offset)}, {"1": numbers})
            with self.assertRaisesRegex(TrainingInputError, "a tensor reaches beyond its storage"):
                torch_weights.read_state(self.file)

    def test_a_file_that_wants_to_call_something_is_refused(self) -> None:
        write_state(self.file, {"a": Named("os", "system")}, {})
        with mock.patch.object(os, "system") as system, self.assertRaisesRegex(TrainingInputError, "os.system does not belong"):
            torch_weights.read_state(self.file)
        system.assert_not_called()

    def test_broken_and_missing_files_are_named(self) -> None:
        with self.assertRaisesRegex(TrainingInputError, f"weights not found: {self.file}"):
            torch_weights.read_state(self.file)
        numbers = np.arange(4, dtype=np.float32)
        write_state(self.file, {"a": whole("1", numbers)}, {"1": numbers})
        content = self.file.read_bytes()
        for broken in (b"", b"no pickle", content[:40], content[:-4], b"PK\x03\x04" + content):
            self.file.write_bytes(broken)
            with self.assertRaisesRegex(TrainingInputError, f"{self.file} is not a PyTorch state file"):
                torch_weights.read_state(self.file)

    def test_batch_norms_are_folded_and_kernels_turned(self) -> None:
        random = np.random.default_rng(2)
        expected = random_backbone(network="efficientnet-lite0")
        names = ["_conv_stem", *(f"_blocks.{i}._{part}_conv" for i in range(16) for part in ("expand", "depthwise", "project") if i or part != "expand"), "_conv_head"]
        norms = {"_conv_stem": "_bn0", "_conv_head": "_bn1"}
        arrays: dict[str, np.ndarray] = {}
        for position, (name, (kernel, bias)) in enumerate(zip(names, expected, strict=True)):
            block, _, part = name.rpartition(".")
            norm = norms.get(name) or f"{block}.{ {'_expand_conv': '_bn0', '_depthwise_conv': '_bn1', '_project_conv': '_bn2'}[part] }"
            gain, variance, mean = (random.uniform(0.5, 2, len(bias)).astype(np.float32) for _ in range(3))
            scale = gain / np.sqrt(variance + 1e-3)
            depthwise = part == "_depthwise_conv"
            turned = kernel.transpose((2, 3, 0, 1) if depthwise else (3, 2, 0, 1))
            pixels = 128 / 127.5 if position == 0 else 1
            arrays[f"{name}.weight"] = turned / scale[:, None, None, None] * pixels
            arrays |= {f"{norm}.weight": gain, f"{norm}.running_var": variance, f"{norm}.running_mean": mean, f"{norm}.bias": bias + mean * scale}
        storages = {str(index): array for index, array in enumerate(arrays.values())}
        write_state(self.file, {name: whole(str(index), array) for index, (name, array) in enumerate(arrays.items())}, storages)
        read = torch_weights.read_lite0(self.file)
        for (kernel, bias), (expected_kernel, expected_bias) in zip(read, expected, strict=True):
            np.testing.assert_allclose(kernel, expected_kernel, rtol=1e-4, atol=1e-5)
            np.testing.assert_allclose(bias, expected_bias, atol=1e-4)
        EfficientNetLite0(read)
        renamed = {name.replace("_conv_head", "_last"): whole(str(index), array) for index, (name, array) in enumerate(arrays.items())}
        write_state(self.file, renamed, storages)
        with self.assertRaisesRegex(TrainingInputError, "another network than EfficientNet-Lite0: it has no tensor '_conv_head.weight'"):
            torch_weights.read_lite0(self.file)

    def test_the_real_weights_are_those_expected_and_see(self) -> None:
        layers = torch_weights.read_lite0(backbones.find_lite0())
        network = EfficientNetLite0(layers)
        samples = Path(__file__).resolve().parent.parent.parent / "tests" / "samples"
        pixels = np.stack([tf.image.resize(tf.io.decode_jpeg((samples / f"{name}.jpg").read_bytes()), [96, 96], antialias=True).numpy()
                           for name in ("tomato", "lemon")])
        features = network.features((pixels - 127) / 127.5).numpy()
        self.assertTrue(np.isfinite(features).all())
        # Weights in a wrong order or with a wrong norm give next to nothing, or all sixes.
        self.assertGreater(features.mean(), 0.05)
        self.assertLess(features.mean(), 3)
        self.assertGreater(np.abs(features[0] - features[1]).mean(), 0.05)

    def test_another_file_of_weights_is_refused(self) -> None:
        with mock.patch.object(backbones, "LITE0_SHA256", "0" * 64), self.assertRaisesRegex(TrainingInputError, "expected 0000"):
            backbones.find_lite0()
        with mock.patch.object(backbones, "LITE0_PACKAGE", "no_such_package"), self.assertRaisesRegex(TrainingInputError, "no_such_package is not installed"):
            backbones.find_lite0()


if __name__ == "__main__":
    unittest.main()
