"""How much of its own the manager has under way: in each account and region only so much at once."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from bot.domain.fleet import EndpointSpec, Fleet
from bot.domain.managing import Nothing, Open, Why
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


_WHAT = {
    Lane.NOW: "changes are under way",
    Lane.WINDOW: "changes wait for their windows",
    Lane.PEOPLE: "plans wait for people",
}


class Lanes:
    """Counts what is under way, and what is added."""

    def __init__(self, active: Iterable[Rollout], fleet: Fleet, *, asked_by: str | None = None) -> None:
        """Count what is under way of the bot's own and, for a sync, of whoever asks for it."""
        whose = {BOT_ACTOR, asked_by}
        self._taken = Counter(
            (place_of(fleet.endpoints[r.endpoint]), _lane_of(r))
            for r in active
            if r.requester in whose
            and r.kind is not Kind.ROLLBACK
            and r.wave_id is None
            and r.endpoint in fleet.endpoints
        )

    def refuse(self, spec: EndpointSpec, move: Open, now: datetime) -> Nothing | None:
        """Take a place for another rollout; why not, where none is free. One that replaces a plan takes that plan's place."""
        lane = _lane_for(spec, move, now)
        taken = self._taken[place_of(spec), lane]
        if move.replaces:
            return None
        if taken >= MOST_AT_ONCE:
            return Nothing(
                Why.FULL, f"{taken} other {_WHAT[lane]} in its account and region; its turn comes after one of them"
            )
        self._taken[place_of(spec), lane] += 1
        return None


def _lane_of(rollout: Rollout) -> Lane:
    if rollout.phase is Phase.SCHEDULED:
        return Lane.WINDOW
    waits = rollout.phase in (Phase.PLANNING, Phase.AWAITING_APPROVAL) and rollout.approval_needed
    return Lane.PEOPLE if waits or rollout.phase is Phase.AWAITING_APPROVAL else Lane.NOW


def _lane_for(spec: EndpointSpec, move: Open, now: datetime) -> Lane:
    if not move.without_click:
        return Lane.PEOPLE
    return Lane.WINDOW if start_of(spec.windows, None, now, by_approver=False) is not None else Lane.NOW
