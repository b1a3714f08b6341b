"""What Slack makes of typed text before an app sees it: escapes, mentions, links."""

from __future__ import annotations

import re

from sandbox.slack.workspace import Workspace

MENTION = re.compile(r"(?<![\w/.])@([a-z][\w.-]*[\w])")
CHANNEL = re.compile(r"(?<![\w&/])#([a-z][\w-]*)")
LINK = re.compile(r"https?://[^\s<>|]+")
SPECIAL = ("here", "channel", "everyone")


def escaped(text: str, workspace: Workspace) -> str:
    """Typed text on the wire: `@anna` → `<@U0ANNA>`, `#random` → `<#C0RANDOM|random>`, URLs in angle brackets, `&<>` escaped."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    def mention(match: re.Match[str]) -> str:
        name = match[1]
        person = workspace.person(name)
        group = next(
            (group for group in workspace.groups.values() if group.handle == name and not group.is_disabled), None
        )
        if person and person.name == name:
            return f"<@{person.id}>"
        if group:
            return f"<!subteam^{group.id}|@{group.handle}>"
        return f"<!{name}>" if name in SPECIAL else match[0]

    def channel(match: re.Match[str]) -> str:
        found = workspace.channel(match[1])
        if found is None or found.name != match[1]:
            return match[0]
        return f"<#{found.id}|{'' if found.kind == 'private' else found.name}>"

    return LINK.sub(lambda match: f"<{match[0]}>", CHANNEL.sub(channel, MENTION.sub(mention, text)))
