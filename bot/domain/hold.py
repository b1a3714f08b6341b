"""Holds: what automation must leave alone. A person may bring a held version to its endpoint nevertheless; the plan says what is known.

A *held* version was rolled back; a *quarantined* one was refused by SageMaker. Both are about one version of one endpoint, known by the
hash of what would run. A hold that somebody put on an endpoint is about every version.
"""

from datetime import datetime
from enum import StrEnum

from bot.domain.model import Value


class HoldKind(StrEnum):
    """Why automation leaves it alone."""

    HELD = "held"  # the version was rolled back
    QUARANTINED = "quarantined"  # SageMaker refused it, or could not bring it up
    BY_PERSON = "by_person"  # somebody holds the whole endpoint


class Hold(Value):
    """What stands against a version of an endpoint, or against all of them."""

    kind: HoldKind
    endpoint: str
    since: datetime
    actor: str
    """Who rolled back or put the hold on it; `bot` or `aws`."""
    reason: str
    """In words: somebody's own, the verdict's evidence, or what SageMaker said."""
    content_hash: str = ""
    """Of what would run; empty for an endpoint as a whole."""
    package_arn: str | None = None
    label: str = ""
    """The version as people call it."""
    rollout_id: str | None = None
