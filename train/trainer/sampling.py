"""Which photos an epoch shows: all, or a balanced choice where classes differ in size or photos are few."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class BalancedSampler:
    """Shows each class in proportion to the square root of its photos, so that small classes are not drowned.

    ``length`` indices an epoch, a multiple of the batch; few photos come several times (varied anew each time).
    """

    labels: np.ndarray
    length: int

    @classmethod
    def of(cls, labels: np.ndarray, batch: int, fewest: int) -> "BalancedSampler":
        """An epoch of about as many pictures as there are ``labels``, but not fewer than ``fewest``."""
        return cls(labels, -(-max(len(labels), fewest) // batch) * batch)

    def __call__(self, generator: np.random.Generator) -> np.ndarray:
        """Indices into ``labels``, in random order."""
        numbers, counts = np.unique(self.labels, return_counts=True)
        exact = np.sqrt(counts) / np.sqrt(counts).sum() * self.length
        shares = np.floor(exact).astype(int)
        shares[np.argsort(-(exact - shares), kind="stable")[: self.length - shares.sum()]] += 1
        chosen = []
        for number, share in zip(numbers, shares, strict=True):
            own = np.flatnonzero(self.labels == number)
            rounds = [generator.permutation(own) for _ in range(-(-share // len(own)))]
            chosen.append(np.concatenate(rounds)[:share])
        return generator.permutation(np.concatenate(chosen))
