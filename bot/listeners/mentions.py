"""`@bot …` and direct messages: the same commands, for threads, where Slack has no slash commands."""

from slack_bolt import Ack
from slack_sdk import WebClient

from bot.intake import Intake
from bot.listeners.surfaces import Body, origin_of_event


def bot_mentioned(ack: Ack, body: Body, client: WebClient, intake: Intake) -> None:
    """Store what was typed, or answer it in the thread. In a rollout's thread its endpoint and id go without saying."""
    event = body["event"]
    origin = origin_of_event(body)
    assert origin.reply.channel_id is not None
    context = intake.context_of(origin.reply.channel_id, event.get("thread_ts"))
    taken = intake.take_text(
        event.get("text", ""), actor=origin.actor, reply=origin.reply, delivery_id=origin.delivery_id, context=context
    )
    ack()
    if taken.errand_id is None and taken.message is not None and intake.is_first(origin.delivery_id):
        client.chat_postMessage(
            channel=origin.reply.channel_id,
            thread_ts=origin.reply.thread_ts,
            text=taken.message.text,
            blocks=list(taken.message.blocks),
        )


def direct_message(ack: Ack, body: Body, client: WebClient, intake: Intake) -> None:
    """A direct message is a command too; messages of bots and edits are not."""
    event = body["event"]
    if event.get("channel_type") != "im" or event.get("bot_id") or event.get("subtype"):
        ack()
        return
    bot_mentioned(ack, body, client, intake)
