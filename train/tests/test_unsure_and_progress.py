"""The threshold of "I don't know", and the time that is left."""

import unittest

import numpy as np

from trainer.progress import Progress
from trainer.unsure import Threshold, find_threshold, measure


def answers_with(highest: list[float], classes: int = 4) -> np.ndarray:
    """One answer for each highest probability, always of class 0; the rest is spread evenly."""
    return np.array([[p] + [(1 - p) / (classes - 1)] * (classes - 1) for p in highest])


class ThresholdTest(unittest.TestCase):
    def test_the_measures(self) -> None:
        answers = np.array([[0.1, 0.4, 0.2, 0.3]])
        self.assertAlmostEqual(measure(answers, "probability")[0], 0.4)
        self.assertAlmostEqual(measure(answers, "top3")[0], 0.9)
        with self.assertRaisesRegex(ValueError, "no such measure: 'luck'"):
            measure(answers, "luck")

    def test_at_most_the_share_of_right_answers_is_lost(self) -> None:
        answers = answers_with(list(np.linspace(0.3, 0.99, 200)))
        threshold = find_threshold(answers, np.zeros(200, int), "probability", 0.05)
        lost = threshold.marks(answers).mean()
        self.assertLessEqual(lost, 0.05)
        self.assertGreater(lost, 0.03)

    def test_wrong_answers_have_no_say(self) -> None:
        answers = answers_with([0.9] * 20 + [0.3] * 20)
        right = np.array([0] * 20 + [1] * 20)
        self.assertEqual(find_threshold(answers, right, "probability", 0.05), Threshold("probability", 0.9))

    def test_certain_answers_and_few_ones_give_no_threshold_that_marks_nearly_all(self) -> None:
        self.assertEqual(find_threshold(answers_with([1.0] * 9), np.zeros(9, int), "probability", 0.05).below, 0.95)
        self.assertEqual(find_threshold(answers_with([0.7]), np.zeros(1, int), "probability", 0.05).below, 0.7)
        self.assertEqual(find_threshold(answers_with([0.7]), np.ones(1, int), "probability", 0.05).below, 0.95)

    def test_an_answer_of_the_background_is_unsure(self) -> None:
        sure = answers_with([0.99, 0.99])
        self.assertEqual(Threshold("probability", 0.5).marks(sure).tolist(), [False, False])
        self.assertEqual(Threshold("probability", 0.5).marks(sure, [0]).tolist(), [True, True])


class ProgressTest(unittest.TestCase):
    def setUp(self) -> None:
        self.now, self.said = 0.0, []

    def progress(self, total: float) -> Progress:
        return Progress(self.said.append, total, lambda: self.now)

    def test_time_left_follows_the_pace(self) -> None:
        progress = self.progress(100)
        self.assertEqual(progress.left(), "time left not yet known")
        self.now = 60
        progress.advance(20)
        self.assertEqual(progress.left(), "about 4 min left")
        self.assertEqual(self.said, ["  20 %, about 4 min left"])
        progress.cost = 2
        progress.advance(38)
        self.assertEqual(progress.left(), "less than a minute left")

    def test_what_was_done_before_says_nothing_about_the_pace(self) -> None:
        progress = self.progress(100)
        progress.skip(80)
        self.now = 600
        progress.advance(10)
        self.assertEqual(progress.left(), "about 10 min left")


if __name__ == "__main__":
    unittest.main()
