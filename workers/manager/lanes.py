"""How much of its own the manager has under way: in each account and region only so much at once."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from bot.domain.fleet import EndpointSpec, Fleet
from bot.domain.managing import Open
from bot.domain.phases import BOT_ACTOR, Kind, Phase
from bot.domain.rollout import Rollout
from bot.domain.starting import start_of
from workers.world import place_of

MOST_AT_ONCE = 5
"""In each lane of an account and region. Updates at the same time compete for the same quota, and plans for the same people."""


class Lane(StrEnum):
    """What a rollout takes up. One that waits for its window keeps nobody waiting whose window is open, nor does a plan that waits."""

    NOW = "now"  # instances
    WINDOW = "window"  # instances, as soon as a change window opens
    PEOPLE = "people"  # somebody's attention


class Lanes:
    """Counts what is under way, and what is added."""

    def __init__(self, active: Iterable[Rollout], fleet: Fleet) -> None:
        self._taken = Counter(
            (place_of(fleet.endpoints[r.endpoint]), _lane_of(r))
            for r in active
            if r.requester == BOT_ACTOR
            and r.kind is not Kind.ROLLBACK
            and r.wave_id is None
            and r.endpoint in fleet.endpoints
        )

    def take(self, spec: EndpointSpec, move: Open, now: datetime) -> bool:
        """Take a place for another rollout; False where none is free. One that replaces a plan takes that plan's place."""
        lane = (place_of(spec), _lane_for(spec, move, now))
        if move.replaces:
            return True
        if self._taken[lane] >= MOST_AT_ONCE:
            return False
        self._taken[lane] += 1
        return True


def _lane_of(rollout: Rollout) -> Lane:
    if rollout.phase is Phase.SCHEDULED:
        return Lane.WINDOW
    waits = rollout.phase in (Phase.PLANNING, Phase.AWAITING_APPROVAL) and rollout.approval_needed
    return Lane.PEOPLE if waits or rollout.phase is Phase.AWAITING_APPROVAL else Lane.NOW


def _lane_for(spec: EndpointSpec, move: Open, now: datetime) -> Lane:
    if not move.without_click:
        return Lane.PEOPLE
    return Lane.WINDOW if start_of(spec.windows, None, now, by_approver=False) is not None else Lane.NOW
