"""How far a training is, and how long it will still take."""

import time
from collections.abc import Callable

# Long epochs say so now and then.
QUIET_SECONDS = 20.0


class Progress:
    """Counts work in units of one picture forward and backward; estimates the rest from the pace so far."""

    def __init__(self, say: Callable[[str], None], total: float, clock: Callable[[], float] = time.monotonic) -> None:
        """``total`` units in all."""
        self._say, self._total, self._clock = say, total, clock
        self._done = self._skipped = 0.0
        self._started = self._said = clock()
        self.cost = 1.0

    def advance(self, pictures: float) -> None:
        """``pictures`` more are done, each at :attr:`cost` units."""
        self._done += pictures * self.cost
        if self._clock() - self._said >= QUIET_SECONDS:
            self._said = self._clock()
            self._say(f"  {100 * self._done / self._total:.0f} %, {self.left()}")

    def skip(self, pictures: float) -> None:
        """``pictures`` were done in an earlier call: they say nothing about the pace."""
        self._done += pictures * self.cost
        self._skipped += pictures * self.cost

    def told(self) -> None:
        """A line with the time left has just been said."""
        self._said = self._clock()

    def left(self) -> str:
        """The time left, in words."""
        worked = self._done - self._skipped
        if worked <= 0:
            return "time left not yet known"
        seconds = (self._total - self._done) * (self._clock() - self._started) / worked
        if seconds < 60:
            return "less than a minute left"
        return f"about {round(seconds / 60)} min left"
