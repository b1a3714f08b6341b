"""The endpoint manager: compares what runs with what shall run, and brings the two together."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain import commands
from bot.domain.errand import CommandErrand
from bot.domain.fleet import EndpointSpec
from bot.domain.managing import ByWave, Move, Nothing, Open, Outcome, Why, decide
from bot.messages.syncing import render_sync
from workers.answering import Answering
from workers.census import Census
from workers.manager.alarms import AlarmSetting
from workers.manager.carrying import Asked, Carrying
from workers.manager.knowing import Knowing, Overview
from workers.manager.lanes import Lanes
from workers.opening import OpeningUnasked
from workers.waves import Waves
from workers.world import World

log = logging.getLogger(__name__)

LONGEST_ROUND = timedelta(seconds=45)
"""A round has 120 s; what is left when this is over comes first the next time, because the rest is done."""

LOOKED_AT_ONCE = 10
"""Endpoints that are looked at afresh together, right before something is done about them: what is remembered may be half a minute
old, and a rollout may have ended since."""

_NO_TIME = Nothing(Why.LATER, "there was no time for it; sync again")


@dataclass(frozen=True)
class Manager:
    """Decides for every endpoint, on its round and for sync. Raises UserError with what the person shall read when nothing was done."""

    world: World
    answering: Answering
    census: Census
    opening: OpeningUnasked
    waves: Waves

    def carry_out(self, errand: CommandErrand, command: commands.Sync) -> None:
        """What was typed, once however often the errand is run."""
        fleet = self.world.fleet
        specs = list(fleet.endpoints.values()) if command.endpoint is None else [fleet.endpoint(command.endpoint)]
        asked = Asked(errand.id, errand.actor, errand.reply, in_place=command.endpoint is not None)
        done = [opened for spec in specs if (opened := self._carrying.opened_before(spec, asked)) is not None]
        left = [spec for spec in specs if spec.name not in {outcome.endpoint for outcome in done}]
        outcomes = [*done, *self._bring_together(left, asked)]
        self.answering.answer(errand.reply, render_sync(outcomes, in_full=not command.all))

    def round(self) -> None:
        """Compare, and act where the fleet file lets it."""
        self._bring_together(list(self.world.fleet.endpoints.values()), None)

    def _bring_together(self, specs: Sequence[EndpointSpec], asked: Asked | None) -> list[Outcome]:
        """Decide for all with what is remembered of all; look again and afresh only where something may be done."""
        now = self.world.clock()
        view = self._knowing.overview(specs, now)
        by = asked.by if asked is not None else None
        lanes = Lanes((r for each in view.active.values() for r in each), self.world.fleet, asked_by=by)
        has_its_own_turn = asked is not None and asked.in_place  # somebody wants this one, whatever else waits
        outcomes, chosen, without_alarms = [], [], []
        for spec, move in self._decided(view, specs, asked, now):
            if isinstance(move, Nothing) and self._alarms.is_wanted(spec, view.standings[spec.name], move, by):
                without_alarms.append(spec)
            elif isinstance(move, Nothing):
                outcomes.append(Outcome(spec.name, move))
            elif isinstance(move, Open) and not has_its_own_turn and (full := lanes.refuse(spec, move, now)):
                outcomes.append(Outcome(spec.name, full))
            else:
                chosen.append(spec)
        until = now + LONGEST_ROUND
        outcomes += self._act(view, chosen, asked, until=until)
        return outcomes + self._alarms.settle(without_alarms, by, until=until)  # nobody's requests wait for an alarm

    def _act(
        self, view: Overview, chosen: Sequence[EndpointSpec], asked: Asked | None, *, until: datetime
    ) -> list[Outcome]:
        outcomes, by_wave = [], []
        for start in range(0, len(chosen), LOOKED_AT_ONCE):
            now, some = self.world.clock(), chosen[start : start + LOOKED_AT_ONCE]
            if now >= until:
                log.info("manager: %d endpoints are left for the next round", len(chosen) - start)
                outcomes += [Outcome(spec.name, _NO_TIME) for spec in chosen[start:]]
                break
            for spec, move in self._decided(self._knowing.afresh(view, some, now), some, asked, now):
                if isinstance(move, ByWave):
                    by_wave.append((spec, move))
                else:
                    outcomes.append(self._carrying.carry_out(spec, move, asked))
        return outcomes + self._carrying.propose(by_wave, asked)

    def _decided(
        self, view: Overview, specs: Sequence[EndpointSpec], asked: Asked | None, now: datetime
    ) -> list[tuple[EndpointSpec, Move]]:
        """The move for each. What was proposed and done before is looked up only for those where something may be done."""
        by = asked.by if asked is not None else None
        first = {s.name: decide(s, view.standings[s.name], view.situation(s, by), now) for s in specs}
        wanting = {spec.name: spec for spec in specs if not isinstance(first[spec.name], Nothing)}
        known = {name: view.situation(spec, by) for name, spec in wanting.items()}
        full = self._knowing.in_full(known, {name: _signature_of(first[name]) for name in wanting}, view)
        second = {name: decide(spec, view.standings[name], full[name], now) for name, spec in wanting.items()}
        return [(spec, second.get(spec.name) or first[spec.name]) for spec in sorted(specs, key=lambda spec: spec.name)]

    @property
    def _knowing(self) -> Knowing:
        return Knowing(self.world, self.census, self.waves)

    @property
    def _alarms(self) -> AlarmSetting:
        return AlarmSetting(self.world, self.census, self._knowing)

    @property
    def _carrying(self) -> Carrying:
        return Carrying(self.world, self.opening, self.waves)


def _signature_of(move: Move) -> str:
    return move.signature if isinstance(move, Open | ByWave) else ""
