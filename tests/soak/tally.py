"""What happened, counted."""

from __future__ import annotations

import threading
from collections import Counter


class Tally:
    def __init__(self) -> None:
        # Outcomes that are right for any event, as where workers are killed.
        self.excused: frozenset[str] = frozenset()
        self._lock = threading.Lock()
        self.outcomes: Counter[str] = Counter()
        self.wrong: Counter[str] = Counter()

    def count(self, name: str, outcome: str, expected: frozenset[str]) -> None:
        with self._lock:
            self.outcomes[outcome] += 1
            if outcome not in expected and outcome not in self.excused:
                self.wrong[f"{name}: {outcome}, expected {' or '.join(sorted(expected))}"] += 1

    @property
    def total(self) -> int:
        return sum(self.outcomes.values())

    def text(self) -> str:
        return ", ".join(f"{outcome} {count}" for outcome, count in sorted(self.outcomes.items()))
