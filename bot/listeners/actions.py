"""Buttons: each becomes an errand. A worker decides from the store what it means and whether this person may."""

from collections.abc import Mapping

from pydantic import ValidationError
from slack_bolt import Ack

from bot.domain.errand import BreakValue, ButtonValue, Click, CommandValue
from bot.domain.errors import UserError
from bot.intake import Intake
from bot.listeners.surfaces import Body, origin_of_click
from bot.messages.ids import ActionId

CLICKS: Mapping[ActionId, Click] = {
    ActionId.APPROVE: Click.APPROVE,
    ActionId.SCHEDULE: Click.SCHEDULE,
    ActionId.RUN_NOW: Click.RUN_NOW,
    ActionId.REJECT: Click.REJECT,
    ActionId.CANCEL: Click.CANCEL,
    ActionId.ABORT: Click.ABORT,
    ActionId.ROLL_BACK: Click.ROLL_BACK,
    ActionId.ADD_REASON: Click.ADD_REASON,
    ActionId.EXTEND_WATCH: Click.EXTEND_WATCH,
    ActionId.ACCEPT: Click.ACCEPT,
}


def button_pressed(ack: Ack, body: Body, intake: Intake) -> None:
    """Store the click, then acknowledge it."""
    action = body["actions"][0]
    try:
        value = ButtonValue.model_validate_json(action.get("value", ""))
    except ValidationError as exc:
        raise UserError(
            "This button is of an older version of the bot and did nothing. Type the command instead."
        ) from exc
    origin = origin_of_click(body)
    intake.take_click(
        CLICKS[ActionId(action["action_id"])],
        value,
        actor=origin.actor,
        message_ts=body.get("container", {}).get("message_ts", ""),
        reply=origin.reply,
        delivery_id=origin.delivery_id,
    )
    ack()


def break_pressed(ack: Ack, body: Body, intake: Intake) -> None:
    """Break lock: about no rollout, so its value names the request."""
    try:
        value = BreakValue.model_validate_json(body["actions"][0].get("value", ""))
    except ValidationError as exc:
        raise UserError(
            "This button is of an older version of the bot and did nothing. Type the command instead."
        ) from exc
    origin = origin_of_click(body)
    intake.take_break(value, actor=origin.actor, reply=origin.reply, delivery_id=origin.delivery_id)
    ack()


def command_pressed(ack: Ack, body: Body, intake: Intake) -> None:
    """A button that types a command: from here on it is as if that person had typed it, here."""
    try:
        value = CommandValue.model_validate_json(body["actions"][0].get("value", ""))
    except ValidationError as exc:
        raise UserError(
            "This button is of an older version of the bot and did nothing. Type the command instead."
        ) from exc
    origin = origin_of_click(body)
    reply = origin.reply.model_copy(update={"in_place": value.in_place})
    intake.take_command(value.command, actor=origin.actor, reply=reply, delivery_id=origin.delivery_id)
    ack()


def unknown_button(ack: Ack, body: Body) -> None:
    """A button that no version of ours has any more."""
    raise UserError(
        "This button is not known any more and did nothing. Type the command instead; help lists all of them."
    )
