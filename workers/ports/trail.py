"""Who did what in an account, as CloudTrail tells."""

from datetime import datetime
from typing import Protocol

from bot.domain.model import Value


class Deed(Value):
    """One call that changed an endpoint."""

    event: str
    """SageMaker's name of the call."""
    actor: str
    """The user, or the role with its session, that made it."""
    at: datetime


class Trail(Protocol):
    """CloudTrail of one account and region. Two look-ups a second are all that AWS allows, so ask seldom."""

    def last_change(self, endpoint: str, since: datetime, until: datetime) -> Deed | None:
        """The last call in that time that moved the endpoint to another config or changed its weights or counts.

        None when CloudTrail shows none, which it may only minutes after the call, and when it may not be read.
        """
        ...
