"""When an answer counts as "I don't know": a measure of the probabilities, and a threshold found on photos not learnt from.

The measures are those of the runtime (the table ``[unsure]`` of a model.toml): ``probability``, the highest one, and
``top3``, the sum of the three highest. With many classes a photo of something else spreads its probability over many, while
a photo of something known leaves it with the few that look alike; the sum tells these apart better than the highest alone.
"""

import math
from dataclasses import dataclass

import numpy as np

MEASURES = ("probability", "top3")
# A threshold above would mark what the model is nearly certain of.
HIGHEST_THRESHOLD = 0.95


@dataclass(frozen=True)
class Threshold:
    """An answer is unsure where ``by`` is lower than ``below``."""

    by: str
    below: float

    def marks(self, answers: np.ndarray, background: list[int] | None = None) -> np.ndarray:
        """Which of the ``answers`` [n, classes] are unsure, bool [n]; those whose first class is ``background`` are, too."""
        marked = measure(answers, self.by) < self.below
        return marked | np.isin(answers.argmax(axis=1), background) if background else marked


def measure(answers: np.ndarray, by: str) -> np.ndarray:
    """The value [n] that is compared with the threshold, from probabilities [n, classes]."""
    if by == "probability":
        return answers.max(axis=1)
    if by == "top3":
        return np.sort(answers, axis=1)[:, -3:].sum(axis=1)
    raise ValueError(f"no such measure: {by!r}, known are {', '.join(MEASURES)}")


def find_threshold(answers: np.ndarray, right: np.ndarray, by: str, lost: float) -> Threshold:
    """The threshold, in hundredths, that marks at most the share ``lost`` of the right answers.

    Args:
        answers: probabilities [n, classes] for photos that were not learnt from.
        right: their classes [n].
        by: the measure.
        lost: 0 … 1.
    """
    values = np.sort(measure(answers, by)[answers.argmax(axis=1) == right])
    if len(values) == 0:
        return Threshold(by, HIGHEST_THRESHOLD)
    # Of n right answers, those before this place lie below the threshold.
    below = float(values[min(int(lost * len(values)), len(values) - 1)])
    return Threshold(by, min(math.floor(100 * below + 1e-6) / 100, HIGHEST_THRESHOLD))
