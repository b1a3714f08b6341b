"""What comes round again and again: the census, the registry watch, the manager, waves. One worker at a time does each.

A round is due in the store like anything else. However many hosts run workers, a round that is being done is held, so that two managers
never act at once; one that dies is due again after a lease.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from secrets import token_hex

from bot.domain.errors import GatewayError, RevisionConflict, SlackRefused, TransientError
from bot.store.keys import Due
from workers.heartbeat import beating
from workers.world import World

log = logging.getLogger(__name__)

EVENTS_EVERY = timedelta(seconds=5)

WISHED_FOR = timedelta(hours=1)
"""Longer than any round takes."""


class RoundName(StrEnum):
    """The rounds there are."""

    EVENTS = "events"  # hints from the queue: what changed is looked at now
    REVIVE = "revive"  # what was under way when the store was emptied goes on
    CENSUS = "census"  # how every endpoint stands
    REGISTRY = "registry"  # new versions are announced, revoked ones are told
    TAGS = "tags"  # what must outlive the store is written onto the endpoints
    WAVES = "waves"
    TRIALS = "trials"  # A/B tests: how B does beside A
    MANAGE = "manage"
    HOME = "home"  # App Homes that somebody looks at


@dataclass(frozen=True)
class Round:
    """One of them: how often, and what is done."""

    every: timedelta
    run: Callable[[], None]
    always: bool = False
    """Whether it is done without a `manager` in the fleet file as well: it looks after what a person began."""


@dataclass(frozen=True)
class Rounds:
    """Does rounds. What goes wrong in one is logged, and the next tries again."""

    world: World
    rounds: dict[RoundName, Round]

    @property
    def names(self) -> tuple[str, ...]:
        """Those that are done here; without a `manager` in the fleet file only what a person's deeds need."""
        return tuple(name for name, round_ in self.rounds.items() if self._is_done(round_))

    def _is_done(self, round_: Round) -> bool:
        return round_.always or self.world.fleet.manager is not None

    def run(self, name: str) -> None:
        """Do it, unless somebody is at it, and make it due again."""
        found = self.rounds.get(RoundName(name))
        if found is None or not self._is_done(found):
            self.world.store.due.remove(Due.ROUNDS, name)
            return
        due, lease = self.world.store.due, self.world.lease
        with due.hold("round", name, lease) as hold:
            if hold is None:
                return

            wished = self._wish(name)

            def beat() -> None:
                hold.prolong()
                due.put_off(Due.ROUNDS, name, self.world.clock() + lease)

            with beating(beat, lease):
                self._run(name, found)
        due.put_off(Due.ROUNDS, name, self.world.clock() + found.every)
        if self._wish(name) not in (None, wished):  # read last: a wish that comes later moves the due time itself
            due.put_off(Due.ROUNDS, name, self.world.clock())

    def _wish(self, name: str) -> str | None:
        """The last time that somebody wished for it, so that a wish during a round is told from one before."""
        return self.world.store.memory.recall(_wish_for(name))

    def _run(self, name: str, found: Round) -> None:
        try:
            found.run()
        except (TransientError, GatewayError, SlackRefused, RevisionConflict) as exc:
            log.warning("round %s: %s", name, exc)

    def soon(self, name: RoundName) -> None:
        """Let a round come at once."""
        soon(self.world, name)


def soon(world: World, *names: RoundName) -> None:
    """Let rounds come at once, for whoever knows that something changed; those that are not done here stay away.

    One that is under way may have passed by what changed, so it comes once more.
    """
    for name in names:
        world.store.memory.remember(_wish_for(name), token_hex(8), WISHED_FOR)
        world.store.due.put_off(Due.ROUNDS, name, world.clock())


def _wish_for(name: str) -> str:
    return f"wish for round {name}"
