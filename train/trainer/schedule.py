"""The learning rate over a run."""

import math


def learning_rate(step: int, steps: int, peak: float, warm_up: int, final_share: float = 0.01) -> float:
    """Linear warm-up to ``peak`` over ``warm_up`` steps, then half a cosine down to ``final_share`` of it.

    ``step`` counts from 0 to ``steps`` − 1.
    """
    if step < warm_up:
        return peak * (step + 1) / warm_up
    progress = (step - warm_up) / max(1, steps - warm_up)
    return peak * (final_share + (1 - final_share) * 0.5 * (1 + math.cos(math.pi * progress)))
