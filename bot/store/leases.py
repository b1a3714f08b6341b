"""Leases: which rollout has an endpoint, so that there are never two updates of it at once. Written with the rollouts themselves."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from redis.client import Pipeline

from bot.domain.phases import Kind, Phase
from bot.domain.rollout import Rollout
from bot.domain.rollout_parts import Chore
from bot.store import keys

LEASED_PHASES = frozenset({Phase.PREPARING, Phase.UPDATING, Phase.WATCHING, Phase.ROLLING_BACK})


@dataclass(frozen=True)
class Lease:
    """Who holds an endpoint. `fence` grows with every lease ever given, so a late writer can be told from the present one."""

    rollout_id: str
    owner: str
    reason: str
    since: float
    fence: int


def holds_endpoint(rollout: Rollout) -> bool:
    """Whether a rollout must hold its endpoint's lease, so that there are never two updates at once.

    A rollback that needs no approval holds it from its first moment: it takes it over from the rollout that it undoes, which then
    only waits for it.
    """
    if rollout.chore is Chore.RESTORE_SCALING:
        return True
    if rollout.kind is Kind.ROLLBACK and rollout.phase is Phase.PLANNING:
        return not rollout.approval_needed
    waits_for_its_rollback = rollout.phase is Phase.ROLLING_BACK and rollout.child_id is not None
    return rollout.phase in LEASED_PHASES and not waits_for_its_rollback


def rival_of(held: Lease | None, after: Sequence[Rollout]) -> Lease | None:
    """The lease that keeps these rollouts, which are about to be written, from an endpoint; None if they may have it."""
    wanted = _wanted(after)
    if held is None or wanted is None or wanted.chore is not None:
        return None
    return held if held.rollout_id not in {rollout.id for rollout in after} else None


def next_lease(
    held: Lease | None, after: Sequence[Rollout], now: datetime, next_fence: Callable[[], int]
) -> Lease | None:
    """The lease once these rollouts are written: kept, taken, handed to the rollback of its holder, or given up."""
    wanted, is_among_them = _wanted(after), held is not None and held.rollout_id in {r.id for r in after}
    if wanted is None:
        return None if is_among_them else held
    if held is not None and (held.rollout_id == wanted.id or not is_among_them):
        return held
    return Lease(wanted.id, wanted.requester, wanted.reason, now.timestamp(), next_fence())


def read_lease(raw: bytes | str | None) -> Lease | None:
    """A lease as it stands in Redis."""
    return Lease(**json.loads(raw)) if raw else None


def write_lease(pipe: Pipeline, endpoint: str, lease: Lease | None) -> None:
    """It has the endpoint from now on; None for nobody."""
    if lease is None:
        pipe.delete(keys.lease(endpoint))
    else:
        pipe.set(keys.lease(endpoint), json.dumps(lease.__dict__))


def _wanted(after: Sequence[Rollout]) -> Rollout | None:
    """Who of them shall have the endpoint. One that only puts autoscaling back gives way: it needs nobody's leave for that."""
    wanting = [rollout for rollout in after if holds_endpoint(rollout)]
    return next((rollout for rollout in wanting if rollout.chore is None), wanting[0] if wanting else None)
