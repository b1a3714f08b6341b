"""How much an endpoint is used, and when it is used least."""

from datetime import datetime

from bot.domain.model import Value


class TrafficPoint(Value):
    """Requests within one period that begins at `at`."""

    at: datetime
    requests: float
