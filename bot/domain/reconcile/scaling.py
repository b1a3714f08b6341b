"""A change of live instance counts, of traffic weights or of autoscaling: no new config, so success is what was asked for, seen."""

from datetime import datetime

from bot.domain.autoscale import scaling_differences
from bot.domain.bridge import has_weights
from bot.domain.calls import UpdateCall
from bot.domain.endpoint import BUSY_STATUSES, EndpointStatus, Snapshot
from bot.domain.phases import AWS_ACTOR, BOT_ACTOR, Kind, Phase, Reason
from bot.domain.reconcile.steps import Action, Decision, Observation, end, fail, looked, with_why
from bot.domain.reconcile.updating import MAX_CALLS, is_settling, must_wait, never_asked, stopped_by_person, unfit
from bot.domain.rollout import Rollout

_ACTIONS = {
    Kind.SCALE: Action.SET_COUNTS,
    Kind.WEIGHTS: Action.SET_WEIGHTS,
    Kind.AUTOSCALE: Action.SET_AUTOSCALING,
}


def set_counts_when_fit(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    """Ask for the count, the weights or the autoscaling, once it would be taken."""
    if stopped := stopped_by_person(rollout, now):
        return stopped
    if refusal := unfit(rollout, seen, now):
        return refusal
    rollout = looked(rollout, seen)
    if must_wait(seen) or seen.lock is not None:
        return Decision(rollout.with_(stopped_by=seen.lock), look_again_in=rollout.pace.poll)
    assert seen.snapshot is not None
    call = UpdateCall(
        config=seen.snapshot.config_name,
        intended_at=now,
        last_modified_before=seen.snapshot.last_modified,
        attempts=1 + (rollout.update.attempts if rollout.update else 0),
    )
    return Decision(rollout.with_(update=call, stopped_by=None), _ACTIONS[rollout.kind], rollout.pace.settle)


def follow_scale(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    """UpdateEndpointWeightsAndCapacities is about to be called, was called, or may have been called: find out by looking."""
    if rollout.update is None:
        return set_counts_when_fit(rollout, seen, now)
    if seen.is_gone or seen.snapshot is None:
        return end(rollout, Phase.NEEDS_HUMAN, Reason.ENDPOINT_GONE, now, "The endpoint was deleted meanwhile.")
    rollout, snapshot = looked(rollout, seen), seen.snapshot
    if snapshot.status in BUSY_STATUSES:
        return Decision(rollout, look_again_in=rollout.pace.poll)
    if snapshot.status is not EndpointStatus.IN_SERVICE:
        note = f"The endpoint became {snapshot.status}."
        return end(rollout, Phase.NEEDS_HUMAN, Reason.UPDATE_FAILED, now, with_why(note, snapshot))
    return _settled(rollout, snapshot, now)


def follow_autoscaling(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    """Application Auto Scaling is about to be asked, was asked, or may have been asked: what it shows is what counts.

    Whether the endpoint is busy does not matter any more: other limits may have begun to move its instances.
    """
    call = rollout.update
    if call is None:
        return set_counts_when_fit(rollout, seen, now)
    if seen.is_gone or seen.snapshot is None:
        return end(rollout, Phase.FAILED, Reason.ENDPOINT_GONE, now, "The endpoint was deleted meanwhile.")
    wanted = rollout.plan.autoscale if rollout.plan is not None else None
    assert wanted is not None
    rollout = looked(rollout, seen)
    there = seen.scaling.of(wanted.variant) if seen.scaling is not None else None
    missed = scaling_differences(there, wanted.after)
    if seen.scaling is not None and not missed:
        return Decision(rollout.to(Phase.SUCCEEDED, Reason.AUTOSCALING_SET, now, BOT_ACTOR, cutover_at=now))
    if now - (call.accepted_at or call.intended_at) < max(rollout.pace.settle, 3 * rollout.pace.poll):
        return Decision(rollout, look_again_in=min(rollout.pace.poll, rollout.pace.settle))
    if call.attempts >= MAX_CALLS:
        shown = ", ".join(f"{d.path} {d.before or 'unset'}" for d in missed)
        note = f"Application Auto Scaling does not show what it was asked for ({shown})."
        return end(rollout, Phase.FAILED, Reason.AWS_REFUSED, now, note)
    return set_counts_when_fit(rollout, seen, now)


def _settled(rollout: Rollout, snapshot: Snapshot, now: datetime) -> Decision:
    assert rollout.update is not None
    missed = _weights_missed(rollout, snapshot) if rollout.kind is Kind.WEIGHTS else _count_missed(rollout, snapshot)
    if missed is None:
        reason = Reason.WEIGHTS_MOVED if rollout.kind is Kind.WEIGHTS else Reason.SCALED
        return Decision(rollout.to(Phase.SUCCEEDED, reason, now, BOT_ACTOR, cutover_at=now))
    if is_settling(rollout.update, snapshot, rollout.pace, now):
        return Decision(rollout, look_again_in=min(rollout.pace.poll, rollout.pace.settle))
    note = with_why(missed, snapshot)
    if rollout.update.accepted_at is not None or rollout.update.seen_at_work:
        return end(rollout, Phase.ROLLED_BACK_BY_AWS, Reason.AWS_ROLLED_BACK, now, note, actor=AWS_ACTOR)
    if rollout.update.attempts >= MAX_CALLS:
        return fail(rollout, Reason.AWS_UNREACHABLE, now, note)
    return never_asked(rollout, now) or set_counts_when_fit(rollout, Observation(snapshot=snapshot), now)


def _count_missed(rollout: Rollout, snapshot: Snapshot) -> str | None:
    """What there is in place of the count that was asked for; None if it is that."""
    assert rollout.count_change is not None
    wanted = rollout.count_change
    variant = next((v for v in snapshot.variants if v.name == wanted.variant), None)
    if variant is not None and variant.current_count == wanted.count == variant.desired_count:
        return None
    found = "gone" if variant is None else f"at {variant.current_count}"
    return f"SageMaker ended with {wanted.variant} {found} instead of {wanted.count}."


def _weights_missed(rollout: Rollout, snapshot: Snapshot) -> str | None:
    """That the weights are not those that were asked for; None if they are."""
    assert rollout.plan is not None
    assert rollout.plan.trial is not None
    if has_weights(snapshot, rollout.plan.trial.weights):
        return None
    shown = ", ".join(f"{v.name} {v.weight:g}" for v in snapshot.variants if v.weight is not None)
    return f"SageMaker ended with other weights than it was asked for ({shown or 'none shown'})."
