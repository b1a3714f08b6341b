"""What was proposed before, and when the same may be proposed again: nobody is asked twice after a no, nothing is tried in a loop."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.autoscale import AutoscaleAsk
from bot.domain.commands import Change
from bot.domain.content import content_hash_of
from bot.domain.hold import Hold, hold_left_by
from bot.domain.model import Value
from bot.domain.phases import BOT_ACTOR, Kind, Phase, Reason
from bot.domain.rollout import Rollout
from bot.domain.wave import MemberState, Wave, WaveReason, WaveState

AFTER_SILENCE = timedelta(days=1)
"""When a plan that lapsed, or gave way to somebody's own, is shown again."""

FIRST_PAUSE, LONGEST_PAUSE = timedelta(hours=1), timedelta(days=1)
"""Between tries of what was blocked or failed: the cause is often a quota or a lack of capacity, which passes."""


class Proposal(Value):
    """One change that the manager opened, or left to a wave."""

    endpoint: str
    signature: str
    """Over what it wanted and what ran then: the same question has the same."""
    wanted: str
    """Over what it wanted alone."""
    rollout_id: str = ""
    wave_id: str = ""
    """Where it was left to a wave."""
    attempt: int
    at: datetime


@dataclass(frozen=True)
class Tried:
    """A proposal and what became of it."""

    proposal: Proposal
    rollout: Rollout | None = None
    """None for a wave's, and where the store forgot it or it was never opened."""
    wave: Wave | None = None

    @property
    def succeeded(self) -> bool:
        """Whether it did what it should."""
        if self.wave is not None:
            member = next((m for m in self.wave.members if m.endpoint == self.proposal.endpoint), None)
            return member is not None and member.state is MemberState.DONE
        return self.rollout is not None and self.rollout.phase is Phase.SUCCEEDED

    @property
    def opened(self) -> str:
        """What did it, in words."""
        return f"wave {self.proposal.wave_id}" if self.proposal.wave_id else f"rollout {self.proposal.rollout_id}"


def wanted_of(endpoint: str, kind: Kind, change: Change, autoscale: AutoscaleAsk | None = None) -> str:
    """A hash over what shall be different."""
    what = {"endpoint": endpoint, "kind": kind.value, "change": change.model_dump(mode="json")}
    return content_hash_of(what if autoscale is None else {**what, "autoscale": autoscale.model_dump(mode="json")})


def signature_of(wanted: str, current: str) -> str:
    """A hash over what shall be different and what it is different from: the config that runs, or what scales it."""
    return content_hash_of({"wanted": wanted, "current_config": current})


@dataclass(frozen=True)
class Again:
    """When the same may be proposed again."""

    at: datetime | None
    """None: never, until something else runs or shall run, or somebody asks for it."""
    why: str
    """What became of it, for people."""


def again_after(tried: Tried, holds: tuple[Hold, ...]) -> Again:
    """When what was proposed may be proposed again."""
    if tried.proposal.wave_id:
        return _after_wave(tried)
    rollout = tried.rollout
    if rollout is None:
        return Again(tried.proposal.at, "it was never opened")
    last, rollout_words = rollout.last, f"rollout {rollout.id}"
    match rollout.phase:
        case Phase.REJECTED:
            return Again(None, f"{rollout_words} for the same was rejected")
        case Phase.CANCELLED if last.reason is Reason.CANCELLED_BY_PERSON:
            return Again(None, f"{rollout_words} for the same was cancelled")
        case Phase.ROLLED_BACK_BY_AWS if last.reason is Reason.ABORTED:
            return Again(None, f"{rollout_words} for the same was aborted")
        case Phase.CANCELLED if last.actor == BOT_ACTOR and last.reason is not Reason.CHANNEL_UNREACHABLE:
            return Again(last.at, f"{rollout_words} for the same was taken back")
        case Phase.CANCELLED if last.reason is Reason.SUPERSEDED:
            return Again(last.at + AFTER_SILENCE, f"{rollout_words} for the same gave way to another")
        case Phase.EXPIRED:
            return Again(last.at + AFTER_SILENCE, f"nobody decided on rollout {rollout.id}")
        case Phase.NEEDS_HUMAN:
            return Again(None, f"{rollout_words} needs a person")
        case Phase.SUCCEEDED:
            return Again(last.at, f"{rollout_words} did the same")
    if any(hold.rollout_id == rollout.id for hold in holds):
        return Again(None, f"{rollout_words} for the same ended as {rollout.phase.words}, and it is held since")
    pause = min(FIRST_PAUSE * 2 ** min(tried.proposal.attempt - 1, 10), LONGEST_PAUSE)
    return Again(last.at + pause, f"{rollout_words} for the same ended as {rollout.phase.words}")


def is_proposal(rollout: Rollout) -> bool:
    """Whether the manager opened it by itself, for one endpoint."""
    is_its_own = rollout.requester == BOT_ACTOR and rollout.wave_id is None
    return is_its_own and rollout.kind in (Kind.UPDATE, Kind.CREATE, Kind.AUTOSCALE)


_ENDED_IN_VAIN = frozenset({Phase.BLOCKED, Phase.FAILED, Phase.ROLLED_BACK_BY_AWS})
_NEVER_THE_SAME = frozenset(
    {
        Reason.NOTHING_TO_CHANGE,
        Reason.NOT_IN_FLEET,
        Reason.ENDPOINT_DRIFTED,
        Reason.PLAN_DRIFTED,
        Reason.ENDPOINT_GONE,
        Reason.CREATION_FAILED,
        Reason.ABORTED,
    }
)
"""Somebody stopped it, or what runs and shall run is not what it was: if anything is proposed after that, it is something else."""


def is_tried_again(rollout: Rollout) -> bool:
    """Whether the manager tries the same again by itself: its own plan was blocked or failed, and nothing is held for that."""
    is_over_in_vain = rollout.phase in _ENDED_IN_VAIN and rollout.last.reason not in _NEVER_THE_SAME
    return is_proposal(rollout) and is_over_in_vain and hold_left_by(rollout) is None


_NOBODYS_NO = frozenset({WaveReason.SUPERSEDED, WaveReason.CHANNEL_UNREACHABLE})
"""It gave way to another wave, or could not be told: nobody said no to what it would have brought."""


def _after_wave(tried: Tried) -> Again:
    """What a wave did not reach is held by the wave itself; what it could do nothing about may be another matter tomorrow."""
    wave = tried.wave
    was_refused = wave is not None and wave.state in (WaveState.REJECTED, WaveState.ABORTED)
    if wave is not None and was_refused and wave.last.reason not in _NOBODYS_NO:
        return Again(None, f"wave {wave.id} for the same was {wave.state.words}")
    since = wave.last.at if wave is not None else tried.proposal.at
    return Again(since + AFTER_SILENCE, f"wave {tried.proposal.wave_id} was about the same")
