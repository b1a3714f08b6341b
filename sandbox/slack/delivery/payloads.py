"""The payloads that Slack sends, as plain values. Field names and their order follow docs.slack.dev."""

from __future__ import annotations

import secrets
import time
from typing import Any

from sandbox.slack.messages import Message
from sandbox.slack.people import APP_ID, BOT_USER_ID, TEAM_DOMAIN, TEAM_ID, VERIFICATION_TOKEN, Channel, Person

Json = dict[str, Any]

ELEMENT_FIELDS = ("type", "action_id", "block_id", "text", "value", "style", "placeholder", "url")


def command(person: Person, channel: Channel, name: str, text: str, response_url: str, trigger_id: str) -> Json:
    """A slash command: flat, all values strings."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM_ID,
        "team_domain": TEAM_DOMAIN,
        "channel_id": channel.id,
        "channel_name": channel_name(channel),
        "user_id": person.id,
        "user_name": person.name,
        "command": name,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def interaction(kind: str, person: Person, trigger_id: str | None) -> Json:
    """What every interaction carries."""
    payload: Json = {
        "type": kind,
        "user": {"id": person.id, "username": person.name, "name": person.name, "team_id": person.team_id},
        "api_app_id": APP_ID,
        "token": VERIFICATION_TOKEN,
        "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
    }
    return {**payload, "trigger_id": trigger_id} if trigger_id else payload


def message_container(message: Message) -> Json:
    """Where in a channel an interaction happened."""
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": message.channel,
        "is_ephemeral": message.visible_to is not None,
    }
    return {**container, "thread_ts": message.thread_ts} if message.thread_ts else container


def channel_reference(channel: Channel) -> Json:
    """A channel as interactions name it."""
    return {"id": channel.id, "name": channel_name(channel)}


def action(block: Json, element: Json, state: Json | None) -> Json:
    """One entry of `actions`: the element that was used, and what was chosen."""
    chosen = {key: element[key] for key in ELEMENT_FIELDS if key in element}
    return {**chosen, "block_id": block["block_id"], **(state or {}), "action_ts": f"{time.time():.6f}"}


def event(inner: Json, is_ext_shared: bool = False) -> Json:
    """The envelope of the Events API."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM_ID,
        "api_app_id": APP_ID,
        "event": inner,
        "type": "event_callback",
        "event_id": f"Ev{secrets.token_hex(5).upper()}",
        "event_time": int(time.time()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM_ID,
                "user_id": BOT_USER_ID,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": is_ext_shared,
        "event_context": secrets.token_urlsafe(24),
    }


def message_event(kind: str, message: Message, person: Person) -> Json:
    """An `app_mention` or a `message` in direct messages."""
    inner: Json = {
        "type": kind,
        "user": message.user,
        "ts": message.ts,
        "text": message.text,
        "team": person.team_id,
        "channel": message.channel,
        "event_ts": message.ts,
    }
    if message.is_by_bot:
        inner |= {"bot_id": message.to_api()["bot_id"], "app_id": APP_ID}
    else:
        inner["client_msg_id"] = secrets.token_hex(16)
    if message.blocks:
        inner["blocks"] = message.blocks
    if message.is_reply:
        inner["thread_ts"] = message.thread_ts
    if kind == "message":
        inner["channel_type"] = "im"
    return inner


def channel_name(channel: Channel) -> str:
    """The name that payloads give: private places are not named."""
    return {"im": "directmessage", "private": "privategroup"}.get(channel.kind, channel.name)
