"""Where a request came from, and so where its answer goes. The only module that digs in Slack's payloads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from bot.domain.errand import FormContext, ReplyTo

Body = Mapping[str, Any]


@dataclass(frozen=True)
class Origin:
    """Who, from which workspace, and how to answer. The user id is the one that Slack verified, never one from a value."""

    actor: str
    team_id: str | None
    reply: ReplyTo
    delivery_id: str
    """Slack's id of this delivery: the same one when it is delivered again."""


def origin_of_command(body: Body) -> Origin:
    """A slash command: Slack gives it no thread and no event id."""
    reply = ReplyTo(
        user_id=body["user_id"],
        channel_id=body["channel_id"],
        response_url=body.get("response_url"),
        trigger_id=body["trigger_id"],
    )
    return Origin(body["user_id"], body.get("team_id"), reply, f"trigger {body['trigger_id']}")


def origin_of_click(body: Body) -> Origin:
    """A pressed button."""
    user, container = body["user"], body.get("container", {})
    reply = ReplyTo(
        user_id=user["id"],
        channel_id=body.get("channel", {}).get("id") or container.get("channel_id"),
        thread_ts=container.get("thread_ts") or body.get("message", {}).get("thread_ts"),
        response_url=body.get("response_url"),
        trigger_id=body["trigger_id"],
    )
    team = user.get("team_id") or body.get("team", {}).get("id")
    return Origin(user["id"], team, reply, f"trigger {body['trigger_id']}")


def origin_of_form(body: Body) -> Origin:
    """A submitted modal. It is known by its own id: who submits it again after a lost acknowledgement submits the same one."""
    user, view = body["user"], body["view"]
    try:
        context = FormContext.model_validate_json(view.get("private_metadata", ""))
    except ValidationError:
        reply = ReplyTo(user_id=user["id"])
    else:
        reply = ReplyTo(user_id=user["id"], channel_id=context.channel_id, thread_ts=context.thread_ts)
    team = user.get("team_id") or body.get("team", {}).get("id")
    return Origin(user["id"], team, reply, f"view {view['id']}")


def origin_of_event(body: Body) -> Origin:
    """A mention or a direct message: it is answered in its thread, or in one that begins there."""
    event = body["event"]
    thread_ts = event.get("thread_ts") or event["ts"]
    reply = ReplyTo(user_id=event["user"], channel_id=event["channel"], thread_ts=thread_ts)
    team = event.get("user_team") or event.get("team") or body.get("team_id")
    return Origin(event["user"], team, reply, f"event {body['event_id']}")


def origin_of_home(body: Body) -> Origin:
    """The App Home tab that somebody opened. Only people of this workspace have one."""
    event = body["event"]
    return Origin(event["user"], body.get("team_id"), ReplyTo(user_id=event["user"]), f"event {body['event_id']}")


def origin_of(body: Body) -> Origin | None:
    """The origin of any request that a person caused; None for the others."""
    if "command" in body:
        return origin_of_command(body)
    if body.get("type") == "block_actions":
        return origin_of_click(body)
    if body.get("type") == "view_submission":
        return origin_of_form(body)
    if body.get("type") == "event_callback" and body.get("event", {}).get("type") == "app_home_opened":
        return origin_of_home(body)
    if body.get("type") == "event_callback" and "user" in body.get("event", {}) and "channel" in body["event"]:
        return origin_of_event(body)
    return None
