"""UpdateEndpoint is about to be called, was called, or may have been called: what to do is found out by looking."""

from datetime import datetime, timedelta
from typing import assert_never

from bot.domain.calls import UpdateCall
from bot.domain.endpoint import BUSY_STATUSES, EndpointStatus, Snapshot
from bot.domain.failure import FailureKind, classify
from bot.domain.phases import AWS_ACTOR, BOT_ACTOR, Kind, Phase, Reason
from bot.domain.plan import Difference
from bot.domain.reconcile.legs import call_of, destination, is_crossing, origin, with_bridge, with_call
from bot.domain.reconcile.steps import (
    SOON,
    Action,
    Decision,
    Observation,
    end,
    fail,
    looked,
    redraw,
    turn_back,
    with_why,
)
from bot.domain.rollout import Rollout
from bot.domain.rollout_parts import Pace, Retry
from bot.domain.saga import ScalingMode, ScalingSaga
from bot.domain.trial import TrialWatch

BUSY_PATIENCE = timedelta(minutes=30)
"""How long an approved rollout waits for an endpoint that AWS or somebody else is busy with."""

MAX_CALLS = 5
"""How often a call that provably never took effect is made anew."""


def unfit(rollout: Rollout, seen: Observation, now: datetime) -> Decision | None:
    """Why UpdateEndpoint must not be called at all, if so. Nothing was changed on the endpoint by then, or it is on the bridge."""
    if rollout.has_crossed:
        return stranded(rollout, seen, now)
    if seen.is_gone or seen.snapshot is None:
        return fail(rollout, Reason.ENDPOINT_GONE, now, "The endpoint does not exist any more.")
    assert rollout.plan is not None
    snapshot = seen.snapshot
    if snapshot.status in BUSY_STATUSES:
        if now - (rollout.busy_since or now) > BUSY_PATIENCE:
            minutes = int(BUSY_PATIENCE.total_seconds() // 60)
            note = f"SageMaker was busy with the endpoint ({snapshot.status}) for {minutes} minutes."
            return fail(rollout, Reason.ENDPOINT_BUSY, now, note)
        return None
    if snapshot.config_name not in (rollout.plan.current_config, destination(rollout)):
        if rollout.kind is not Kind.ROLLBACK:
            moved = Difference(path="Endpoint config", before=rollout.plan.current_config, after=snapshot.config_name)
            return redraw(rollout, Reason.ENDPOINT_DRIFTED, now, (moved,))
        note = f"It is on {snapshot.config_name} now; the plan was made for {rollout.plan.current_config}."
        return fail(rollout, Reason.ENDPOINT_DRIFTED, now, note)
    if snapshot.status is EndpointStatus.IN_SERVICE or _may_repair(rollout, snapshot):
        return None
    return fail(
        rollout, Reason.AWS_REFUSED, now, f"The endpoint is {snapshot.status}, and only InService can be changed."
    )


def stranded(rollout: Rollout, seen: Observation, now: datetime) -> Decision | None:
    """What keeps a change that stands on its bridge from going on or back by itself, if anything does."""
    if seen.is_gone or seen.snapshot is None:
        note = "The endpoint was deleted while both variants ran."
        return end(rollout, Phase.NEEDS_HUMAN, Reason.ENDPOINT_GONE, now, note)
    snapshot = seen.snapshot
    if snapshot.status in BUSY_STATUSES:
        return None
    if snapshot.status is not EndpointStatus.IN_SERVICE:
        note = f"The endpoint became {snapshot.status} while both variants ran."
        return end(rollout, Phase.NEEDS_HUMAN, Reason.UPDATE_FAILED, now, with_why(note, snapshot))
    if snapshot.config_name not in (origin(rollout), destination(rollout)):
        note = f"Somebody moved the endpoint to {snapshot.config_name} while both variants ran."
        return end(rollout, Phase.NEEDS_HUMAN, Reason.ENDPOINT_DRIFTED, now, note)
    return None


def _may_repair(rollout: Rollout, snapshot: Snapshot) -> bool:
    """UpdateRollbackFailed serves a mix of fleets; another UpdateEndpoint is SageMaker's documented way out of it."""
    return rollout.kind is Kind.ROLLBACK and snapshot.status is EndpointStatus.UPDATE_ROLLBACK_FAILED


def must_wait(seen: Observation) -> bool:
    """Whether SageMaker is at work on the endpoint and would refuse a call."""
    return seen.snapshot is not None and seen.snapshot.status in BUSY_STATUSES


def follow_update(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    """UpdateEndpoint is about to be called, was called, or may have been called: find out by looking."""
    call = call_of(rollout)
    if call is None:
        return call_when_fit(rollout, seen, now)
    if seen.is_gone or seen.snapshot is None:
        note = "The endpoint was deleted during the update."
        return end(rollout, Phase.NEEDS_HUMAN, Reason.ENDPOINT_GONE, now, note)
    snapshot = seen.snapshot
    rollout = looked(rollout, seen)
    match snapshot.status:
        case (
            EndpointStatus.UPDATING
            | EndpointStatus.SYSTEM_UPDATING
            | EndpointStatus.ROLLING_BACK
            | EndpointStatus.CREATING
        ):
            return _at_work(rollout, snapshot)
        case EndpointStatus.IN_SERVICE:
            return _settled(rollout, snapshot, now)
        case EndpointStatus.UPDATE_ROLLBACK_FAILED:
            if _may_repair(rollout, snapshot) and is_settling(call, snapshot, rollout.pace, now):
                return Decision(rollout, look_again_in=min(rollout.pace.poll, rollout.pace.settle))
            note = "The update and SageMaker's way back both failed: instances of both configs serve traffic."
            return end(rollout, Phase.NEEDS_HUMAN, Reason.UPDATE_ROLLBACK_FAILED, now, with_why(note, snapshot))
        case EndpointStatus.FAILED | EndpointStatus.OUT_OF_SERVICE:
            note = f"The endpoint is {snapshot.status} and takes no traffic."
            return end(rollout, Phase.NEEDS_HUMAN, Reason.UPDATE_FAILED, now, with_why(note, snapshot))
        case EndpointStatus.DELETING:
            note = "Somebody is deleting the endpoint."
            return end(rollout, Phase.NEEDS_HUMAN, Reason.ENDPOINT_GONE, now, note)
        case _:  # pragma: no cover
            assert_never(snapshot.status)


def _at_work(rollout: Rollout, snapshot: Snapshot) -> Decision:
    """SageMaker is at it. After an Abort our alarm is tripped at every look, because CloudWatch sets it right again."""
    if rollout.abort is not None and snapshot.status is EndpointStatus.UPDATING:
        return Decision(rollout, Action.TRIP_ALARM, rollout.pace.poll)
    return Decision(rollout, look_again_in=rollout.pace.poll)


def call_when_fit(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    """A rollback's first step, or an update that SageMaker provably did not take yet."""
    snapshot = seen.snapshot
    if call_of(rollout) is None and snapshot is not None and _has_begun_already(rollout, snapshot):
        return follow_update(_adopted(rollout, snapshot, now), seen, now)
    if stopped := stopped_by_person(rollout, now):
        return stopped
    if refusal := unfit(rollout, seen, now):
        return refusal
    seen_rollout = looked(rollout, seen)
    if rollout.retry is not None and now < rollout.retry.due:
        return Decision(seen_rollout, look_again_in=rollout.retry.due - now)
    if must_wait(seen) or seen.lock is not None:
        return Decision(seen_rollout.with_(stopped_by=seen.lock), look_again_in=rollout.pace.poll)
    free = seen_rollout.with_(stopped_by=None)
    return take_scaling(free, now) or _call_update(free, seen, now)


def stopped_by_person(rollout: Rollout, now: datetime) -> Decision | None:
    """Somebody pressed Cancel or Abort while SageMaker had taken nothing: then nothing is called."""
    who = rollout.rollback_queued_by or (rollout.abort.actor if rollout.abort is not None else None)
    if who is None:
        return None
    if rollout.has_crossed:
        return turn_back(rollout, Reason.ROLLBACK_QUEUED, now, actor=who)
    return Decision(rollout.to(Phase.CANCELLED, Reason.CANCELLED_BY_PERSON, now, who))


def never_asked(rollout: Rollout, now: datetime) -> Decision | None:
    """A change that was found again after the store was emptied, and shows no sign of its call, is not called for anew.

    What was approved is not known any more. A way back is: it was confirmed, and its whole plan is where it leads.
    """
    if not rollout.restored or rollout.kind is Kind.ROLLBACK:
        return None
    note = "The bot's store was emptied around the moment of the call, and SageMaker shows no sign of it."
    if rollout.has_crossed:
        return turn_back(rollout, Reason.RESTORED_FROM_TAGS, now, note)
    return Decision(rollout.to(Phase.CANCELLED, Reason.RESTORED_FROM_TAGS, now, BOT_ACTOR, note))


def take_scaling(rollout: Rollout, now: datetime) -> Decision | None:
    """Autoscaling that would block the update or move counts under it is taken away first; its snapshot is saved before that."""
    assert rollout.plan is not None
    saga = rollout.scaling
    if saga is None and rollout.plan.scaling.targets:
        saga = ScalingSaga(mode=rollout.plan.scaling_mode, targets=rollout.plan.scaling.targets, intended_at=now)
    if saga is None or saga.taken_at is not None:
        return None
    # Another rollout's saga may have been milder than what this change needs.
    mode = ScalingMode.DEREGISTER if ScalingMode.DEREGISTER in (saga.mode, rollout.plan.scaling_mode) else saga.mode
    again = saga.model_copy(update={"mode": mode, "attempts": saga.attempts + 1})
    return Decision(rollout.with_(scaling=again), Action.TAKE_SCALING, rollout.pace.settle)


def _call_update(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    assert seen.snapshot is not None
    before = call_of(rollout)
    call = UpdateCall(
        config=destination(rollout),
        intended_at=now,
        last_modified_before=seen.snapshot.last_modified,
        attempts=1 + (before.attempts if before else 0),
    )
    action = Action.CALL_BRIDGE if is_crossing(rollout) else Action.CALL_UPDATE
    return Decision(with_call(rollout, call), action, rollout.pace.settle)


def _has_begun_already(rollout: Rollout, snapshot: Snapshot) -> bool:
    """The endpoint is on the config of this leg without a call, or on its way there."""
    is_under_way = snapshot.status in BUSY_STATUSES and snapshot.is_moving_to(destination(rollout))
    return is_under_way or snapshot.is_on(destination(rollout))


def _adopted(rollout: Rollout, snapshot: Snapshot, now: datetime) -> Rollout:
    """No call is needed: what is under way is followed as if it were ours."""
    began = snapshot.pending.started_at if snapshot.pending is not None else None
    call = UpdateCall(
        config=destination(rollout),
        intended_at=began or now,
        last_modified_before=snapshot.last_modified,
        seen_at_work=True,
    )
    return with_call(rollout, call)


def _settled(rollout: Rollout, snapshot: Snapshot, now: datetime) -> Decision:
    """InService again: on which config, and what does that prove?"""
    call = call_of(rollout)
    assert call is not None
    if snapshot.config_name == destination(rollout):
        return _crossed(rollout, now) if is_crossing(rollout) else _landed(rollout, now)
    if snapshot.config_name != origin(rollout):
        note = f"It is on {snapshot.config_name}, which is neither the config of before nor the one of this rollout."
        return end(rollout, Phase.NEEDS_HUMAN, Reason.LANDED_ELSEWHERE, now, note)
    if is_settling(call, snapshot, rollout.pace, now):
        return Decision(rollout, look_again_in=min(rollout.pace.poll, rollout.pace.settle))
    if call.accepted_at is not None or call.seen_at_work:
        if again := _tried_again(rollout, snapshot, now):
            return again
        why = with_why(f"SageMaker ended the update on {snapshot.config_name}.", snapshot)
        if rollout.kind is Kind.ROLLBACK:
            return end(rollout, Phase.FAILED, Reason.ROLLBACK_FAILED, now, why, actor=AWS_ACTOR)
        if rollout.has_crossed:
            return turn_back(rollout, Reason.AWS_ROLLED_BACK, now, why)
        reason = Reason.AWS_ROLLED_BACK if rollout.abort is None else Reason.ABORTED
        return end(rollout, Phase.ROLLED_BACK_BY_AWS, reason, now, why, actor=AWS_ACTOR)
    if _has_moved(call, snapshot) or call.attempts >= MAX_CALLS:
        note = (
            "SageMaker's answer to UpdateEndpoint was lost, and the endpoint is InService on the config of before. "
            "Whether the update ran and was rolled back cannot be told, so it is not tried again."
        )
        return fail(rollout, Reason.AWS_UNREACHABLE, now, with_why(note, snapshot))
    return never_asked(rollout, now) or call_when_fit(rollout, Observation(snapshot=snapshot), now)


def _tried_again(rollout: Rollout, snapshot: Snapshot, now: datetime) -> Decision | None:
    """Nothing but a lack of capacity passes by itself, so nothing else is tried again, and this only where the fleet file says so."""
    tried = rollout.retry.count if rollout.retry else 0
    is_capacity = classify(snapshot.failure_reason).kind is FailureKind.CAPACITY
    wanted = rollout.abort is None and rollout.rollback_queued_by is None
    if not is_capacity or not wanted or tried >= rollout.retry_policy.capacity_attempts:
        return None
    wait = rollout.retry_policy.wait
    again = with_call(rollout, None).with_(retry=Retry(count=tried + 1, due=now + wait))
    return Decision(again, look_again_in=wait)


def _has_moved(call: UpdateCall, snapshot: Snapshot) -> bool:
    return snapshot.last_modified > call.last_modified_before


def is_settling(call: UpdateCall, snapshot: Snapshot, pace: Pace, now: datetime) -> bool:
    """A call that was made a moment ago may not show yet: SageMaker is eventually consistent.

    As long as nothing at all has shown, three looks are given to it, however short `settle` is: the conclusion that the call had no
    effect, or was undone already, must not rest on one stale answer.
    """
    if _has_moved(call, snapshot):
        return False
    patience = pace.settle if call.seen_at_work else max(pace.settle, 3 * pace.poll)
    return now - (call.accepted_at or call.intended_at) < patience


def _crossed(rollout: Rollout, now: datetime) -> Decision:
    """On the bridge: both variants serve, and are compared from now on."""
    return Decision(with_bridge(rollout, crossed_at=now).with_(retry=None), look_again_in=SOON)


def _landed(rollout: Rollout, now: datetime) -> Decision:
    if rollout.kind is Kind.ROLLBACK:
        done = rollout.to(Phase.ROLLED_BACK, Reason.ROLLBACK_LANDED, now, BOT_ACTOR, cutover_at=now)
        return Decision(done)
    if rollout.rollback_queued_by is not None:
        back = rollout.to(Phase.ROLLING_BACK, Reason.ROLLBACK_QUEUED, now, rollout.rollback_queued_by, cutover_at=now)
        return Decision(back, look_again_in=rollout.pace.poll, wants_rollback=True)
    if rollout.starts_trial:  # B is compared with A from now on, not a new fleet with an old one
        assert rollout.plan is not None
        assert rollout.plan.trial is not None
        running = TrialWatch(since=now, share=rollout.plan.trial.share)
        return Decision(rollout.to(Phase.SUCCEEDED, Reason.LANDED, now, BOT_ACTOR, cutover_at=now, trial_watch=running))
    watching = rollout.to(Phase.WATCHING, Reason.LANDED, now, BOT_ACTOR, cutover_at=now)
    return Decision(
        watching, look_again_in=min(rollout.watch.metric_period, rollout.watch.warm_up + rollout.watch.duration)
    )
