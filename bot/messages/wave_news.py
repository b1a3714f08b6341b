"""What happens to a wave, as replies in its thread: who stands where, why it came to a halt, how it ended."""

from bot.domain.names import mention
from bot.domain.phases import BOT_ACTOR, Phase
from bot.domain.wave import Member, MemberState, Wave, WaveReason, WaveState, WaveStep, kept_from
from bot.messages.blocks import Block, Message, escape, escape_except_mentions, listed, section
from bot.messages.words import count, on_one_line

_LONGEST_NOTE = 240


def is_halt(step: WaveStep) -> bool:
    """Whether it is worth a reply of its own, because an edit rings no phone: every halt, and every going on."""
    return step.state in (WaveState.PAUSED, WaveState.STOPPED) or step.reason is WaveReason.RESUMED


def member_line(member: Member) -> str:
    """One endpoint: what it goes from and to, and how it stands."""
    name = f"<{member.link}|{escape(member.endpoint)}>" if member.link else f"*{escape(member.endpoint)}*"
    return f"{name}: {_standing(member)}{_note(member)}"


def _standing(member: Member) -> str:
    match member.state:
        case MemberState.WAITING:
            return f"on {escape(member.before)}, not begun"
        case MemberState.UNDER_WAY:
            return member.phase.words if member.phase is not None else "about to begin"
        case MemberState.DONE:
            return f"done, on {escape(member.after)}"
        case MemberState.UNCHANGED:
            return f"was on {escape(member.after)} already"
        case MemberState.BAD if member.phase in (Phase.WATCHING, Phase.SUCCEEDED):
            return f"on {escape(member.after)}, which is worse"
        case MemberState.BAD | MemberState.CALLED_OFF:
            return _ended_as(member)
        case MemberState.LEFT_OUT:
            return f"left out, {_ended_as(member)}" if member.phase is not None else "left out"


_AS_BEFORE = frozenset(
    {
        Phase.REJECTED,
        Phase.EXPIRED,
        Phase.CANCELLED,
        Phase.BLOCKED,
        Phase.FAILED,
        Phase.ROLLED_BACK_BY_AWS,
        Phase.ROLLED_BACK,
    }
)
"""Ends that leave the endpoint as it was."""


def _ended_as(member: Member) -> str:
    if member.phase is None:
        return "unknown"
    return f"{member.phase.words}, on {escape(member.before)}" if member.phase in _AS_BEFORE else member.phase.words


def _note(member: Member) -> str:
    if not member.note:
        return ""
    return f" ({escape_except_mentions(on_one_line(member.note, _LONGEST_NOTE))})"


def render_halt(wave: Wave, step: WaveStep, *, steering: tuple[Block, ...]) -> Message:
    """That the wave came to a halt, or goes on: why, where everything stands, what to do.

    Args:
        wave: The record.
        step: The halt. An older one keeps its first line only.
        steering: The buttons of the wave's present state.
    """
    head = _halted(wave, step)
    if step is not wave.last or step.reason is WaveReason.RESUMED:
        return Message(f"Wave {wave.name}: {head}", (section(head),))
    lines = listed([member_line(m) for m in wave.members], most=30)
    advice = "\n".join(part for part in (_held(wave), _advice(wave, step)) if part)
    blocks = (section(head), section(f"*How every endpoint stands*\n{lines}"), section(advice), *steering)
    return Message(f"Wave {wave.name}: {head}", blocks)


def _halted(wave: Wave, step: WaveStep) -> str:
    who = ", ".join(escape(name) for name in step.endpoints)
    match step.reason:
        case WaveReason.MEMBER_WENT_BAD:
            return f"*Stopped at {who}*: {_why_bad(wave, step)}"
        case WaveReason.MEMBER_CALLED_OFF:
            phases = {m.endpoint: m.phase for m in wave.members}
            phase = phases.get(step.endpoints[0])
            how = phase.words if phase is not None else "called off"
            return f"*Paused*: the change of {who} was {how}."
        case WaveReason.RESUMED:
            return f"*Resumed* by {mention(step.actor)}."
        case _:
            return f"*Paused* by {mention(step.actor)}."


def _why_bad(wave: Wave, step: WaveStep) -> str:
    """One sentence of evidence."""
    if step.note:
        return escape_except_mentions(on_one_line(step.note, 600))
    member = next((m for m in wave.members if m.endpoint in step.endpoints), None)
    return f"it ended as {member.phase.words}." if member is not None and member.phase is not None else "it went bad."


def _held(wave: Wave) -> str:
    kept = kept_from(wave) if wave.state is WaveState.STOPPED else {}
    if not kept:
        return ""
    names = ", ".join(escape(name) for name in list(kept)[:10]) + ("…" if len(kept) > 10 else "")
    label = next(iter(kept.values())).after
    return f"{escape(label)} is held on {names}: no automation brings it there."


def _advice(wave: Wave, step: WaveStep) -> str:
    running = [m for m in wave.members if m.is_at_work]
    going = f"What is under way ({count(len(running), 'endpoint')}) is watched to its own end. " if running else ""
    if step.reason is WaveReason.MEMBER_WENT_BAD:
        if not wave.has_more:
            return (
                f"{going}No endpoint is left to begin, so this wave is over. Each endpoint's own thread tells the rest."
            )
        bad = ", ".join(escape(name) for name in step.endpoints)
        return (
            f"{going}No further endpoint begins. *Resume* goes on without {bad}; *Abort* ends the wave. A better version takes "
            "a wave of its own."
        )
    if step.reason is WaveReason.MEMBER_CALLED_OFF:
        return (
            f"{going}No further endpoint begins. *Resume* goes on without what was called off; *Abort* ends the wave."
        )
    return f"{going}No further endpoint begins until somebody presses *Resume*."


def render_wave_ending(wave: Wave) -> Message:
    """How it ended, as a reply."""
    head = _ended(wave)
    if not wave.has_begun:
        text = f"{head} No endpoint was touched."
        return Message(f"Wave {wave.name}: {text}", (section(text),))
    lines = listed([member_line(m) for m in wave.members], most=30)
    return Message(f"Wave {wave.name}: {head}", (section(head), section(lines)))


def _ended(wave: Wave) -> str:
    step, by = wave.last, mention(wave.last.actor)
    match step.reason:
        case WaveReason.ALL_DONE:
            done = wave.of(MemberState.DONE, MemberState.UNCHANGED)
            return f"*Finished*: {len(done)} of {count(len(wave.members), 'endpoint')} on {escape(wave.label)}."
        case WaveReason.REJECTED_BY_APPROVER:
            return f"*Rejected* by {by}."
        case WaveReason.APPROVAL_EXPIRED:
            return "*Expired*: nobody decided in time. If it is still wanted, start it again."
        case WaveReason.SUPERSEDED:
            return f"*Aborted*: {escape(step.note)}."
        case WaveReason.CHANNEL_UNREACHABLE:
            return "*Aborted*: its story could not be told in its channel."
        case _ if step.actor == BOT_ACTOR:
            return "*Aborted*."
        case _:
            return f"*Aborted* by {by}. What is done stays as it is; nothing further begins."
