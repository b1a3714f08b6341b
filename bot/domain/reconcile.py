"""What to do next with a rollout: `decide(rollout, observation, now)`, pure and total.

One tick of the engine is one observation, one decision, at most one side effect. The decision is saved *before* its side effect
is tried, so a crash at any point leaves a record from which the next tick finds out, by looking, what happened.

Why `InService` proves nothing by itself, and why FailureReason does not either (sources in docs/engine.md):
 1. SageMaker goes back to the current config silently when a launch fails or an alarm trips, and ends InService.
 2. FailureReason may be empty then, and may also stem from an older patching or scaling of an endpoint that works.
 3. LastModifiedTime moves also when autoscaling or AWS maintenance touches the endpoint.
So success is InService *and* on the target config; "rolled back by AWS" is InService on the current config after the call was
accepted or seen at work; and a call whose answer was lost is repeated only when nothing moved since.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from bot.domain.endpoint import BUSY_STATUSES, EndpointStatus, Snapshot
from bot.domain.errors import GatewayError, ResourceBusy, ResourceMissing, RolloutBotError, TransientError
from bot.domain.rollout import (
    AWS_ACTOR,
    BOT_ACTOR,
    Kind,
    Phase,
    Reason,
    Rollout,
    Trouble,
    UpdateCall,
)
from bot.domain.verdict import Comparison, Verdict

BUSY_PATIENCE = timedelta(minutes=30)
"""How long an approved rollout waits for an endpoint that AWS or somebody else is busy with."""

TROUBLE_PATIENCE = timedelta(minutes=15)
"""How long temporary errors may last before a rollout that has touched nothing gives up. One that has, never gives up."""

CONSISTENCY_PATIENCE = timedelta(seconds=60)
"""How long UpdateEndpoint may not find a config that was created a moment ago."""

LONGEST_BACKOFF = timedelta(seconds=60)

MAX_CALLS = 5
"""How often a call that provably never took effect is made anew."""


class Action(StrEnum):
    """The one side effect of a tick."""

    MAKE_PLAN = "make_plan"
    CREATE_MODELS = "create_models"
    CREATE_CONFIG = "create_config"
    CALL_UPDATE = "call_update"


@dataclass(frozen=True)
class Observation:
    """What a tick saw. None where it did not look, which it does only where the phase needs it."""

    snapshot: Snapshot | None = None
    is_gone: bool = False
    """The endpoint does not exist."""
    child: Rollout | None = None
    """The rollback of this rollout."""
    comparison: Comparison | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True)
class Decision:
    """The rollout as it shall be saved, then the side effect to try, then when to look again (None: at its end)."""

    rollout: Rollout
    action: Action | None = None
    look_again_in: timedelta | None = None
    wants_rollback: bool = False
    """A rollback of this rollout shall be opened together with saving it."""


SOON = timedelta(0)


def decide(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    """The next step of a rollout. Total over every phase, every EndpointStatus, config landed or not.

    A tick that only looks and could look is a success. One that tries a side effect is none yet: its trouble goes on until the
    side effect worked, or else a call that always fails would be tried for ever behind looks that always work.
    """
    decision = _decide(rollout, seen, now)
    if decision.action is not None or seen.snapshot is None:
        return decision
    return replace(decision, rollout=decision.rollout.with_(trouble=None))


def _decide(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    match rollout.phase:
        case Phase.PLANNING:
            return Decision(rollout, Action.MAKE_PLAN)
        case Phase.AWAITING_APPROVAL | Phase.SCHEDULED:
            return _wait_for_people(rollout, now)
        case Phase.PREPARING:
            return _prepare(rollout, seen, now)
        case Phase.UPDATING:
            return _follow_update(rollout, seen, now)
        case Phase.WATCHING:
            return _watch(rollout, seen, now)
        case Phase.ROLLING_BACK:
            if rollout.kind is Kind.UPDATE:
                return _follow_rollback(rollout, seen, now)
            return _follow_update(rollout, seen, now)
        case (
            Phase.SUCCEEDED
            | Phase.REJECTED
            | Phase.EXPIRED
            | Phase.CANCELLED
            | Phase.BLOCKED
            | Phase.FAILED
            | Phase.ROLLED_BACK_BY_AWS
            | Phase.ROLLED_BACK
            | Phase.NEEDS_HUMAN
        ):
            return Decision(rollout)
        case _:  # pragma: no cover
            assert_never(rollout.phase)


def needs_endpoint(rollout: Rollout) -> bool:
    """Whether the phase is decided by looking at the endpoint."""
    if rollout.phase is Phase.ROLLING_BACK:
        return rollout.kind is Kind.ROLLBACK
    return rollout.phase in (Phase.PREPARING, Phase.UPDATING, Phase.WATCHING)


def _wait_for_people(rollout: Rollout, now: datetime) -> Decision:
    if now >= rollout.expires_at:
        return Decision(rollout.to(Phase.EXPIRED, Reason.APPROVAL_EXPIRED, now, BOT_ACTOR))
    return Decision(rollout, look_again_in=rollout.expires_at - now)


def _prepare(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    """Create what is missing, one thing a tick, while the endpoint is still as it was planned for."""
    if refusal := _unfit(rollout, seen, now):
        return refusal
    rollout = _looked(rollout, seen)
    if _must_wait(seen):
        return Decision(rollout, look_again_in=rollout.pace.poll)
    assert rollout.plan is not None
    if rollout.plan.new_models and not rollout.models_created:
        return Decision(rollout, Action.CREATE_MODELS, rollout.pace.settle)
    if not rollout.config_created:
        return Decision(rollout, Action.CREATE_CONFIG, rollout.pace.settle)
    return _call_when_fit(rollout.to(Phase.UPDATING, Reason.UPDATE_REQUESTED, now, BOT_ACTOR), seen, now)


def _call_update(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    assert seen.snapshot is not None
    call = UpdateCall(
        config=rollout.target_config,
        intended_at=now,
        last_modified_before=seen.snapshot.last_modified,
        attempts=1 + (rollout.update.attempts if rollout.update else 0),
    )
    return Decision(rollout.with_(update=call), Action.CALL_UPDATE, rollout.pace.settle)


def _unfit(rollout: Rollout, seen: Observation, now: datetime) -> Decision | None:
    """Why UpdateEndpoint must not be called at all, if so. Nothing was changed on the endpoint by then."""
    if seen.is_gone or seen.snapshot is None:
        return _fail(rollout, Reason.ENDPOINT_GONE, now, "The endpoint does not exist any more.")
    assert rollout.plan is not None
    snapshot = seen.snapshot
    if snapshot.status in BUSY_STATUSES:
        waited_since = rollout.last.at
        if now - waited_since > BUSY_PATIENCE:
            minutes = int(BUSY_PATIENCE.total_seconds() // 60)
            note = f"SageMaker was busy with the endpoint ({snapshot.status}) for {minutes} minutes."
            return _fail(rollout, Reason.ENDPOINT_BUSY, now, note)
        return None
    if snapshot.config_name not in (rollout.plan.current_config, rollout.plan.target_config):
        note = f"It is on {snapshot.config_name} now; the plan was made for {rollout.plan.current_config}."
        return _fail(rollout, Reason.ENDPOINT_DRIFTED, now, note)
    if snapshot.status is EndpointStatus.IN_SERVICE or _may_repair(rollout, snapshot):
        return None
    return _fail(
        rollout, Reason.AWS_REFUSED, now, f"The endpoint is {snapshot.status}, and only InService can be changed."
    )


def _may_repair(rollout: Rollout, snapshot: Snapshot) -> bool:
    """UpdateRollbackFailed serves a mix of fleets; another UpdateEndpoint is SageMaker's documented way out of it."""
    return rollout.kind is Kind.ROLLBACK and snapshot.status is EndpointStatus.UPDATE_ROLLBACK_FAILED


def _must_wait(seen: Observation) -> bool:
    return seen.snapshot is not None and seen.snapshot.status in BUSY_STATUSES


def _follow_update(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    """UpdateEndpoint is about to be called, was called, or may have been called: find out by looking."""
    call = rollout.update
    if call is None:
        return _call_when_fit(rollout, seen, now)
    if seen.is_gone or seen.snapshot is None:
        note = "The endpoint was deleted during the update."
        return _end(rollout, Phase.NEEDS_HUMAN, Reason.ENDPOINT_GONE, now, note)
    snapshot = seen.snapshot
    rollout = _looked(rollout, seen)
    match snapshot.status:
        case (
            EndpointStatus.UPDATING
            | EndpointStatus.SYSTEM_UPDATING
            | EndpointStatus.ROLLING_BACK
            | EndpointStatus.CREATING
        ):
            return Decision(rollout, look_again_in=rollout.pace.poll)
        case EndpointStatus.IN_SERVICE:
            return _settled(rollout, snapshot, now)
        case EndpointStatus.UPDATE_ROLLBACK_FAILED:
            if _may_repair(rollout, snapshot) and _is_settling(call, snapshot, rollout.pace.settle, now):
                return Decision(rollout, look_again_in=min(rollout.pace.poll, rollout.pace.settle))
            note = "The update and SageMaker's way back both failed: instances of both configs serve traffic."
            return _end(rollout, Phase.NEEDS_HUMAN, Reason.UPDATE_ROLLBACK_FAILED, now, _with_why(note, snapshot))
        case EndpointStatus.FAILED | EndpointStatus.OUT_OF_SERVICE:
            note = f"The endpoint is {snapshot.status} and takes no traffic."
            return _end(rollout, Phase.NEEDS_HUMAN, Reason.UPDATE_FAILED, now, _with_why(note, snapshot))
        case EndpointStatus.DELETING:
            note = "Somebody is deleting the endpoint."
            return _end(rollout, Phase.NEEDS_HUMAN, Reason.ENDPOINT_GONE, now, note)
        case _:  # pragma: no cover
            assert_never(snapshot.status)


def _call_when_fit(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    """A rollback's first step, or an update that SageMaker provably did not take yet."""
    snapshot = seen.snapshot
    if rollout.update is None and snapshot is not None and _has_begun_already(rollout, snapshot):
        return _follow_update(_adopted(rollout, snapshot, now), seen, now)
    if refusal := _unfit(rollout, seen, now):
        return refusal
    looked = _looked(rollout, seen)
    if rollout.rollback_queued_by is not None:
        stopped = looked.to(Phase.CANCELLED, Reason.CANCELLED_BY_PERSON, now, rollout.rollback_queued_by)
        return Decision(stopped)
    if _must_wait(seen):
        return Decision(looked, look_again_in=rollout.pace.poll)
    return _call_update(looked, seen, now)


def _has_begun_already(rollout: Rollout, snapshot: Snapshot) -> bool:
    """The endpoint is on the target without a call, or on its way there."""
    is_under_way = snapshot.status in BUSY_STATUSES and snapshot.is_moving_to(rollout.target_config)
    return is_under_way or snapshot.is_on(rollout.target_config)


def _adopted(rollout: Rollout, snapshot: Snapshot, now: datetime) -> Rollout:
    """No call is needed: what is under way is followed as if it were ours."""
    began = snapshot.pending.started_at if snapshot.pending is not None else None
    call = UpdateCall(
        config=rollout.target_config,
        intended_at=began or now,
        last_modified_before=snapshot.last_modified,
        seen_at_work=True,
    )
    return rollout.with_(update=call)


def _settled(rollout: Rollout, snapshot: Snapshot, now: datetime) -> Decision:
    """InService again: on which config, and what does that prove?"""
    assert rollout.plan is not None
    assert rollout.update is not None
    if snapshot.config_name == rollout.target_config:
        return _landed(rollout, now)
    if snapshot.config_name != rollout.plan.current_config:
        note = f"It is on {snapshot.config_name}, which is neither the config of before nor the one of this rollout."
        return _end(rollout, Phase.NEEDS_HUMAN, Reason.LANDED_ELSEWHERE, now, note)
    call = rollout.update
    if _is_settling(call, snapshot, rollout.pace.settle, now):
        return Decision(rollout, look_again_in=min(rollout.pace.poll, rollout.pace.settle))
    if call.accepted_at is not None or call.seen_at_work:
        why = _with_why(f"SageMaker ended the update on {snapshot.config_name}.", snapshot)
        if rollout.kind is Kind.ROLLBACK:
            return _end(rollout, Phase.FAILED, Reason.ROLLBACK_FAILED, now, why, actor=AWS_ACTOR)
        return _end(rollout, Phase.ROLLED_BACK_BY_AWS, Reason.AWS_ROLLED_BACK, now, why, actor=AWS_ACTOR)
    if _has_moved(call, snapshot) or call.attempts >= MAX_CALLS:
        note = (
            "SageMaker's answer to UpdateEndpoint was lost, and the endpoint is InService on the config of before. "
            "Whether the update ran and was rolled back cannot be told, so it is not tried again."
        )
        return _fail(rollout, Reason.AWS_UNREACHABLE, now, _with_why(note, snapshot))
    return _call_when_fit(rollout, Observation(snapshot=snapshot), now)


def _has_moved(call: UpdateCall, snapshot: Snapshot) -> bool:
    return snapshot.last_modified > call.last_modified_before


def _is_settling(call: UpdateCall, snapshot: Snapshot, settle: timedelta, now: datetime) -> bool:
    """A call that was made a moment ago may not show yet: SageMaker is eventually consistent."""
    return not _has_moved(call, snapshot) and now - (call.accepted_at or call.intended_at) < settle


def _landed(rollout: Rollout, now: datetime) -> Decision:
    if rollout.kind is Kind.ROLLBACK:
        done = rollout.to(Phase.ROLLED_BACK, Reason.ROLLBACK_LANDED, now, BOT_ACTOR, cutover_at=now)
        return Decision(done)
    if rollout.rollback_queued_by is not None:
        back = rollout.to(Phase.ROLLING_BACK, Reason.ROLLBACK_QUEUED, now, rollout.rollback_queued_by, cutover_at=now)
        return Decision(back, look_again_in=rollout.pace.poll, wants_rollback=True)
    watching = rollout.to(Phase.WATCHING, Reason.LANDED, now, BOT_ACTOR, cutover_at=now)
    return Decision(
        watching, look_again_in=min(rollout.watch.metric_period, rollout.watch.warm_up + rollout.watch.duration)
    )


def watch_ends_at(rollout: Rollout) -> datetime:
    """When the watched window ends: warm-up and duration, counted from the cutover."""
    assert rollout.cutover_at is not None
    return rollout.cutover_at + rollout.watch.warm_up + rollout.watch.duration


def verdict_due_at(rollout: Rollout) -> datetime:
    """When the window can be judged: CloudWatch shows datapoints a period or two late, but at most two minutes.

    A watch of seconds, as in a demo, is not kept waiting for longer than it lasts itself.
    """
    watch = rollout.watch
    return watch_ends_at(rollout) + min(2 * watch.metric_period, watch.duration, timedelta(minutes=2))


def _watch(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    if seen.is_gone or seen.snapshot is None:
        note = "The endpoint was deleted during the watch."
        return _end(rollout, Phase.NEEDS_HUMAN, Reason.ENDPOINT_GONE, now, note)
    rollout, snapshot = _looked(rollout, seen), seen.snapshot
    if snapshot.status is EndpointStatus.IN_SERVICE and snapshot.config_name != rollout.target_config:
        note = f"Somebody moved the endpoint to {snapshot.config_name} during the watch."
        return _end(rollout, Phase.NEEDS_HUMAN, Reason.ENDPOINT_DRIFTED, now, note)
    if snapshot.status is not EndpointStatus.IN_SERVICE and snapshot.status not in BUSY_STATUSES:
        note = f"The endpoint became {snapshot.status} during the watch."
        return _end(rollout, Phase.NEEDS_HUMAN, Reason.UPDATE_FAILED, now, _with_why(note, snapshot))
    if seen.comparison is not None:
        rollout = rollout.with_(comparison=seen.comparison)
    # A busy endpoint may be on its way to another config: success is said only of one that is InService on the target.
    if now >= verdict_due_at(rollout) and seen.verdict is not None and snapshot.is_on(rollout.target_config):
        over = rollout.to(Phase.SUCCEEDED, Reason.WATCH_OVER, now, BOT_ACTOR, verdict=seen.verdict)
        return Decision(over)
    return Decision(rollout, look_again_in=_until_next_look(rollout, now))


def _until_next_look(rollout: Rollout, now: datetime) -> timedelta:
    """Minute by minute, or rather period by period; never past the moment of the verdict, never in a rush after it."""
    left = verdict_due_at(rollout) - now
    return min(rollout.watch.metric_period, left) if left > SOON else rollout.pace.poll


def _follow_rollback(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    """A rollout that waits for its rollback ends as the rollback ends."""
    child = seen.child
    if child is None:
        return Decision(rollout, look_again_in=rollout.pace.poll, wants_rollback=rollout.child_id is None)
    if child.phase is Phase.ROLLED_BACK:
        return Decision(rollout.to(Phase.ROLLED_BACK, Reason.ROLLBACK_LANDED, now, child.requester))
    if not child.is_active:
        note = child.last.note or f"The rollback {child.id} ended as {child.phase.words}."
        return _end(rollout, Phase.NEEDS_HUMAN, Reason.ROLLBACK_FAILED, now, note)
    return Decision(rollout, look_again_in=rollout.pace.poll)


def _looked(rollout: Rollout, seen: Observation) -> Rollout:
    """Remember what was seen; a busy endpoint after our call shows that the call took effect."""
    assert seen.snapshot is not None
    rollout = rollout.with_(snapshot=seen.snapshot)
    call = rollout.update
    if call is not None and not call.seen_at_work and _is_at_work(seen.snapshot, call.config):
        rollout = rollout.with_(update=call.model_copy(update={"seen_at_work": True}))
    return rollout


def _is_at_work(snapshot: Snapshot, config: str) -> bool:
    """Our update runs: SageMaker names it, or, for endpoints that never show a pending deployment, simply became busy."""
    return snapshot.status is EndpointStatus.UPDATING and (snapshot.pending is None or snapshot.is_moving_to(config))


def _with_why(note: str, snapshot: Snapshot) -> str:
    return (
        f"{note} SageMaker says: {snapshot.failure_reason}"
        if snapshot.failure_reason
        else f"{note} SageMaker gave no reason."
    )


def _end(rollout: Rollout, phase: Phase, reason: Reason, now: datetime, note: str, actor: str = BOT_ACTOR) -> Decision:
    return Decision(rollout.to(phase, reason, now, actor, note))


def _fail(rollout: Rollout, reason: Reason, now: datetime, note: str) -> Decision:
    return _end(rollout, Phase.FAILED, reason, now, note)


def after_success(rollout: Rollout, action: Action, now: datetime) -> Decision:
    """The side effect was carried out."""
    calm = rollout.with_(trouble=None)
    match action:
        case Action.MAKE_PLAN:
            return Decision(calm, look_again_in=SOON)
        case Action.CREATE_MODELS:
            return Decision(calm.with_(models_created=True), look_again_in=SOON)
        case Action.CREATE_CONFIG:
            return Decision(calm.with_(config_created=True), look_again_in=SOON)
        case Action.CALL_UPDATE:
            assert calm.update is not None
            accepted = calm.update.model_copy(update={"accepted_at": now})
            return Decision(calm.with_(update=accepted), look_again_in=min(calm.pace.poll, calm.pace.settle))
        case _:  # pragma: no cover
            assert_never(action)


def after_error(rollout: Rollout, action: Action | None, error: RolloutBotError, now: datetime) -> Decision:
    """Looking (`action` None) or the side effect did not work out."""
    if isinstance(error, TransientError):
        return _after_trouble(rollout, action, error, now)
    if action is None:
        return _cannot_look(rollout, error, now)
    if action is Action.CALL_UPDATE and isinstance(error, ResourceBusy):
        # Autoscaling or AWS maintenance got in between our look and the call, or an earlier call of ours is at work after
        # all: SageMaker provably took nothing now, so look again and decide anew.
        return Decision(_uncalled(rollout), look_again_in=rollout.pace.poll)
    if action is Action.CALL_UPDATE and _is_not_visible_yet(rollout, error, now):
        return Decision(_uncalled(rollout), look_again_in=rollout.pace.poll)
    reason = Reason.AWS_REFUSED if isinstance(error, GatewayError) else Reason.PLAN_DRIFTED
    return _fail(rollout, reason, now, error.user_message)


def _is_not_visible_yet(rollout: Rollout, error: RolloutBotError, now: datetime) -> bool:
    """A config that we just created may not be visible to UpdateEndpoint at once: SageMaker is eventually consistent there."""
    is_ours = rollout.kind is Kind.UPDATE and isinstance(error, ResourceMissing) and error.kind == "endpoint config"
    return is_ours and now - rollout.last.at < CONSISTENCY_PATIENCE


def _after_trouble(rollout: Rollout, action: Action | None, error: TransientError, now: datetime) -> Decision:
    count = 1 + (rollout.trouble.count if rollout.trouble else 0)
    since = rollout.trouble.since if rollout.trouble else now
    rollout = rollout.with_(trouble=Trouble(count=count, since=since, last=error.cause))
    if action is Action.CALL_UPDATE and not error.outcome_unknown:
        rollout = _uncalled(rollout)
    touched = rollout.update is not None
    if now - since > TROUBLE_PATIENCE and not touched and rollout.phase is not Phase.ROLLING_BACK:
        return _fail(rollout, Reason.AWS_UNREACHABLE, now, error.user_message)
    backoff = min(rollout.pace.poll * 2 ** min(count - 1, 6), max(LONGEST_BACKOFF, rollout.pace.poll))
    return Decision(rollout, look_again_in=error.retry_after or backoff)


def _uncalled(rollout: Rollout) -> Rollout:
    """The last call provably did not take effect: as if it had not been made. One before it, whose answer was lost, may have."""
    assert rollout.update is not None
    return rollout.with_(update=None) if rollout.update.attempts == 1 else rollout


def _cannot_look(rollout: Rollout, error: RolloutBotError, now: datetime) -> Decision:
    """The endpoint is not shown, or is no longer declared: before the call nothing has changed; after it, a person must look."""
    phase = Phase.FAILED if rollout.update is None else Phase.NEEDS_HUMAN
    reason = Reason.AWS_REFUSED if isinstance(error, GatewayError) else Reason.NOT_IN_FLEET
    return _end(rollout, phase, reason, now, error.user_message)
