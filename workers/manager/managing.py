"""The endpoint manager: compares what runs with what shall run, and brings the two together."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain import commands
from bot.domain.errand import CommandErrand
from bot.domain.fleet import EndpointSpec
from bot.domain.managing import ByWave, Nothing, Open, Outcome
from bot.messages.syncing import render_sync
from workers.answering import Answering
from workers.census import Census
from workers.manager.alarms import AlarmSetting
from workers.manager.carrying import Asked, Carrying
from workers.manager.deciding import NO_TIME, Deciding
from workers.manager.knowing import LOOKED_AT_ONCE, Knowing, Overview
from workers.manager.lanes import Lanes
from workers.manager.waving import Waving
from workers.opening import OpeningUnasked
from workers.waves import Waves
from workers.world import World

log = logging.getLogger(__name__)

LONGEST_ROUND = timedelta(seconds=45)
"""A round has 120 s; what is left when this is over comes first the next time, because the rest is done."""


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
        by_name = {spec.name: spec for spec in specs}
        outcomes, chosen, without_alarms, in_waves = [], [], [], defaultdict(list)
        for name, move in self._deciding.moves(view, specs, by, now).items():
            spec = by_name[name]
            if isinstance(move, Nothing) and self._alarms.is_wanted(spec, view.standings[spec.name], move, by):
                without_alarms.append(spec)
            elif isinstance(move, Nothing):
                outcomes.append(Outcome(spec.name, move))
            elif isinstance(move, Open) and not has_its_own_turn and (full := lanes.refuse(spec, move, now)):
                outcomes.append(Outcome(spec.name, full))
            elif isinstance(move, ByWave):
                in_waves[move.wave].append(name)
            else:
                chosen.append(spec)
        until = now + LONGEST_ROUND
        outcomes += self._act(view, chosen, in_waves, asked, until=until)
        for wave, wanting in in_waves.items():
            outcomes += self._waving.bring(view, wave, wanting, by_name, asked, until=until)
        outcomes += self._alarms.settle(without_alarms, by, until=until)  # nobody's requests wait for an alarm
        return list({outcome.endpoint: outcome for outcome in outcomes}.values())  # what was done last counts

    def _act(
        self,
        view: Overview,
        chosen: Sequence[EndpointSpec],
        in_waves: defaultdict[str, list[str]],
        asked: Asked | None,
        *,
        until: datetime,
    ) -> list[Outcome]:
        """Look again and carry out. What turns out to be a wave's is put to the others of it."""
        outcomes, by = [], asked.by if asked is not None else None
        for start in range(0, len(chosen), LOOKED_AT_ONCE):
            now, some = self.world.clock(), chosen[start : start + LOOKED_AT_ONCE]
            if now >= until:
                log.info("manager: %d endpoints are left for the next round", len(chosen) - start)
                outcomes += [Outcome(spec.name, NO_TIME) for spec in chosen[start:]]
                break
            moves = self._deciding.alone(self._knowing.afresh(view, some, now), some, by, now)
            for spec in some:
                move = moves[spec.name]
                if isinstance(move, ByWave):
                    in_waves[move.wave].append(spec.name)
                else:
                    outcomes.append(self._carrying.carry_out(spec, move, asked))
        return outcomes

    @property
    def _knowing(self) -> Knowing:
        return Knowing(self.world, self.census, self.waves)

    @property
    def _alarms(self) -> AlarmSetting:
        return AlarmSetting(self.world, self.census, self._knowing)

    @property
    def _carrying(self) -> Carrying:
        return Carrying(self.world, self.opening)

    @property
    def _deciding(self) -> Deciding:
        return Deciding(self.world, self._knowing)

    @property
    def _waving(self) -> Waving:
        return Waving(self.world, self._deciding, self._carrying, self.waves)
