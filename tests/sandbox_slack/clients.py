"""Slack's own client pointed at the stand-in, and small pieces of Block Kit for tests."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.slack.driver import SlackDriver

BOT_TOKEN = "xoxb-sandbox"
APP_TOKEN = "xapp-sandbox"
CHANNEL = "C0MLDEPLOYS"

Connect = Callable[[App], None]


def client_of(slack: SlackDriver, token: str | None = BOT_TOKEN, **options: Any) -> WebClient:
    """A WebClient whose every call goes to the stand-in."""
    return WebClient(token, base_url=f"{slack.url}/api/", **options)


def hang_up(slack: SlackDriver, *handlers: SocketModeHandler) -> None:
    """Closes Socket Mode connections at once: slack_sdk waits three seconds for a read unless the other side ends it.

    It is closed only after it noticed, or at the latest then: slack_sdk trips over two of its threads closing at the same moment.
    """
    for handler in handlers:
        handler.client.auto_reconnect_enabled = False
        handler.client.current_session_state.terminated = True
    slack.disconnect("abort")
    until = time.monotonic() + 3
    while any(handler.client.is_connected() for handler in handlers) and time.monotonic() < until:
        time.sleep(0.01)
    for handler in handlers:
        handler.close()


def error_of(call: Callable[[], Any]) -> str:
    """The error with which Slack refuses this call; "ok" if it does not."""
    try:
        call()
    except SlackApiError as error:
        return str(error.response["error"])
    return "ok"


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(label: str, action_id: str, **fields: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": action_id, "text": {"type": "plain_text", "text": label}, **fields}


def actions(*elements: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements), **fields}


def modal(*blocks: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": "promote",
        "title": {"type": "plain_text", "text": "Promote"},
        "submit": {"type": "plain_text", "text": "Plan it"},
        "blocks": list(blocks),
        **fields,
    }


def text_input(block_id: str, label: str, **fields: Any) -> dict[str, Any]:
    element = {"type": "plain_text_input", "action_id": f"{block_id}.input"}
    return {
        "type": "input",
        "block_id": block_id,
        "label": {"type": "plain_text", "text": label},
        "element": element,
        **fields,
    }
