"""What a tick saw, what it decides, and the small moves that every decision is made of."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.endpoint import BUSY_STATUSES, EndpointStatus, Snapshot
from bot.domain.names import literal
from bot.domain.phases import BOT_ACTOR, Phase, Reason
from bot.domain.plan import Difference
from bot.domain.reconcile.legs import call_of, with_call
from bot.domain.rollout import Rollout
from bot.domain.rollout_parts import Redraw
from bot.domain.scaling import Scaling
from bot.domain.verdict import Comparison, Verdict
from bot.domain.yardstick import Yardsticks

SOON = timedelta(0)


class Action(StrEnum):
    """The one side effect of a tick."""

    MAKE_PLAN = "make_plan"
    CREATE_MODELS = "create_models"
    CREATE_CONFIG = "create_config"
    CREATE_ALARMS = "create_alarms"
    TAKE_SCALING = "take_scaling"
    CREATE_BRIDGE = "create_bridge"
    CALL_BRIDGE = "call_bridge"
    SHIFT_WEIGHTS = "shift_weights"
    CALL_UPDATE = "call_update"
    SET_COUNTS = "set_counts"
    SET_WEIGHTS = "set_weights"
    SET_AUTOSCALING = "set_autoscaling"
    TRIP_ALARM = "trip_alarm"
    RESTORE_SCALING = "restore_scaling"
    DELETE_ALARMS = "delete_alarms"
    SET_ALARMS = "set_alarms"
    START_CHECK = "start_check"
    CLEAR_FAILED = "clear_failed"
    CREATE_ENDPOINT = "create_endpoint"
    DELETE_ENDPOINT = "delete_endpoint"


@dataclass(frozen=True)
class Observation:
    """What a tick saw. None where it did not look, which it does only where the phase needs it."""

    snapshot: Snapshot | None = None
    is_gone: bool = False
    """The endpoint does not exist."""
    child: Rollout | None = None
    """The rollback of this rollout."""
    ahead: str | None = None
    """The rollout that has the endpoint first, while this one is still to be planned."""
    lock: str | None = None
    """The lock or freeze that stands in the way, in words."""
    opens_at: datetime | None = None
    """When the change window opens; None while it is open, or when there is none."""
    yardsticks: Yardsticks | None = None
    """What the old fleet leads one to expect, where it was worked out just now."""
    comparison: Comparison | None = None
    verdict: Verdict | None = None
    """What the numbers say at this look."""
    scaling: Scaling | None = None
    """What scales the endpoint, where a rollout changes that."""
    may_go_back_alone: bool = True
    """Whether the bot may roll back by itself: never twice in a row without a person."""


@dataclass(frozen=True)
class Decision:
    """The rollout as it shall be saved, then the side effect to try, then when to look again (None: at its end)."""

    rollout: Rollout
    action: Action | None = None
    look_again_in: timedelta | None = None
    wants_rollback: bool = False
    """A rollback of this rollout shall be opened together with saving it."""


def looked(rollout: Rollout, seen: Observation) -> Rollout:
    """Remember what was seen; a busy endpoint after our call shows that the call took effect."""
    assert seen.snapshot is not None
    is_busy = seen.snapshot.status in BUSY_STATUSES
    busy_since = (rollout.busy_since or seen.snapshot.observed_at) if is_busy else None
    rollout = rollout.with_(snapshot=seen.snapshot, busy_since=busy_since)
    call = call_of(rollout)
    if call is not None and not call.seen_at_work and _is_at_work(seen.snapshot, call.config):
        rollout = with_call(rollout, call.model_copy(update={"seen_at_work": True}))
    return rollout


def _is_at_work(snapshot: Snapshot, config: str) -> bool:
    """Our update runs: SageMaker names it, or, for endpoints that never show a pending deployment, simply became busy."""
    return snapshot.status is EndpointStatus.UPDATING and (snapshot.pending is None or snapshot.is_moving_to(config))


def with_why(note: str, snapshot: Snapshot) -> str:
    """The note with SageMaker's own reason behind it, or that there is none."""
    return (
        f"{note} SageMaker says: {literal(snapshot.failure_reason)}"
        if snapshot.failure_reason
        else f"{note} SageMaker gave no reason."
    )


def end(rollout: Rollout, phase: Phase, reason: Reason, now: datetime, note: str, actor: str = BOT_ACTOR) -> Decision:
    """The rollout is over; the note tells people why."""
    return Decision(rollout.to(phase, reason, now, actor, note))


def redraw(rollout: Rollout, reason: Reason, now: datetime, differences: tuple[Difference, ...]) -> Decision:
    """What the plan rests on has moved: nothing runs, and a fresh plan takes its place. Approvals were given to the old one."""
    lost = Redraw(at=now, differences=differences, approvals_lost=rollout.approvers())
    back = rollout.to(
        Phase.PLANNING,
        reason,
        now,
        BOT_ACTOR,
        redraws=(*rollout.redraws, lost),
        approvals=(),
        checks=(),
        scheduled_for=None,
        stopped_by=None,
        busy_since=None,
        retry=None,
        abort=None,
        trouble=None,
    )
    return Decision(back, look_again_in=SOON)


def goes_on_with_chores(decision: Decision) -> Decision:
    """However it ended: what is still to be put right is done at once."""
    if decision.action is None and decision.rollout.chore is not None:
        return replace(decision, look_again_in=decision.look_again_in or SOON)
    return decision


def fail(rollout: Rollout, reason: Reason, now: datetime, note: str) -> Decision:
    """Over, with the endpoint as it was; from a bridge there is a way back to that."""
    if rollout.has_crossed:
        return turn_back(rollout, reason, now, note)
    return end(rollout, Phase.FAILED, reason, now, note)


def turn_back(rollout: Rollout, reason: Reason, now: datetime, note: str = "", actor: str = BOT_ACTOR) -> Decision:
    """The change is given up, and a rollback puts the endpoint back to the config of before."""
    back = rollout.to(Phase.ROLLING_BACK, reason, now, actor, note)
    return Decision(back, look_again_in=rollout.pace.poll, wants_rollback=True)
