"""The next step of a wave: pure, and total over every state of the wave and every phase of its rollouts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import assert_never

from bot.domain.hold import Hold
from bot.domain.phases import BOT_ACTOR
from bot.domain.rollout import Rollout
from bot.domain.version import Version
from bot.domain.wave.looking import looked_at, may_be_taken_back, taken_off
from bot.domain.wave.states import HALTED, OPEN, MemberState, WaveReason, WaveState
from bot.domain.wave.values import Member, Wave


@dataclass(frozen=True)
class Seen:
    """What was found out before a decision."""

    rollouts: Mapping[str, Rollout] = field(default_factory=dict)
    """By id, those of the wave's members that there are."""
    free: Mapping[str, int | None] = field(default_factory=dict)
    """Instances that each quota leaves now; None where that is not known."""
    locked: Mapping[str, str] = field(default_factory=dict)
    """Endpoints that nothing may begin on, and what they wait for, in words."""
    configs: Mapping[str, str] = field(default_factory=dict)
    """The config that each endpoint is on whose turn it is; empty text for one that is gone. Where nobody looked, nothing begins."""
    unlisted: frozenset[str] = frozenset()
    """Endpoints that are not in the fleet file any more."""
    holds: Mapping[str, Sequence[Hold]] = field(default_factory=dict)
    """By endpoint, what stands against versions of the members that are done, and of those that were passed by."""


@dataclass(frozen=True)
class WaveDecision:
    """The wave as it shall be saved, and what is to be done then.

    What begins follows from the record: each member that is under way and has no rollout yet gets one.
    """

    wave: Wave
    recall: tuple[str, ...] = ()
    """Rollouts to take back: their endpoints are untouched, and nothing further shall begin."""


def decide_wave(wave: Wave, seen: Seen, now: datetime) -> WaveDecision:
    """What becomes of a wave now. A decision that is made twice comes to the same."""
    wave = _moved(looked_at(wave, seen.rollouts, seen.holds), seen, now)
    if wave.state not in HALTED:
        return WaveDecision(wave)
    wave = looked_at(wave, seen.rollouts, seen.holds)
    mine = (seen.rollouts.get(m.rollout_id(wave.id)) for m in wave.members if m.has_rollout)
    return WaveDecision(wave, tuple(r.id for r in mine if r is not None and may_be_taken_back(r)))


def candidates(wave: Wave, now: datetime) -> tuple[Member, ...]:
    """Members that may begin now, as far as the wave itself goes: their stage's turn has come, and there is a free place.

    More than there are places, because some of them may have to wait for something of their own.
    """
    soaks_until = wave.soaks_until
    is_soaking = soaks_until is not None and now < soaks_until
    if wave.state is not WaveState.RUNNING or is_soaking or _places(wave) <= 0:
        return ()
    return tuple(m for m in wave.current_stage if m.state is MemberState.WAITING)


def _moved(wave: Wave, seen: Seen, now: datetime) -> Wave:
    match wave.state:
        case WaveState.PROPOSED:
            if now < wave.expires_at:
                return wave
            return wave.to(WaveState.EXPIRED, WaveReason.APPROVAL_EXPIRED, now, BOT_ACTOR)
        case WaveState.RUNNING:
            return _run(wave, seen, now)
        case WaveState.PAUSED:
            return _stopped(wave, seen, now) or wave
        case WaveState.STOPPED | WaveState.FINISHED | WaveState.ABORTED | WaveState.REJECTED | WaveState.EXPIRED:
            return wave
        case _:  # pragma: no cover
            assert_never(wave.state)


def _run(wave: Wave, seen: Seen, now: datetime) -> Wave:
    if (stopped := _stopped(wave, seen, now)) is not None:
        return stopped
    called_off = wave.of(MemberState.CALLED_OFF)
    if called_off and wave.of(*OPEN):
        names = [m.endpoint for m in called_off]
        return wave.to(WaveState.PAUSED, WaveReason.MEMBER_CALLED_OFF, now, BOT_ACTOR, endpoints=names)
    wave = _with_begun(wave, seen, now)
    if not wave.of(*OPEN):
        return wave.to(WaveState.FINISHED, WaveReason.ALL_DONE, now, BOT_ACTOR)
    return wave


def _stopped(wave: Wave, seen: Seen, now: datetime) -> Wave | None:
    """The wave stopped by whatever went bad; None if nothing did."""
    bad = {m.endpoint: m.note for m in wave.of(MemberState.BAD)} or _taken_off_beside(wave, seen.holds)
    if not bad:
        return None
    return wave.to(
        WaveState.STOPPED,
        WaveReason.MEMBER_WENT_BAD,
        now,
        BOT_ACTOR,
        note=next(iter(bad.values())),
        endpoints=list(bad),
    )


def _taken_off_beside(wave: Wave, holds: Mapping[str, Sequence[Hold]]) -> Mapping[str, str]:
    """Endpoints that its plan passed by because they run its version already, and that went back from it; each with a note."""
    if wave.package_arn is None:
        return {}
    version = Version(package_arn=wave.package_arn)
    since = max((step.at for step in wave.steps if step.reason is WaveReason.RESUMED), default=wave.created_at)
    notes = {left.endpoint: taken_off(version, since, holds.get(left.endpoint, ())) for left in wave.left_out}
    return {endpoint: note for endpoint, note in notes.items() if note is not None}


def _with_begun(wave: Wave, seen: Seen, now: datetime) -> Wave:
    """The wave with as many more members under way as there are places and instances."""
    for member in candidates(wave, now):
        if _places(wave) <= 0:
            break
        wave = _with(wave, _begun(member, wave, seen))
    return wave


def _begun(member: Member, wave: Wave, seen: Seen) -> Member:
    """The member under way, or why it is not."""
    if member.endpoint in seen.unlisted:
        note = "it is not in the fleet file any more"
        return member.with_(state=MemberState.LEFT_OUT, is_stopped=False, note=note)
    if member.endpoint in seen.locked:
        return member.with_(is_stopped=True, note=seen.locked[member.endpoint])
    config = seen.configs.get(member.endpoint)
    if config is None:
        return member
    if config != member.config:
        moved = f"it is on {config} now" if config else "it does not exist any more"
        note = f"somebody changed it since the plan: {moved}"
        return member.with_(state=MemberState.LEFT_OUT, is_stopped=False, note=note)
    if not _has_room(member, wave.members, seen.free):
        return member.with_(is_stopped=True, note="waits for instances: the quota is too small for one more at once")
    return member.with_(state=MemberState.UNDER_WAY, is_stopped=False, note="")


def _has_room(member: Member, members: Iterable[Member], free: Mapping[str, int | None]) -> bool:
    """Whether its new fleet fits beside those of the members that are at work; alone, its own preflight tells.

    What is at work counts in full, also where it is in use already: a way back takes as much again.
    """
    at_work = [m for m in members if m.is_at_work]
    for pool, wanted in member.pools.items():
        taken = sum(m.pools.get(pool, 0) for m in at_work)
        if not taken:
            continue
        left = free.get(pool)
        if left is None or wanted + taken > left:
            return False
    return True


def _places(wave: Wave) -> int:
    return wave.at_once - len(wave.of(MemberState.UNDER_WAY))


def _with(wave: Wave, member: Member) -> Wave:
    return wave.with_(members=tuple(member if m.endpoint == member.endpoint else m for m in wave.members))
