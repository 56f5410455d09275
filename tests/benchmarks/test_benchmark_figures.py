"""What is made of measured values: medians with their spread, ratios within a round, rates, percentiles, targets."""

import pytest

from benchmarks.drains import steady_rate
from benchmarks.figures import OURS, Figure, Key, Results, Spread
from benchmarks.latency import percentiles
from benchmarks.pair import interval
from benchmarks.targets import TARGETS, Outcome, Target

FAST = Key(workload="W2", subject=OURS, name="orders")
SLOW = Key(workload="W2", subject="slow", name="orders")


def results(**rounds: list[float]) -> Results:
    made = Results()
    for key, values in ((FAST, rounds.get("fast", [])), (SLOW, rounds.get("slow", []))):
        for number, value in enumerate(values, start=1):
            made.add(number, Figure(key=key, value=value, unit="orders/s"))
    return made


def test_spread_is_median_lowest_and_highest():
    assert results(fast=[30, 10, 80]).spread(FAST) == Spread(median=30, lowest=10, highest=80)
    assert results(fast=[30, 10]).spread(FAST) == Spread(median=20, lowest=10, highest=30)
    assert results().spread(FAST) is None


def test_ratio_is_taken_within_a_round():
    measured = results(fast=[100, 300, 20], slow=[10, 300, 10])
    assert measured.ratio(FAST, SLOW) == Spread(median=2, lowest=1, highest=10)


def test_ratio_leaves_out_rounds_of_one_alone():
    assert results(fast=[100, 300], slow=[10]).ratio(FAST, SLOW) == Spread(median=10, lowest=10, highest=10)
    assert results(fast=[100], slow=[0]).ratio(FAST, SLOW) is None
    assert results(fast=[100]).ratio(FAST, SLOW) is None


@pytest.mark.parametrize(("pairs", "held"), [(1, (1, 1)), (5, (1, 5)), (8, (1, 8)), (9, (2, 8)), (12, (3, 10))])
def test_interval_holds_the_median_of_pairs(pairs, held):
    assert interval([*range(2, pairs + 1), 1]) == held


def test_rate_begins_after_a_fifth_is_done():
    slow_start = [0.0, 50.0] + [60.0 + second for second in range(8)]
    assert steady_rate(slow_start) == pytest.approx(1.0)


def test_rate_counts_a_batch_that_commits_at_once():
    assert steady_rate([1.0] * 50 + [2.0] * 50 + [3.0] * 50) == pytest.approx(50.0)
    assert steady_rate([]) == 0.0


def test_percentiles_are_samples_by_nearest_rank():
    assert percentiles([float(n) for n in range(100, -1, -1)]) == {"p50": 50.0, "p95": 95.0, "p99": 99.0}
    assert percentiles([7.0]) == {"p50": 7.0, "p95": 7.0, "p99": 7.0}


def test_each_wrong_count_is_noted():
    made = Results()
    made.check("W2", {"rows": 9, "duplicates": 0}, {"rows": 10, "duplicates": 0})
    assert made.wrong == ["W2: rows is 9, expected 10"]


@pytest.mark.parametrize(
    ("fast", "outcome"), [([300], Outcome.MET), ([200], Outcome.MET), ([199], Outcome.MISSED), ([], Outcome.NOT_MEASURED)]
)
def test_target_is_judged_by_its_ratio(fast, outcome):
    target = Target(what="twice as fast", figure=[FAST], over=[SLOW], at_least=2)
    assert target.judge(results(fast=fast, slow=[100]))[1] is outcome
    assert target.wanted == "≥ 2"


def test_target_may_be_a_ceiling():
    target = Target(what="quick", figure=[FAST], at_most=5, unit=" ms")
    assert target.judge(results(fast=[5]))[1] is Outcome.MET
    assert target.judge(results(fast=[5.1]))[1] is Outcome.MISSED
    assert target.wanted == "≤ 5 ms"


def test_target_takes_the_best_of_several():
    other = Key(workload="W2", subject="other", name="orders")
    target = Target(what="twice as fast as any", figure=[FAST], over=[SLOW, other], at_least=2)
    measured = results(fast=[200], slow=[100])
    assert target.judge(measured)[1] is Outcome.MET
    measured.add(1, Figure(key=other, value=150, unit="orders/s"))
    assert target.judge(measured) == (Spread.of([200 / 150]), Outcome.MISSED)
    assert target.judge(results(fast=[200]))[1] is Outcome.NOT_MEASURED


def test_every_target_has_one_bound():
    assert all((target.at_least is None) != (target.at_most is None) for target in TARGETS)
    assert len({target.what for target in TARGETS}) == len(TARGETS)
