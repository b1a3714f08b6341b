"""A fleet whose every call of SageMaker is noted: what a census costs can be counted."""

from collections import Counter
from datetime import timedelta
from typing import Any

from bot.domain.board import Standing
from bot.domain.errors import TransientError
from bot.domain.states import BoardState
from fakes.estate import EstateEngine, package_of
from fakes.records import BEN
from workers.census import Census

COUNT = 30
NAMES = [f"endpoint-{n:03}" for n in range(COUNT)]
FIRST = NAMES[0]


def fleet_of(names: list[str], *, more: str = "", manager: str = "manager: {census: 30s}") -> str:
    endpoints = "\n".join(f"  {name}: {{model_package_group: group-{int(name[-3:]) % 3}{more}}}" for name in names)
    return f"""
version: 1
defaults:
  region: us-east-1
  channel: C0MLDEPLOYS
  approval: {{users: [{BEN}]}}
{manager}
endpoints:
{endpoints}
"""


class Recorded:
    """A port that notes when each of its methods was called, and may be throttled."""

    def __init__(self, port: Any, engine: "CountedFleet") -> None:
        self._port, self._engine = port, engine

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **options: Any) -> Any:
            self._engine.asked.append((self._engine.clock(), name, *map(str, args[:1])))
            self._engine.with_tags += bool(options.get("with_tags"))
            if self._engine.is_throttled():
                raise TransientError(name, "AWS asks for a slower pace", is_throttled=True)
            return getattr(self._port, name)(*args, **options)

        return call


class CountedFleet(EstateEngine):
    """Thirty endpoints of three groups, each on version 1."""

    def __init__(self, fleet: str | None = None, count: int = COUNT) -> None:
        names = [f"endpoint-{n:03}" for n in range(count)]
        versions = [package_of(f"group-{g}", v) for g in range(3) for v in (1,)]
        super().__init__(
            fleet or fleet_of(names), {n: package_of(f"group-{int(n[-3:]) % 3}", 1) for n in names}, versions
        )
        self.asked: list[tuple[Any, ...]] = []
        self.with_tags = 0
        """Models whose tags were asked for."""
        self.is_throttled = lambda: False
        self.waited = 0.0
        self.lives_in(endpoints=Recorded(self.estate, self), registry=Recorded(self.registry, self))
        self.census = Census(self.world, self._wait)

    def _wait(self, seconds: float) -> None:
        self.waited += seconds
        self.clock.tick(timedelta(seconds=seconds))

    def round(self) -> Counter[str]:
        """One round of the census, and what it asked."""
        self.asked.clear()
        self.census.round()
        return Counter(call[1] for call in self.asked)

    def passes(self, seconds: float = 30) -> "CountedFleet":
        self.clock.tick(timedelta(seconds=seconds))
        return self

    def seen(self) -> int:
        """How many endpoints AWS told about."""
        return sum(s.is_known for s in self.store.standings.sightings(self.world.fleet.endpoints).values())

    def standing(self, name: str) -> Standing:
        (found,) = [s for s in self.census.standings() if s.endpoint == name]
        return found

    def state(self, name: str) -> BoardState:
        return self.standing(name).state
