"""The network, its simulated int8, its export and the training loop, on random weights and tiny pictures."""

import contextlib
import tempfile
import unittest
from pathlib import Path

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from tests.fixtures import random_backbone
from trainer import evaluation, export, quantization, training
from trainer.augmentation import Augmentation
from trainer.dataset import Pictures
from trainer.network import EfficientNetLite0, MobileNetV2, normalised, variables_before_block

SIZE = 32
PIXELS = np.random.default_rng(4).integers(0, 256, (6, SIZE, SIZE, 3), np.uint8)
COARSE_OF_FINE = np.arange(81, dtype=np.int32) % 43


def network() -> MobileNetV2:
    made = MobileNetV2(random_backbone())
    kernel = np.random.default_rng(5).normal(0, 0.02, (1280, 81)).astype(np.float32)
    made.variables_in_order[-2].assign(kernel)
    made.variables_in_order[-1].assign(np.random.default_rng(6).normal(0, 0.1, 81).astype(np.float32))
    return made


class NetworkTest(unittest.TestCase):
    def test_bytes_map_to_what_the_backbone_was_trained_with(self) -> None:
        np.testing.assert_allclose(normalised(np.array([0, 127, 255], np.uint8)), [-0.99608, 0.0, 1.00392], atol=1e-4)

    def test_has_52_convolutions_and_a_classifier(self) -> None:
        self.assertEqual(len(network().variables_in_order), 2 * 53)
        self.assertEqual(network()(normalised(PIXELS)).shape, (6, 81))

    def test_blocks_begin_where_the_table_says(self) -> None:
        variables = network().variables_in_order
        self.assertEqual(variables[variables_before_block(0)].shape, (3, 3, 3, 32))
        self.assertEqual(variables[variables_before_block(1)].shape, (3, 3, 32, 1))
        self.assertEqual(variables[variables_before_block(2)].shape, (1, 1, 16, 96))
        self.assertEqual(variables[variables_before_block(4)].shape, (1, 1, 24, 144))
        self.assertEqual(variables[variables_before_block(17)].shape, (1, 1, 160, 960))

    def test_lite0_has_49_convolutions_and_wider_kernels(self) -> None:
        made = EfficientNetLite0(random_backbone(network="efficientnet-lite0"))
        self.assertEqual(len(made.variables_in_order), 2 * 50)
        self.assertEqual(made(normalised(PIXELS)).shape, (6, 81))
        self.assertEqual(made.variables_in_order[variables_before_block(4)].shape, (1, 1, 24, 144))
        self.assertEqual(made.variables_in_order[variables_before_block(4) + 2].shape, (5, 5, 144, 1))
        with self.assertRaisesRegex(ValueError, "EfficientNetLite0 has 49 convolutions, the backbone has 52"):
            EfficientNetLite0(random_backbone())


class QuantizationTest(unittest.TestCase):
    def test_ranges_hold_zero_and_relu6_has_its_own(self) -> None:
        ranges = quantization.measure_ranges(network(), PIXELS, 1.0)
        self.assertEqual(ranges["block5/depthwise"], (0.0, 6.0))
        self.assertTrue(all(low <= 0 <= high for low, high in ranges.values()))
        self.assertEqual(len(ranges), 1 + 52 + 10 + 1 + 1)

    def test_less_coverage_gives_narrower_ranges(self) -> None:
        wide = quantization.measure_ranges(network(), PIXELS, 1.0)["block9/project"]
        narrow = quantization.measure_ranges(network(), PIXELS, 0.98)["block9/project"]
        self.assertLess(narrow[1] - narrow[0], wide[1] - wide[0])

    def test_a_kernel_is_rounded_to_255_steps_a_channel_and_passes_its_gradient(self) -> None:
        kernel = tf.Variable(np.random.default_rng(1).normal(0, 1, (3, 3, 4, 1)).astype(np.float32))
        with tf.GradientTape() as tape:
            rounded = quantization.quantised_kernel(kernel, 2)
        np.testing.assert_array_equal(tape.gradient(rounded, kernel), np.ones_like(kernel))
        scale = np.abs(kernel.numpy()).max(axis=(0, 1, 3)) / 127
        steps = rounded.numpy() / scale[None, None, :, None]
        np.testing.assert_allclose(steps, np.round(steps), atol=1e-3)
        self.assertLessEqual(np.abs(rounded - kernel).max(), scale.max() / 2 + 1e-6)


class ExportTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.network = network()
        cls.ranges = quantization.measure_ranges(cls.network, PIXELS, 1.0)
        cls.activation = staticmethod(quantization.quantised_activations(cls.ranges))
        cls.model = export.convert(cls.network, SIZE, PIXELS, cls.activation)

    def test_takes_and_gives_bytes_under_our_names(self) -> None:
        interpreter = Interpreter(model_content=self.model)
        (given,), (answered,) = interpreter.get_input_details(), interpreter.get_output_details()
        self.assertEqual((given["name"], given["dtype"], given["shape"].tolist()), ("image", np.uint8, [1, SIZE, SIZE, 3]))
        self.assertEqual((answered["name"], answered["dtype"], answered["shape"].tolist()), ("probabilities", np.uint8, [1, 81]))
        self.assertEqual(answered["quantization"], (1 / 256, 0))
        self.assertEqual(given["quantization"][1], 127)
        self.assertEqual(interpreter.get_signature_list(), {"serving_default": {"inputs": ["image"], "outputs": ["probabilities"]}})

    def test_computes_nothing_in_floating_point(self) -> None:
        details = Interpreter(model_content=self.model).get_tensor_details()
        self.assertEqual([detail["name"] for detail in details if detail["dtype"] == np.float32], [])

    def test_kernels_have_a_scale_a_channel(self) -> None:
        details = Interpreter(model_content=self.model).get_tensor_details()
        kernels = [d for d in details if d["dtype"] == np.int8 and len(d["shape"]) == 4 and len(d["quantization_parameters"]["scales"]) > 1]
        self.assertEqual(len(kernels), 52)

    def test_answers_as_the_simulation_does(self) -> None:
        simulated = tf.nn.softmax(self.network(normalised(PIXELS), self.activation, quantization.quantised_kernel)).numpy()
        np.testing.assert_allclose(evaluation.probabilities(self.model, PIXELS), simulated, atol=0.08)

    def test_the_float_file_answers_as_the_network_does(self) -> None:
        content = export.convert_float(self.network, SIZE)
        expected = tf.nn.softmax(self.network(normalised(PIXELS))).numpy()
        np.testing.assert_allclose(evaluation.probabilities(content, PIXELS), expected, atol=1e-4)
        self.assertEqual(evaluation.input_size(content), SIZE)


class TrainingTest(unittest.TestCase):
    settings = training.RunSettings(
        seed=1, epochs=3, batch=2, train_size=SIZE, peak_rate=1e-4, warm_up_epochs=1.0, first_trained_block=17,
        weight_decay=0.01, label_smoothing=0.1, coarse_loss=0.3, gradient_norm=5.0, average_decay=0.9,
        augmentation=Augmentation(cut_mix=0.3, mix_up=0.3),
    )
    pictures = Pictures(PIXELS, np.arange(6, dtype=np.int32))

    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.work = Path(scratch.name)

    def train(self, name: str, stop_after: int | None = None) -> MobileNetV2:
        class Stopped(Exception):
            pass

        def say(line: str) -> None:
            if stop_after is not None and line.startswith(f"epoch {stop_after}/"):
                raise Stopped

        trained = network()
        with contextlib.suppress(Stopped):
            training.train_network(
                trained, self.pictures, COARSE_OF_FINE, self.settings, training.Checkpoint(self.work / f"{name}.npz"), None, say=say
            )
        return trained

    def test_a_stopped_run_goes_on_as_if_it_had_not_been(self) -> None:
        whole = self.train("whole")
        self.train("stopped", stop_after=2)
        resumed = self.train("stopped")
        for one, other in zip(whole.weights(), resumed.weights(), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-4)

    def test_frozen_blocks_keep_their_weights_and_the_others_move(self) -> None:
        before, after = network().weights(), self.train("frozen").weights()
        first = variables_before_block(17)
        for one, other in zip(before[:first], after[:first], strict=True):
            np.testing.assert_allclose(one, other, atol=1e-6)
        self.assertFalse(np.allclose(before[first], after[first], atol=1e-6))

    def test_the_loss_counts_fine_classes_and_on_top_the_coarse_ones(self) -> None:
        logits = tf.random.stateless_normal([4, 81], [1, 2])
        targets = training.smoothed_targets(tf.constant([1, 2, 3, 4]), 0.1, 81)
        np.testing.assert_allclose(tf.reduce_sum(targets, axis=1), 1, atol=1e-5)
        coarse = tf.constant(COARSE_OF_FINE)
        fine_alone = training.loss_of(logits, targets, coarse, 0.0)
        np.testing.assert_allclose(fine_alone, tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(targets, logits)), atol=1e-5)
        self.assertGreater(float(training.loss_of(logits, targets, coarse, 0.5)), float(fine_alone))

    def test_a_checkpoint_of_nothing_is_the_start(self) -> None:
        self.assertEqual(training.Checkpoint(self.work / "none.npz").restore([]), (0, []))


if __name__ == "__main__":
    unittest.main()
