"""Makes the probabilities mean what they say: one temperature for all logits (Guo et al., 2017).

Label smoothing and mixed pictures teach the network to be right but unsure. Dividing the logits by a temperature below 1
undoes that; the order of the classes within one answer stays as it was.
"""

import numpy as np

from trainer.network import MobileNetV2
from trainer.quantization import Ranges


def cross_entropy(logits: np.ndarray, labels: np.ndarray, temperature: float) -> float:
    """Mean negative log-probability of the right ``labels`` [n] under ``logits`` [n, classes] / ``temperature``."""
    scaled = logits.astype(np.float64) / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(scaled).sum(axis=1))
    return float(np.mean(log_sums - scaled[np.arange(len(labels)), labels]))


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The temperature in 0.30, 0.31 … 2.00 with the least cross-entropy on photos that were not learnt from."""
    candidates = np.arange(30, 201) / 100
    return float(min(candidates, key=lambda temperature: cross_entropy(logits, labels, temperature)))


def softmax(logits: np.ndarray) -> np.ndarray:
    """Logits [n, classes] → probabilities."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def expected_calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = 15) -> float:
    """How far the highest probability is from the share of right answers, in the mean over the photos (0 … 1).

    Photos are sorted into ``bins`` of equal width by their highest probability (Naeini et al., 2015).
    """
    highest = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    place = np.minimum((highest * bins).astype(int), bins - 1)
    return float(sum(abs((right[place == own] - highest[place == own]).sum()) for own in np.unique(place)) / len(labels))


def apply_temperature(network: MobileNetV2, ranges: Ranges, temperature: float) -> Ranges:
    """Divide the classifier of ``network``, in place, by ``temperature``; returns the ``ranges`` that then hold.

    Simulated int8 is unchanged up to that factor: a kernel's scale and the logits' scale follow.
    """
    for variable in network.variables_in_order[-2:]:
        variable.assign(variable / temperature)
    low, high = ranges["logits"]
    return {**ranges, "logits": (low / temperature, high / temperature)}
