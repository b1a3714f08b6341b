"""conversations.*: channels, their members and their history."""

from __future__ import annotations

from sandbox.slack.errors import SlackError
from sandbox.slack.messages import Message
from sandbox.slack.people import BOT_USER_ID, SLACKBOT_ID
from sandbox.slack.web_api.registry import Call, Json, method

KINDS = {"public_channel": "public", "private_channel": "private", "im": "im"}


@method("conversations.open")
def open_conversation(call: Call) -> Json:
    if call.text("channel"):
        channel = call.channel()
        return {"channel": {"id": channel.id}, "no_op": True, "already_open": True}
    users = call.text("users", missing="users_list_not_supplied").split(",")
    if len(users) != 1:
        raise SlackError("method_not_supported_for_channel_type")  # group conversations do not exist here
    if users[0] in (BOT_USER_ID, SLACKBOT_ID):
        raise SlackError("cannot_dm_bot")
    if users[0] not in call.world.workspace.people:
        raise SlackError("user_not_found")
    channel = call.world.workspace.open_dm(users[0])
    return {"channel": channel.to_api() if call.flag("return_im") else {"id": channel.id}}


@method("conversations.info")
def info(call: Call) -> Json:
    return {"channel": call.channel(must_be_member=False).to_api()}


@method("conversations.join")
def join(call: Call) -> Json:
    channel = call.channel(must_be_member=False)
    if channel.kind != "public":
        raise SlackError("method_not_supported_for_channel_type")
    already_in = {"warning": "already_in_channel"} if channel.has_bot else {}
    call.world.workspace.join(channel, BOT_USER_ID)
    return {"channel": channel.to_api(), **already_in}


@method("conversations.list")
def list_channels(call: Call) -> Json:
    wanted = {KINDS.get(kind.strip()) for kind in (call.text("types") or "public_channel").split(",")}
    if None in wanted and "mpim" not in call.text("types"):
        raise SlackError("invalid_types")
    visible = [
        channel.to_api()
        for channel in call.world.workspace.channels.values()
        if channel.kind in wanted and (channel.kind == "public" or channel.has_bot)
    ]
    channels, metadata = call.page(visible)
    return {"channels": channels, "response_metadata": metadata}


@method("conversations.members")
def members(call: Call) -> Json:
    found, metadata = call.page(sorted(call.channel(must_be_member=False).members))
    return {"members": found, "response_metadata": metadata}


@method("conversations.history")
def history(call: Call) -> Json:
    channel = call.channel()
    roots = [
        message
        for message in call.world.workspace.messages[channel.id]
        if message.visible_to is None and (not message.is_reply or message.reply_broadcast)
    ]
    return _messages(call, list(reversed(_between(call, roots))))


@method("conversations.replies")
def replies(call: Call) -> Json:
    channel = call.channel()
    root = call.world.workspace.find(channel.id, call.text("ts", missing="thread_not_found"))
    if root is None:
        raise SlackError("thread_not_found")
    if root.is_reply:  # a reply's ts gives that reply alone, as at Slack
        return _messages(call, [root])
    return _messages(call, [root, *_between(call, call.world.workspace.replies(root))])


def _messages(call: Call, messages: list[Message]) -> Json:
    with_metadata = call.flag("include_all_metadata")
    shown, metadata = call.page([message.to_api(with_metadata) for message in messages])
    has_more = bool(metadata["next_cursor"])
    return {"messages": shown, "has_more": has_more, **({"response_metadata": metadata} if has_more else {})}


def _between(call: Call, messages: list[Message]) -> list[Message]:
    try:
        oldest, latest = float(call.text("oldest") or 0), float(call.text("latest") or "inf")
    except ValueError as error:
        raise SlackError("invalid_ts_latest") from error
    if call.flag("inclusive"):
        return [message for message in messages if oldest <= float(message.ts) <= latest]
    return [message for message in messages if oldest < float(message.ts) < latest]
