"""What a member's rollout means for the member: under way, done, bad, or called off by people."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import assert_never

from bot.domain.hold import Hold, HoldKind
from bot.domain.names import literal, mention
from bot.domain.phases import Phase, Reason
from bot.domain.rollout import Rollout
from bot.domain.verdict import VerdictKind
from bot.domain.version import Version
from bot.domain.wave.states import HALTED, MemberState
from bot.domain.wave.values import Member, Wave


def looked_at(wave: Wave, rollouts: Mapping[str, Rollout], holds: Mapping[str, Sequence[Hold]]) -> Wave:
    """The wave as its rollouts stand now.

    Args:
        wave: The record.
        rollouts: By id, those of its members that there are.
        holds: By endpoint, what stands against versions of those that are done.
    """
    is_halted = wave.state in HALTED
    return wave.with_(
        members=tuple(
            _looked(m, rollouts.get(m.rollout_id(wave.id)), holds.get(m.endpoint, ()), is_halted=is_halted)
            for m in wave.members
        )
    )


def _looked(member: Member, rollout: Rollout | None, holds: Sequence[Hold], *, is_halted: bool) -> Member:
    if rollout is None:
        was_never_opened = is_halted and member.state is MemberState.UNDER_WAY and member.phase is None
        return member.with_(state=MemberState.WAITING) if was_never_opened else member
    if member.state is MemberState.LEFT_OUT:
        return member.with_(phase=rollout.phase)
    if was_taken_back(rollout):
        return member.with_(
            state=MemberState.WAITING, attempt=member.attempt + 1, phase=None, is_stopped=False, note="", link=""
        )
    state = state_of(rollout)
    if state is MemberState.DONE and (note := _undone(rollout, holds)) is not None:
        return member.with_(state=MemberState.BAD, phase=rollout.phase, is_stopped=False, note=note, ended_at=None)
    return member.with_(
        state=state,
        phase=rollout.phase,
        is_stopped=_waits(rollout),
        note=_note(rollout, state),
        ended_at=(member.ended_at or rollout.last.at) if state is MemberState.DONE else None,
    )


def _undone(rollout: Rollout, holds: Sequence[Hold]) -> str | None:
    """That somebody took the version off again which it brought, with a rollback of its own."""
    return taken_off(rollout.plan.version, rollout.last.at, holds) if rollout.plan is not None else None


def taken_off(version: Version, since: datetime, holds: Sequence[Hold]) -> str | None:
    """Who took the version off an endpoint since then, and why, as a note; None where nobody did."""
    later = (h for h in holds if h.kind is HoldKind.HELD and h.wave_id is None and h.since >= since)
    hold = next((hold for hold in later if hold.is_about(version)), None)
    if hold is None:
        return None
    return f"rolled back afterwards by {mention(hold.actor)}" + (f": {literal(hold.reason)}" if hold.reason else "")


def may_be_taken_back(rollout: Rollout) -> bool:
    """Whether its endpoint is untouched, so that it costs nothing not to go on."""
    return rollout.is_waiting or rollout.phase is Phase.PREPARING


def was_taken_back(rollout: Rollout) -> bool:
    """Whether its wave took it back before it touched anything."""
    return rollout.phase is Phase.CANCELLED and rollout.last.reason is Reason.WAVE_HALTED


def state_of(rollout: Rollout) -> MemberState:
    """What its phase comes to. A confirmed REGRESSED is bad as soon as people are told of it, whatever is done about it."""
    match rollout.phase:
        case Phase.PLANNING | Phase.AWAITING_APPROVAL | Phase.SCHEDULED | Phase.PREPARING | Phase.UPDATING:
            return MemberState.UNDER_WAY
        case Phase.WATCHING:
            is_worse = rollout.worse_since is not None and rollout.acceptance is None
            return MemberState.BAD if is_worse else MemberState.UNDER_WAY
        case Phase.SUCCEEDED:
            return MemberState.BAD if _is_worse(rollout) else MemberState.DONE
        case Phase.BLOCKED if rollout.last.reason is Reason.NOTHING_TO_CHANGE:
            return MemberState.UNCHANGED
        case (
            Phase.BLOCKED
            | Phase.FAILED
            | Phase.ROLLED_BACK_BY_AWS
            | Phase.ROLLING_BACK
            | Phase.ROLLED_BACK
            | Phase.NEEDS_HUMAN
        ):
            return MemberState.BAD
        case Phase.REJECTED | Phase.EXPIRED | Phase.CANCELLED:
            return MemberState.CALLED_OFF
        case _:  # pragma: no cover
            assert_never(rollout.phase)


def _is_worse(rollout: Rollout) -> bool:
    found = rollout.verdict
    return found is not None and found.kind is VerdictKind.REGRESSED and rollout.acceptance is None


def _waits(rollout: Rollout) -> bool:
    return rollout.is_active and (
        rollout.stopped_by is not None or rollout.queued_behind is not None or rollout.scheduled_for is not None
    )


def _note(rollout: Rollout, state: MemberState) -> str:
    """What there is to say: the evidence of a verdict before the words of a transition."""
    if state is MemberState.BAD:
        found = rollout.verdict or rollout.last_look
        if found is not None and found.kind is VerdictKind.REGRESSED:
            return found.evidence
        return next((t.note for t in reversed(rollout.transitions) if t.note), "")
    if state is MemberState.DONE:
        return str(rollout.verdict.kind) if rollout.verdict is not None else ""
    if state is MemberState.UNDER_WAY and rollout.is_waiting:
        return _what_it_waits_for(rollout)
    return ""


def _what_it_waits_for(rollout: Rollout) -> str:
    if rollout.stopped_by is not None:
        return f"waits for {rollout.stopped_by}"
    if rollout.queued_behind is not None:
        return f"waits behind rollout {rollout.queued_behind}"
    if rollout.phase is Phase.SCHEDULED:
        return "waits for its change window"
    return "needs an approval of its own" if rollout.phase is Phase.AWAITING_APPROVAL else ""
