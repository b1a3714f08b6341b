"""Modals and Home tabs: who has which view open, on which stack."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from sandbox.slack.blocks.walk import elements
from sandbox.slack.errors import SlackError
from sandbox.slack.people import APP_ID, BOT_ID, TEAM_ID
from sandbox.slack.state_values import initial_state
from sandbox.slack.stream import Stream
from sandbox.slack.workspace import with_ids

DEEPEST_STACK = 3


@dataclass
class View:
    """A modal or a Home tab as one person sees it."""

    id: str
    user: str
    payload: dict[str, Any]
    root_id: str
    previous_id: str | None = None
    hash: str = ""
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What has been entered: block id → action id → Slack's state object."""

    def __post_init__(self) -> None:
        self.show(self.payload)

    def show(self, payload: dict[str, Any]) -> None:
        """Takes new content; inputs that still exist keep what was entered, as in Slack."""
        self.payload = {**payload, "blocks": with_ids(payload.get("blocks", []))}
        kept = self.values
        self.values = {}
        for block, element in elements(self.payload["blocks"]):
            block_id, action_id = block["block_id"], element["action_id"]
            state = kept.get(block_id, {}).get(action_id) or initial_state(element)
            if state is not None:
                self.values.setdefault(block_id, {})[action_id] = state
        digest = hashlib.sha256(json.dumps(self.payload, sort_keys=True).encode()).hexdigest()[:8]
        self.hash = f"{int(time.time())}.{digest}{secrets.token_hex(2)}"

    @property
    def blocks(self) -> list[dict[str, Any]]:
        blocks: list[dict[str, Any]] = self.payload["blocks"]
        return blocks

    def to_api(self) -> dict[str, Any]:
        """Slack's view object, as in interaction payloads and answers of views.*."""
        view = self.payload
        return {
            "id": self.id,
            "team_id": TEAM_ID,
            "type": view["type"],
            "blocks": self.blocks,
            "private_metadata": view.get("private_metadata", ""),
            "callback_id": view.get("callback_id", ""),
            "state": {"values": self.values},
            "hash": self.hash,
            "title": view.get("title"),
            "clear_on_close": bool(view.get("clear_on_close")),
            "notify_on_close": bool(view.get("notify_on_close")),
            "close": view.get("close"),
            "submit": view.get("submit"),
            "previous_view_id": self.previous_id,
            "root_view_id": self.root_id,
            "app_id": APP_ID,
            "external_id": view.get("external_id", ""),
            "app_installed_team_id": TEAM_ID,
            "bot_id": BOT_ID,
        }

    def to_page(self) -> dict[str, Any]:
        """The View object of API.md."""
        shared = self.to_api()
        del shared["state"], shared["app_installed_team_id"], shared["team_id"], shared["app_id"], shared["bot_id"]
        return {**shared, "user": self.user, "values": self.values}


class Views:
    """Every person's stack of modals and their Home tab."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.reset()

    def reset(self) -> None:
        self.stacks: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}

    def open(self, user: str, payload: dict[str, Any]) -> View:
        """Opens a modal; one that was open is replaced, as Slack does."""
        for view in self.stacks.pop(user, []):
            self._closed(view)
        return self._push(user, payload)

    def push(self, user: str, payload: dict[str, Any]) -> View:
        """Puts a modal on top of the open ones."""
        stack = self.stacks.get(user, [])
        if not stack:
            raise SlackError("view_not_found")
        if len(stack) >= DEEPEST_STACK:
            raise SlackError("push_limit_reached")
        return self._push(user, payload)

    def update(self, view: View, payload: dict[str, Any]) -> None:
        """Replaces the content of an open view."""
        view.show(payload)
        self._stream.publish({"type": "view_updated", "view": view.to_page()}, [view.user])

    def publish_home(self, user: str, payload: dict[str, Any]) -> View:
        """Replaces a person's Home tab."""
        home = self.homes.get(user)
        if home is None:
            view_id = new_view_id()
            home = self.homes[user] = View(view_id, user, payload, root_id=view_id)
        else:
            home.show(payload)
        self._stream.publish({"type": "home_published", "view": home.to_page()}, [user])
        return home

    def close(self, view: View, whole_stack: bool = False) -> None:
        """Closes a view, or all of that person's modals."""
        stack = self.stacks.get(view.user, [])
        for each in [each for each in reversed(stack) if whole_stack or each is view]:
            stack.remove(each)
            self._closed(each)

    def find(self, view_id: str | None = None, external_id: str | None = None) -> View | None:
        """An open view or Home tab by either id."""
        known = [*(view for stack in self.stacks.values() for view in stack), *self.homes.values()]
        for view in known:
            if view.id == view_id or (external_id and view.payload.get("external_id") == external_id):
                return view
        return None

    def top(self, user: str) -> View | None:
        """The modal in front of this person."""
        stack = self.stacks.get(user, [])
        return stack[-1] if stack else None

    def _push(self, user: str, payload: dict[str, Any]) -> View:
        external_id = payload.get("external_id")
        if external_id and self.find(external_id=external_id):
            raise SlackError("duplicate_external_id")
        stack = self.stacks.setdefault(user, [])
        view_id = new_view_id()
        root_id = stack[0].id if stack else view_id
        view = View(view_id, user, payload, root_id, previous_id=stack[-1].id if stack else None)
        stack.append(view)
        self._stream.publish({"type": "view_opened", "view": view.to_page()}, [user])
        return view

    def _closed(self, view: View) -> None:
        self._stream.publish({"type": "view_closed", "view_id": view.id}, [view.user])


def new_view_id() -> str:
    """An id as Slack's: `V` and capitals."""
    return f"V{secrets.token_hex(5).upper()}"
