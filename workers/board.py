"""What people are shown of the fleet: the census's standings, and one endpoint in full."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.board import Standing
from bot.domain.fleet import EndpointSpec
from workers.census import Census


@dataclass(frozen=True)
class Board:
    """Reads standings; changes nothing."""

    census: Census

    def everything(self) -> tuple[Standing, ...]:
        """Every endpoint of the fleet file, and those beside it that are in none."""
        return (*self.census.standings(), *self.census.others())

    def standings(self, specs: Sequence[EndpointSpec]) -> tuple[Standing, ...]:
        """How each of them stands; what AWS does not tell is said, not left out."""
        return self.census.standings(specs)

    def in_full(self, spec: EndpointSpec) -> Standing:
        """How one of them stands this very moment, with what scales it."""
        (standing,) = self.census.look_now([spec.name])
        return standing
