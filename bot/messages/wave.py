"""A wave's thread: its card, its plan, a message for each stage, halts and the ending as replies. A pure projection of the record."""

from collections.abc import Sequence

from bot.domain.commands import WaveAbort, WaveApprove, WavePause, WaveReject, WaveResume
from bot.domain.durations import about, say_duration
from bot.domain.names import mention
from bot.domain.wave import LeftOut, Member, MemberState, Wave, WaveReason, WaveState, expected_length
from bot.messages.blocks import (
    Block,
    CommandButton,
    Confirm,
    Message,
    code,
    command_buttons,
    context,
    escape,
    escape_except_mentions,
    listed,
    quote,
    section,
)
from bot.messages.changes import change_line
from bot.messages.slots import Slot, SlotName
from bot.messages.wave_news import is_halt, member_line, render_halt, render_wave_ending
from bot.messages.words import count, moment, on_one_line, people

_MOST_STAGES = 20
"""Stages with a block of their own; a message takes 50 blocks."""

_MOST_OBSTACLES, _LONGEST_OBSTACLE = 3, 240
"""Of a wave that stands still, on its card; its thread tells of every endpoint."""

_MOST_SETTINGS = 3
"""Of one endpoint; each has a plan of its own that shows them all."""


def wave_slots(wave: Wave) -> tuple[Slot, ...]:
    """The messages that shall be there, in the order in which they are posted."""
    slots = [
        Slot(SlotName.CARD, render_wave_card(wave), in_thread=False),
        Slot(SlotName.PLAN, render_wave_plan(wave)),
    ]
    if wave.has_begun:
        begun = [(n, stage) for n, stage in enumerate(wave.stages, 1) if any(_has_moved(m) for m in stage)]
        slots += [Slot(f"{SlotName.PROGRESS} {n}", render_stage(wave, n, stage)) for n, stage in begun]
    halts = [(n, step) for n, step in enumerate(wave.steps) if is_halt(step)]
    slots += [Slot(f"{SlotName.ALERT} {n}", render_halt(wave, step, steering=steering(wave))) for n, step in halts]
    if wave.state in (WaveState.FINISHED, WaveState.ABORTED, WaveState.REJECTED, WaveState.EXPIRED):
        slots.append(Slot(SlotName.ENDING, render_wave_ending(wave)))
    return tuple(slots)


def render_wave_card(wave: Wave) -> Message:
    """The root message: what, the state in words, how far it is."""
    left_out = sum(not one.is_current for one in wave.left_out)
    without = f"; {left_out} left out" if left_out else ""
    what = f"{escape(wave.label)} to {count(len(wave.members), 'endpoint')}{without}"
    small = f"Asked by {mention(wave.requester)} · wave {code(wave.id)} · {moment(wave.created_at)}"
    text = f"Wave {wave.name}: {wave.state.words}. Asked by {mention(wave.requester)}, wave {wave.id}."
    head = f"*Wave {escape(wave.name)}*: {what}\nState: *{wave.state.words}*\n{_news(wave)}"
    return Message(text, (section(head), *steering(wave), context(small)))


def render_wave_plan(wave: Wave) -> Message:
    """What an approver reads before pressing Start wave; afterwards, how it was decided."""
    title = f"Plan for wave {escape(wave.name)}: {escape(wave.label)} to {count(len(wave.members), 'endpoint')}"
    blocks = [section(f"*{title}*\n{quote(wave.reason)}".strip())]
    if wave.redrawn_at is not None:
        blocks.insert(
            0, section(f"*This plan was drawn up again*, {moment(wave.redrawn_at)}: what it rested on had moved.")
        )
    lines = [_stage_lines(n, stage) for n, stage in enumerate(wave.stages, 1)]
    blocks += [section(text) for text in lines[:_MOST_STAGES]]
    if len(lines) > _MOST_STAGES:
        blocks.append(context(f"… and {len(lines) - _MOST_STAGES} more stages"))
    blocks += _passed_by(wave.left_out)
    blocks.append(section(_how(wave)))
    return Message(title, (*blocks, *_decision(wave)))


def render_stage(wave: Wave, number: int, stage: Sequence[Member]) -> Message:
    """How the endpoints of one stage stand."""
    done = sum(m.state in (MemberState.DONE, MemberState.UNCHANGED) for m in stage)
    head = f"Stage {number} of {len(wave.stages)}: {done} of {len(stage)} done"
    return Message(f"Wave {wave.name}, {head}", (section(f"*{head}*\n{listed([member_line(m) for m in stage])}"),))


def steering(wave: Wave) -> tuple[Block, ...]:
    """The buttons that go with its state."""
    abort = CommandButton(
        "Abort",
        WaveAbort(wave_id=wave.id),
        style="danger",
        confirm=Confirm("Abort the wave?", "What is done stays as it is, and nothing further ever begins.", "Abort it"),
    )
    match wave.state:
        case WaveState.RUNNING:
            return (command_buttons(CommandButton("Pause", WavePause(wave_id=wave.id)), abort),)
        case WaveState.PAUSED:
            return (command_buttons(_resume(wave), abort),)
        case WaveState.STOPPED if wave.has_more:
            return (command_buttons(_resume(wave), abort),)
        case _:
            return ()


def _resume(wave: Wave) -> CommandButton:
    waiting = len(wave.of(MemberState.WAITING, MemberState.UNDER_WAY))
    bad = [m.endpoint for m in wave.of(MemberState.BAD, MemberState.CALLED_OFF)]
    without = f" without {', '.join(bad[:3])}" if bad else ""
    question = f"It goes on{without}: {count(waiting, 'endpoint')} left. What its stop held is let go."
    return CommandButton(
        "Resume", WaveResume(wave_id=wave.id), confirm=Confirm("Go on with the wave?", question, "Go on")
    )


def _has_moved(member: Member) -> bool:
    return member.state is not MemberState.WAITING or member.is_stopped


def _news(wave: Wave) -> str:
    """One line: how far it is."""
    match wave.state:
        case WaveState.PROPOSED:
            return f"The plan is in the thread. It lapses {moment(wave.expires_at)}.{_approved_so_far(wave)}"
        case WaveState.REJECTED | WaveState.EXPIRED:
            return "No endpoint was touched."
        case _:
            return f"{_so_far(wave)}.{_soak(wave)}{_standstill(wave)}"


def _approved_so_far(wave: Wave) -> str:
    missing = wave.quorum - len(wave.approvals)
    return f" Approved by {people(wave.approvers())}; {missing} more needed." if wave.approvals else ""


def _so_far(wave: Wave) -> str:
    done = len(wave.of(MemberState.DONE, MemberState.UNCHANGED))
    parts = [f"{done} of {len(wave.members)} done"]
    under_way = [m.phase.words if m.phase is not None else "about to begin" for m in wave.of(MemberState.UNDER_WAY)]
    parts += [f"{under_way.count(words)} {words}" for words in dict.fromkeys(under_way)]
    for state, words in _COUNTED.items():
        if found := wave.of(state):
            parts.append(f"{len(found)} {words}")
    return ", ".join(parts)


_COUNTED = {
    MemberState.BAD: "went bad",
    MemberState.CALLED_OFF: "called off",
    MemberState.LEFT_OUT: "left out",
    MemberState.WAITING: "not begun",
}


def _soak(wave: Wave) -> str:
    """When the next stage begins, while nothing else is under way."""
    begins = wave.soaks_until
    stage = wave.current_stage
    if wave.state is not WaveState.RUNNING or begins is None or any(_has_moved(m) for m in stage):
        return ""
    return f" Stage {1 + wave.stages.index(stage)} begins {moment(begins)}, once the one before has soaked."


def _standstill(wave: Wave) -> str:
    """What a wave waits for while none of its endpoints moves; otherwise the card would look as if it were at work."""
    stopped = [m for m in wave.members if m.is_stopped and m.note]
    is_moving = any(m.is_at_work and not m.is_stopped for m in wave.members)
    if wave.state is not WaveState.RUNNING or not stopped or is_moving:
        return ""
    told = []
    for note in list(dict.fromkeys(m.note for m in stopped))[:_MOST_OBSTACLES]:
        first, *others = [m.endpoint for m in stopped if m.note == note]
        so_do = f", and so {'does' if len(others) == 1 else 'do'} {len(others)} more" if others else ""
        told.append(f"{escape(first)} {escape_except_mentions(on_one_line(note, _LONGEST_OBSTACLE))}{so_do}")
    return f" Nothing moves now: {'; '.join(told)}."


def _stage_lines(number: int, stage: Sequence[Member]) -> str:
    return f"*Stage {number}*\n{listed([_planned(m) for m in stage])}"


def _planned(member: Member) -> str:
    took = f", {about(member.expected)}" if member.expected is not None else ""
    line = f"*{escape(member.endpoint)}*: {escape(member.before)} → {escape(member.after)}{took}"
    settings = [change_line(d) for d in member.settings]
    doubt = [f"⚠ {escape(member.doubt)}"] if member.doubt else []
    return "; ".join([line, *settings[:_MOST_SETTINGS], *_more_settings(settings), *doubt])


def _more_settings(settings: Sequence[str]) -> list[str]:
    left = len(settings) - _MOST_SETTINGS
    return [f"{count(left, 'more setting')}, as its own plan tells"] if left > 0 else []


def _passed_by(left_out: Sequence[LeftOut]) -> list[Block]:
    blocks = []
    current = [f"{escape(one.endpoint)} {escape_except_mentions(one.why)}" for one in left_out if one.is_current]
    if current:
        blocks.append(context(f"*No change needed*: {'; '.join(current[:20])}{_more(current)}"))
    others = [f"*{escape(one.endpoint)}* {escape_except_mentions(one.why)}" for one in left_out if not one.is_current]
    if others:
        blocks.append(section(f"*Left out*\n{listed(others, most=20)}"))
    return blocks


def _more(names: Sequence[str]) -> str:
    return f" and {len(names) - 20} more" if len(names) > 20 else ""


def _how(wave: Wave) -> str:
    lines = ["*How*"]
    if len(wave.stages) > 1:
        rest = f" and has been left alone for {say_duration(wave.soak)}" if wave.soak else ""
        lines.append(f"A stage begins once the one before it is done{rest}.")
    lines.append(_side_by_side(wave.at_once))
    lines.append(
        "Each is watched as in any promotion. At the first that gets worse or fails, the wave stops, and what it has not reached "
        "stays as it is."
    )
    if any(one.is_waiting for one in wave.left_out):
        lines.append("What is left out and waits gets its turn after this wave, if it ends well.")
    expected = expected_length(wave)
    if expected is not None:
        unknown = sum(m.expected is None for m in wave.members)
        guessed = f"; {count(unknown, 'endpoint')} without a past update counted like the others" if unknown else ""
        lines.append(f"Expected: {about(expected)} in all, from past updates{guessed}.")
    return "\n".join(lines)


def _side_by_side(at_once: int) -> str:
    if at_once == 1:
        return "One endpoint changes at a time."
    return f"Up to {at_once} endpoints change at once, fewer where a quota leaves no room for that many new fleets."


def _decision(wave: Wave) -> tuple[Block, ...]:
    if wave.state is WaveState.PROPOSED:
        start = CommandButton("Start wave", WaveApprove(wave_id=wave.id, plan=wave.fingerprint), style="primary")
        needed = f"{count(wave.quorum, 'approval')} needed, of people who may approve every endpoint of it"
        who = f": {wave.approvers_text}" if wave.approvers_text else ""
        had = f"Approved by {people(wave.approvers())} so far. " if wave.approvals else ""
        return (
            command_buttons(start, CommandButton("Not now", WaveReject(wave_id=wave.id))),
            context(f"{had}{needed}{who}. Lapses {moment(wave.expires_at)}."),
        )
    return (context(_decided(wave)),)


def _decided(wave: Wave) -> str:
    step = wave.steps[1]
    match step.reason:
        case WaveReason.APPROVED:
            return f"Approved by {people(wave.approvers())}, {moment(step.at)}"
        case WaveReason.NO_APPROVAL_NEEDED:
            return "Needed no approval: the fleet file's policy for all of them is auto"
        case WaveReason.REJECTED_BY_APPROVER:
            return f"Rejected by {mention(step.actor)}, {moment(step.at)}"
        case WaveReason.APPROVAL_EXPIRED:
            return f"Expired {moment(step.at)}: nobody decided in time"
        case _:
            return f"Ended before anybody decided, {moment(step.at)}"
