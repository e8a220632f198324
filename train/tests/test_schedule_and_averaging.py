"""The learning rate over a run, and the mean of several runs."""

import unittest

import numpy as np

from trainer.averaging import mean_weights
from trainer.schedule import learning_rate


class LearningRateTest(unittest.TestCase):
    def test_climbs_in_a_straight_line_then_falls_to_the_final_share(self) -> None:
        rates = [learning_rate(step, 1000, peak=0.1, warm_up=10, final_share=0.01) for step in range(1000)]
        self.assertAlmostEqual(rates[0], 0.01)
        self.assertAlmostEqual(rates[9], 0.1)
        self.assertEqual(max(rates), 0.1)
        self.assertTrue(all(later <= earlier for earlier, later in zip(rates[10:], rates[11:], strict=False)))
        self.assertAlmostEqual(rates[-1], 0.001, places=5)

    def test_half_way_it_stands_in_the_middle(self) -> None:
        self.assertAlmostEqual(learning_rate(50, 100, peak=1.0, warm_up=0, final_share=0.0), 0.5)


class MeanWeightsTest(unittest.TestCase):
    def test_averages_each_weight(self) -> None:
        averaged = mean_weights([[np.array([1.0, 2.0]), np.array(5.0)], [np.array([3.0, 6.0]), np.array(7.0)]])
        self.assertEqual(averaged[0].tolist(), [2.0, 4.0])
        self.assertEqual(averaged[1], 6.0)

    def test_refuses_runs_of_different_networks_and_no_runs(self) -> None:
        with self.assertRaises(ValueError):
            mean_weights([[np.zeros(2)], [np.zeros(3)]])
        with self.assertRaises(ValueError):
            mean_weights([[np.zeros(2)], [np.zeros(2), np.zeros(2)]])
        with self.assertRaisesRegex(ValueError, "no run"):
            mean_weights([])


if __name__ == "__main__":
    unittest.main()
