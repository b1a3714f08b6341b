"""The audit trail: every decision as one JSON line, in the same transaction as the decision itself."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from redis import Redis
from redis.client import Pipeline

from bot.domain.phases import BOT_ACTOR
from bot.domain.rollout import Rollout
from bot.store import keys
from bot.store.connection import store_errors, text

AUDIT_LENGTH = 100_000
"""Entries kept, about; the oldest go first."""

_AT_ONCE = 1000  # entries read in one call: Redis serves nobody else meanwhile


class AuditStore:
    """Reads the trail; most of it is written by whatever is decided, in the transaction that decides it."""

    def __init__(self, connection: Redis) -> None:
        self._redis = connection

    def since(self, start: datetime) -> Iterator[Mapping[str, object]]:
        """Every decision that was recorded since then, oldest first, each with when Redis took it in."""
        position = str(int(start.timestamp() * 1000))
        while True:
            with store_errors():
                found: Any = self._redis.xrange(keys.AUDIT, position, "+", _AT_ONCE)
            for id, fields in found:
                yield {"recorded_at": _recorded_at(text(id)).isoformat(), **json.loads(fields[b"entry"])}
            if len(found) < _AT_ONCE:
                return
            position = f"({text(found[-1][0])}"

    def note(self, entry: Mapping[str, object]) -> None:
        """Record a deed that changes nothing in the store, such as what was deleted on AWS."""
        with store_errors(), self._redis.pipeline() as pipe:
            audit(pipe, entry)
            pipe.execute()


def audit_decisions(pipe: Pipeline, before: Rollout | None, after: Rollout, now: datetime) -> None:
    """What was decided since and no transition shows.

    Approvals, reasons, an Abort, a queued rollback, more watch, an acceptance; of a trial, that the bot takes traffic away.
    """
    about = {"rollout": after.id, "endpoint": after.endpoint}
    known = before.approvals if before is not None else ()
    for decision in after.approvals:
        if decision not in known:
            audit(pipe, {**about, "decision": decision.model_dump(mode="json")})
    if after.abort is not None and (before is None or before.abort is None):
        audit(pipe, {**about, "aborted_by": after.abort.actor, "at": after.abort.at.isoformat()})
    for extension in after.extensions[len(before.extensions) :] if before is not None else ():
        audit(pipe, {**about, "watch_extended": extension.model_dump(mode="json")})
    if after.acceptance is not None and (before is None or before.acceptance != after.acceptance):
        audit(pipe, {**about, "accepted": after.acceptance.model_dump(mode="json")})
    stop, stopped = (
        r.trial_watch.stop if r is not None and r.trial_watch is not None else None for r in (after, before)
    )
    if stop is not None and stopped is None:
        audit(pipe, {**about, "traffic_taken_away": {"actor": BOT_ACTOR, **stop.model_dump(mode="json")}})
    queued_by = after.rollback_queued_by
    if queued_by is not None and (before is None or before.rollback_queued_by is None):
        audit(pipe, {**about, "rollback_queued_by": queued_by, "at": now.isoformat()})


def audit(pipe: Pipeline, entry: Mapping[str, object]) -> None:
    """Add one entry to the transaction."""
    pipe.xadd(keys.AUDIT, {"entry": json.dumps(entry)}, maxlen=AUDIT_LENGTH, approximate=True)


def _recorded_at(stream_id: str) -> datetime:
    """The ids of a stream begin with Redis's own time, in milliseconds."""
    return datetime.fromtimestamp(int(stream_id.partition("-")[0]) / 1000, UTC)
