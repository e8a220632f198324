"""The simulation agrees with what is known of queues."""

from __future__ import annotations

import math
import random
import unittest

from bench.scale_report import erlang_b, erlang_c
from bench.simulation import Bursts, Functions, Histogram, Pods, bursty, poisson, resampled

SECONDS = 4000


def arrivals(rate: float, seed: int, seconds: int = SECONDS):
    return poisson([rate] * seconds, random.Random(seed))


class Queues(unittest.TestCase):
    def test_pods_that_are_not_scaled_wait_as_erlang_c_says(self) -> None:
        for servers, load in ((1, 0.7), (4, 3.2), (16, 14.0)):
            chance, mean = random.Random(7), 0.05
            pods = Pods(workers=servers, fewest=1, most=1)
            outcome = pods.run(arrivals(load / mean, 1), lambda: chance.expovariate(1 / mean), lambda: 0.0)
            waits = erlang_c(load, servers) * mean / (servers - load)
            self.assertAlmostEqual(outcome.latency.mean / (mean + waits), 1, delta=0.1, msg=f"{servers} servers")
            self.assertEqual((outcome.refused, outcome.peak), (0, 1))

    def test_one_server_with_equal_times_waits_half_as_long(self) -> None:
        mean, load = 0.05, 0.8
        outcome = Pods(workers=1, fewest=1, most=1).run(arrivals(load / mean, 2), lambda: mean, lambda: 0.0)
        waits = load * mean / (2 * (1 - load))  # Pollaczek and Khinchine
        self.assertAlmostEqual(outcome.latency.mean / (mean + waits), 1, delta=0.05)

    def test_functions_refuse_as_erlang_b_says(self) -> None:
        for servers, load in ((4, 3.0), (20, 18.0)):
            chance, mean = random.Random(5), 0.1
            platform = Functions(most=servers, kept=math.inf)
            outcome = platform.run(arrivals(load / mean, 3), lambda: chance.expovariate(1 / mean), lambda: 0.0)
            refused = outcome.refused / (outcome.refused + outcome.answered)
            self.assertAlmostEqual(refused / erlang_b(load, servers), 1, delta=0.1)
            self.assertEqual(outcome.peak, servers)

    def test_functions_are_billed_for_their_work_and_their_starts(self) -> None:
        outcome = Functions(most=1000, kept=60).run(arrivals(50, 4), lambda: 0.2, lambda: 1.0)
        # Little: 10 are at work on average.
        self.assertAlmostEqual(outcome.billed, outcome.answered * 0.2 + outcome.cold * 1.0, places=3)
        self.assertAlmostEqual(outcome.billed / SECONDS, 10, delta=0.5)
        self.assertGreater(outcome.cold, 10)
        self.assertGreaterEqual(outcome.latency.quantile(0.5), 0.199)

    def test_instances_that_are_not_kept_start_for_every_event(self) -> None:
        outcome = Functions(most=10, kept=1.0).run([0.0, 5.0, 5.5, 10.0], lambda: 0.1, lambda: 2.0)
        self.assertEqual((outcome.cold, outcome.answered, outcome.peak), (4, 4, 2))
        kept = Functions(most=10, kept=60.0).run([0.0, 5.0, 5.05, 10.0], lambda: 0.1, lambda: 2.0)
        self.assertEqual(kept.cold, 2)

    def test_instances_start_no_faster_than_the_platform_lets_them(self) -> None:
        platform = Functions(most=10_000, kept=60, new_at_once=5, new_per_second=1)
        outcome = platform.run([0.0] * 20, lambda: 100.0, lambda: 0.0)
        self.assertEqual((outcome.answered, outcome.refused), (5, 15))
        later = platform.run([0.0] * 20 + [10.0] * 20, lambda: 100.0, lambda: 0.0)
        self.assertEqual(later.answered, 10)

    def test_the_autoscaler_adds_pods_until_they_are_as_busy_as_they_should_be(self) -> None:
        pods = Pods(workers=2, fewest=1, most=100)
        outcome = pods.run(arrivals(100, 6, 1200), lambda: 0.1, lambda: 10.0)
        # Ten workers' work at 70 % are 7.1 pods of two.
        self.assertTrue(7 <= outcome.peak <= 16, outcome.peak)
        self.assertLess(outcome.latency.quantile(0.5), 0.2)
        self.assertTrue(6 * 1200 < outcome.billed < 16 * 1200, outcome.billed)

    def test_pods_at_most_double_from_look_to_look(self) -> None:
        pods = Pods(workers=1, fewest=1, most=1000)
        for looks, most in ((1, 5), (2, 10), (3, 20)):
            outcome = pods.run(arrivals(1000, 9, 15 * looks + 5), lambda: 0.1, lambda: 1.0)
            self.assertEqual(outcome.peak, most)

    def test_pods_that_are_not_needed_any_more_go_after_a_while(self) -> None:
        pods = Pods(workers=1, fewest=1, most=100)
        trace = [*poisson([50] * 300 + [1] * 3000, random.Random(8))]
        outcome = pods.run(trace, lambda: 0.1, lambda: 5.0)
        self.assertGreaterEqual(outcome.peak, 6)
        # Had they stayed, it would be `peak` pods for 3,300 s.
        self.assertLess(outcome.billed, 0.45 * outcome.peak * 3300)


class Traces(unittest.TestCase):
    def test_the_same_seed_gives_the_same_trace_of_the_size_that_was_asked_for(self) -> None:
        bursts = Bursts(swing=0.6, factor=5, every=600, length=60)
        made = [list(poisson(bursty(20_000, 7200, bursts, random.Random(seed)), random.Random(seed))) for seed in (1, 1, 2)]
        self.assertEqual(made[0], made[1])
        self.assertNotEqual(made[0], made[2])
        self.assertAlmostEqual(len(made[0]), 20_000, delta=600)
        self.assertEqual(made[0], sorted(made[0]))

    def test_bursts_are_bursts(self) -> None:
        rates = bursty(7200, 7200, Bursts(swing=0, factor=5, every=600, length=60), random.Random(3))
        self.assertAlmostEqual(sum(rates), 7200, places=3)
        self.assertAlmostEqual(max(rates) / min(rates), 5, places=6)

    def test_quantiles_are_right_to_half_a_percent(self) -> None:
        histogram = Histogram()
        for number in range(1, 10_001):
            histogram.add(number / 1000)
        for share in (0.01, 0.5, 0.99):
            self.assertAlmostEqual(histogram.quantile(share) / (share * 10), 1, delta=0.006)

    def test_times_are_those_that_were_measured(self) -> None:
        sample = resampled([1.0, 2.0], random.Random(1))
        drawn = [sample() for _ in range(1000)]
        self.assertEqual(set(drawn), {1.0, 2.0})
        self.assertAlmostEqual(sum(drawn) / 1000, 1.5, delta=0.1)


if __name__ == "__main__":
    unittest.main()
