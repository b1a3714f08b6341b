"""The buttons by which people steer a rollout that is on the endpoint already: back, on, or watched for longer."""

from bot.domain.errand import ButtonValue
from bot.domain.rollout import Rollout
from bot.messages.blocks import Block, Confirm, button
from bot.messages.ids import ActionId
from bot.messages.words import span


def roll_back_button(rollout: Rollout) -> Block:
    """The way back, with its target named in the question."""
    assert rollout.plan is not None
    confirm = Confirm(
        f"Roll {rollout.endpoint} back?",
        f"SageMaker replaces the fleet again, all at once, and {rollout.endpoint} goes back to "
        f"{rollout.plan.current_label} ({rollout.plan.way_back}).",
        "Roll back",
    )
    value = ButtonValue(rollout_id=rollout.id, endpoint=rollout.endpoint, fingerprint=rollout.plan.fingerprint)
    return button("Roll back", ActionId.ROLL_BACK, value, style="danger", confirm=confirm)


def extend_button(rollout: Rollout) -> Block:
    """As long again as the fleet file says, while the watch goes on."""
    return button(f"Extend by {span(rollout.watch.duration)}", ActionId.EXTEND_WATCH, _value(rollout))


def watch_longer_button(rollout: Rollout) -> Block:
    """The same once it is over without a clear answer."""
    return button("Watch longer", ActionId.EXTEND_WATCH, _value(rollout))


def accept_button(rollout: Rollout) -> Block:
    """Somebody takes a regression upon themselves."""
    confirm = Confirm(
        "Accept the regression?",
        f"{rollout.endpoint} stays on the new version, and the bot does not roll this rollout back by itself any more. "
        "Your name stands beside it; Roll back still works.",
        "Accept",
        "Not yet",
    )
    return button("Accept", ActionId.ACCEPT, _value(rollout), confirm=confirm)


def add_reason_button(rollout: Rollout) -> Block:
    """For whoever decided without a word."""
    return button("Add a reason", ActionId.ADD_REASON, _value(rollout))


def _value(rollout: Rollout) -> ButtonValue:
    return ButtonValue(rollout_id=rollout.id, endpoint=rollout.endpoint)
