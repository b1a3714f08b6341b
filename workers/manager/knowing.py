"""What the manager knows when it decides: a whole fleet in a few round trips, and more about the few where something may be done."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.announcing import waves_by_endpoint
from bot.domain.board import Standing
from bot.domain.fleet import EndpointSpec, led_by_stages
from bot.domain.hold import Hold
from bot.domain.lock import EVERYTHING, Lock
from bot.domain.managing import Proposal, Situation, Tried, Upstream
from bot.domain.rollout import Rollout
from bot.domain.states import BoardState
from bot.domain.wave import Wave
from workers.census import Census
from workers.waves import Waves
from workers.world import World

LOOKED_AT_ONCE = 10
"""Endpoints that are looked at afresh together, right before something is done about them: what is remembered may be half a minute
old, and a rollout may have ended since."""

PAST = 10
"""Rollouts of an endpoint that are asked what people did on purpose."""


@dataclass(frozen=True)
class Overview:
    """How a fleet stands, and what is known of each endpoint in one look over all."""

    standings: Mapping[str, Standing]
    holds: Mapping[str, tuple[Hold, ...]]
    locks: Mapping[str, Lock]
    active: Mapping[str, Sequence[Rollout]]
    in_waves: Mapping[str, Wave]
    newcomers: frozenset[str]
    read: Collection[str]
    """Endpoints whose tags were read since the store began."""
    wave_of: Mapping[str, str]
    """The wave of the fleet file that an endpoint is part of."""
    led_by_stages: frozenset[str]
    """Endpoints that get their versions in the order of their waves' stages, although they follow others."""

    def situation(self, spec: EndpointSpec, asked_by: str | None) -> Situation:
        """What is known of one endpoint, its past and its proposals apart."""
        return Situation(
            holds=self.holds[spec.name],
            lock=self.locks.get(spec.name) or self.locks.get(EVERYTHING),
            active=tuple(self.active.get(spec.name, ())),
            wave=self.wave_of.get(spec.name),
            in_wave=self.in_waves.get(spec.name),
            upstream=self._upstream(spec),
            is_led_by_stages=spec.name in self.led_by_stages,
            is_newcomer=spec.name in self.newcomers,
            is_read=spec.name in self.read,
            asked_by=asked_by,
        )

    def ahead_of(self, spec: EndpointSpec) -> str:
        """The endpoint from which it gets its versions; empty where it follows none."""
        return spec.follows.endpoint if spec.follows is not None and spec.name not in self.led_by_stages else ""

    def _upstream(self, spec: EndpointSpec) -> Upstream | None:
        if spec.follows is None or spec.follows.endpoint not in self.standings:
            return None
        name = spec.follows.endpoint
        return Upstream(self.standings[name], self.holds[name])


@dataclass(frozen=True)
class Knowing:
    """Finds out what the manager needs to know."""

    world: World
    census: Census
    waves: Waves

    def overview(self, specs: Sequence[EndpointSpec], now: datetime) -> Overview:
        """How these endpoints stand, those of their waves, and those that they follow, as the census remembers it."""
        standings = _by_name(self.census.standings(self._with_followed(self._with_mates(specs))))
        newcomers = self._newcomers(standings) if len(specs) == len(self.world.fleet.endpoints) else frozenset()
        return self._overview(standings, newcomers, now)

    def afresh(self, earlier: Overview, specs: Sequence[EndpointSpec], now: datetime) -> Overview:
        """The same of a few of them, as they are this very moment."""
        looked_at = [spec.name for spec in self._with_followed(specs)]
        return self._overview(_by_name(self.census.look_now(looked_at)), earlier.newcomers, now)

    def in_full(
        self, situations: Mapping[str, Situation], signatures: Mapping[str, str], view: Overview
    ) -> Mapping[str, Situation]:
        """The situations with what was proposed and done before.

        Args:
            situations: By endpoint.
            signatures: By endpoint, what shall be proposed now; empty for nothing.
            view: How they stand.
        """
        if not situations:
            return {}
        proposed = self._proposed(signatures)
        makers = {name: made_by for name in situations if (made_by := view.standings[name].made_by)}
        remembered = {
            stored.rollout.id
            for stored in self.world.store.rollouts.load_many(makers.values())
            if not stored.rollout.restored
        }
        forgotten = {name for name, made_by in makers.items() if made_by not in remembered}
        return {
            name: self._in_full(name, known, proposed[name], is_unknown=name in forgotten)
            for name, known in situations.items()
        }

    def _overview(self, standings: Mapping[str, Standing], newcomers: frozenset[str], now: datetime) -> Overview:
        active: defaultdict[str, list[Rollout]] = defaultdict(list)
        for stored in self.world.store.rollouts.active():
            active[stored.rollout.endpoint].append(stored.rollout)
        return Overview(
            standings=standings,
            holds=self.world.store.holds.on_each(standings),
            locks=self.world.store.locks.standing(now),
            active=active,
            in_waves=self.waves.claims(),
            newcomers=newcomers,
            read=self.world.store.kept.known(standings),
            wave_of=waves_by_endpoint(self.world.fleet),
            led_by_stages=led_by_stages(self.world.fleet.endpoints, self.world.fleet.waves),
        )

    def _with_mates(self, specs: Sequence[EndpointSpec]) -> list[EndpointSpec]:
        fleet, names = self.world.fleet, {spec.name for spec in specs}
        waves = [wave for wave in fleet.waves.values() if not names.isdisjoint(wave.endpoints)]
        mates = {name for wave in waves for name in wave.endpoints} - names
        return [*specs, *(fleet.endpoints[name] for name in sorted(mates) if name in fleet.endpoints)]

    def _with_followed(self, specs: Sequence[EndpointSpec]) -> list[EndpointSpec]:
        endpoints = self.world.fleet.endpoints
        followed = {spec.follows.endpoint for spec in specs if spec.follows is not None} - {spec.name for spec in specs}
        return [*specs, *(endpoints[name] for name in sorted(followed) if name in endpoints)]

    def _newcomers(self, standings: Mapping[str, Standing]) -> frozenset[str]:
        missing = (BoardState.NOT_DEPLOYED, BoardState.UNKNOWN)
        existing = [name for name, standing in standings.items() if standing.state not in missing]
        return self.world.store.proposals.newcomers(self.world.fleet.endpoints.keys(), existing)

    def _in_full(self, name: str, known: Situation, proposed: tuple[Tried, ...], *, is_unknown: bool) -> Situation:
        """`is_unknown`: the rollout that made the endpoint's config is not in the store."""
        recent, upstream = self.world.store.rollouts.recent, known.upstream
        if upstream is not None:
            upstream = replace(upstream, past=recent(upstream.standing.endpoint, PAST))
        past = recent(name, PAST)
        return replace(
            known,
            past=past,
            proposed=proposed,
            upstream=upstream,
            is_forgotten=is_unknown and not any(r.approvals or r.vouched_by for r in past),
        )

    def _proposed(self, signatures: Mapping[str, str]) -> Mapping[str, tuple[Tried, ...]]:
        """What was proposed for these endpoints and what became of it, newest first; the newest, and what was the same."""
        known = self.world.store.proposals.on_each(signatures)
        found = {
            name: [p for place, p in enumerate(each) if place == 0 or p.signature == signatures[name]]
            for name, each in known.items()
        }
        proposals = [proposal for each in found.values() for proposal in each]
        rollouts = self.world.store.rollouts.load_many(p.rollout_id for p in proposals if p.rollout_id)
        by_id = {stored.rollout.id: stored.rollout for stored in rollouts}
        waves = {p.wave_id: self.world.store.waves.load(p.wave_id) for p in proposals if p.wave_id}

        def tried(proposal: Proposal) -> Tried:
            stored = waves.get(proposal.wave_id)
            return Tried(proposal, by_id.get(proposal.rollout_id), stored.wave if stored is not None else None)

        return {name: tuple(tried(proposal) for proposal in each) for name, each in found.items()}


def _by_name(standings: Iterable[Standing]) -> dict[str, Standing]:
    return {standing.endpoint: standing for standing in standings}
