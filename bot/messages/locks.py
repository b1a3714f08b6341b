"""Locks in words: on the board, in answers, and as the question to break one."""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.errand import BreakValue
from bot.domain.lock import BreakRequest, Lock, LockEvent, LockEventKind, how_it_ended, lift_command
from bot.domain.names import mention
from bot.domain.rollout import Rollout
from bot.messages.blocks import (
    Block,
    Confirm,
    Message,
    actions,
    button,
    code,
    context,
    escape,
    said,
    section,
)
from bot.messages.holding import READ_BACK
from bot.messages.ids import ActionId, BlockId
from bot.messages.words import moment, span

_SHORT_REASON = 80
"""Characters of a reason in a row of the board; one endpoint in full has all of it."""


def lock_line(lock: Lock, now: datetime, *, short: bool = False) -> str:
    """`locked by @a 3 h ago: load test, until Mon 09:00`."""
    is_cut = short and len(lock.reason) > _SHORT_REASON
    reason = f"{lock.reason[:_SHORT_REASON]}…" if is_cut else lock.reason
    verb = "locked" if lock.endpoint else "frozen"
    restored = READ_BACK if lock.restored and not short else ""
    return f"{verb} by {mention(lock.holder)} {span(now - lock.since)} ago: {said(reason)}{_until(lock)}{restored}"


def render_lock_event(event: LockEvent, under_way: Sequence[Rollout] = ()) -> Message:
    """The answer to lock, unlock, freeze and thaw, for everybody in the channel.

    Args:
        event: What happened.
        under_way: Rollouts that a new lock does not stop any more.
    """
    lock = event.lock
    if event.kind is not LockEventKind.LOCKED:
        what = f"unlocked *{escape(lock.endpoint)}*" if lock.endpoint else "lifted the freeze"
        text = f"{mention(event.actor)} {what} after {span(event.at - lock.since)}. Changes may start again."
        return Message(text, (section(text),))
    what = f"*{escape(lock.endpoint)}* is locked" if lock.endpoint else "*Everything is frozen*"
    text = f"{what} by {mention(lock.holder)}{_until(lock)}: {said(lock.reason)}"
    blocks: list[Block] = [section(text)]
    if under_way:
        ids = ", ".join(code(r.id) for r in under_way[:5])
        more = f" and {len(under_way) - 5} more" if len(under_way) > 5 else ""
        blocks.append(section(f"Under way already, and not stopped by this: {ids}{more}."))
    blocks.append(
        context(
            "No change starts and no approval counts until it is lifted; rolling back always works. "
            f"To lift it: {code(lift_command(lock))}"
        )
    )
    return Message(text, tuple(blocks))


def render_break_request(request: BreakRequest, approvers: str) -> Message:
    """The question to a second person.

    Args:
        request: Who wants to break which lock.
        approvers: Who may agree, beside the holder, as people read it.
    """
    lock = request.lock
    confirm = Confirm(
        "Break the lock?",
        f"{lock.endpoint or 'Every endpoint'} can be changed again at once. Whoever set the lock is told.",
        "Break it",
        "Keep it",
    )
    value = BreakValue(request_id=request.id)
    question = (
        f"A second person has to agree until {moment(request.expires_at)}: {approvers}, or {mention(lock.holder)}. "
        "Until then nothing changes."
    )
    return Message(
        _wish(request),
        (
            section(f"{_wish(request)}\nIt was set {_age(request)}: {said(lock.reason)}{_until(lock)}"),
            actions(BlockId.LOCK, button("Break lock", ActionId.BREAK_LOCK, value, style="danger", confirm=confirm)),
            context(question),
        ),
    )


def render_break_outcome(request: BreakRequest) -> Message:
    """The same message when nothing is left to agree to."""
    outcome = _outcome(request)
    asked = f"{_wish(request, over=True)}\nIt was set {_age(request)}: {said(request.lock.reason)}"
    return Message(f"{_wish(request, over=True)} {outcome}", (section(asked), context(outcome)))


def render_break_reply(request: BreakRequest) -> Message:
    """The word to the holder, below that message: an edit reaches nobody who is looking elsewhere."""
    lock, ended = request.lock, request.ended
    assert ended is not None, "a lock that stands was not broken"
    whose = f"your lock on *{escape(lock.endpoint)}*" if lock.endpoint else "your freeze of *everything*"
    text = f"{mention(lock.holder)}: {whose} was broken by {mention(ended.actor)}. {mention(request.asked_by)} had asked for it."
    return Message(text, (section(text),))


def render_break_notice(request: BreakRequest, link: str) -> Message:
    """The word to the holder, who may not be in that channel."""
    what = escape(request.lock.endpoint) if request.lock.endpoint else "everything"
    whose = "your lock on" if request.lock.endpoint else "your freeze of"
    text = f"{mention(request.asked_by)} wants to break {whose} {what}: <{link}|see there>"
    lift = code(lift_command(request.lock))
    return Message(text, (section(text), context(f"You can agree there, or lift it yourself: {lift}")))


def _wish(request: BreakRequest, *, over: bool = False) -> str:
    lock = request.lock
    what = f"lock on *{escape(lock.endpoint)}*" if lock.endpoint else "freeze of *everything*"
    verb = "wanted" if over else "wants"
    return f"{mention(request.asked_by)} {verb} to break {mention(lock.holder)}'s {what}."


def _outcome(request: BreakRequest) -> str:
    ended = request.ended
    if ended is None:
        return (
            f"Nobody agreed by {moment(request.expires_at)}, so this request is over and the lock was left as it was."
        )
    if ended.kind is LockEventKind.BROKEN:
        return f"Broken by {mention(ended.actor)}. Changes may start again."
    escaped = ended.lock.model_copy(update={"reason": said(ended.lock.reason)})
    return f"{how_it_ended(ended.model_copy(update={'lock': escaped}))} Nothing is left to break."


def _age(request: BreakRequest) -> str:
    return f"{span(request.asked_at - request.lock.since)} before"


def _until(lock: Lock) -> str:
    return f", until {moment(lock.until)}" if lock.until is not None else ""
