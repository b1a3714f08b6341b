"""What rollouts left behind, as people read it: grouped by endpoint, and with a button that deletes it."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import groupby

from bot.domain.collecting import Orphan, endpoint_part
from bot.domain.commands import Gc
from bot.domain.names import mention
from bot.messages.blocks import (
    CommandButton,
    Confirm,
    Message,
    command_buttons,
    context,
    escape,
    escape_except_mentions,
    listed,
    section,
)
from bot.messages.words import count, moment, span

_MOST_LINES = 14

_NEVER = (
    "Never among them: what an endpoint runs or moves to, the last three ways back, what an active rollout or a hold is about, and "
    "whatever the bot did not make."
)


def render_orphans(orphans: Sequence[Orphan], window: timedelta) -> Message:
    """The answer to gc.

    Args:
        orphans: What could be deleted.
        window: How long everything stays that was needed once.
    """
    if not orphans:
        text = f"There is nothing to clean up: every config and model of the bot's is needed, or was needed in the last {span(window)}."
        return Message(text, (section(text), context(_NEVER)))
    total = _counted(orphans)
    head = f"Nothing needs *{total}* of the bot's own, nor is anything known to have needed them for {span(window)}:"
    button = CommandButton(
        f"Delete {len(orphans)}",
        Gc(delete=True),
        style="danger",
        confirm=Confirm(
            f"Delete {len(orphans)}?",
            "Each is looked at once more before it is deleted. What was deleted cannot be had back.",
            "Delete them",
        ),
    )
    lines = listed(list(_lines(orphans)), most=_MOST_LINES)
    return Message(
        f"{total} could be deleted.", (section(f"{head}\n{lines}"), context(_NEVER), command_buttons(button))
    )


def render_collected(deleted: Sequence[Orphan], actor: str, *, skipped: int, left: int, problem: str = "") -> Message:
    """The answer to gc --delete.

    Args:
        deleted: What is gone.
        actor: Who asked for it.
        skipped: How many turned out to be needed at the last look.
        left: How many are still to be deleted.
        problem: Why it went no further, in a sentence or two; empty where nothing failed.
    """
    if not deleted:
        text = "Nothing was deleted: every config and model of the bot's is needed, or was lately."
        return Message(text, (section(text),))
    lines = listed(list(_lines(deleted)), most=_MOST_LINES)
    told = [section(f"{mention(actor)} deleted *{_counted(deleted)}* that nothing needed:\n{lines}")]
    if skipped:
        told.append(context(f"{count(skipped, 'other')} turned out to be needed at the last look, and stayed."))
    if problem:
        told.append(section(f"It went no further: {escape_except_mentions(problem)}"))
    if left:
        told.append(context(f"{left:,} more could be deleted: type gc --delete again."))
    return Message(f"{mention(actor)} deleted {_counted(deleted)} that nothing needed.", tuple(told))


def _lines(orphans: Sequence[Orphan]) -> Iterator[str]:
    ordered = sorted(orphans, key=lambda o: (_endpoint_of(o), o.made))
    for endpoint, group in groupby(ordered, key=_endpoint_of):
        found = tuple(group)
        oldest = min(o.made for o in found)
        yield f"*{escape(endpoint)}*: {_counted(found)}, the oldest made {moment(oldest)}"


def _endpoint_of(orphan: Orphan) -> str:
    return endpoint_part(orphan.name)


def _counted(orphans: Sequence[Orphan]) -> str:
    configs = sum(o.kind == "endpoint config" for o in orphans)
    models = len(orphans) - configs
    parts = [count(configs, "endpoint config")] if configs else []
    parts += [count(models, "model")] if models else []
    return " and ".join(parts)
