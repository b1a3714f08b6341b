"""The App Home tab: opened, or asked for other rows. A worker draws it."""

from pydantic import ValidationError
from slack_bolt import Ack

from bot.domain.errand import HomeLook
from bot.domain.errors import UserError
from bot.intake import Intake
from bot.listeners.surfaces import Body, origin_of_click, origin_of_home
from bot.messages.ids import ActionId

HOME_ACTIONS = (ActionId.HOME_ROWS, ActionId.HOME_PREVIOUS, ActionId.HOME_NEXT)


def home_opened(ack: Ack, body: Body, intake: Intake) -> None:
    """Let it be drawn as this person left it; the tab of messages needs no drawing."""
    if body["event"].get("tab") == "home":
        origin = origin_of_home(body)
        intake.take_home(None, actor=origin.actor, reply=origin.reply, delivery_id=origin.delivery_id)
    ack()


def home_steered(ack: Ack, body: Body, intake: Intake) -> None:
    """Other rows were chosen from the menu, or another page by a button."""
    action = body["actions"][0]
    chosen = action.get("selected_option") or action
    try:
        look = HomeLook.model_validate_json(chosen.get("value", ""))
    except ValidationError as exc:
        raise UserError("This page is of an older version of the bot. Leave the Home tab and open it again.") from exc
    origin = origin_of_click(body)
    intake.take_home(look, actor=origin.actor, reply=origin.reply, delivery_id=origin.delivery_id)
    ack()
