"""Holds in words: on the board, in `status`, and as the answers to hold and unhold."""

from collections.abc import Sequence

from bot.domain.hold import Hold, HoldKind
from bot.domain.names import mention
from bot.messages.blocks import Message, code, context, escape, said, section
from bot.messages.words import count, moment, on_one_line

_SHORT_REASON = 80
"""Characters of a reason in a row of the board; one endpoint in full has all of it."""

_LONGEST_REASON = 400

READ_BACK = " (the store was emptied since; this was read back from SageMaker's tags)"


def hold_line(hold: Hold, *, short: bool = False) -> str:
    """One hold in a sentence without its full stop: what is held, since when, by whom and why.

    Args:
        hold: What stands against a version, or against the endpoint as a whole.
        short: For a row of the board, where there is no room for a long reason.
    """
    since = f"since {moment(hold.since)}"
    reason = said(on_one_line(hold.reason, _SHORT_REASON if short else _LONGEST_REASON).rstrip("."))
    why = f": {reason}" if reason else ""
    if hold.restored and not short:
        why += READ_BACK
    match hold.kind:
        case HoldKind.BY_PERSON:
            return f"held by {mention(hold.actor)} {since}{why}"
        case HoldKind.HELD if hold.wave_id is not None:
            return f"{_version(hold)} is held {since}, and was never brought here{why}"
        case HoldKind.HELD:
            return f"{_version(hold)} is held {since}; {mention(hold.actor)} rolled it back{_in_rollout(hold)}{why}"
        case HoldKind.QUARANTINED:
            return f"{_version(hold)} is quarantined {since}; SageMaker did not take it{_in_rollout(hold)}{why}"


def how_to_lift(endpoint: str) -> str:
    """What a hold means, and what to type against it."""
    return f"Holds keep automation away, not people. To lift them: {code(f'unhold {endpoint}')}"


def left_behind(endpoint: str, hold: Hold | None = None) -> str:
    """What a rollout that went back leaves to people; without a hold at hand, the version stays unnamed."""
    version = (escape(hold.label) or "This version") if hold is not None else "What was rolled back"
    state = "quarantined" if hold is not None and hold.kind is HoldKind.QUARANTINED else "held"
    return (
        f"{version} is {state} now: automation leaves it alone, a person may still bring it back. "
        f"To lift that: {code(f'unhold {endpoint}')}"
    )


def render_held(hold: Hold) -> Message:
    """The answer to hold, for everybody in the channel."""
    text = f"*{escape(hold.endpoint)}* is held by {mention(hold.actor)}: {said(hold.reason)}"
    small = f"Nothing but a person brings a new version to it until it is lifted: {code(f'unhold {hold.endpoint}')}"
    return Message(text, (section(text), context(small)))


def render_unheld(endpoint: str, actor: str, lifted: Sequence[Hold]) -> Message:
    """The answer to unhold, for everybody in the channel.

    Args:
        endpoint: Whose holds they were.
        actor: Who lifted them.
        lifted: What stood until now; at least one.
    """
    text = f"{mention(actor)} lifted {count(len(lifted), 'hold')} of *{escape(endpoint)}*:"
    lines = "\n".join(f"• {hold_line(hold)}" for hold in lifted[:10])
    more = f"\n• … and {len(lifted) - 10} more" if len(lifted) > 10 else ""
    return Message(
        f"{mention(actor)} lifted {count(len(lifted), 'hold')} of {escape(endpoint)}.",
        (section(f"{text}\n{lines}{more}"), context("Automation may change it again.")),
    )


def _version(hold: Hold) -> str:
    return escape(hold.label) if hold.label else "this version"


def _in_rollout(hold: Hold) -> str:
    return f" in rollout {code(hold.rollout_id)}" if hold.rollout_id is not None else ""
