from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from bench.judging.traces import Floats, Trace
from bench.judging.watches import BASELINE, LOOKS, WARM_UP, choose_cuts, is_steady

DAY = 288


def trace_of(values: Floats) -> Trace:
    return Trace("t.csv", datetime(2026, 3, 1, tzinfo=UTC), timedelta(minutes=5), values)


def test_cuts_are_spread_evenly_from_the_first_full_baseline_to_the_last_full_watch():
    cuts = [cut.place for cut in choose_cuts(trace_of(np.full(1000, 5.0)), 10)]
    assert len(cuts) == 10
    assert cuts[0] >= BASELINE
    assert cuts[-1] + WARM_UP + LOOKS == 1000
    assert max(np.diff(cuts)) - min(np.diff(cuts)) <= 1


def test_no_cut_is_made_where_most_of_the_baseline_or_the_watch_is_missing():
    values = np.full(1000, 5.0)
    values[400:600] = np.nan
    places = {cut.place for cut in choose_cuts(trace_of(values), 1000)}
    assert not places & set(range(400 - WARM_UP - LOOKS // 2 + 1, 600 + BASELINE // 2))
    assert {370, 630} <= places


def test_a_short_trace_is_cut_as_often_as_it_has_room_for():
    assert len(choose_cuts(trace_of(np.full(150, 5.0)), 500)) == 150 - WARM_UP - LOOKS - BASELINE - 5 + 1
    assert choose_cuts(trace_of(np.full(90, 5.0)), 500) == []


def test_steadiness_is_that_of_the_day_before():
    rng = np.random.default_rng(1)
    calm, wild = 100 * np.exp(0.05 * rng.standard_normal((2, DAY)))
    wild *= np.where(np.arange(DAY) % 12 == 0, 3.0, 1.0)
    assert is_steady(calm)
    assert not is_steady(wild)
    cuts = choose_cuts(trace_of(np.concatenate([wild, wild, calm, calm, calm])), 1000)
    assert {cut.steady for cut in cuts if cut.place < 2 * DAY} == {False}
    assert {cut.steady for cut in cuts if cut.place >= 3 * DAY} == {True}
