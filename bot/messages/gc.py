"""What nothing needs any more, as people read it: grouped by endpoint, and with a button that deletes it."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import groupby

from bot.domain.collecting import Orphan
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
from bot.messages.rows import dollars
from bot.messages.words import count, moment, span

_MOST_LINES = 14

_NEVER = (
    "Never among them: what an endpoint runs or moves to, the last three ways back, what an active rollout or a hold is about, alarms "
    "of an endpoint that exists, is declared or can still be restored, and whatever the bot did not make."
)


def render_orphans(orphans: Sequence[Orphan], window: timedelta) -> Message:
    """The answer to gc.

    Args:
        orphans: What could be deleted.
        window: How long everything stays that was needed once.
    """
    if not orphans:
        text = (
            "There is nothing to clean up: every config, model and alarm of the bot's is needed, or was needed in the last "
            f"{span(window)}."
        )
        return Message(text, (section(text), context(_NEVER)))
    resources = [orphan for orphan in orphans if orphan.kind != "alarm"]
    alarms = [orphan for orphan in orphans if orphan.kind == "alarm"]
    told = [section(f"{_no_longer_needed(resources, window)}\n{_by_endpoint(resources)}")] if resources else []
    told += [section(f"{_left_alone(alarms)}\n{_by_endpoint(alarms)}")] if alarms else []
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
    return Message(f"{_counted(orphans)} could be deleted.", (*told, context(_NEVER), command_buttons(button)))


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
        text = "Nothing was deleted: every config, model and alarm of the bot's is needed, or was lately."
        return Message(text, (section(text),))
    told = [section(f"{mention(actor)} deleted *{_counted(deleted)}* that nothing needed:\n{_by_endpoint(deleted)}")]
    if skipped:
        told.append(context(f"{count(skipped, 'other')} turned out to be needed at the last look, and stayed."))
    if problem:
        told.append(section(f"It went no further: {escape_except_mentions(problem)}"))
    if left:
        told.append(context(f"{left:,} more could be deleted: type gc --delete again."))
    return Message(f"{mention(actor)} deleted {_counted(deleted)} that nothing needed.", tuple(told))


def _no_longer_needed(resources: Sequence[Orphan], window: timedelta) -> str:
    return f"Nothing needs *{_counted(resources)}* of the bot's own, nor is anything known to have needed them for {span(window)}:"


def _left_alone(alarms: Sequence[Orphan]) -> str:
    """An alarm costs money, and whoever reads a list of alarms wonders at it."""
    their = (
        "an endpoint that does not exist any more and that"
        if len({alarm.endpoint for alarm in alarms}) == 1
        else "endpoints that do not exist any more and that"
    )
    are, they_cost = ("is", "It costs") if len(alarms) == 1 else ("are", "They cost")
    monthly = dollars(sum((alarm.monthly for alarm in alarms), Decimal(0)))
    return (
        f"*{_counted(alarms)}* of the bot's own {are} left of {their} the fleet file does not declare. "
        f"{they_cost} about {monthly} a month:"
    )


def _by_endpoint(orphans: Sequence[Orphan]) -> str:
    ordered = sorted(orphans, key=lambda o: (o.endpoint, o.name))
    groups = groupby(ordered, key=lambda o: o.endpoint)
    return listed([f"*{escape(endpoint)}*: {_described(list(group))}" for endpoint, group in groups], most=_MOST_LINES)


def _described(orphans: Sequence[Orphan]) -> str:
    """What there is of one endpoint."""
    resources = [orphan for orphan in orphans if orphan.kind != "alarm"]
    alarms = [orphan for orphan in orphans if orphan.kind == "alarm"]
    parts = []
    if resources:
        made = [orphan.made for orphan in resources if orphan.made is not None]
        parts.append(_counted(resources) + (f", the oldest made {moment(min(made))}" if made else ""))
    if alarms:
        labels = ", ".join(alarm.name.rpartition(".")[2] for alarm in alarms)
        parts.append(f"{_counted(alarms)} ({escape(labels)})")
    return "; ".join(parts)


_KINDS = ("endpoint config", "model", "alarm")


def _counted(orphans: Sequence[Orphan]) -> str:
    """`2 endpoint configs, 1 model and 3 alarms`."""
    numbers = [(kind, sum(orphan.kind == kind for orphan in orphans)) for kind in _KINDS]
    parts = [count(number, kind) for kind, number in numbers if number]
    return " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)
