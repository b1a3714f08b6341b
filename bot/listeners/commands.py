"""`/endpoint …`: taken in, then acknowledged. The acknowledgement is the person's proof that it is stored."""

from slack_bolt import Ack

from bot.intake import Intake
from bot.listeners.surfaces import Body, origin_of_command


def endpoint_command(ack: Ack, body: Body, intake: Intake) -> None:
    """Store what was typed, or answer it at once."""
    origin = origin_of_command(body)
    taken = intake.take_text(
        body.get("text", ""), actor=origin.actor, reply=origin.reply, delivery_id=origin.delivery_id
    )
    if taken.message is None:
        ack()
    else:
        ack(text=taken.message.text, blocks=list(taken.message.blocks) or None, response_type="ephemeral")
