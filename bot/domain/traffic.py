"""How much an endpoint is used, and when it is used least."""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.model import Value


class TrafficPoint(Value):
    """Requests within one period that begins at `at`."""

    at: datetime
    requests: float


class TrafficOutlook(Value):
    """Traffic now against the usual, and when it is quietest."""

    now_per_minute: float | None = None
    usual_per_minute: float | None = None
    ratio: float | None = None
    next_quiet_at: datetime | None = None


def outlook(points: Sequence[TrafficPoint], now: datetime) -> TrafficOutlook:
    """From a week of hours."""
    return TrafficOutlook()
