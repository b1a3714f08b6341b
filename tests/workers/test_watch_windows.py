"""The windows of the watch: whole periods, the warm-up left out, the baseline before the update, as much past as CloudWatch keeps."""

from datetime import datetime, timedelta

import pytest
from fakes.clock import NOW
from fakes.records import WATCH, a_call, at

from bot.domain.phases import Phase
from bot.domain.rollout import Rollout
from bot.domain.verdict import Window
from bot.domain.watchplan import Extension
from workers.watching.comparing import MOST_POINTS, chart_period
from workers.watching.windows import baseline_of, ended, history_before, settled

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OVER = NOW + 33 * MINUTE


def watched(**fields: object) -> Rollout:
    return at(Phase.WATCHING, watch=WATCH.model_copy(update=fields))


def test_the_warm_up_is_left_out() -> None:
    assert ended(watched(), NOW + 3 * MINUTE) is None
    assert ended(watched(), NOW + 4 * MINUTE) == Window(start=NOW + 3 * MINUTE, end=NOW + 4 * MINUTE)
    assert baseline_of(watched()) == Window(start=NOW - HOUR, end=NOW)


def test_the_window_grows_with_the_watch_and_ends_with_it() -> None:
    for minutes in (4, 20):
        window = ended(watched(), NOW + minutes * MINUTE + 59 * SECOND)
        assert window is not None
        assert window.end == NOW + minutes * MINUTE
    late = ended(watched(), OVER + HOUR)
    assert late is not None
    assert late.end == OVER


def test_an_extension_makes_the_window_longer_and_leaves_its_start() -> None:
    longer = watched().with_(extensions=(Extension(actor="U1", at=OVER - MINUTE, by=30 * MINUTE),))
    assert ended(longer, OVER + HOUR) == Window(start=NOW + 3 * MINUTE, end=OVER + 30 * MINUTE)


def test_numbers_are_settled_three_minutes_after_their_period() -> None:
    assert settled(watched(), NOW + 6 * MINUTE + 59 * SECOND) is None
    assert settled(watched(), NOW + 7 * MINUTE) == Window(start=NOW + 3 * MINUTE, end=NOW + 4 * MINUTE)
    assert settled(watched(), OVER + 3 * MINUTE) == ended(watched(), OVER)


def test_a_watch_of_seconds_waits_for_late_numbers_no_longer_than_it_lasts() -> None:
    short = watched(duration=2 * SECOND, warm_up=timedelta(0), metric_period=SECOND)
    assert settled(short, NOW + 3 * SECOND) == Window(start=NOW, end=NOW + SECOND)


def is_whole(at: datetime) -> bool:
    return at.second == 0 and at.microsecond == 0


@pytest.mark.parametrize("seconds", [0, 1, 30, 59])
def test_windows_are_made_of_whole_periods(seconds: int) -> None:
    cutover = NOW + seconds * SECOND
    rollout = at(Phase.WATCHING, cutover_at=cutover, update=a_call(intended_at=NOW - seconds * SECOND))
    before, after = baseline_of(rollout), ended(rollout, cutover + 40 * MINUTE)
    assert after is not None
    assert all(is_whole(edge) for span in (before, after) for edge in (span.start, span.end))
    assert before.end <= NOW - seconds * SECOND
    assert after.start >= cutover + WATCH.warm_up


def test_periods_of_several_minutes_begin_where_the_clock_has_them() -> None:
    rollout = at(
        Phase.WATCHING,
        watch=WATCH.model_copy(update={"metric_period": 5 * MINUTE}),
        cutover_at=NOW + 7 * MINUTE,
        update=a_call(intended_at=NOW + 2 * MINUTE),
    )
    after = ended(rollout, NOW + 21 * MINUTE)
    assert after == Window(start=NOW + 10 * MINUTE, end=NOW + 20 * MINUTE)
    assert baseline_of(rollout).end == NOW


def test_a_watch_shorter_than_its_period_still_has_a_window() -> None:
    short = {"duration": 10 * SECOND, "warm_up": timedelta(0)}
    rollout = at(Phase.WATCHING, watch=WATCH.model_copy(update=short), cutover_at=NOW + 5 * SECOND)
    assert ended(rollout, NOW + 6 * SECOND) is None
    assert ended(rollout, NOW + MINUTE) == Window(start=NOW, end=NOW + MINUTE)


@pytest.mark.parametrize("fields", [{"cutover_at": None}, {"update": None}])
def test_without_a_cutover_there_is_nothing_to_compare(fields: dict[str, None]) -> None:
    assert ended(at(Phase.WATCHING, **fields), OVER) is None


def test_the_past_is_two_weeks_of_minutes_up_to_the_end_of_the_baseline() -> None:
    baseline = baseline_of(watched())
    assert history_before(baseline, MINUTE, NOW + HOUR) == Window(start=NOW - 14 * DAY, end=NOW)


@pytest.mark.parametrize(
    ("period", "kept"), [(MINUTE, 15 * DAY), (5 * MINUTE, 15 * DAY), (SECOND, 3 * HOUR), (30 * SECOND, 3 * HOUR)]
)
@pytest.mark.parametrize("passed", [timedelta(0), HOUR, 8 * HOUR, 30 * HOUR])
def test_no_more_of_the_past_is_asked_for_than_cloudwatch_keeps(
    period: timedelta, kept: timedelta, passed: timedelta
) -> None:
    past = history_before(baseline_of(watched()), period, NOW + passed)
    assert past.end == NOW
    assert (past.end - past.start) % period == timedelta(0)
    assert past.start == past.end or NOW + passed - past.start < kept


def test_an_hour_of_seconds_is_past_enough_and_a_long_baseline_is_never_cut() -> None:
    baseline = baseline_of(watched())
    assert history_before(baseline, SECOND, NOW) == Window(start=NOW - 2 * (baseline.end - baseline.start), end=NOW)
    short = Window(start=NOW - 10 * MINUTE, end=NOW)
    assert history_before(short, SECOND, NOW) == Window(start=NOW - HOUR, end=NOW)


@pytest.mark.parametrize("period", [1, 30, 60, 300])
@pytest.mark.parametrize("hours", [0.1, 1, 24, 48])
def test_a_chart_has_a_readable_number_of_points(period: int, hours: float) -> None:
    shown = Window(start=NOW, end=NOW + hours * HOUR)
    used = chart_period(period * SECOND, shown)
    assert (shown.end - shown.start) / used <= MOST_POINTS
    assert used >= period * SECOND
    assert used.total_seconds() in (1, 5, 10, 20, 30) or used.total_seconds() % 60 == 0
