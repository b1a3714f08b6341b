from __future__ import annotations

import numpy as np
import pytest

from bench.judging.regressions import REGRESSIONS, Kind, Regression, inject
from bench.judging.traffic import PERCENTILES, SIGMA, Requests, Traffic, simulate
from workers.ports.metrics import Measure

WARM_UP = 3


def healthy(traffic: Traffic = Traffic.HIGH, periods: int = 33, seed: int = 1) -> Requests:
    return simulate(np.full(periods, 100_000.0), traffic, np.random.default_rng(seed))


def injected(regression: Regression, after: Requests, seed: int = 2) -> dict[Measure, np.ndarray]:
    return inject(regression, after, WARM_UP, np.random.default_rng(seed))


@pytest.mark.parametrize("traffic", Traffic)
def test_percentiles_scatter_as_those_of_that_many_requests_do(traffic: Traffic):
    drawn = simulate(np.full(4000, 1.0), traffic, np.random.default_rng(3))
    rng = np.random.default_rng(4)
    minutes = [np.sort(SIGMA * rng.standard_normal(int(count))) for count in drawn.requests]
    for measure, share in PERCENTILES.items():
        expected = np.array([minute[int(np.ceil(share * minute.size)) - 1] for minute in minutes])
        found = np.log(drawn.numbers()[measure])
        assert found.mean() == pytest.approx(expected.mean(), abs=4 * expected.std() / np.sqrt(2000))
        assert found.std() == pytest.approx(expected.std(), rel=0.07)
    numbers = drawn.numbers()
    assert (numbers[Measure.P50] <= numbers[Measure.P90]).all()
    assert (numbers[Measure.P90] <= numbers[Measure.P99]).all()


def test_gaps_of_the_trace_are_gaps_in_all_numbers():
    values = np.full(50, 100_000.0)
    values[7] = np.nan
    numbers = simulate(values, Traffic.HIGH, np.random.default_rng(1)).numbers()
    assert all(np.isnan(series[7]) and np.isfinite(np.delete(series, 7)).all() for series in numbers.values())


def test_nothing_injected_changes_nothing():
    after = healthy()
    numbers = injected(Regression("none"), after)
    assert all(np.array_equal(numbers[measure], values) for measure, values in after.numbers().items())


def test_a_level_rises_by_just_that_much_from_the_first_period_on():
    after = healthy()
    numbers = injected(Regression("level", 0.2), after)
    for measure in PERCENTILES:
        assert np.allclose(numbers[measure], 1.2 * after.numbers()[measure])


def test_a_slow_tail_leaves_the_median_nearly_where_it_was():
    after = healthy(periods=2000)
    before, numbers = after.numbers(), injected(Regression("tail", 3), after)
    rise = {measure: float(np.median(numbers[measure] / before[measure])) for measure in PERCENTILES}
    assert rise[Measure.P50] < 1.04
    assert rise[Measure.P99] > 1.5


def test_spread_triples_and_the_median_of_the_minutes_stays():
    after = healthy(periods=33)
    before, numbers = (
        np.log(after.numbers()[Measure.P50]),
        np.log(injected(Regression("variance", 3), after)[Measure.P50]),
    )
    assert np.median(numbers) == pytest.approx(np.median(before))
    assert np.std(numbers) == pytest.approx(3 * np.std(before))


def test_a_ramp_grows_evenly_and_is_whole_at_the_end():
    after = healthy()
    factors = injected(Regression("ramp", 0.5), after)[Measure.P50] / after.numbers()[Measure.P50]
    assert factors[-1] == pytest.approx(1.5)
    assert np.allclose(np.diff(factors), 0.5 / 33)


@pytest.mark.parametrize("count", [5, 20])
@pytest.mark.parametrize("seed", range(5))
def test_bursts_have_just_that_many_errors_behind_the_warm_up(count: int, seed: int):
    for traffic, hit in ((Traffic.HIGH, {1}), (Traffic.LOW, set(range(1, count + 1)))):
        after = healthy(traffic)
        added = injected(Regression("errors", count, traffic), after, seed)[Measure.ERRORS_5XX] - after.errors
        assert added.sum() == count
        assert not added[:WARM_UP].any()
        assert np.count_nonzero(added) in hit


def test_errors_at_low_traffic_never_outnumber_the_requests():
    after = healthy(Traffic.LOW)
    numbers = injected(Regression("errors", 200, Traffic.LOW), after)
    assert (numbers[Measure.ERRORS_5XX] <= numbers[Measure.REQUESTS]).all()


def test_every_regression_can_be_told_from_the_others():
    names = [(regression.kind, regression.size) for regression in REGRESSIONS]
    assert len(set(names)) == len(names)
    assert len({regression.words for regression in REGRESSIONS}) == len(REGRESSIONS)


@pytest.mark.parametrize("kind", ["none", "level", "tail", "variance", "ramp", "errors"])
def test_every_kind_is_injected(kind: Kind):
    assert any(regression.kind == kind for regression in REGRESSIONS)
