"""An endpoint that shall exist: one CreateEndpoint for each approval, and before that a Failed endpoint out of its way.

SageMaker takes CreateEndpoint once for each name, so a second one does no harm. What it makes of it is seen by looking: InService
on the config that was asked for is success, Failed is the end, and there is nothing to go back to.
"""

from datetime import datetime
from typing import assert_never

from bot.domain.calls import UpdateCall
from bot.domain.endpoint import EndpointStatus, Snapshot
from bot.domain.phases import AWS_ACTOR, BOT_ACTOR, Phase, Reason
from bot.domain.reconcile.steps import SOON, Action, Decision, Observation, end, fail, with_why
from bot.domain.reconcile.updating import MAX_CALLS, never_asked, stopped_by_person
from bot.domain.rollout import Rollout
from bot.domain.saga import ScalingMode, ScalingSaga


def prepare_creation(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    """Create what is missing, one thing a tick, while nothing stands in the way."""
    if refusal := _taken(rollout, seen, now):
        return refusal
    rollout = _looked(rollout, seen)
    if seen.lock is not None:
        return Decision(rollout.with_(stopped_by=seen.lock), look_again_in=rollout.pace.poll)
    rollout = rollout.with_(stopped_by=None)
    assert rollout.plan is not None
    if rollout.plan.new_models and not rollout.models_created:
        return Decision(rollout, Action.CREATE_MODELS, rollout.pace.settle)
    if not rollout.plan.is_restore and not rollout.config_created:
        return Decision(rollout, Action.CREATE_CONFIG, rollout.pace.settle)
    return _create_when_free(rollout.to(Phase.UPDATING, Reason.UPDATE_REQUESTED, now, BOT_ACTOR), seen, now)


def follow_creation(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    """CreateEndpoint is about to be called, was called, or may have been called: find out by looking."""
    call = rollout.update
    if call is None:
        return _create_when_free(rollout, seen, now)
    if seen.is_gone or seen.snapshot is None:
        return _not_there(rollout, call, now)
    rollout = _looked(rollout, seen)
    snapshot = seen.snapshot
    match snapshot.status:
        case (
            EndpointStatus.CREATING
            | EndpointStatus.UPDATING
            | EndpointStatus.SYSTEM_UPDATING
            | EndpointStatus.ROLLING_BACK
        ):
            return Decision(rollout, look_again_in=rollout.pace.poll)
        case EndpointStatus.IN_SERVICE:
            return _in_service(rollout, snapshot, now)
        case EndpointStatus.FAILED:
            note = with_why("SageMaker could not create the endpoint.", snapshot)
            return end(rollout, Phase.FAILED, Reason.CREATION_FAILED, now, note, actor=AWS_ACTOR)
        case EndpointStatus.DELETING:
            note = "Somebody is deleting the endpoint."
            return end(rollout, Phase.FAILED, Reason.ENDPOINT_GONE, now, note)
        case EndpointStatus.OUT_OF_SERVICE | EndpointStatus.UPDATE_ROLLBACK_FAILED:
            note = with_why(f"The new endpoint became {snapshot.status}.", snapshot)
            return end(rollout, Phase.NEEDS_HUMAN, Reason.UPDATE_FAILED, now, note)
        case _:  # pragma: no cover
            assert_never(snapshot.status)


def _looked(rollout: Rollout, seen: Observation) -> Rollout:
    """Remember what was seen; an endpoint of that name after our call shows that the call took effect."""
    call, snapshot = rollout.update, seen.snapshot
    if call is not None and snapshot is not None and snapshot.config_name == call.config:
        rollout = rollout.with_(update=call.model_copy(update={"seen_at_work": True}))
    return rollout.with_(snapshot=snapshot)


def _taken(rollout: Rollout, seen: Observation, now: datetime) -> Decision | None:
    """Why nothing must be created under this name, if so. An endpoint that is going away is waited for."""
    snapshot = seen.snapshot
    assert rollout.plan is not None
    if seen.is_gone or snapshot is None or snapshot.status is EndpointStatus.DELETING:
        return None
    if snapshot.status is not EndpointStatus.FAILED:
        note = f"Somebody else created it meanwhile: it is {snapshot.status}, on {snapshot.config_name}."
        return fail(rollout, Reason.ENDPOINT_DRIFTED, now, note)
    if snapshot.config_name != rollout.plan.current_config:
        note = (
            f"There is another Failed endpoint of this name by now, on {snapshot.config_name}, which nobody looked at."
        )
        return fail(rollout, Reason.ENDPOINT_DRIFTED, now, note)
    return None


def _create_when_free(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    """Once the name is free: a Failed endpoint is deleted first, and waited for."""
    if stopped := stopped_by_person(rollout, now):
        return stopped
    if refusal := _taken(rollout, seen, now):
        return refusal
    rollout = _looked(rollout, seen)
    if seen.lock is not None:
        return Decision(rollout.with_(stopped_by=seen.lock), look_again_in=rollout.pace.poll)
    rollout = rollout.with_(stopped_by=None)
    if seen.snapshot is None or seen.is_gone:
        return _create(rollout, now)
    if seen.snapshot.status is EndpointStatus.FAILED:
        return Decision(rollout, Action.CLEAR_FAILED, rollout.pace.settle)
    return Decision(rollout, look_again_in=rollout.pace.poll)


def _create(rollout: Rollout, now: datetime) -> Decision:
    call = UpdateCall(
        config=rollout.target_config,
        intended_at=now,
        last_modified_before=now,
        attempts=1 + (rollout.update.attempts if rollout.update else 0),
    )
    return Decision(rollout.with_(update=call), Action.CREATE_ENDPOINT, rollout.pace.settle)


def _not_there(rollout: Rollout, call: UpdateCall, now: datetime) -> Decision:
    """Not shown yet, never created, or deleted by somebody: SageMaker is given three looks to show it."""
    patience = max(rollout.pace.settle, 3 * rollout.pace.poll)
    if not call.seen_at_work and now - (call.accepted_at or call.intended_at) < patience:
        return Decision(rollout, look_again_in=min(rollout.pace.poll, rollout.pace.settle))
    if call.seen_at_work or call.accepted_at is not None:
        note = "SageMaker took CreateEndpoint, and the endpoint does not exist any more: somebody deleted it."
        return end(rollout, Phase.FAILED, Reason.ENDPOINT_GONE, now, note)
    if call.attempts >= MAX_CALLS:
        note = "SageMaker's answers to CreateEndpoint were lost, and no endpoint came of it."
        return fail(rollout, Reason.AWS_UNREACHABLE, now, note)
    if stopped := stopped_by_person(rollout, now):
        return stopped
    return never_asked(rollout, now) or _create(rollout, now)


def _in_service(rollout: Rollout, snapshot: Snapshot, now: datetime) -> Decision:
    assert rollout.plan is not None
    if snapshot.config_name != rollout.target_config:
        note = f"It is on {snapshot.config_name}, which is not the config of this rollout."
        return end(rollout, Phase.NEEDS_HUMAN, Reason.LANDED_ELSEWHERE, now, note)
    targets = rollout.plan.scaling.targets
    saga = ScalingSaga(mode=ScalingMode.DEREGISTER, targets=targets, intended_at=now, taken_at=now) if targets else None
    done = rollout.to(Phase.SUCCEEDED, Reason.CREATED, now, BOT_ACTOR, cutover_at=now, scaling=saga)
    return Decision(done, look_again_in=SOON if done.is_active else None)
