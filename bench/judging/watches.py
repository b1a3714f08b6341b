"""Where traces are cut, and the windows of one watch, in periods."""

from dataclasses import dataclass

import numpy as np

from bench.judging.traces import Floats, Trace

BASELINE = 60
WARM_UP = 3
LOOKS = 30
HISTORY_DAYS = 14
STEADY = 0.10
"""An hour before the cut is steady if its values scatter by no more than 10 % of their median."""


@dataclass(frozen=True)
class Cut:
    """One moment of a trace: the first period of the new fleet."""

    place: int
    steady: bool

    @property
    def judged(self) -> int:
        """The first period that is judged."""
        return self.place + WARM_UP

    @property
    def end(self) -> int:
        """The first period after the watch."""
        return self.judged + LOOKS


def choose_cuts(trace: Trace, wanted: int) -> list[Cut]:
    """Moments spread evenly over all that leave a baseline and a watch with at least half of their periods known."""
    first, last = BASELINE + 5, trace.values.size - WARM_UP - LOOKS
    if last < first:
        return []
    known = np.concatenate([[0], np.cumsum(np.isfinite(trace.values))])
    places = np.arange(first, last + 1)
    before = known[places] - known[places - BASELINE]
    judged = known[places + WARM_UP + LOOKS] - known[places + WARM_UP]
    usable = places[(before >= BASELINE / 2) & (judged >= LOOKS / 2)]
    if not usable.size:
        return []
    picked = np.unique(np.linspace(0, usable.size - 1, min(wanted, usable.size)).astype(np.int64))
    return [Cut(int(place), scatter(trace.values[place - BASELINE : place]) <= STEADY) for place in usable[picked]]


def scatter(values: Floats) -> float:
    """Robust coefficient of variation: the median distance to the median, scaled to a normal's deviation, over the median."""
    middle = float(np.nanmedian(values))
    return 1.4826 * float(np.nanmedian(np.abs(values - middle))) / middle
