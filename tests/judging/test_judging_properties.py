"""What must hold for any numbers, not only for likely ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging_worlds import LATENCIES, Story, changed, part, plan_of, slower

from bot.domain.verdict import Standing, VerdictKind
from workers.judging import judge

STORY = Story(past=1440, deviation=0.08)
SEVERITY = {VerdictKind.PASS: 0, VerdictKind.INCONCLUSIVE: 1, VerdictKind.REGRESSED: 2}
STANDINGS = {Standing.AS_GOOD: 0, Standing.UNCLEAR: 1, Standing.WORSE: 2}
rises = st.floats(0.5, 3.0)
lengths = st.integers(1, 30)


@settings(deadline=None, max_examples=60)
@given(rises, rises, lengths)
def test_a_larger_rise_is_never_judged_more_mildly(one, other, length):
    smaller, larger = sorted((one, other))
    mild = STORY.verdict(STORY.first(length, slower(STORY.after, smaller)))
    grave = STORY.verdict(STORY.first(length, slower(STORY.after, larger)))
    assert SEVERITY[mild.kind] <= SEVERITY[grave.kind]
    for less, more in zip(mild.effects, grave.effects, strict=True):
        if less.signal.is_latency:
            assert STANDINGS[less.standing] <= STANDINGS[more.standing]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 40), min_size=30, max_size=30), st.lists(st.integers(0, 40), min_size=30, max_size=30))
def test_more_failures_are_never_judged_more_mildly(some, more):
    few = STORY.verdict(changed(STORY.after, errors_5xx=np.array(some, dtype=float)))
    many = STORY.verdict(changed(STORY.after, errors_5xx=np.array(some, dtype=float) + np.array(more)))
    assert SEVERITY[few.kind] <= SEVERITY[many.kind]


@settings(deadline=None, max_examples=15)
@given(st.floats(1e-4, 1e4), rises)
def test_the_unit_of_latency_does_not_matter(unit, rise):
    after = slower(STORY.after, rise)
    plan = plan_of(tolerance_ms=2.0 * unit)
    measured = STORY.measured(slower(STORY.past, unit), plan)
    there = judge(measured, slower(after, unit), plan, is_over=True)
    here = STORY.verdict(after)
    assert there.kind is here.kind
    assert [e.standing for e in there.effects] == [e.standing for e in here.effects]
    assert [e.change for e in there.effects if e.change] == pytest.approx([e.change for e in here.effects if e.change])


@settings(deadline=None, max_examples=60)
@given(st.permutations(range(30)), rises)
def test_the_order_of_the_minutes_does_not_matter_for_levels(order, rise):
    after = slower(STORY.after, rise)
    shuffled = changed(after, **{m.value: after.of(m)[list(order)] for m in LATENCIES})
    levels = [[e.standing for e in STORY.verdict(x).effects if e.signal.is_latency] for x in (after, shuffled)]
    assert levels[0] == levels[1]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from([np.nan, 0.0, 1.0, 412_000.0, 1e12]), min_size=30, max_size=30), lengths)
def test_no_numbers_make_the_judge_stumble(values, length):
    odd = changed(STORY.after, **{m.value: np.array(values) for m in STORY.after.values})
    assert STORY.verdict(STORY.first(length, odd)).evidence.endswith(".")


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 400), st.lists(st.sampled_from([np.nan, 0.0, 1.0, 412_000.0]), min_size=5, max_size=5))
def test_no_past_makes_the_yardsticks_stumble(length, values):
    past = part(STORY.past, 1000, 1000 + length)
    odd = changed(past, p50=np.resize(np.array(values), length), requests=np.resize(np.array(values[::-1]), length))
    assert judge(STORY.measured(odd), STORY.after, STORY.plan).evidence.endswith(".")
