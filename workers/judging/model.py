"""What stands in for the past where there is too little of it: minutes that remember the one before, and nothing else.

The long-run variance of such a series (AR(1)) is larger than its minutes' own variance by (1 + r) / (1 - r): minutes that resemble
each other prove less each (Newey & West 1987 estimate the same without the model, but need more minutes than there are here).
"""

from dataclasses import dataclass

import numpy as np

from workers.judging.robust import NORMAL_PER_MEDIAN
from workers.ports import Floats

MOST_MEMORY = 0.95
TRIMMING = 1.1
"""Variance of an interquartile mean over that of a mean, for normal values, with a little to spare."""


@dataclass(frozen=True)
class Memory:
    """A series as the model sees it: how far its values spread, how much each resembles the one before."""

    deviation: float
    likeness: float
    freedom: float
    """So many independent values it is worth."""


def memory_of(x: Floats) -> Memory | None:
    """The model of a series; None if there are too few values to say anything."""
    known = x[~np.isnan(x)]
    if known.size < 10:
        return None
    centre = float(np.median(known))
    robust = NORMAL_PER_MEDIAN * float(np.median(np.abs(known - centre)))
    # A few wild values may be left out of the middle, but not out of how sure one is of it.
    limit = 5 * robust if robust > 0 else np.inf
    deviation = max(robust, float(np.std(np.clip(known - centre, -limit, limit))))
    apart = np.clip(x - centre, -limit, limit)
    pairs = apart[:-1] * apart[1:]
    pairs = pairs[~np.isnan(pairs)]
    if deviation == 0 or pairs.size < 5:
        return Memory(deviation=deviation, likeness=0.0, freedom=float(known.size))
    raw = float(np.clip(np.mean(pairs) / deviation**2, -1, 1))
    # Estimates from few values are too low on average (Kendall 1954), and uncertain: the upper end is taken.
    likeness = raw + (1 + 3 * abs(raw)) / pairs.size + np.sqrt(max(1 - raw * raw, 0.05) / pairs.size)
    likeness = float(np.clip(likeness, 0.0, MOST_MEMORY))
    return Memory(deviation, likeness, known.size * (1 - likeness) / (1 + likeness))


def error_of_middle(memory: Memory, n: int) -> float:
    """One standard deviation of the middle of n successive values."""
    r = memory.likeness
    worth = (1 + r) / (1 - r) - 2 * r * (1 - r**n) / (n * (1 - r) ** 2)
    return memory.deviation * float(np.sqrt(TRIMMING * max(worth, 1.0) / n))


def error_of_rise(memory: Memory, baseline: int, n: int) -> float:
    """One standard deviation of the middle of n values minus that of the baseline."""
    return float(np.hypot(error_of_middle(memory, n), error_of_middle(memory, baseline)))


def error_of_unsteadiness(memory: Memory, baseline: int, n: int) -> float:
    """One standard deviation of the log-ratio of two mean absolute deviations.

    For independent normal values it is sqrt((pi / 2 - 1) / n); squares resemble each other by r squared, and real tails are
    heavier than normal ones, for which half as much is added.
    """
    worth = (1 + memory.likeness**2) / (1 - memory.likeness**2)
    return 1.5 * float(np.sqrt((np.pi / 2 - 1) * worth * (1 / max(n, 1) + 1 / max(baseline, 1))))
