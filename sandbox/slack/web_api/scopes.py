"""Which scope a method needs; the app has those that its manifest asks for."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sandbox.slack.errors import SlackError

FAMILY = "{family}"
"""Stands for the kind of conversation: channels (public), groups (private) or im."""

NEEDED = {
    "chat.delete": "chat:write",
    "chat.postEphemeral": "chat:write",
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "conversations.history": "{family}:history",
    "conversations.info": "{family}:read",
    "conversations.join": "channels:join",
    "conversations.list": "channels:read",
    "conversations.members": "{family}:read",
    "conversations.open": "im:write",
    "conversations.replies": "{family}:history",
    "files.completeUploadExternal": "files:write",
    "files.getUploadURLExternal": "files:write",
    "files.info": "files:read",
    "reactions.add": "reactions:write",
    "usergroups.list": "usergroups:read",
    "usergroups.users.list": "usergroups:read",
    "users.info": "users:read",
    "users.list": "users:read",
}
FAMILIES = {"D": "im", "G": "groups"}


def check_scope(method: str, args: dict[str, Any], granted: Collection[str] | None) -> None:
    """Refuses a method whose scope the app does not have; `granted` is None when nobody said which it has.

    Raises:
        SlackError: `missing_scope`, with `needed` and `provided` as Slack tells them.
    """
    needed = NEEDED.get(method)
    if granted is None or needed is None:
        return
    family = FAMILIES.get(str(args.get("channel", ""))[:1], "channels")
    needed = needed.replace(FAMILY, family)
    if needed not in granted:
        raise SlackError("missing_scope", needed=needed, provided=",".join(granted))
