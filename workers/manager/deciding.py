"""Decides about many endpoints at once: each as it would be alone, and those of a wave in the order of its stages."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.fleet import EndpointSpec
from bot.domain.managing import ByWave, Mate, Move, Nothing, Open, WaveOrder, Why, decide
from workers.manager.knowing import Knowing, Overview
from workers.world import World

NO_TIME = Nothing(Why.LATER, "there was no time for it; sync again")


@dataclass(frozen=True)
class Deciding:
    """The decisions, with what they have to know."""

    world: World
    knowing: Knowing

    def moves(self, view: Overview, specs: Sequence[EndpointSpec], by: str | None, now: datetime) -> dict[str, Move]:
        """The move for each, by name.

        Args:
            view: How these endpoints stand, and all others of their waves.
            specs: The endpoints that are meant.
            by: Who asked for it by `sync`; None on the manager's own round.
            now: When.
        """
        moves = self.alone(view, specs, by, now)
        for name in sorted({move.wave for move in moves.values() if isinstance(move, ByWave)}):
            members = [self.world.fleet.endpoint(endpoint) for endpoint in self.world.fleet.waves[name].endpoints]
            others = self.alone(view, [spec for spec in members if spec.name not in moves], None, now)
            mates = _mates(view, members, {**others, **moves})
            ordered = self.order(name, mates, moves).moves(now)
            moves |= {endpoint: move for endpoint, move in ordered.items() if endpoint in moves}
        return dict(sorted(moves.items()))

    def mates(
        self, view: Overview, specs: Iterable[EndpointSpec], meant: Iterable[str], by: str | None, now: datetime
    ) -> dict[str, Mate]:
        """Endpoints of a wave as the others of it see them; what is not meant, as it is on the manager's own round."""
        members, asked = list(specs), set(meant)
        moves = self.alone(view, [spec for spec in members if spec.name in asked], by, now)
        moves |= self.alone(view, [spec for spec in members if spec.name not in asked], None, now)
        return _mates(view, members, moves)

    def order(self, wave: str, mates: Mapping[str, Mate], meant: Iterable[str]) -> WaveOrder:
        """The order among the endpoints of a wave of the fleet file."""
        return WaveOrder(wave, self.world.fleet.waves[wave], mates, frozenset(meant))

    def alone(self, view: Overview, specs: Sequence[EndpointSpec], by: str | None, now: datetime) -> dict[str, Move]:
        """The move for each, whatever is done about others.

        What was proposed and done before is looked up only for those where something may be done.
        """
        first = {s.name: decide(s, view.standings[s.name], view.situation(s, by), now) for s in specs}
        wanting = {spec.name: spec for spec in specs if not isinstance(first[spec.name], Nothing)}
        known = {name: view.situation(spec, by) for name, spec in wanting.items()}
        full = self.knowing.in_full(known, {name: _signature_of(first[name]) for name in wanting}, view)
        second = {name: decide(spec, view.standings[name], full[name], now) for name, spec in wanting.items()}
        return {**first, **second}


def _mates(view: Overview, specs: Iterable[EndpointSpec], moves: Mapping[str, Move]) -> dict[str, Mate]:
    return {
        spec.name: Mate(view.standings[spec.name], moves[spec.name], view.holds[spec.name], view.ahead_of(spec))
        for spec in specs
    }


def _signature_of(move: Move) -> str:
    return move.signature if isinstance(move, Open | ByWave) else ""
