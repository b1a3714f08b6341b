"""When the check command runs: on the old fleet right before the update, on the new one once its warm-up is over.

The intent is saved before a job is queued, so a crash in between leaves a run that nobody began; it is queued again until one did.
"""

from datetime import datetime

from bot.domain.checks import (
    CheckPlan,
    CheckRun,
    CheckTime,
    begun_again,
    is_lost,
    waited_for_nothing,
)
from bot.domain.phases import Kind
from bot.domain.reconcile.steps import SOON, Action, Decision
from bot.domain.rollout import Rollout


def check_before(rollout: Rollout, now: datetime) -> Decision | None:
    """What the check of the old fleet needs before the update may go on; None when it is over, or when there is none.

    How it ends does not matter here: what the old fleet fails, too, cannot be held against the new one.
    """
    decision = _next_step(rollout, CheckTime.BEFORE, now)
    if decision is None and is_running(rollout, CheckTime.BEFORE):
        return Decision(rollout, look_again_in=rollout.pace.poll)
    return decision


def due(rollout: Rollout, now: datetime) -> Decision | None:
    """What the check of the new fleet needs now; None when the watch has nothing to do for it, which goes on beside it."""
    if rollout.cutover_at is None or now < rollout.cutover_at + rollout.watch.warm_up:
        return None
    return _next_step(rollout, CheckTime.AFTER, now)


def is_pending(rollout: Rollout) -> bool:
    """Whether the verdict that ends the watch has to wait for the check of the new fleet. It ends by its time-out at the latest."""
    run = rollout.check_of(CheckTime.AFTER)
    return _plan_of(rollout) is not None and (run is None or not run.is_over)


def is_running(rollout: Rollout, time: CheckTime) -> bool:
    """Whether that check was begun, or shall be, and has no result."""
    run = rollout.check_of(time)
    return run is not None and not run.is_over


def with_run(rollout: Rollout, run: CheckRun) -> Rollout:
    """The rollout with that run in the place of the one of the same time."""
    return rollout.with_(checks=(*(r for r in rollout.checks if r.time is not run.time), run))


def _plan_of(rollout: Rollout) -> CheckPlan | None:
    """A way back is checked by nobody: it leads to what served before. Nor is the start of a trial, where that goes on serving."""
    return rollout.watch.check if rollout.kind is Kind.UPDATE and not rollout.starts_trial else None


def _next_step(rollout: Rollout, time: CheckTime, now: datetime) -> Decision | None:
    """Begin it, begin it again, or write down that it could not be run."""
    plan = _plan_of(rollout)
    if plan is None:
        return None
    run = rollout.check_of(time)
    if run is None:
        return _start(rollout, CheckRun(time=time, intended_at=now))
    if run.is_over:
        return None
    if is_lost(run, plan, now):
        run = begun_again(run, now)
        return Decision(with_run(rollout, run), look_again_in=SOON) if run.is_over else _start(rollout, run)
    if over := waited_for_nothing(run, now):
        return Decision(with_run(rollout, over), look_again_in=SOON)
    return _start(rollout, run) if run.started_at is None else None


def _start(rollout: Rollout, run: CheckRun) -> Decision:
    return Decision(with_run(rollout, run), Action.START_CHECK, rollout.pace.poll)
