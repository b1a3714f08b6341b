"""Carries out what is left to waves: opens one over all endpoints of a wave of the fleet file to which the same is to be brought now.

All endpoints of that wave are looked at afresh before, also those that are not meant: whoever comes first may be busy by now.
"""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain.content import content_hash_of
from bot.domain.fleet import WavePlan
from bot.domain.managing import ByWave, Mate, Move, Nothing, Outcome, Why, left_out_by
from bot.domain.phases import BOT_ACTOR
from bot.domain.wave import Proposing, Wave, Wish
from workers.manager.carrying import Asked, Carrying
from workers.manager.deciding import NO_TIME, Deciding
from workers.manager.knowing import LOOKED_AT_ONCE, Overview
from workers.waves import Waves
from workers.world import World

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Waving:
    """One wave of the fleet file at a time."""

    world: World
    deciding: Deciding
    carrying: Carrying
    waves: Waves

    def bring(
        self,
        view: Overview,
        name: str,
        wanting: Collection[str],
        meant: Collection[str],
        asked: Asked | None,
        *,
        until: datetime,
    ) -> Iterator[Outcome]:
        """What came of it, for each endpoint that wanted something or gets something.

        Args:
            view: How the fleet stood a moment ago.
            name: The wave.
            wanting: Endpoints of it to which something was to be brought then.
            meant: Endpoints that it may be brought to: all, or those that somebody syncs.
            asked: The sync that it is for.
            until: When there is no time any more to look at them.
        """
        mates = self._looked_at(view, self.world.fleet.waves[name], meant, asked, until=until)
        if mates is None:
            yield from (Outcome(endpoint, NO_TIME) for endpoint in wanting)
            return
        moves = self.deciding.order(name, mates, meant).moves(self.world.clock())
        by_wave = {e: move for e, move in moves.items() if isinstance(move, ByWave) and e in meant}
        for endpoint in wanting:
            if endpoint not in by_wave:
                yield self.carrying.carry_out(self.world.fleet.endpoint(endpoint), moves[endpoint], asked)
        groups: defaultdict[str | None, dict[str, ByWave]] = defaultdict(dict)
        for endpoint, move in by_wave.items():
            groups[move.package_arn][endpoint] = move
        # Nobody in one waits for another, but only one is opened at a time: what waits for people keeps nothing else waiting.
        for group in sorted(groups.values(), key=_needs_approval):
            yield from self._propose(group, mates, moves, asked)

    def _looked_at(
        self, view: Overview, plan: WavePlan, meant: Collection[str], asked: Asked | None, *, until: datetime
    ) -> Mapping[str, Mate] | None:
        """All endpoints of the wave as they are this very moment; None where there is no time for it."""
        by = asked.by if asked is not None else None
        mates: dict[str, Mate] = {}
        for start in range(0, len(plan.endpoints), LOOKED_AT_ONCE):
            now, names = self.world.clock(), plan.endpoints[start : start + LOOKED_AT_ONCE]
            if now >= until:
                log.info("manager: there is no time for a wave over %d endpoints", len(plan.endpoints))
                return None
            some = [self.world.fleet.endpoint(name) for name in names]
            mates |= self.deciding.mates(self.deciding.knowing.afresh(view, some, now), some, meant, by, now)
        return mates

    def _propose(
        self, group: Mapping[str, ByWave], mates: Mapping[str, Mate], moves: Mapping[str, Move], asked: Asked | None
    ) -> Iterator[Outcome]:
        """One wave, for all that get the same version, or settings alone."""
        first = next(iter(group.values()))
        content = content_hash_of(
            [[endpoint, move.signature, move.attempt] for endpoint, move in sorted(group.items())]
        )
        seed = (
            f"{asked.errand_id} {first.wave} {content}"
            if asked is not None
            else self.carrying.seed(first.wave, content)
        )
        opened = self.waves.propose(
            Proposing(
                name=first.wave,
                wish=Wish(package_arn=first.package_arn, with_version=first.package_arn is not None, only=tuple(group)),
                seed=seed,
                needs_approval=_needs_approval(group),
                requester=asked.by if asked is not None else BOT_ACTOR,
                channel=asked.reply.channel_id if asked is not None else None,
                left_out=left_out_by(first, group, mates, moves),
            )
        )
        if isinstance(opened, Nothing):
            log.info("manager: wave %s over %d endpoints is not proposed: %s", first.wave, len(group), opened.text)
            yield from (Outcome(endpoint, opened) for endpoint in group)
            return
        log.info("manager: proposed wave %s of %s over %d endpoints", opened.id, first.wave, len(opened.members))
        for endpoint, move in group.items():
            yield self._proposed(endpoint, move, opened)

    def _proposed(self, endpoint: str, move: ByWave, wave: Wave) -> Outcome:
        if endpoint in {m.endpoint for m in wave.members}:
            self.carrying.remember(endpoint, move, wave_id=wave.id)
            return Outcome(endpoint, move, wave.id)
        why = next((left.why for left in wave.left_out if left.endpoint == endpoint), "nothing differs")
        return Outcome(endpoint, Nothing(Why.BUSY, f"the wave {wave.name} leaves it out: {why}"))


def _needs_approval(group: Mapping[str, ByWave]) -> bool:
    return not all(move.without_click for move in group.values())
