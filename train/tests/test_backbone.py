"""Reading weights out of an int8 .tflite: here out of one that was just written from known weights."""

import tempfile
import unittest
from pathlib import Path

import numpy as np

from tests.fixtures import random_backbone
from trainer import export, quantization
from trainer.backbone import read_backbone
from trainer.errors import TrainingInputError
from trainer.network import MobileNetV2


class BackboneTest(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.file = Path(scratch.name) / "backbone.tflite"

    def test_weights_come_back_as_they_were_to_within_a_step(self) -> None:
        weights = random_backbone()
        network = MobileNetV2(weights)
        network.variables_in_order[-1].assign(np.linspace(-1, 1, 81))
        pixels = np.random.default_rng(1).integers(0, 256, (2, 32, 32, 3), np.uint8)
        ranges = quantization.measure_ranges(network, pixels, 1.0)
        self.file.write_bytes(export.convert(network, 32, pixels, quantization.quantised_activations(ranges)))
        read = read_backbone(self.file)
        self.assertEqual(len(read), 52)
        for (kernel, bias), (expected_kernel, expected_bias) in zip(read, weights, strict=True):
            self.assertEqual(kernel.shape, expected_kernel.shape)
            step = np.abs(expected_kernel).max() / 127
            np.testing.assert_allclose(kernel, expected_kernel, atol=0.51 * step)
            np.testing.assert_allclose(bias, expected_bias, atol=1e-3)

    def test_a_file_of_another_kind_is_named(self) -> None:
        self.file.write_bytes(b"no model")
        with self.assertRaisesRegex(TrainingInputError, f"backbone {self.file} is not a TensorFlow Lite model"):
            read_backbone(self.file)

    def test_a_missing_file_is_named(self) -> None:
        with self.assertRaisesRegex(TrainingInputError, f"backbone not found: {self.file}. Set BACKBONE"):
            read_backbone(self.file)


if __name__ == "__main__":
    unittest.main()
