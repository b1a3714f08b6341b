"""Modals: what was entered becomes an errand, and the modal closes. What cannot be taken in keeps it open, with the reason in it."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from slack_bolt import Ack

from bot.domain.errand import Form, FormContext
from bot.domain.errors import UserError
from bot.intake import Intake
from bot.listeners.surfaces import Body, origin_of_form
from bot.messages.ids import CallbackId

FORMS: Mapping[CallbackId, Form] = {
    CallbackId.REJECT_REASON: Form.REJECT_REASON,
    CallbackId.ACCEPT_REASON: Form.ACCEPT_REASON,
    CallbackId.REJECT_VERSION: Form.REJECT_VERSION,
}


def form_submitted(ack: Ack, body: Body, intake: Intake) -> None:
    """Store what was entered, then acknowledge it, which closes the modal."""
    view, origin = body["view"], origin_of_form(body)
    try:
        context = FormContext.model_validate_json(view["private_metadata"])
    except ValidationError as exc:
        raise UserError("This form is of an older version of the bot. Nothing was stored; close it.") from exc
    intake.take_form(
        FORMS[CallbackId(view["callback_id"])],
        context,
        entered_texts(view["state"]["values"]),
        actor=origin.actor,
        reply=origin.reply,
        delivery_id=origin.delivery_id,
    )
    ack()


def unknown_form(ack: Ack, body: Body) -> None:
    """A modal that no version of ours opens any more."""
    raise UserError("This form is not known any more. Nothing was stored; close it.")


def entered_texts(values: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> dict[str, str]:
    """What was typed, by the block's id; empty inputs are left out."""
    states = {block_id: state for block_id, block in values.items() for state in block.values()}
    return {block_id: str(state["value"]) for block_id, state in states.items() if state.get("value")}
