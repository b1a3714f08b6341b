"""The Slack process without processes: Bolt with our listeners, a Slack on localhost that records, a store that may go away."""

import hashlib
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any
from urllib.parse import parse_qs

from contract.http_stub import Answer, Asked, serving
from slack_bolt import BoltRequest, BoltResponse

from bot.app import Identity, make_app, make_client
from bot.messages.ids import ActionId
from bot.queue import QueueName, queue
from bot.settings import Settings, load_settings
from fakes.engine import Engine
from fakes.records import ANNA, ENDPOINT

SECRET, TEAM = "signing-secret", "T0HOME"
CHANNEL = "C0WORK"


def signed_headers(
    body: bytes, *, secret: str = SECRET, at: int | None = None, stamp: str | None = None
) -> dict[str, str]:
    """Headers as Slack signs them."""
    timestamp = stamp if stamp is not None else str(at if at is not None else int(time.time()))
    base = b"v0:" + timestamp.encode() + b":" + body
    signature = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    return {"x-slack-request-timestamp": timestamp, "x-slack-signature": f"v0={signature}"}


def a_command(text: str, *, user: str = ANNA, team: str = TEAM, trigger: str = "1.1") -> dict[str, str]:
    return {
        "command": "/endpoint",
        "text": text,
        "user_id": user,
        "team_id": team,
        "channel_id": CHANNEL,
        "trigger_id": trigger,
        "response_url": "",
    }


def a_click(action_id: str, value: str, *, user: str = ANNA, team: str = TEAM, trigger: str = "1.1") -> dict[str, Any]:
    return {
        "type": "block_actions",
        "user": {"id": user, "team_id": team},
        "team": {"id": TEAM},
        "channel": {"id": CHANNEL},
        "container": {"type": "message", "message_ts": "2.2", "channel_id": CHANNEL, "thread_ts": "1.1"},
        "trigger_id": trigger,
        "actions": [{"type": "button", "action_id": action_id, "block_id": "b", "value": value}],
    }


def a_form(
    callback_id: str,
    metadata: str,
    *,
    entered: str | None = "too risky",
    user: str = ANNA,
    team: str = TEAM,
    view_id: str = "V1",
    blocks: Sequence[Mapping[str, Any]] = ({"type": "input", "block_id": "reason"},),
) -> dict[str, Any]:
    """A submitted modal, in which one text was entered or left out."""
    state = {"reason": {"reason": {"type": "plain_text_input", "value": entered}}}
    view = {
        "id": view_id,
        "type": "modal",
        "callback_id": callback_id,
        "private_metadata": metadata,
        "state": {"values": state},
        "blocks": list(blocks),
        "hash": "1.a",
    }
    return {
        "type": "view_submission",
        "user": {"id": user, "team_id": team},
        "team": {"id": TEAM},
        "trigger_id": f"{view_id}.{entered}",
        "view": view,
        "response_urls": [],
    }


def a_mention(
    typed: str, *, user: str = ANNA, event_id: str = "Ev1", thread_ts: str | None = None, **event: Any
) -> dict[str, Any]:
    said = {"type": "app_mention", "user": user, "channel": CHANNEL, "ts": "3.3", "text": f"<@U0BOT> {typed}", **event}
    if thread_ts is not None:
        said["thread_ts"] = thread_ts
    return {"type": "event_callback", "team_id": TEAM, "event_id": event_id, "event": said}


ROLLOUT_BUTTON = json.dumps({"rollout_id": "rabc2345", "endpoint": ENDPOINT, "fingerprint": "f"})
APPROVE = str(ActionId.APPROVE)


class BoltApp:
    """Our Bolt app; `dispatch` is what Socket Mode would deliver."""

    def __init__(self) -> None:
        self._closing = ExitStack()
        self.engine = Engine()
        self.slack_is_away = False
        stub = self._closing.enter_context(serving(self._answer))
        self.url = stub.url
        self.asked = stub.asked
        self.settings: Settings = load_settings(
            {
                "SLACK_BOT_TOKEN": "xoxb-1",
                "SLACK_SIGNING_SECRET": SECRET,
                "SLACK_API_URL": f"{stub.url}/api/",
                "REDIS_URL": "redis://localhost:1",
            },
            "bot",
        )
        client = make_client(self.settings)
        client.proxy = None
        self.identity = Identity(client, "xoxb-1")
        self.app = make_app(self.settings, self.engine.intake, client, self.identity)

    def _answer(self, asked: Asked) -> Answer:
        if self.slack_is_away:
            return Answer(hangs_up=True)
        if asked.path == "/api/auth.test":
            return Answer({"ok": True, "team_id": TEAM, "user_id": "U0BOT", "bot_id": "B0BOT"})
        return Answer({"ok": True, "ts": "9.9"})

    def dispatch(self, body: dict[str, Any]) -> BoltResponse:
        return self.app.dispatch(BoltRequest(body=body, mode="socket_mode"))

    def said(self, path: str) -> list[dict[str, Any]]:
        """What was sent to a path of Slack: forms and JSON alike."""
        found = []
        for asked in self.asked:
            if asked.path == path:
                text = asked.body.decode()
                found.append(json.loads(text) if text.startswith("{") else {k: v[0] for k, v in parse_qs(text).items()})
        return found

    def queued(self) -> int:
        """Jobs that wait for a worker."""
        return sum(queue(name, self.engine.redis).count for name in QueueName)

    def redis_goes_away(self) -> None:
        self.engine.redis.connection_pool.connection_kwargs["server"].connected = False

    def close(self) -> None:
        self.engine.close()
        self._closing.close()
