"""How long updates of an endpoint usually take."""

from datetime import timedelta
from statistics import median


def expected_duration(past: tuple[timedelta, ...]) -> timedelta | None:
    """Median of past updates; None before the first."""
    return timedelta(seconds=median(d.total_seconds() for d in past)) if past else None
