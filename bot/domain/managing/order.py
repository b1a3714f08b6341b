"""Who comes first in a wave: the order of its stages, kept also for endpoints that are no part of the wave that is about to be opened.

The manager opens a wave over those endpoints to which it may bring something now. One that is busy at that moment is not among them,
and is still in the earlier stage: what comes after it waits, as it would if both were in that wave.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain.board import BoardState, Standing
from bot.domain.fleet import WavePlan
from bot.domain.hold import Hold, HoldKind
from bot.domain.managing.desired import is_same_package
from bot.domain.managing.moves import ByWave, Move, Nothing, Open, Why
from bot.domain.starting import written
from bot.domain.version import Version

_UNDER_WAY = frozenset({Why.UPDATING, Why.TESTING, Why.BUSY, Why.UNKNOWN, Why.UNREAD})
"""Nobody can say yet what it will run, or what is held there."""

_POSTPONED = frozenset({Why.LOCKED, Why.PROPOSED, Why.LATER, Why.IN_WAVE})
"""What is wanted there comes when that has passed. The other reasons pass only if a person does something, which nobody waits for."""

_NOT_PROVED = frozenset({Why.AS_DECLARED, Why.BEYOND_UPDATES, Why.UPSTREAM, Why.SOAKING})
"""For one that follows an endpoint elsewhere: that one has not proved anything newer, or not for long enough."""

_SERVES_NOTHING = frozenset({BoardState.NOT_DEPLOYED, BoardState.FAILED, BoardState.UNPATCHABLE})
"""There a version cannot prove itself, and only people change that."""


@dataclass(frozen=True)
class Mate:
    """An endpoint of a wave as the others of it see it."""

    standing: Standing
    move: Move
    """What the manager would do about it alone."""
    holds: tuple[Hold, ...] = ()
    follows: str = ""
    """The endpoint from which it gets its versions, where that is none of an earlier stage of the wave."""


@dataclass(frozen=True)
class WaveOrder:
    """The order within one wave of the fleet file."""

    name: str
    plan: WavePlan
    mates: Mapping[str, Mate]
    """By name, its endpoints as far as they are known."""
    together: Collection[str]
    """Those that are meant: all of them, or those that somebody syncs."""

    def moves(self, now: datetime) -> dict[str, Move]:
        """What is done about each endpoint now: as it would be alone, or nothing, because others come first."""
        return {name: self._held_back(name, mate.move, now) or mate.move for name, mate in self.mates.items()}

    def _held_back(self, name: str, move: Move, now: datetime) -> Nothing | None:
        if not isinstance(move, ByWave):
            return None
        found = (self._held_on(other, mate, move) for other, mate in self._up_to(name))
        held = next((nothing for nothing in found if nothing is not None), None)
        if held is not None:
            return held
        waits = (self._waits_for(other, mate, move, now) for other, mate in self._up_to(name, before=True))
        return next((nothing for nothing in waits if nothing is not None), None)

    def _up_to(self, name: str, *, before: bool = False) -> Iterator[tuple[str, Mate]]:
        """The others of the same and of earlier stages, or of earlier ones alone, in their order."""
        stage = self.plan.stage_of(name)
        for number, names in enumerate(self.plan.stages):
            if number < stage or (number == stage and not before):
                yield from ((other, self.mates[other]) for other in names if other != name and other in self.mates)

    def _held_on(self, other: str, mate: Mate, move: ByWave) -> Nothing | None:
        """What somebody or SageMaker took back there is brought to nobody beside it or after it."""
        if move.package_arn is None:
            return None
        about = Version(package_arn=move.package_arn)
        own = (h for h in mate.holds if h.kind is not HoldKind.BY_PERSON and h.wave_id is None and h.is_about(about))
        if (hold := next(own, None)) is None:
            return None
        text = f"{move.label} is {hold.kind.value} on {other} since {written(hold.since)}, which is in the wave {self.name}, too"
        return Nothing(Why.VERSION_HELD, text)

    def _waits_for(self, other: str, mate: Mate, move: ByWave, now: datetime) -> Nothing | None:
        """What the move waits for at an endpoint of an earlier stage; None where that is as far as it shall be."""
        first = f"{other} comes first in the wave {self.name}"
        match mate.move:
            case Nothing(why=why, text=text) if why in _UNDER_WAY:
                return Nothing(Why.WAVE_ORDER, f"{first}: {text}")
            case Open(without_click=True):
                return Nothing(Why.WAVE_ORDER, f"{first}: a rollout of its own begins there")
        if mate.standing.state in _SERVES_NOTHING:
            return None
        if is_there(mate, move):
            return self._soaks(other, mate, move, now)
        match mate.move:
            case Nothing(why=why) if why in _NOT_PROVED and mate.follows:
                return Nothing(
                    Why.WAVE_ORDER,
                    f"{first}, and does not have {words_of(move)} yet from {mate.follows}, which it follows",
                )
            case Nothing(why=why, text=text) if why in _POSTPONED:
                return Nothing(Why.WAVE_ORDER, f"{first}: {text}")
            case ByWave() as its if other not in self.together:
                return Nothing(Why.WAVE_ORDER, f"{first}, and {words_of(its)} is not there yet; {self._ways(other)}")
            case ByWave() as its if its.package_arn != move.package_arn:
                return Nothing(Why.WAVE_ORDER, f"{first}, and gets {words_of(its)} before")
        return None

    def _soaks(self, other: str, mate: Mate, move: ByWave, now: datetime) -> Nothing | None:
        since = mate.standing.running_since
        if since is None or now - since >= self.plan.soak:
            return None
        until = written(since + self.plan.soak)
        return Nothing(
            Why.SOAKING, f"{words_of(move)} soaks on {other} until {until}, which comes first in the wave {self.name}"
        )

    def _ways(self, other: str) -> str:
        return f"to begin there: sync {other}; to bring it to all of them in order: wave start {self.name}"


def is_there(mate: Mate, move: ByWave) -> bool:
    """Whether what is to be brought is at an endpoint already."""
    if move.package_arn is not None:
        return is_same_package(mate.standing.running_package, move.package_arn)
    return isinstance(mate.move, Nothing) and mate.move.why is Why.AS_DECLARED


def words_of(move: ByWave) -> str:
    """What is brought, as people call it."""
    return move.label if move.package_arn is not None else "what the fleet file says"


def may_pass(why: Why) -> bool:
    """Whether that keeps something from an endpoint for a while only, as far as anybody can tell."""
    return why in _UNDER_WAY | _POSTPONED | {Why.WAVE_ORDER, Why.SOAKING}
