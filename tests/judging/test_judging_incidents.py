"""What happened to an endpoint by itself: it must neither blind the judge nor be laid at the new fleet's door."""

from itertools import pairwise

import numpy as np
import pytest
from judging_worlds import LOOKS, Story, changed, part, plan_of, slower

from bot.domain.verdict import Cap, VerdictKind
from workers.judging import judge

PAST = 3 * 1440
ODD_HOURS = np.where(np.arange(PAST + 100) // 97 % 2, 0.35, 0.0)
"""A level that changes by half every hour and a half, all the time."""


def with_incident(begins: int, rise: float, lasts: int = 10_000, **said) -> Story:
    """An endpoint whose level rose by itself at that minute of its past."""
    minutes = np.arange(PAST + 8 + LOOKS)
    return Story(past=PAST, rhythm=np.where((minutes >= begins) & (minutes < begins + lasts), rise, 0.0), **said)


def is_regressed(story: Story, after) -> bool:
    """Whether two looks in a row said so, or the last one."""
    looks = range(5, LOOKS + 1)
    worse = [story.verdict(story.first(n, after), is_over=n == LOOKS).kind is VerdictKind.REGRESSED for n in looks]
    return worse[-1] or any(one and next_one for one, next_one in pairwise(worse))


@pytest.mark.parametrize("rise", [0.4, 1.5])
@pytest.mark.parametrize("begins", [700, 2000, 4000])
def test_one_lasting_change_in_the_past_does_not_blind_the_judge(begins: int, rise: float):
    story = with_incident(begins, rise)
    assert story.verdict(slower(story.after, 1.25)).kind is VerdictKind.REGRESSED


def test_one_outage_of_an_hour_in_the_past_does_not_blind_the_judge():
    story = with_incident(2500, 0.8, lasts=60)
    assert story.verdict(slower(story.after, 1.25)).kind is VerdictKind.REGRESSED


def test_levels_that_change_all_the_time_mean_nothing_when_they_do_so_again():
    story = Story(past=PAST, rhythm=ODD_HOURS[: PAST + 8 + LOOKS])
    assert not is_regressed(story, slower(story.after, 1.4))


@pytest.mark.parametrize("minutes_before", [20, 25, 29])
def test_a_rise_that_began_before_the_update_is_not_the_new_fleets(minutes_before: int):
    story = with_incident(PAST - minutes_before, 0.3)
    assert not is_regressed(story, story.after)


def test_a_fleet_that_is_slower_on_top_of_an_older_rise_is_found():
    story = with_incident(PAST - 25, 0.3)
    assert story.verdict(slower(story.after, 1.4)).kind is VerdictKind.REGRESSED


def test_more_traffic_does_not_excuse_that_requests_fail():
    story = Story(error_rate=0.0001)
    busy = changed(story.after, requests=1200, errors_5xx=np.where(np.arange(LOOKS) == 12, 9.0, 0.0))
    told = story.verdict(busy)
    assert told.kind is VerdictKind.REGRESSED
    assert "5xx 9 of 36,000" in told.evidence
    assert "2.4 times" in told.evidence


@pytest.mark.parametrize(("times", "cap"), [(1.0, None), (2.2, Cap.STREAMS_ROSE), (0.3, None)])
def test_far_more_open_streams_explain_slowness_and_fewer_explain_nothing(times: float, cap: Cap | None):
    story = Story(plan=plan_of(kind="streaming"))
    every_ten_seconds = np.where(np.arange(story.whole.length) % 2, np.nan, 60.0)
    whole = changed(story.whole, concurrency=every_ten_seconds, mid_stream_errors=0)
    past, after = part(whole, 0, PAST), part(whole, PAST + 8, PAST + 8 + LOOKS)
    busier = changed(slower(after, 1.5), concurrency=after.of("concurrency") * times)
    told = judge(story.measured(past), busier, story.plan, is_over=True)
    assert told.cap is cap
    assert told.kind is (VerdictKind.INCONCLUSIVE if cap else VerdictKind.REGRESSED)
    assert ("2.2 times as many streams are open at once" in told.evidence) is (cap is not None)


def test_gaps_in_sparse_traffic_are_no_shift_of_load():
    story = Story(requests=40)
    rng = np.random.default_rng(5)
    asked = story.whole.of("requests")
    sparse = changed(story.whole, requests=np.where(rng.random(asked.size) < 0.6, np.nan, asked))
    past, after = part(sparse, 0, PAST), part(sparse, PAST + 8, PAST + 8 + LOOKS)
    told = judge(story.measured(past), after, story.plan, is_over=True)
    assert told.cap is None


def test_late_numbers_are_no_fall_of_the_traffic_until_the_watch_is_over():
    story = Story(error_rate=0.0001)
    late = np.arange(LOOKS) >= LOOKS // 2
    asked = np.where(late, np.nan, story.after.of("requests"))
    slow = slower(story.after, 1.5)
    silent = changed(slow, requests=asked, **{m: np.where(late, np.nan, slow.of(m)) for m in ("p50", "p90", "p99")})
    assert story.verdict(silent, is_over=False).kind is VerdictKind.REGRESSED
    assert story.verdict(silent, is_over=True).cap is not None


def test_independent_failures_are_not_taken_for_clumped_ones():
    clumpings = []
    for seed in range(20):
        story = Story(past=PAST, seed=seed, error_rate=0.0002)
        clumpings += [y.clumping for y in story.yardsticks.counts if y.signal == "errors"]
    assert np.mean(np.array(clumpings) > 1.2) < 0.1


def test_the_interval_that_is_shown_with_a_regression_excludes_no_change():
    story = Story(deviation=0.08)
    for times in (1.11, 1.15, 1.2, 1.3, 1.5):
        told = story.verdict(slower(story.after, times))
        worse = [e for e in told.effects if e.standing == "worse" and e.low is not None and e.change is not None]
        assert all(e.low > 0 for e in worse)
