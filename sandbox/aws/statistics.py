"""CloudWatch's statistics over the raw samples of one period."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from .demand import Floats
from .errors import AwsError

_SIMPLE: dict[str, Callable[[Floats], float]] = {
    "SampleCount": lambda values: float(values.size),
    "Sum": lambda values: float(values.sum()),
    "Average": lambda values: float(values.mean()),
    "Minimum": lambda values: float(values.min()),
    "Maximum": lambda values: float(values.max()),
}
_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d{1,10})?|100)")
_TRIMMED_MEAN = re.compile(r"tm(\d{1,2}(?:\.\d{1,10})?|100)")


def is_simple(name: str) -> bool:
    """Whether the statistic is one of the five that every metric has."""
    return name in _SIMPLE


def statistic(name: str) -> Callable[[Floats], float]:
    """The function for a statistic's name (`Sum`, `p99`, `p99.9`, `tm99`, ...); it is never called without values.

    Raises:
        AwsError: For a name that CloudWatch does not know, or that this stand-in does not compute.
    """
    if name in _SIMPLE:
        return _SIMPLE[name]
    if percentile := _PERCENTILE.fullmatch(name):
        rank = float(percentile[1])
        return lambda values: _percentile(values, rank)
    if trimmed := _TRIMMED_MEAN.fullmatch(name):
        rank = float(trimmed[1])
        return lambda values: float(values[values <= _percentile(values, rank)].mean())
    raise AwsError("ValidationError", f"The value {name} for parameter Stat is not supported.")


def _percentile(values: Floats, rank: float) -> float:
    """As numpy's, linear between neighbours, without its fixed cost per call: a day has 1,440 minutes."""
    position = rank / 100.0 * (values.size - 1)
    below = int(position)
    above = min(below + 1, values.size - 1)
    placed = np.partition(values, (below, above))
    return float(placed[below] + (placed[above] - placed[below]) * (position - below))
