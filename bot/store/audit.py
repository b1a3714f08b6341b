"""The audit trail: every decision as one JSON line, in the same transaction as the decision itself."""

import json
from collections.abc import Mapping

from redis.client import Pipeline

from bot.store import keys

AUDIT_LENGTH = 100_000
"""Entries kept, about; the oldest go first."""


def audit(pipe: Pipeline, entry: Mapping[str, object]) -> None:
    """Add one entry to the transaction."""
    pipe.xadd(keys.AUDIT, {"entry": json.dumps(entry)}, maxlen=AUDIT_LENGTH, approximate=True)
