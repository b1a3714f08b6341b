"""People type: slash commands and ordinary messages."""

from __future__ import annotations

from typing import Any

from sandbox.slack.delivery import payloads
from sandbox.slack.delivery.courier import Outcome
from sandbox.slack.delivery.transport import COMMAND, EVENT
from sandbox.slack.delivery.typed_text import escaped
from sandbox.slack.errors import SlackError
from sandbox.slack.messages import Message
from sandbox.slack.people import BOT_NAME, BOT_USER_ID, Channel, Person
from sandbox.slack.plain_text import lines_of
from sandbox.slack.world import World

Json = dict[str, Any]

NOT_A_COMMAND = (
    '{name} is not a valid command. In Slack, all messages that start with the "/" character are interpreted as commands. '
    'If you are trying to send a message and not run a command, try preceding the "/" with an empty space.'
)
NOT_IN_THREADS = "{name} is not supported in threads. Sorry!"
NOT_INVITED = "You mentioned <@{bot}>, but they're not in this channel. Invite them with `/invite @{name}`."

NOTHING_DELIVERED: Json = {"ack": None, "ack_text": "", "http_status": None, "took_seconds": 0.0, "payload": None}


async def type_command(world: World, person: Person, channel: Channel, typed: str, thread_ts: str | None) -> Json:
    """Types a slash command; returns the Delivery of API.md.

    Slack answers by itself for commands that do not exist, that are typed in a thread, or that belong to an app that this
    person's team has not installed (a Slack Connect guest).
    """
    name, _, rest = typed.partition(" ")
    if name in ("/invite", "/remove"):
        return _membership(world, person, channel, name, rest, thread_ts)
    declared = world.workspace.app.command(name)
    if declared is None or person.is_external:
        return _refused(world, person, channel, NOT_A_COMMAND.format(name=name), thread_ts)
    if thread_ts:
        return _refused(world, person, channel, NOT_IN_THREADS.format(name=name), thread_ts)
    response_url, conversation = world.responses.issue(
        person.id, channel.id, command={"user": person.id, "text": typed.strip()}
    )
    trigger_id = world.triggers.issue(person.id)
    text = escaped(rest.strip(), world.workspace) if declared.get("should_escape") else rest.strip()
    outcome = await world.courier.deliver(
        COMMAND, payloads.command(person, channel, name, text, response_url, trigger_id)
    )
    if not outcome.is_ok:
        return _failed(world, person, channel, name, outcome, outcome.status)
    if not outcome.body:
        return outcome.to_json()
    try:
        shown = world.responses.answer(conversation, outcome.body)
    except SlackError:
        return _failed(world, person, channel, name, outcome, "invalid_command_response")
    return outcome.to_json(ack_text=(shown.text or "\n".join(lines_of(shown.blocks, {}))) if shown else "")


def _membership(world: World, person: Person, channel: Channel, name: str, rest: str, thread_ts: str | None) -> Json:
    """Slack's own /invite and /remove, as far as they concern the bot."""
    if rest.strip().lstrip("@") != BOT_NAME or channel.kind == "im":
        return _refused(world, person, channel, f"{name} is for @{BOT_NAME} in channels here", thread_ts)
    if name == "/invite":
        world.workspace.join(channel, BOT_USER_ID)
    else:
        world.workspace.leave(channel, BOT_USER_ID)
    return {**NOTHING_DELIVERED, "status": "ok"}


async def say(
    world: World, person: Person, channel: Channel, typed: str, thread_ts: str | None
) -> tuple[Message, Json | None]:
    """Posts an ordinary message; the app hears of it if it is mentioned where it is a member, or in its direct messages."""
    text = escaped(typed, world.workspace)
    message = world.workspace.post(channel.id, person.id, text, thread_ts=thread_ts)
    is_mention = f"<@{BOT_USER_ID}>" in text
    app = world.workspace.app
    if channel.kind == "im" and app.hears("message.im"):
        return message, await _send_event(world, "message", message, channel)
    if is_mention and channel.has_bot and app.hears("app_mention"):
        return message, await _send_event(world, "app_mention", message, channel)
    if is_mention and not channel.has_bot:
        world.workspace.post_as_slack(
            channel.id, person.id, NOT_INVITED.format(bot=BOT_USER_ID, name=BOT_NAME), thread_ts
        )
    return message, None


async def bot_wrote_in_dm(world: World, message: Message) -> None:
    """In direct messages an app hears its own messages too; Slack leaves it to the app to ignore them."""
    if world.workspace.app.hears("message.im"):
        await _send_event(world, "message", message, world.workspace.channels[message.channel])


async def _send_event(world: World, kind: str, message: Message, channel: Channel) -> Json:
    person = world.workspace.people[message.user]
    inner = payloads.message_event(kind, message, person)
    outcome = await world.courier.deliver(EVENT, payloads.event(inner, channel.is_ext_shared))
    return outcome.to_json()


def _refused(world: World, person: Person, channel: Channel, text: str, thread_ts: str | None) -> Json:
    world.workspace.post_as_slack(channel.id, person.id, text, thread_ts)
    return {**NOTHING_DELIVERED, "status": "refused_by_slack", "ack_text": text}


def _failed(world: World, person: Person, channel: Channel, name: str, outcome: Outcome, status: str) -> Json:
    text = f'{name} failed with the error "{status}"'
    world.workspace.post_as_slack(channel.id, person.id, text)
    return {**outcome.to_json(ack_text=text), "status": status}
