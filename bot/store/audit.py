"""The audit trail: every decision as one JSON line, in the same transaction as the decision itself."""

import json
from collections.abc import Mapping

from redis.client import Pipeline

from bot.domain.rollout import Rollout
from bot.store import keys

AUDIT_LENGTH = 100_000
"""Entries kept, about; the oldest go first."""


def audit_decisions(pipe: Pipeline, before: Rollout | None, after: Rollout) -> None:
    """What people decided since, one of several approvals and a reason that was given afterwards included."""
    known = before.approvals if before is not None else ()
    for decision in after.approvals:
        if decision not in known:
            about = {"rollout": after.id, "endpoint": after.endpoint}
            audit(pipe, {**about, "decision": decision.model_dump(mode="json")})


def audit(pipe: Pipeline, entry: Mapping[str, object]) -> None:
    """Add one entry to the transaction."""
    pipe.xadd(keys.AUDIT, {"entry": json.dumps(entry)}, maxlen=AUDIT_LENGTH, approximate=True)
