"""The book of a fleet's days: every call that changed an endpoint with what spoke against it, and what served when.

Whoever lets days pass writes into it; each method that is called `…s_that` or `…ly` answers one question over the whole of it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.fleet.windows import ChangeWindow, are_open
from bot.domain.phases import BOT_ACTOR, Kind, Phase
from bot.domain.rollout import Rollout


class Made(StrEnum):
    """The calls that change what an endpoint runs."""

    UPDATE = "update"
    CREATE = "create"
    DELETE = "delete"


@dataclass(frozen=True)
class Call:
    """One call that took effect, and the world right before it."""

    at: datetime
    made: Made
    endpoint: str
    config: str
    package: str
    before: str | None
    """The version that ran."""
    pending: str | None
    """The config to which an update was under way already."""
    rollout: Rollout | None
    """In whose name it was made."""
    in_the_way: frozenset[str]
    windows: tuple[ChangeWindow, ...]
    is_revoked: bool
    is_held: bool
    ahead: frozenset[str] = frozenset()
    """Endpoints of earlier stages of its wave that could have had the version, and do not run it."""

    @property
    def is_way_back(self) -> bool:
        return self.rollout is not None and self.rollout.kind is Kind.ROLLBACK

    @property
    def by_itself(self) -> bool:
        """Whether no person had a hand in it."""
        return self.rollout is not None and self.rollout.requester == BOT_ACTOR and not self.rollout.approvals

    @property
    def began_at(self) -> datetime:
        """When it was begun: what is begun in a window may end after it."""
        begun = self.rollout.entered(Phase.PREPARING) if self.rollout is not None else None
        return begun or self.at

    def __str__(self) -> str:
        by = f"{self.rollout.kind} {self.rollout.id}" if self.rollout is not None else "nobody"
        return f"{self.at:%a %H:%M:%S} {self.made} {self.endpoint}: {self.before} → {self.package}, by {by}"


@dataclass(frozen=True)
class Stay:
    """A version served on an endpoint, from one time to another."""

    endpoint: str
    package: str
    since: datetime
    until: datetime


@dataclass
class Book:
    """What happened."""

    calls: list[Call] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)
    kept: dict[str, Rollout] = field(default_factory=dict)
    """Rollouts that the store may have forgotten."""
    _serving: dict[str, Stay] = field(default_factory=dict)

    def serves(self, endpoint: str, package: str | None, now: datetime) -> None:
        """An endpoint was looked at."""
        last = self._serving.pop(endpoint, None)
        if last is not None and last.package == package:
            self._serving[endpoint] = Stay(endpoint, last.package, last.since, now)
            return
        if last is not None:
            self.stays.append(Stay(endpoint, last.package, last.since, now))
        if package is not None:
            self._serving[endpoint] = Stay(endpoint, package, now, now)

    def keep(self, rollouts: Iterable[Rollout]) -> None:
        """Remember rollouts, whatever becomes of the store."""
        self.kept |= {rollout.id: rollout for rollout in rollouts}

    def stays_of(self, packages: Set[str], longer_than: timedelta) -> list[Stay]:
        """Where one of these versions served for longer."""
        return [
            stay
            for stay in (*self.stays, *self._serving.values())
            if stay.package in packages and stay.until - stay.since > longer_than
        ]

    def forward(self) -> Iterator[Call]:
        """All but the ways back, which nothing may stop."""
        return (call for call in self.calls if not call.is_way_back)

    def outside_windows(self) -> list[Call]:
        """What was begun when no change window was open."""
        return [call for call in self.forward() if not are_open(call.windows, call.began_at)]

    def brought_again(self) -> list[Call]:
        """Versions that the bot brought to an endpoint by itself although it had left them there before: to and fro."""
        seen: defaultdict[str, set[str]] = defaultdict(set)
        again = []
        for call in self.calls:
            if call.made is Made.DELETE or call.package == call.before:
                continue
            if call.by_itself and not call.is_way_back and call.package in seen[call.endpoint]:
                again.append(call)
            seen[call.endpoint].add(call.package)
        return again
