"""The temperature of the answers."""

import unittest

import numpy as np

from tests.fixtures import random_backbone
from trainer.calibration import apply_temperature, cross_entropy, fit_temperature
from trainer.network import MobileNetV2


class TemperatureTest(unittest.TestCase):
    def setUp(self) -> None:
        random = np.random.default_rng(1)
        self.logits = random.normal(0, 2, (4000, 5))
        probabilities = np.exp(self.logits) / np.exp(self.logits).sum(axis=1, keepdims=True)
        self.labels = np.array([random.choice(5, p=row) for row in probabilities])

    def test_honest_answers_keep_a_temperature_of_about_1(self) -> None:
        self.assertAlmostEqual(fit_temperature(self.logits, self.labels), 1.0, delta=0.06)

    def test_answers_that_were_flattened_get_their_sharpness_back(self) -> None:
        self.assertAlmostEqual(fit_temperature(self.logits * 0.5, self.labels), 0.5, delta=0.03)

    def test_cross_entropy_of_even_answers_is_the_logarithm_of_the_number_of_classes(self) -> None:
        self.assertAlmostEqual(cross_entropy(np.zeros((3, 5)), np.array([0, 1, 2]), 0.7), np.log(5))

    def test_it_is_put_into_the_classifier_and_the_range_of_the_logits(self) -> None:
        network = MobileNetV2(random_backbone())
        network.variables_in_order[-2].assign(np.ones((1280, 81)))
        ranges = apply_temperature(network, {"logits": (-2.0, 4.0), "features": (0.0, 6.0)}, 0.5)
        self.assertEqual(ranges, {"logits": (-4.0, 8.0), "features": (0.0, 6.0)})
        self.assertEqual(float(network.variables_in_order[-2][0, 0]), 2.0)


if __name__ == "__main__":
    unittest.main()
