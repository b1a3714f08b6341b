"""An endpoint that shall be gone: its autoscaling is taken off, then it is deleted, and what proves it is that it is not there."""

from datetime import datetime

from bot.domain.calls import UpdateCall
from bot.domain.endpoint import BUSY_STATUSES, EndpointStatus, Snapshot
from bot.domain.phases import AWS_ACTOR, BOT_ACTOR, Phase, Reason
from bot.domain.plan import Difference
from bot.domain.reconcile.steps import Action, Decision, Observation, end, fail, looked, redraw, with_why
from bot.domain.reconcile.updating import (
    BUSY_PATIENCE,
    MAX_CALLS,
    is_settling,
    must_wait,
    never_asked,
    stopped_by_person,
    take_scaling,
)
from bot.domain.rollout import Rollout


def prepare_teardown(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    """Nothing has to be made ready: as soon as nothing stands in the way, it begins."""
    if refusal := _unfit(rollout, seen, now):
        return refusal
    rollout = looked(rollout, seen)
    if must_wait(seen) or seen.lock is not None:
        return Decision(rollout.with_(stopped_by=seen.lock), look_again_in=rollout.pace.poll)
    return _delete_when_fit(rollout.to(Phase.UPDATING, Reason.UPDATE_REQUESTED, now, BOT_ACTOR), seen, now)


def follow_teardown(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    """DeleteEndpoint is about to be called, was called, or may have been called: find out by looking."""
    call = rollout.update
    if call is None:
        return _delete_when_fit(rollout, seen, now)
    if seen.is_gone or seen.snapshot is None:
        # What scaled it is in the plan, for whoever restores it; nothing is left to put it back onto.
        gone = rollout.to(
            Phase.SUCCEEDED, Reason.TORN_DOWN, now, BOT_ACTOR, cutover_at=now, scaling=None, snapshot=None
        )
        return Decision(gone)
    rollout, snapshot = looked(rollout, seen), seen.snapshot
    if snapshot.status is EndpointStatus.DELETING:
        return Decision(
            rollout.with_(update=call.model_copy(update={"seen_at_work": True})), look_again_in=rollout.pace.poll
        )
    if snapshot.status in BUSY_STATUSES:
        return Decision(rollout, look_again_in=rollout.pace.poll)
    return _still_there(rollout, call, snapshot, now)


def _still_there(rollout: Rollout, call: UpdateCall, snapshot: Snapshot, now: datetime) -> Decision:
    """It was not deleted so far: the call does not show yet, had no effect, or SageMaker gave up."""
    if not call.seen_at_work and is_settling(call, snapshot, rollout.pace, now):
        return Decision(rollout, look_again_in=min(rollout.pace.poll, rollout.pace.settle))
    if call.accepted_at is not None or call.seen_at_work:
        note = with_why(f"SageMaker took DeleteEndpoint, and the endpoint is {snapshot.status} nevertheless.", snapshot)
        return end(rollout, Phase.FAILED, Reason.AWS_REFUSED, now, note, actor=AWS_ACTOR)
    if call.attempts >= MAX_CALLS:
        note = "SageMaker's answers to DeleteEndpoint were lost, and the endpoint is still there."
        return fail(rollout, Reason.AWS_UNREACHABLE, now, note)
    return never_asked(rollout, now) or _delete_when_fit(rollout, Observation(snapshot=snapshot), now)


def _delete_when_fit(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    if stopped := stopped_by_person(rollout, now):
        return stopped
    if refusal := _unfit(rollout, seen, now):
        return refusal
    rollout = looked(rollout, seen)
    if must_wait(seen) or seen.lock is not None:
        return Decision(rollout.with_(stopped_by=seen.lock), look_again_in=rollout.pace.poll)
    free = rollout.with_(stopped_by=None)
    return take_scaling(free, now) or _delete(free, seen, now)


def _delete(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    assert seen.snapshot is not None
    call = UpdateCall(
        config=seen.snapshot.config_name,
        intended_at=now,
        last_modified_before=seen.snapshot.last_modified,
        attempts=1 + (rollout.update.attempts if rollout.update else 0),
    )
    return Decision(rollout.with_(update=call), Action.DELETE_ENDPOINT, rollout.pace.settle)


def _unfit(rollout: Rollout, seen: Observation, now: datetime) -> Decision | None:
    """Why DeleteEndpoint must not be called, if so: what was approved is the end of what ran then, and of nothing else."""
    assert rollout.plan is not None
    if seen.is_gone or seen.snapshot is None:
        return fail(rollout, Reason.ENDPOINT_GONE, now, "The endpoint does not exist any more: somebody deleted it.")
    snapshot = seen.snapshot
    if snapshot.status in BUSY_STATUSES:
        if now - (rollout.busy_since or now) > BUSY_PATIENCE:
            minutes = int(BUSY_PATIENCE.total_seconds() // 60)
            note = f"SageMaker was busy with the endpoint ({snapshot.status}) for {minutes} minutes."
            return fail(rollout, Reason.ENDPOINT_BUSY, now, note)
        return None
    if snapshot.config_name != rollout.plan.current_config:
        moved = Difference(path="Endpoint config", before=rollout.plan.current_config, after=snapshot.config_name)
        return redraw(rollout, Reason.ENDPOINT_DRIFTED, now, (moved,))
    return None
