"""Shows how the fleet stands: the board, some rows of it, or one endpoint in full."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from bot.domain.board import BoardState, Standing, in_turn
from bot.domain.commands import Status
from bot.domain.declared import restore_window
from bot.domain.endpoint import ModelPackage
from bot.domain.errand import CommandErrand
from bot.domain.errors import GatewayError, TransientError, UnknownName
from bot.domain.fleet import EndpointSpec, led_by_stages
from bot.domain.lock import EVERYTHING
from bot.domain.nearest import nearest
from bot.domain.rows import chosen
from bot.messages.board import Fleetwide, render_board
from bot.messages.locks import lock_line
from bot.messages.standing import InFull, render_standing
from workers.answering import Answering
from workers.board import Board
from workers.fleet_trouble import fleet_trouble
from workers.planning.restoring import remains_of
from workers.world import World

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Surveying:
    """Carries out status. It reads, and changes nothing."""

    world: World
    answering: Answering
    board: Board

    def carry_out(self, errand: CommandErrand, command: Status) -> None:
        """Answer it; what AWS does not tell is said, not left out."""
        if not command.is_board:
            assert command.endpoint is not None
            self._in_full(errand, command.endpoint)
            return
        everything = self.standings()
        rows = chosen(everything, self.world.fleet.endpoints, command, errand.actor)
        if command.endpoint is not None and not rows:
            self._refuse_if_nothing_is_called_so(command.endpoint, [row.endpoint for row in everything])
        self.answering.answer(errand.reply, render_board(rows, self.over(len(everything)), command))

    def standings(self) -> tuple[Standing, ...]:
        """Every row that there is."""
        return self.board.everything()

    def over(self, total: int) -> Fleetwide:
        """What stands over all rows at this moment."""
        now = self.world.clock()
        return Fleetwide(
            now=now,
            total=total,
            active=in_turn(stored.rollout for stored in self.world.store.rollouts.active()),
            locks=self._locks(now),
            trouble=fleet_trouble(self.world.store),
        )

    def _in_full(self, errand: CommandErrand, endpoint: str) -> None:
        spec, rollouts, now = self.world.fleet.endpoint(endpoint), self.world.store.rollouts, self.world.clock()
        locks = self.world.store.locks.standing(now)
        standing = self.board.in_full(spec)
        told = InFull(
            standing,
            recent=rollouts.recent(spec.name, limit=5),
            active=in_turn(stored.rollout for stored in rollouts.active(spec.name)),
            locks=[lock_line(locks[subject], now) for subject in (EVERYTHING, spec.name) if subject in locks],
            windows=[window.text for window in spec.windows],
            declared=spec,
            is_led_by_stages=spec.name in led_by_stages(self.world.fleet.endpoints, self.world.fleet.waves),
            restorable_until=self._restorable_until(standing, spec),
            revoked=self._revoked(standing, spec),
        )
        self.answering.answer(errand.reply, render_standing(told))

    def _revoked(self, standing: Standing, spec: EndpointSpec) -> ModelPackage | None:
        """What it runs, with who rejected it and why: lists of versions do not tell that."""
        if standing.state is not BoardState.REVOKED or standing.running_package is None:
            return None
        try:
            return self.world.aws(spec).registry.describe_package(standing.running_package)
        except (TransientError, GatewayError) as exc:
            log.warning("%s: who rejected what it runs cannot be told: %s", spec.name, exc)
            return None

    def _restorable_until(self, standing: Standing, spec: EndpointSpec) -> datetime | None:
        """Until when an endpoint that people deleted can be had back as it was; None where nothing tells."""
        if standing.state is not BoardState.NOT_DEPLOYED or not any(h.is_of_teardown for h in standing.holds):
            return None
        try:
            remains = remains_of(self.world, spec)
        except (TransientError, GatewayError) as exc:
            log.warning("it cannot be told whether %s can be restored: %s", spec.name, exc)
            return None
        return remains.torn_down_at + restore_window(self.world.fleet) if remains is not None else None

    def _locks(self, now: datetime) -> Mapping[str, str]:
        standing = self.world.store.locks.standing(now)
        return {subject: lock_line(lock, now, short=True) for subject, lock in standing.items()}

    def _refuse_if_nothing_is_called_so(self, pattern: str, names: Sequence[str]) -> None:
        """A pattern that fits rows which were filtered out is no mistake; one that fits none may be."""
        if not any(fnmatchcase(name, pattern) for name in names):
            near = nearest(pattern.replace("*", "").replace("?", ""), names)
            raise UnknownName("endpoint that is called like", pattern, near, hint="`status` shows all that there are.")
