"""Many photos on many machines, event by event: how long each takes, and what is paid for.

Times are seconds. Everything random comes from a seed. Arrivals and times of service are given from outside; this file knows
queues and instances, no programs and no prices.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

Sampler = Callable[[], float]


class Histogram:
    """Times, each known to half a percent, in little memory however many there are."""

    STEP = math.log(1.005)
    SMALLEST = 1e-6

    def __init__(self) -> None:
        self.counts: dict[int, int] = {}
        self.count = 0
        self.sum = 0.0

    def add(self, time: float) -> None:
        place = int(math.log(max(time, self.SMALLEST)) / self.STEP)
        self.counts[place] = self.counts.get(place, 0) + 1
        self.count += 1
        self.sum += time

    @property
    def mean(self) -> float:
        return self.sum / self.count if self.count else 0.0

    def quantile(self, share: float) -> float:
        wanted, seen = share * self.count, 0
        for place in sorted(self.counts):
            seen += self.counts[place]
            if seen >= wanted:
                return math.exp((place + 0.5) * self.STEP)
        return 0.0


@dataclass
class Outcome:
    """What came of a trace."""

    latency: Histogram = field(default_factory=Histogram)
    refused: int = 0
    """Events for which there was no instance, and none could be had."""
    cold: int = 0
    """Events that waited for an instance to start."""
    peak: int = 0
    """Instances (or pods) at once."""
    billed: float = 0.0
    """Seconds of instances at work or starting; of pods, from their order to their end."""

    @property
    def answered(self) -> int:
        return self.latency.count


@dataclass(frozen=True)
class Functions:
    """A platform that gives every event an instance of its own."""

    most: int
    """Instances at once; an event beyond is refused."""
    kept: float
    """An instance that has nothing to do for so long is gone."""
    new_at_once: float = math.inf
    new_per_second: float = math.inf
    """Instances may start so fast: so many at once, and then so many a second."""

    def run(self, arrivals: Iterable[float], service: Sampler, start: Sampler) -> Outcome:
        outcome = Outcome()
        busy: list[float] = []  # when each is free again
        idle: deque[float] = deque()  # since when each is free; the last one works next
        tokens, refilled = self.new_at_once, 0.0
        for now in arrivals:
            while busy and busy[0] <= now:
                idle.append(heapq.heappop(busy))
            while idle and now - idle[0] > self.kept:
                idle.popleft()
            time = service()
            if idle:
                idle.pop()
            else:
                if self.new_per_second != math.inf:
                    tokens = min(self.new_at_once, tokens + (now - refilled) * self.new_per_second)
                    refilled = now
                if len(busy) >= self.most or tokens < 1:
                    outcome.refused += 1
                    continue
                tokens -= 1
                time += start()
                outcome.cold += 1
            heapq.heappush(busy, now + time)
            outcome.peak = max(outcome.peak, len(busy) + len(idle))
            outcome.billed += time
            outcome.latency.add(time)
        return outcome


@dataclass(frozen=True)
class Pods:
    """Copies of a service, and an autoscaler that looks at how much work comes
    (https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/). An event goes to the worker that will be free first,
    and stays with it, as a request stays with the pod that has accepted it."""

    workers: int
    """Events that a pod answers at once."""
    fewest: int
    most: int
    target: float = 0.7
    """The share of workers that should be busy."""
    tolerance: float = 0.1
    period: float = 15.0
    """Between two looks."""
    most_more: int = 4
    """In one look there may be twice as many pods, or so many more; the autoscaler's own defaults."""
    calm: float = 300.0
    """Pods are taken away only when so long none more were needed."""

    def run(self, arrivals: Iterable[float], service: Sampler, start: Sampler) -> Outcome:
        return _PodRun(self, service, start).run(arrivals)


class _PodRun:
    """A run of pods; nothing is known of the queue but when each worker is free."""

    def __init__(self, pods: Pods, service: Sampler, start: Sampler) -> None:
        self.pods, self.service, self.start = pods, service, start
        self.outcome = Outcome()
        self.free = [0.0] * (pods.fewest * pods.workers)  # when each worker is free
        self.count = pods.fewest
        self.outcome.peak = pods.fewest
        self.starting: list[float] = []  # when the next ones are ready
        self.looked, self.worked, self.paid = 0.0, 0.0, 0.0
        self.wanted: deque[tuple[float, int]] = deque()
        self.leaving = 0  # workers to be taken away once they are free

    def run(self, arrivals: Iterable[float]) -> Outcome:
        last = 0.0
        for now in arrivals:
            while self.looked + self.pods.period <= now:
                self._look(self.looked + self.pods.period)
            while self.starting and self.starting[0] <= now:
                self._add(heapq.heappop(self.starting))
            first = heapq.heappop(self.free)
            # Who has to wait anyway, waits for a new pod where that is sooner.
            while self.starting and self.starting[0] < first:
                heapq.heappush(self.free, first)
                self._add(heapq.heappop(self.starting))
                first = heapq.heappop(self.free)
            time = self.service()
            end = max(now, first) + time
            heapq.heappush(self.free, end)
            self.worked += time
            self.outcome.latency.add(end - now)
            last = max(last, end)
        self._pay(max(last, self.paid))
        return self.outcome

    def _add(self, ready: float) -> None:
        for _ in range(self.pods.workers):
            heapq.heappush(self.free, ready)

    def _pay(self, now: float) -> None:
        self.outcome.billed += (now - self.paid) * self.count
        self.paid = now

    def _look(self, now: float) -> None:
        pods = self.pods
        self._pay(now)
        ready = self.count - len(self.starting)
        waiting = sum(max(0.0, min(free, now + pods.period) - now) for free in self.free)
        # Work of the time since the last look, and what stands in the queue already.
        busy = (self.worked + waiting) / (ready * pods.workers * pods.period)
        self.worked = 0.0
        self.looked = now
        ratio = busy / pods.target
        wanted = self.count if abs(ratio - 1) <= pods.tolerance else math.ceil(ready * ratio)
        wanted = min(pods.most, max(pods.fewest, wanted), max(2 * self.count, self.count + pods.most_more))
        self.wanted.append((now, wanted))
        while self.wanted[0][0] < now - pods.calm:
            self.wanted.popleft()
        wanted = max(count for _, count in self.wanted)
        for _ in range(wanted - self.count):
            heapq.heappush(self.starting, now + self.start())
        if wanted < self.count and not self.starting:
            # Those that have least to do; what they have, they finish.
            self.free.sort()
            del self.free[: (self.count - wanted) * pods.workers]
            heapq.heapify(self.free)
            self.count = wanted
        self.count = max(self.count, wanted)
        self.outcome.peak = max(self.outcome.peak, self.count)


def poisson(rates: list[float], chance: random.Random) -> Iterator[float]:
    """Arrivals with a rate for each second."""
    for second, rate in enumerate(rates):
        if rate <= 0:
            continue
        now = chance.expovariate(rate)
        while now < 1:
            yield second + now
            now += chance.expovariate(rate)


@dataclass(frozen=True)
class Bursts:
    """How unsteady a trace is."""

    swing: float
    """The busiest time of a day has 1 + swing times the mean, the quietest 1 - swing."""
    factor: float
    """In a burst there is so much more."""
    every: float
    """Mean time from a burst to the next."""
    length: float
    """Mean length of a burst."""


def bursty(total: float, seconds: int, bursts: Bursts, chance: random.Random) -> list[float]:
    """A rate for each second, about `total` arrivals together."""
    rates = [1 - bursts.swing * math.cos(2 * math.pi * second / seconds) for second in range(seconds)]
    begin = chance.expovariate(1 / bursts.every)
    while begin < seconds:
        end = begin + chance.expovariate(1 / bursts.length)
        for second in range(int(begin), min(seconds, math.ceil(end))):
            rates[second] *= bursts.factor
        begin = end + chance.expovariate(1 / bursts.every)
    scale = total / sum(rates)
    return [rate * scale for rate in rates]


def resampled(times: list[float], chance: random.Random) -> Sampler:
    """One of the measured times, each as likely."""
    return lambda: times[int(chance.random() * len(times))]
