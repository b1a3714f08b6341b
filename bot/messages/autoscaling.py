"""The words of a rollout that changes nothing but autoscaling, where they differ from those of a change of fleet."""

from bot.domain.autoscale import in_short
from bot.domain.errand import ButtonValue
from bot.domain.phases import Phase
from bot.domain.plan import Plan
from bot.domain.rollout import Rollout
from bot.domain.scaling import ScalableTarget
from bot.messages.blocks import Block, Confirm, button, code, escape
from bot.messages.ids import ActionId
from bot.messages.words import count

AT_WORK = "Application Auto Scaling is asked for it."


def scaling_in_short(rollout: Rollout) -> str:
    """What is done, in a few words. Not escaped."""
    if rollout.is_way_back:
        return "autoscaling back to what it was"
    if rollout.plan is not None:
        return plan_in_short(rollout.plan)
    return "autoscaling to what the fleet file says"


def plan_in_short(plan: Plan) -> str:
    """The change that a plan is about. Not escaped."""
    assert plan.autoscale is not None
    change = plan.autoscale
    before, after = _limits(change.before), _limits(change.after)
    how = f"{before} → {after}" if before != after else f"{after}, by other rules"
    return f"autoscaling of {change.variant}: {how}"


def scaling_steps(rollout: Rollout) -> list[tuple[bool, str]]:
    """The two steps: asked, and seen."""
    assert rollout.plan is not None
    assert rollout.plan.autoscale is not None
    landed = rollout.cutover_at is not None
    is_taken = rollout.update is not None and rollout.update.accepted_at is not None
    return [
        (is_taken or landed, "Application Auto Scaling took it"),
        (landed, f"{_now(rollout.plan)}"),
    ]


def scaling_headline(rollout: Rollout) -> str:
    """How it ended well, in a line."""
    return f"{_now(rollout.plan)}." if rollout.plan is not None else "Its autoscaling is set."


def scaling_state(rollout: Rollout) -> str:
    """What there is now, at an end that left something."""
    if rollout.phase is not Phase.SUCCEEDED:
        asked = rollout.update is not None
        return "Its autoscaling may be set in part." if asked else "Its autoscaling is as it was."
    before = rollout.plan.autoscale.before if rollout.plan is not None and rollout.plan.autoscale is not None else None
    return f"Before: {escape(in_short(before)) if before is not None else 'nothing scaled it'}."


def scaling_next_step(rollout: Rollout) -> str:
    """What can be done next."""
    name = escape(rollout.endpoint)
    if rollout.phase is not Phase.SUCCEEDED:
        return f"See how it stands: {code(f'status {name}')}. When the cause is mended: {code(f'sync {name}')}."
    if rollout.superseded_by is not None:
        return f"Rollout {code(rollout.superseded_by)} puts back what was there before."
    if rollout.is_way_back:
        return (
            "Where the fleet file says something else, the board shows it as DRIFTED: write these settings into the file, or bring "
            f"the file's back with {code(f'sync {name}')}."
        )
    return "Roll back puts back what was there before."


def put_back_button(rollout: Rollout) -> Block:
    """The way back, with what it leads to in the question."""
    assert rollout.plan is not None
    assert rollout.plan.autoscale is not None
    before = rollout.plan.autoscale.before
    then = (
        f"goes back to {in_short(before)}"
        if before is not None
        else "is taken off again, as before: nothing scales it then"
    )
    question = Confirm(
        f"Put the autoscaling of {rollout.endpoint} back?"[:100],
        f"Its autoscaling {then}. The instances that run stay unless these limits move them."[:300],
        "Roll back",
    )
    value = ButtonValue(rollout_id=rollout.id, endpoint=rollout.endpoint, fingerprint=rollout.plan.fingerprint)
    return button("Roll back", ActionId.ROLL_BACK, value, style="danger", confirm=question)


def may_be_put_back(rollout: Rollout) -> bool:
    """Whether its way back is worth a button."""
    return rollout.phase is Phase.SUCCEEDED and rollout.superseded_by is None and not rollout.is_way_back


def _now(plan: Plan) -> str:
    assert plan.autoscale is not None
    variant, after = escape(plan.autoscale.variant), plan.autoscale.after
    if after is None:
        return f"Nothing scales {variant} any more"
    return f"{variant} scales from {after.minimum} to {count(after.maximum, 'instance')}"


def _limits(target: ScalableTarget | None) -> str:
    return "none" if target is None else f"{target.minimum} to {target.maximum}"
