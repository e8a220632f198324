"""How accuracy is counted."""

import unittest

import numpy as np

from trainer.evaluation import score

COARSE_OF_FINE = np.array([0, 0, 1, 2])


class ScoreTest(unittest.TestCase):
    def test_counts_fine_top_1_and_top_3(self) -> None:
        answers = np.array([[0.7, 0.1, 0.1, 0.1], [0.4, 0.3, 0.2, 0.1], [0.4, 0.3, 0.2, 0.1]])
        scores = score(answers, np.array([0, 2, 3]), COARSE_OF_FINE)
        self.assertAlmostEqual(scores.fine_top_1, 100 / 3)
        self.assertAlmostEqual(scores.fine_top_3, 200 / 3)

    def test_a_coarse_probability_is_the_sum_of_its_fine_ones(self) -> None:
        answers = np.array([[0.3, 0.3, 0.4, 0.0]])
        self.assertEqual(score(answers, np.array([1]), COARSE_OF_FINE).coarse_top_1, 100)
        self.assertEqual(score(answers, np.array([2]), COARSE_OF_FINE).coarse_top_1, 0)

    def test_ties_go_to_the_lower_index(self) -> None:
        answers = np.array([[0.25, 0.25, 0.25, 0.25]])
        self.assertEqual(score(answers, np.array([0]), COARSE_OF_FINE).fine_top_1, 100)
        self.assertEqual(score(answers, np.array([1]), COARSE_OF_FINE).fine_top_1, 0)
        self.assertEqual(score(answers, np.array([2]), COARSE_OF_FINE).fine_top_3, 100)
        self.assertEqual(score(answers, np.array([3]), COARSE_OF_FINE).fine_top_3, 0)

    def test_recall_and_precision_come_from_the_coarse_confusion(self) -> None:
        one_hot = np.eye(4)
        scores = score(one_hot[[0, 1, 2, 2, 3]], np.array([0, 1, 1, 2, 3]), COARSE_OF_FINE)
        self.assertEqual(scores.confusion.tolist(), [[2, 1, 0], [0, 1, 0], [0, 0, 1]])
        self.assertAlmostEqual(scores.recall(0), 200 / 3)
        self.assertEqual(scores.precision(0), 100)
        self.assertEqual((scores.recall(1), scores.precision(1)), (100, 50))


if __name__ == "__main__":
    unittest.main()
