"""Watches that might have been: the comparison that the judge will make, made all over the past, where nothing was changed.

What such a comparison finds there is error. How large the errors are is the yardstick for what the real watch finds ("placebos
in time", Abadie, Diamond & Hainmueller 2010; as exact inference, Chernozhukov, Wüthrich & Zhu 2021). Whatever the numbers of an
endpoint do by themselves (days and nights, bursts, wandering, heavy tails) is thereby allowed for, without a model of it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from workers.judging.robust import stretches
from workers.ports import Floats

Places = np.ndarray[tuple[int], np.dtype[np.intp]]
"""Indices of periods."""

Statistic = Callable[[Floats], Floats]
"""One number for each row of values."""

MOST_NUMBERS = 400_000
"""Values that are sorted for one signal: so many watches are tried as fit, evenly over the past. More would tell little more,
because neighbours overlap."""

MOST_TRIES = 1500


@dataclass(frozen=True)
class Layout:
    """How a comparison lies in time, in periods."""

    baseline: int
    gap: int
    """From the end of the baseline to the start of the judged window: the update, and the warm-up."""
    looks: int
    """Looks of the watch as it is planned."""
    lengths: tuple[int, ...]
    """Lengths of the judged window that are tried: every one at first, then wider apart; up to twice the planned looks."""


def layout(baseline: int, gap: int, looks: int) -> Layout:
    """The layout of a watch."""
    longest = 2 * max(looks, 1)
    steps = np.unique(np.round(np.geomspace(12, max(longest, 12), 14)).astype(int))
    lengths = sorted({*range(1, min(12, longest) + 1), *(int(n) for n in steps if n <= longest), max(looks, 1)})
    return Layout(baseline=baseline, gap=gap, looks=max(looks, 1), lengths=tuple(lengths))


def tries(size: int, layout: Layout) -> Places:
    """Where a baseline could have ended in a past of that size, so that a whole watch would have followed; oldest first."""
    oldest, newest = layout.baseline, size - layout.gap - layout.looks
    if newest < oldest:
        return np.empty(0, dtype=np.intp)
    most = int(np.clip(MOST_NUMBERS // (sum(layout.lengths) + 3 * layout.baseline), 60, MOST_TRIES))
    step = max(1, -(-(newest - oldest + 1) // most))
    return np.arange(newest, oldest - 1, -step, dtype=np.intp)[::-1]


def before(x: Floats, ends: Places, layout: Layout, statistic: Statistic) -> Floats:
    """The baselines that end there."""
    return statistic(stretches(x, ends - layout.baseline, layout.baseline))


def rises(x: Floats, ends: Places, layout: Layout, statistic: Statistic) -> Floats:
    """After minus before, for baselines that end there (rows) and for each length of the judged window (columns)."""
    after = stretches(x, ends + layout.gap, layout.lengths[-1])
    found = np.column_stack([statistic(after[:, :n]) for n in layout.lengths])
    outside = (ends[:, None] + layout.gap + np.asarray(layout.lengths)[None, :]) > x.size
    rise: Floats = np.where(outside, np.nan, found) - before(x, ends, layout, statistic)[:, None]
    return rise


def independent(ends: Places, layout: Layout) -> int:
    """How many of the tried watches do not overlap."""
    if ends.size == 0:
        return 0
    return 1 + int(ends[-1] - ends[0]) // (layout.gap + layout.looks)
