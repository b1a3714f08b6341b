"""What a wave that stopped keeps from the endpoints that it did not reach: its version is held there, until the wave is resumed.

Also from those that its plan left out: what happened to be busy when it was opened shall not get what went bad elsewhere.
"""

from collections.abc import Mapping
from datetime import datetime

from bot.domain.hold import Hold, HoldKind
from bot.domain.phases import BOT_ACTOR
from bot.domain.wave.states import MemberState, WaveReason, WaveState
from bot.domain.wave.values import Member, Wave

_HOLDING = frozenset({WaveState.STOPPED, WaveState.ABORTED})


def holds_after(before: Wave | None, after: Wave, now: datetime) -> tuple[Hold, ...]:
    """The holds that follow from writing the wave: on what it has not reached, as soon as nothing can reach it any more."""
    kept = set(kept_from(before)) if before is not None else set()
    return tuple(_hold(after, name, brought, now) for name, brought in kept_from(after).items() if name not in kept)


def lifts_holds(before: Wave | None, after: Wave) -> bool:
    """Whether writing the wave lifts what its stop held."""
    return before is not None and before.state in _HOLDING and after.state is WaveState.RUNNING


def kept_from(wave: Wave) -> Mapping[str, Member]:
    """From whom it keeps its version, each with a member that brings it, or would have.

    Settings are held by no version: there, the wave itself stands in the way until it is over.
    """
    if wave.state not in _HOLDING or not wave.has_begun or _ended_unseen(wave):
        return {}
    bringing = [m for m in wave.members if m.package_arn is not None]
    not_reached = {m.endpoint: m for m in bringing if m.state is MemberState.WAITING}
    if len({m.package_arn for m in bringing}) != 1:
        return not_reached
    return not_reached | {left.endpoint: bringing[0] for left in wave.left_out if not left.is_current}


def _ended_unseen(wave: Wave) -> bool:
    """It could not be told, and nothing went bad: nobody decided against its version."""
    return wave.last.reason is WaveReason.CHANNEL_UNREACHABLE and not wave.of(MemberState.BAD)


def _hold(wave: Wave, endpoint: str, brought: Member, now: datetime) -> Hold:
    halt = next(step for step in reversed(wave.steps) if step.state in _HOLDING)
    did = f" {halt.note}" if halt.note else ""
    about = f" at {', '.join(halt.endpoints)}:{did}" if halt.endpoints else "."
    return Hold(
        kind=HoldKind.HELD,
        endpoint=endpoint,
        since=now,
        actor=BOT_ACTOR,
        reason=f"Wave {wave.id} {wave.state.words}{about}"[:500],
        package_arn=brought.package_arn,
        rank=brought.rank,
        label=brought.after,
        wave_id=wave.id,
    )
