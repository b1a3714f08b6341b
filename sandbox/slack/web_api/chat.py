"""chat.*: posting, editing and deleting messages."""

from __future__ import annotations

from sandbox.slack.delivery.speech import bot_wrote_in_dm
from sandbox.slack.errors import SlackError
from sandbox.slack.messages import Message
from sandbox.slack.people import BOT_USER_ID, Channel
from sandbox.slack.web_api.content import RECOMMENDED_CHARACTERS, read_blocks, read_metadata, read_text
from sandbox.slack.web_api.registry import Call, Json, method


@method("chat.postMessage")
def post_message(call: Call) -> Json:
    channel = call.channel(is_addressed=True)
    blocks = read_blocks(call)
    text = read_text(call, blocks)
    metadata = read_metadata(call)
    message = call.world.workspace.post(
        channel.id,
        BOT_USER_ID,
        text,
        blocks=blocks,
        thread_ts=_thread(call, channel),
        metadata=metadata,
        reply_broadcast=call.flag("reply_broadcast"),
    )
    if channel.kind == "im":
        call.world.courier.in_background(bot_wrote_in_dm(call.world, message))
    return {"channel": channel.id, "ts": message.ts, "message": message.to_api(with_metadata=True)}


@method("chat.update")
def update(call: Call) -> Json:
    channel = call.channel()
    message = _own_message(call, channel, forbidden="cant_update_message")
    blocks = read_blocks(call)
    text = read_text(call, blocks, refuse_beyond=RECOMMENDED_CHARACTERS)
    metadata = read_metadata(call)
    changes: Json = {
        "text": text,
        "blocks": blocks or [],
    }  # text alone removes the blocks (documentation of chat.update)
    if metadata is not None:
        changes["metadata"] = metadata
    call.world.workspace.edit(message, **changes)
    return {
        "channel": channel.id,
        "ts": message.ts,
        "text": message.text,
        "message": message.to_api(with_metadata=True),
    }


@method("chat.delete")
def delete(call: Call) -> Json:
    channel = call.channel()
    message = _own_message(call, channel, forbidden="cant_delete_message")
    call.world.workspace.delete(message)
    return {"channel": channel.id, "ts": message.ts}


@method("chat.postEphemeral")
def post_ephemeral(call: Call) -> Json:
    channel = call.channel()
    person = call.person()
    if person.id not in channel.members:
        raise SlackError("user_not_in_channel")
    blocks = read_blocks(call)
    text = read_text(call, blocks)
    thread_ts = _thread(call, channel)
    message = call.world.workspace.post(
        channel.id, BOT_USER_ID, text, blocks=blocks, thread_ts=thread_ts, visible_to=person.id
    )
    return {"message_ts": message.ts}


@method("chat.getPermalink")
def get_permalink(call: Call) -> Json:
    channel = call.channel(must_be_member=False)
    message = call.message(channel, "message_ts")
    link = f"{call.world.options.base_url}/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.is_reply:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def _thread(call: Call, channel: Channel) -> str | None:
    """The ts of the thread's root.

    Slack accepts the ts of a reply and files the message under its root; a ts that no message has is `thread_not_found`.
    """
    thread_ts = call.text("thread_ts")
    if not thread_ts:
        return None
    root = call.world.workspace.find(channel.id, thread_ts)
    if root is None:
        raise SlackError("thread_not_found")
    return root.thread_ts if root.is_reply else root.ts


def _own_message(call: Call, channel: Channel, forbidden: str) -> Message:
    message = call.message(channel)
    if not message.is_by_bot:
        raise SlackError(forbidden)
    return message
