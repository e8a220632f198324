"""Several runs into one network ("model soup", Wortsman et al., 2022)."""

from collections.abc import Sequence

import numpy as np


def mean_weights(runs: Sequence[list[np.ndarray]]) -> list[np.ndarray]:
    """The mean of each weight over the ``runs``, which must have started from the same classifier and backbone.

    Raises:
        ValueError: no run, or runs of different shapes.
    """
    if not runs:
        raise ValueError("no run to average")
    return [np.mean(np.stack(same), axis=0) for same in zip(*runs, strict=True)]
