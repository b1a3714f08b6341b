"""When the check command is begun, begun again and given up, by tables; and that it holds a rollout up for no longer than it may."""

from datetime import datetime, timedelta

import pytest
from fakes.clock import NOW
from fakes.facts import SCALED
from fakes.records import CURRENT, PACE, TARGET, WATCH, a_plan, a_snapshot, at, rollback_at

from bot.domain.checks import GRACE, LONGEST_WAIT, MOST_ATTEMPTS, CheckPlan, CheckRun, CheckTime
from bot.domain.phases import Kind, Phase
from bot.domain.reconcile import Action, Observation, after_success, decide
from bot.domain.reconcile.checking import check_before, due, is_pending, with_run
from bot.domain.rollout import Rollout

BEFORE, AFTER = CheckTime.BEFORE, CheckTime.AFTER
TIMEOUT = timedelta(minutes=5)
CHECKED = WATCH.model_copy(update={"check": CheckPlan(command=("wer",), timeout=TIMEOUT)})
WARM = NOW + WATCH.warm_up
SECOND = timedelta(seconds=1)


def preparing(*runs: CheckRun, **fields: object) -> Rollout:
    created = {"models_created": True, "config_created": True}
    return at(Phase.PREPARING, watch=CHECKED, checks=runs, plan=a_plan(scaling=SCALED), **{**created, **fields})


def watching(*runs: CheckRun, **fields: object) -> Rollout:
    return at(Phase.WATCHING, **{"watch": CHECKED, "checks": runs, **fields})


def a_run(time: CheckTime, *, started: datetime | None = None, over: bool = False, attempt: int = 1) -> CheckRun:
    finished = {"finished_at": NOW, "exit_status": 0} if over else {}
    return CheckRun(time=time, intended_at=NOW, started_at=started, attempt=attempt, **finished)


def test_the_old_fleet_is_checked_after_everything_was_created_and_before_autoscaling_is_taken_away() -> None:
    seen = Observation(a_snapshot())
    assert decide(preparing(config_created=False), seen, NOW).action is Action.CREATE_CONFIG
    begun = decide(preparing(), seen, NOW)
    assert (begun.action, begun.rollout.phase) == (Action.START_CHECK, Phase.PREPARING)
    assert begun.rollout.check_of(BEFORE) == CheckRun(time=BEFORE, intended_at=NOW)
    waits = decide(with_run(begun.rollout, a_run(BEFORE, started=NOW)), seen, NOW)
    assert (waits.action, waits.look_again_in, waits.rollout.phase) == (None, PACE.poll, Phase.PREPARING)
    assert decide(preparing(a_run(BEFORE, over=True)), seen, NOW).action is Action.TAKE_SCALING


def test_a_check_is_asked_for_until_somebody_begins_it() -> None:
    asked = check_before(preparing(a_run(BEFORE)), NOW + SECOND)
    assert asked is not None
    assert (asked.action, asked.rollout.check_of(BEFORE)) == (Action.START_CHECK, a_run(BEFORE))
    assert after_success(asked.rollout, Action.START_CHECK, NOW).look_again_in == PACE.poll


def test_a_check_that_nobody_begins_is_given_up() -> None:
    given_up = check_before(preparing(a_run(BEFORE)), NOW + LONGEST_WAIT)
    assert given_up is not None
    run = given_up.rollout.check_of(BEFORE)
    assert run is not None
    assert (given_up.action, run.is_over, run.passed) == (None, True, None)
    assert check_before(given_up.rollout, NOW + LONGEST_WAIT) is None


@pytest.mark.parametrize("time", [BEFORE, AFTER])
def test_no_run_can_hold_a_rollout_up_for_longer_than_its_attempts_may_take(time: CheckTime) -> None:
    """Every attempt waits for a worker for as long as it may, is begun, and never answers."""
    rollout, now = (preparing() if time is BEFORE else watching()), WARM
    step = check_before if time is BEFORE else due
    for _ in range(20):
        decision = step(rollout, now)
        if decision is None:
            break
        rollout = decision.rollout
        run = rollout.check_of(time)
        assert run is not None
        if run.is_over:
            continue
        now += LONGEST_WAIT - SECOND
        rollout = with_run(rollout, run.model_copy(update={"started_at": now}))
        now += TIMEOUT + GRACE
    run = rollout.check_of(time)
    assert run is not None
    assert (run.is_over, run.attempt) == (True, MOST_ATTEMPTS)
    assert step(rollout, now) is None
    assert now - WARM < MOST_ATTEMPTS * (LONGEST_WAIT + TIMEOUT + GRACE)


def test_the_new_fleet_is_checked_once_its_warm_up_is_over_and_beside_the_watch() -> None:
    assert due(watching(), WARM - SECOND) is None
    begun = due(watching(), WARM)
    assert begun is not None
    assert begun.action is Action.START_CHECK
    assert due(watching(a_run(AFTER, started=WARM)), WARM) is None, "the watch looks at its own pace"
    assert due(watching(a_run(AFTER, over=True)), WARM) is None
    assert due(watching(cutover_at=None), WARM) is None


@pytest.mark.parametrize(
    ("rollout", "pending"),
    [
        (watching(), True),
        (watching(a_run(BEFORE, over=True)), True),
        (watching(a_run(AFTER)), True),
        (watching(a_run(AFTER, started=NOW)), True),
        (watching(a_run(AFTER, over=True)), False),
        (watching(watch=WATCH), False),
    ],
)
def test_the_last_word_waits_for_a_check_that_was_asked_for(rollout: Rollout, pending: bool) -> None:
    assert is_pending(rollout) is pending


@pytest.mark.parametrize(
    "rollout",
    [
        preparing().with_(watch=WATCH),
        rollback_at(Phase.ROLLING_BACK, watch=CHECKED),
        preparing(kind=Kind.SCALE),
    ],
    ids=["no command", "a way back", "a change of counts"],
)
def test_what_has_nothing_to_check_is_not_kept_waiting(rollout: Rollout) -> None:
    assert check_before(rollout, NOW) is None
    assert not is_pending(rollout)


def test_a_plan_that_is_drawn_anew_forgets_what_was_checked_for_the_old_one() -> None:
    moved = Observation(a_snapshot(config="made-by-hand"))
    back = decide(preparing(a_run(BEFORE, over=True)), moved, NOW)
    assert (back.rollout.phase, back.rollout.checks) == (Phase.PLANNING, ())


def test_one_run_is_kept_of_each_fleet() -> None:
    rollout = with_run(with_run(watching(a_run(BEFORE, over=True)), a_run(AFTER)), a_run(AFTER, attempt=2))
    assert [(run.time, run.attempt) for run in rollout.checks] == [(BEFORE, 1), (AFTER, 2)]


def test_the_watch_begins_the_check_and_ends_only_after_it() -> None:
    seen = Observation(a_snapshot(config=TARGET))
    begun = decide(watching(), seen, WARM)
    assert begun.action is Action.START_CHECK
    running = with_run(begun.rollout, a_run(AFTER, started=WARM))
    assert decide(running, seen, WARM + SECOND).action is None
    assert decide(running, Observation(a_snapshot(config=CURRENT)), WARM).rollout.phase is Phase.NEEDS_HUMAN
