"""The audit trail: every decision as one JSON line, in the same transaction as the decision itself."""

import json
from collections.abc import Mapping
from datetime import datetime

from redis.client import Pipeline

from bot.domain.rollout import Rollout
from bot.store import keys

AUDIT_LENGTH = 100_000
"""Entries kept, about; the oldest go first."""


def audit_decisions(pipe: Pipeline, before: Rollout | None, after: Rollout, now: datetime) -> None:
    """What people decided since and no transition shows: approvals, reasons, an Abort, a queued rollback, more watch, an acceptance."""
    about = {"rollout": after.id, "endpoint": after.endpoint}
    known = before.approvals if before is not None else ()
    for decision in after.approvals:
        if decision not in known:
            audit(pipe, {**about, "decision": decision.model_dump(mode="json")})
    if after.abort is not None and (before is None or before.abort is None):
        audit(pipe, {**about, "aborted_by": after.abort.actor, "at": after.abort.at.isoformat()})
    for extension in after.extensions[len(before.extensions) if before is not None else 0 :]:
        audit(pipe, {**about, "watch_extended": extension.model_dump(mode="json")})
    if after.acceptance is not None and (before is None or before.acceptance != after.acceptance):
        audit(pipe, {**about, "accepted": after.acceptance.model_dump(mode="json")})
    queued_by = after.rollback_queued_by
    if queued_by is not None and (before is None or before.rollback_queued_by is None):
        audit(pipe, {**about, "rollback_queued_by": queued_by, "at": now.isoformat()})


def audit(pipe: Pipeline, entry: Mapping[str, object]) -> None:
    """Add one entry to the transaction."""
    pipe.xadd(keys.AUDIT, {"entry": json.dumps(entry)}, maxlen=AUDIT_LENGTH, approximate=True)
