"""What people did on purpose: the bot asks before it undoes that, whatever the policy."""

from collections.abc import Iterator
from typing import TypeGuard

from bot.domain.autoscale import AutoscaleAsk
from bot.domain.board import Standing
from bot.domain.commands import Change
from bot.domain.fleet import EndpointSpec
from bot.domain.managing.desired import is_same_package
from bot.domain.managing.ranks import is_later
from bot.domain.managing.situation import Situation
from bot.domain.names import mention
from bot.domain.phases import BOT_ACTOR, Kind, Phase
from bot.domain.rollout import Rollout
from bot.domain.starting import written
from bot.domain.trial import TrialStep

_LANDED = frozenset({Phase.SUCCEEDED, Phase.ROLLED_BACK})
_UNDONE = frozenset({Phase.ROLLING_BACK, Phase.ROLLED_BACK})


def last_landed(past: tuple[Rollout, ...]) -> Rollout | None:
    """The rollout that left the endpoint as it is, its autoscaling apart."""
    return next(_landed(past), None)


def _landed(past: tuple[Rollout, ...]) -> Iterator[Rollout]:
    """Those that made the endpoint what it is, the newest first; one that was rolled back left nothing, its rollback did."""
    landed = (r for r in past if r.phase in _LANDED and r.kind is not Kind.AUTOSCALE)
    return (r for r in landed if r.kind is Kind.ROLLBACK or r.phase not in _UNDONE)


def torn_down_by(past: tuple[Rollout, ...]) -> Rollout | None:
    """The teardown that somebody asked for, if nothing came after it."""
    last = last_landed(past)
    return last if last is not None and last.kind is Kind.TEARDOWN else None


def outside_doubt(standing: Standing) -> str:
    """Why a person is asked where the endpoint was changed outside the bot; empty where it was not."""
    outside = standing.outside
    if outside is None or standing.snapshot is None or standing.snapshot.config_name != outside.config:
        return ""
    by = f" by {outside.actor}" if outside.actor else ""
    return f"it was changed outside the bot{by}, {written(outside.at)}"


def forgotten_doubt(situation: Situation) -> str:
    """Why a person is asked where the store was emptied; locks and noes stood there, and nobody can say which."""
    return "what was decided about it before was lost with the store" if situation.is_forgotten else ""


def chosen_doubt(spec: EndpointSpec, change: Change, label: str, past: tuple[Rollout, ...]) -> str:
    """Why a person is asked where somebody brought about what would be undone; empty where nobody did."""
    moved = next((r for r in _landed(past) if _is_about_the_version(r)), None)
    if _is_a_persons(moved) and (how := _left(spec, change, label, moved)):
        return _said(moved, how)
    chosen = next((r for r in _landed(past) if r.kind is Kind.ROLLBACK or _touches(r, change)), None)
    if _is_a_persons(chosen) and _touches(chosen, change):
        return _said(chosen, "set it so on purpose")
    return ""


def chosen_scaling_doubt(ask: AutoscaleAsk, past: tuple[Rollout, ...]) -> str:
    """Why a person is asked where somebody had this very autoscaling put back to what it was; empty where nobody did."""
    last = next((r for r in past if r.kind is Kind.AUTOSCALE and r.phase is Phase.SUCCEEDED), None)
    if last is None or not last.is_way_back:
        return ""
    undone = next((r for r in past if r.id == last.parent_id), None)
    if undone is not None and undone.autoscale != ask:
        return ""
    return f"{mention(last.requester)} put it back to what it was in rollout {last.id}, {written(last.created_at)}"


def _said(rollout: Rollout, what: str) -> str:
    return f"{mention(rollout.requester)} {what} in rollout {rollout.id}, {written(rollout.created_at)}"


def _is_a_persons(rollout: Rollout | None) -> TypeGuard[Rollout]:
    """Whether somebody asked for it, for this endpoint and not for a whole wave."""
    return rollout is not None and rollout.requester != BOT_ACTOR and rollout.wave_id is None


def _is_about_the_version(rollout: Rollout) -> bool:
    """Whether another version runs by it; whoever sets something else later leaves that as it is."""
    leaves_one = rollout.plan is not None and rollout.plan.left_package is not None and not rollout.starts_trial
    return leaves_one or rollout.kind in (Kind.CREATE, Kind.TEARDOWN)


def _left(spec: EndpointSpec, change: Change, label: str, rollout: Rollout) -> str:
    """How it went away from the version that would come, or past it from a later one; empty where it did not."""
    left = rollout.plan.left_package if rollout.plan is not None else None
    if change.package is None or left is None:
        return ""
    if is_same_package(change.package, left):
        if rollout.trial is not None and rollout.trial.step is TrialStep.KEEP_A:
            return f"tried {label} and kept the other version"
        return f"left {label} for another version"
    return f"went back past {label}" if is_later(spec, change.package, than=left) is False else ""


def _touches(last: Rollout, change: Change) -> bool:
    """Whether that rollout set one of the fields that would be set back."""
    chosen = last.change or Change()
    keys = {*chosen.env, *chosen.unset}
    return (
        (change.count is not None and (chosen.count is not None or last.count_change is not None))
        or (change.instance_type is not None and chosen.instance_type is not None)
        or not _sizes(chosen).isdisjoint(_sizes(change))
        or not keys.isdisjoint(change.env)
    )


def _sizes(change: Change) -> frozenset[str]:
    """What of the size of a serverless endpoint a change sets."""
    return change.serverless.keys if change.serverless is not None else frozenset()
