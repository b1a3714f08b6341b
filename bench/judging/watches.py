"""Where traces are cut, and the windows of one watch, in periods."""

from dataclasses import dataclass

import numpy as np

from bench.judging.traces import Floats, Trace

BASELINE = 60
WARM_UP = 3
LOOKS = 30
HISTORY = 14 * 24 * 60
"""Two weeks of minutes, which is what the bot reads; as rows are minutes here, so many rows."""
STEADY = 0.20
"""A cut is steady if 95 % of the values of the day before it lie within 20 % of their median, as those of a normal distribution with a
deviation of 10 % do. An hour would not do: many traces are calm for an hour and rise by half in the next, every day."""


@dataclass(frozen=True)
class Cut:
    """One moment of a trace: the first period of the new fleet."""

    place: int
    steady: bool
    """Whether the day before was."""

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
    day = max(trace.day, BASELINE)
    return [Cut(int(place), is_steady(trace.values[max(0, place - day) : place])) for place in usable[picked]]


def is_steady(values: Floats) -> bool:
    """Whether a rise by a fifth is out of the ordinary for these values."""
    distance = np.abs(values / np.nanmedian(values) - 1)
    return float(np.nanquantile(distance, 0.95)) <= STEADY
