"""When the judge says what, and how much of it the bot may act upon."""

import numpy as np
import pytest
from judging_worlds import GAP, LOOKS, MINUTE, Story, changed, endpoint, part, plan_of, slower

from bot.domain.signals import Role, Signal
from bot.domain.verdict import Basis, Standing, Verdict, VerdictKind
from workers.judging import judge, judge_side_by_side, measures_of
from workers.ports import Measure, Series

STORY = Story(error_rate=0.0001)
ONE_BURST = np.where(np.arange(LOOKS) == 20, 5.0, 0.0)


def standing(verdict, signal):
    return next(e.standing for e in verdict.effects if e.signal is signal)


def test_a_slower_fleet_is_found_within_ten_minutes():
    for seed in range(12):
        story = Story(past=1440, seed=seed, deviation=0.07)
        told = story.verdict(story.first(10, slower(story.after, 1.25)), is_over=False)
        assert told.kind is VerdictKind.REGRESSED
        assert told.may_act


def test_nothing_is_found_where_nothing_changed():
    kinds = []
    for seed in range(12):
        story = Story(past=1440, seed=seed, deviation=0.07)
        kinds += [story.verdict(story.first(n), is_over=n == LOOKS).kind for n in range(5, LOOKS + 1, 5)]
    assert VerdictKind.REGRESSED not in kinds


def test_a_faster_fleet_passes():
    assert STORY.verdict(slower(STORY.after, 0.5)).kind is VerdictKind.PASS


def test_a_rise_within_the_tolerance_is_no_regression_however_sure_it_is():
    story = Story(deviation=0.005)
    told = story.verdict(slower(story.after, 1.08))
    assert told.kind is VerdictKind.PASS


def test_a_rise_that_no_caller_can_notice_is_no_regression():
    story = Story(level_ms=1)
    assert story.verdict(slower(story.after, 1.3)).kind is VerdictKind.PASS
    assert story.verdict(slower(story.after, 4.0)).kind is VerdictKind.REGRESSED


@pytest.mark.parametrize("minute", [0, 7, 29])
def test_five_errors_in_one_minute_are_found_wherever_they_come(minute):
    burst = np.where(np.arange(LOOKS) == minute, 5.0, 0.0)
    assert STORY.verdict(changed(STORY.after, errors_5xx=burst)).kind is VerdictKind.REGRESSED


def test_five_errors_in_a_watch_of_five_hundred_requests_are_found():
    story = Story(requests=17)
    spread = np.where(np.arange(LOOKS) % 6 == 2, 1.0, 0.0)
    assert spread.sum() == 5
    told = story.verdict(changed(story.after, errors_5xx=spread))
    assert told.kind is VerdictKind.REGRESSED
    assert standing(told, Signal.ERRORS) is Standing.WORSE


def test_four_errors_are_bad_luck():
    four = np.where(np.arange(LOOKS) == 20, 4.0, 0.0)
    assert STORY.verdict(changed(STORY.after, errors_5xx=four)).kind is not VerdictKind.REGRESSED


def test_errors_that_always_came_in_bursts_prove_nothing():
    bursts = np.where(np.arange(STORY.past.length) % 97 == 0, 6.0, 0.0)
    yardsticks = STORY.measured(changed(STORY.past, errors_5xx=bursts))
    told = judge(yardsticks, changed(STORY.after, errors_5xx=ONE_BURST), STORY.plan, is_over=True)
    assert told.kind is VerdictKind.PASS


def test_an_outage_in_the_past_does_not_excuse_errors_now():
    outage = np.where(np.abs(np.arange(STORY.past.length) - 2000) < 5, 300.0, 0.0)
    yardsticks = STORY.measured(changed(STORY.past, errors_5xx=outage))
    told = judge(yardsticks, changed(STORY.after, errors_5xx=ONE_BURST), STORY.plan, is_over=True)
    assert told.kind is VerdictKind.REGRESSED


def test_errors_that_began_in_the_hour_before_are_not_the_new_fleets():
    failing = np.where(np.arange(STORY.past.length) >= STORY.past.length - 60, 5.0, 0.0)
    yardsticks = STORY.measured(changed(STORY.past, errors_5xx=failing))
    told = judge(yardsticks, changed(STORY.after, errors_5xx=5), STORY.plan, is_over=True)
    assert told.kind is VerdictKind.PASS


def test_callers_own_errors_alone_never_mean_regressed():
    for share in (20, 100, 500):
        told = STORY.verdict(changed(STORY.after, errors_4xx=share))
        assert told.kind is not VerdictKind.REGRESSED


def test_only_critical_signals_let_the_bot_act():
    tail = slower(STORY.after, 2, (Measure.P99,))
    assert not STORY.verdict(tail).may_act
    critical = Story(error_rate=0.0001, plan=plan_of(roles={Signal.P99: Role.CRITICAL}))
    assert critical.verdict(slower(critical.after, 2, (Measure.P99,))).may_act


def test_a_muted_signal_is_shown_and_never_judged():
    roles = {s: Role.MUTED for s in (Signal.P50, Signal.P90, Signal.P99, Signal.SPREAD)}
    story = Story(plan=plan_of(roles=roles))
    told = story.verdict(slower(story.after, 3))
    assert told.kind is VerdictKind.PASS
    assert standing(told, Signal.P50) is Standing.WORSE


def test_far_more_load_forbids_both_blame_and_praise():
    for times in (1.0, 1.5):
        told = STORY.verdict(slower(changed(STORY.after, requests=1200), times))
        assert told.kind is VerdictKind.INCONCLUSIVE


def test_far_more_load_excuses_no_crossed_limit():
    told = STORY.verdict(changed(STORY.after, requests=1200, errors_5xx=100))
    assert (told.kind, told.is_hard) == (VerdictKind.REGRESSED, True)


def test_errors_in_minutes_that_are_still_coming_in_cross_the_limit():
    early, fresh = part(STORY.after, 0, 1), changed(part(STORY.after, 1, 3), errors_5xx=300)
    assert judge(STORY.yardsticks, early, STORY.plan).kind is VerdictKind.INCONCLUSIVE
    told = judge(STORY.yardsticks, early, STORY.plan, fresh=fresh)
    assert (told.kind, told.is_hard) == (VerdictKind.REGRESSED, True)


def test_slow_minutes_that_are_still_coming_in_decide_nothing():
    fresh = slower(part(STORY.after, 10, 13), 5)
    told = judge(STORY.yardsticks, STORY.first(10), STORY.plan, fresh=fresh)
    assert told.kind is VerdictKind.PASS


def test_one_slow_minute_crosses_no_limit():
    story = Story(plan=plan_of(p50_ceiling_ms=450))
    assert story.verdict(story.first(1, slower(story.after, 2)), is_over=False).kind is VerdictKind.INCONCLUSIVE


def test_a_regression_is_told_although_the_limit_was_crossed_before():
    story = Story(plan=plan_of(p50_ceiling_ms=400))
    told = story.verdict(slower(story.after, 1.4))
    assert (told.kind, told.is_hard, told.may_act) == (VerdictKind.REGRESSED, False, True)


def test_an_unsteady_fleet_regresses_though_its_middle_is_as_before():
    swings = STORY.after.of(Measure.P50) * np.tile([1.5, 1 / 1.5], LOOKS // 2)
    told = STORY.verdict(changed(STORY.after, p50=swings))
    assert standing(told, Signal.SPREAD) is Standing.WORSE
    assert standing(told, Signal.P50) is not Standing.WORSE


def test_a_fleet_that_was_always_unsteady_may_stay_so():
    story = Story(deviation=0.3)
    assert standing(story.verdict(), Signal.SPREAD) is not Standing.WORSE


def test_a_daily_rhythm_is_learnt_and_not_blamed_on_the_fleet():
    past = 9 * 1440
    rhythm = 0.5 * np.sin(2 * np.pi * np.arange(past + GAP + LOOKS) / 720)
    story = Story(past=past, rhythm=rhythm)
    yardstick = story.yardsticks.of(Signal.P50)
    assert yardstick is not None
    assert yardstick.basis in (Basis.YESTERDAY, Basis.LAST_WEEK, Basis.BOTH_DAYS)
    assert story.verdict().kind is VerdictKind.PASS


def test_the_unclear_verdict_says_how_much_longer_it_would_take():
    story = Story(deviation=0.25)
    told = story.verdict(story.first(6), is_over=False)
    assert told.kind is VerdictKind.INCONCLUSIVE
    assert told.more_needed is not None
    assert told.more_needed >= MINUTE


def test_a_watch_that_was_extended_goes_on_with_the_same_yardsticks():
    longer = endpoint(3 * 1440 + GAP + 4 * LOOKS, error_rate=0.0001)
    after = part(longer, 3 * 1440 + GAP, 3 * 1440 + GAP + 4 * LOOKS)
    assert STORY.verdict(after).kind is VerdictKind.PASS
    assert STORY.verdict(slower(after, 1.4)).kind is VerdictKind.REGRESSED


def test_a_short_past_still_gives_a_verdict():
    story = Story(past=60)
    assert all(y.tried == 0 for y in story.yardsticks.metrics)
    assert story.verdict().kind is VerdictKind.PASS
    assert story.verdict(slower(story.after, 1.3)).kind is VerdictKind.REGRESSED


def test_missing_minutes_cost_certainty_and_nothing_else():
    holes = np.where(np.arange(LOOKS) % 3 == 0, np.nan, 1.0)
    thin = Series(STORY.after.start, MINUTE, {m: v * holes for m, v in STORY.after.values.items()})
    full, sparse = (
        next(e for e in STORY.verdict(series).effects if e.signal is Signal.P50) for series in (STORY.after, thin)
    )
    assert full.low is not None
    assert full.high is not None
    assert sparse.low is not None
    assert sparse.high is not None
    assert sparse.high - sparse.low > full.high - full.low


def test_what_is_read_is_what_is_judged():
    assert set(measures_of(plan_of())) == {
        Measure.REQUESTS,
        Measure.P50,
        Measure.P90,
        Measure.P99,
        Measure.ERRORS_5XX,
        Measure.ERRORS_4XX,
    }
    assert Measure.MID_STREAM_ERRORS in measures_of(plan_of(kind="streaming"))
    assert Measure.SETUP_TIME in measures_of(plan_of(kind="serverless"))


def test_side_by_side_what_moves_both_variants_cancels_out():
    jump = 1 + 2.0 * (np.arange(LOOKS) > 10)
    old = changed(STORY.after, p50=STORY.after.of(Measure.P50) * jump)
    new = changed(old, p50=old.of(Measure.P50) * np.exp(0.02 * np.random.default_rng(5).standard_normal(LOOKS)))
    assert standing(judge_side_by_side(old, new, STORY.plan, is_over=True), Signal.P50) is Standing.AS_GOOD
    worse = slower(new, 1.25)
    assert judge_side_by_side(old, worse, STORY.plan, is_over=True).kind is VerdictKind.REGRESSED


def short_bake(pairs: int, times: float, seed: int) -> Verdict:
    """A bake of two variants whose minutes go up and down by 5 %, the new one so many times as slow."""
    old, new = (endpoint(pairs, seed=seed + apart, deviation=0.05) for apart in (0, 1000))
    plan = plan_of(duration=(pairs + 3) * MINUTE)
    return judge_side_by_side(old, slower(new, times), plan, is_over=True)


@pytest.mark.parametrize("pairs", [5, 7, 9, 10, 20])
def test_side_by_side_a_short_bake_finds_a_variant_more_than_twice_as_slow(pairs):
    assert {short_bake(pairs, 2.2, seed).kind for seed in range(5)} == {VerdictKind.REGRESSED}


@pytest.mark.parametrize("pairs", [5, 7, 9, 10, 20])
def test_side_by_side_a_short_bake_of_equal_variants_is_no_regression_and_fairly_sure_of_it(pairs):
    for seed in range(5):
        told = short_bake(pairs, 1.0, seed)
        p50 = next(e for e in told.effects if e.signal is Signal.P50)
        assert told.kind is not VerdictKind.REGRESSED
        assert p50.low is not None
        assert p50.high is not None
        assert -0.25 < p50.low < 0.1
        assert -0.1 < p50.high < 0.3


def test_side_by_side_a_longer_bake_is_surer():
    def width(pairs: int) -> float:
        bakes = [short_bake(pairs, 1.0, seed) for seed in range(10)]
        return float(np.median([e.high - e.low for b in bakes for e in b.effects if e.signal is Signal.P50]))

    widths = [width(pairs) for pairs in (5, 7, 10, 15, 20, 60)]
    assert widths == sorted(widths, reverse=True)


def test_side_by_side_fewer_than_five_pairs_prove_nothing():
    old = changed(endpoint(7), p50=np.where(np.arange(7) < 4, 4e5, np.nan))
    told = judge_side_by_side(old, slower(old, 5.0, (Measure.P50,)), plan_of(), is_over=True)
    assert standing(told, Signal.P50) is Standing.UNCLEAR


def test_side_by_side_a_small_share_of_the_traffic_is_no_fallen_load():
    new = changed(STORY.after, requests=50, errors_4xx=0.5)
    assert judge_side_by_side(STORY.after, new, STORY.plan, is_over=True).cap is None
