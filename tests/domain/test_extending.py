"""Watching for longer: while the watch goes on, and again after it ended without an answer."""

from datetime import timedelta

import pytest
from fakes.clock import NOW
from fakes.records import BEN, CARL, WATCH, a_comparison, a_verdict, at

from bot.domain.checks import CheckRun, CheckTime
from bot.domain.errors import UserError
from bot.domain.extending import extend
from bot.domain.phases import Kind, Phase, Reason
from bot.domain.reconcile import lateness, verdict_due_at, watch_ends_at
from bot.domain.rollout import Rollout
from bot.domain.verdict import VerdictKind

MINUTE = timedelta(minutes=1)
PLANNED_END = NOW + 33 * MINUTE
WATCHING = at(Phase.WATCHING)
OPEN_END = at(Phase.SUCCEEDED, verdict=a_verdict(VerdictKind.INCONCLUSIVE), worse_looks=1)


def test_during_the_watch_it_lasts_for_as_long_again() -> None:
    longer = extend(WATCHING, BEN, NOW + 20 * MINUTE, "e1")
    assert watch_ends_at(longer) == PLANNED_END + WATCH.duration
    assert (longer.phase, longer.was_moved_by("e1")) == (Phase.WATCHING, True)


@pytest.mark.parametrize("minutes", [34, 35])
def test_while_the_last_numbers_are_waited_for_it_counts_from_the_press(minutes: int) -> None:
    pressed = NOW + minutes * MINUTE
    assert watch_ends_at(extend(WATCHING, BEN, pressed)) == pressed + WATCH.duration


def test_a_watch_that_is_over_is_taken_up_again_with_the_same_beginning() -> None:
    pressed = NOW + timedelta(hours=2)
    again = extend(OPEN_END, BEN, pressed, "e1")
    assert (again.phase, again.last.reason, again.last.actor) == (Phase.WATCHING, Reason.WATCH_RESUMED, BEN)
    assert (again.verdict, again.worse_looks) == (None, 0)
    assert again.comparison == a_comparison()
    assert watch_ends_at(again) == pressed + WATCH.duration
    assert again.cutover_at == OPEN_END.cutover_at


def test_a_check_that_left_it_open_runs_again_and_one_that_passed_does_not() -> None:
    before, unanswered, passed = (
        CheckRun(time=time, intended_at=NOW, finished_at=NOW, exit_status=status)
        for time, status in ((CheckTime.BEFORE, 1), (CheckTime.AFTER, None), (CheckTime.AFTER, 0))
    )
    again = extend(OPEN_END.with_(checks=(before, unanswered)), BEN, NOW + timedelta(hours=2))
    assert again.checks == (before,)
    again = extend(OPEN_END.with_(checks=(before, passed)), BEN, NOW + timedelta(hours=2))
    assert again.checks == (before, passed)
    during = extend(WATCHING.with_(checks=(before, unanswered)), BEN, NOW + 20 * MINUTE)
    assert during.checks == (before, unanswered)


def test_extensions_add_up() -> None:
    longer = WATCHING
    for minutes in (5, 10, 80):
        longer = extend(longer, BEN, NOW + minutes * MINUTE)
    assert watch_ends_at(longer) == PLANNED_END + 3 * WATCH.duration
    assert verdict_due_at(longer) == watch_ends_at(longer) + lateness(WATCH)


@pytest.mark.parametrize("by", [BEN, CARL])
def test_two_presses_at_once_are_one_extension(by: str) -> None:
    longer = extend(WATCHING, BEN, NOW)
    with pytest.raises(UserError, match=f"<@{BEN}> extended the watch a moment ago, by 30 minutes"):
        extend(longer, by, NOW + timedelta(seconds=2))
    assert len(extend(longer, by, NOW + timedelta(seconds=11)).extensions) == 2


def test_a_watch_lasts_a_day_at_most() -> None:
    longer = WATCHING
    for press in range(1, 48):
        longer = extend(longer, BEN, NOW + press * MINUTE)
    assert watch_ends_at(longer) == NOW + WATCH.warm_up + timedelta(hours=24)
    with pytest.raises(UserError, match="A watch lasts 1 day at most, and this one would become longer"):
        extend(longer, BEN, NOW + 49 * MINUTE)
    with pytest.raises(UserError, match="to see its numbers: metrics sentiment-prod"):
        extend(OPEN_END, BEN, NOW + timedelta(days=3))


@pytest.mark.parametrize(
    "rollout",
    [
        at(Phase.UPDATING),
        at(Phase.ROLLED_BACK),
        at(Phase.SUCCEEDED, kind=Kind.SCALE),
        at(Phase.SUCCEEDED, cutover_at=None),
    ],
)
def test_where_nothing_is_watched_nothing_is_extended(rollout: Rollout) -> None:
    with pytest.raises(UserError, match="There is no watch to extend"):
        extend(rollout, BEN, NOW)
