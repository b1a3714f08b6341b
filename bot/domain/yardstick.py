"""What the old fleet's numbers lead one to expect of the new one, and how far such expectations go wrong with no change at all.

Worked out once, when the watch begins, from up to two weeks of history; stored with the rollout, so that every look measures with
the same yardstick and costs no history. Logarithms are natural ones; looks are counted in periods from the start of the judged window.
"""

from datetime import datetime

from bot.domain.model import Value
from bot.domain.signals import Signal
from bot.domain.verdict import Basis


class Yardstick(Value):
    """For one signal that has a value each period."""

    signal: Signal
    basis: Basis
    before: float
    """The middle of the baseline, in the signal's own unit."""
    expected: tuple[float, ...]
    """What to expect of the middle of the first n periods, as a logarithm, for n = 1, 2, …"""
    spread: tuple[float, ...]
    """One standard deviation by which that expectation goes wrong, as a logarithm, for n = 1, 2, …"""
    alarm_at: float
    """So many of those deviations mean a change, at whichever look."""
    interval_at: float
    """So many of them bound the change with 95 % confidence, at all looks together."""
    drift: float = 0.0
    """By how much more one would expect from the newest part of the baseline alone, as a logarithm: what rose before the cutover, the
    new fleet did not raise."""
    tried: int
    """On how many stretches of the past, which do not overlap, this was tried; 0 if there were none and a model stands in."""


class CountYardstick(Value):
    """For one signal that is a number of requests."""

    signal: Signal
    events: float
    requests: float
    """In the baseline: how many, out of how many."""
    past_events: float
    past_requests: float
    """In all of the past that was read, the baseline included and outages left out. It says what to expect, unless the baseline
    contradicts it."""
    clumping: float
    """Variance over mean of the events, 1 at least: failures that come in bursts prove less each."""
    tried: int
    """On how many stretches of the past, which do not overlap, that was seen."""


class LoadYardstick(Value):
    """For the traffic, which is not judged but decides what may be said."""

    expected: tuple[float, ...]
    """Requests per period to expect on average over the first n periods, for n = 1, 2, …"""


class Yardsticks(Value):
    """All of a watch. Empty where CloudWatch had nothing about the old fleet."""

    made_at: datetime
    starts_at: datetime
    """When the judged window begins; periods are counted from here."""
    metrics: tuple[Yardstick, ...] = ()
    counts: tuple[CountYardstick, ...] = ()
    load: LoadYardstick | None = None
    streams: LoadYardstick | None = None
    """The same for streams that are open at once; None for other kinds of endpoints."""

    def of(self, signal: Signal) -> Yardstick | None:
        """The yardstick of a signal that has a value each period."""
        return next((y for y in self.metrics if y.signal is signal), None)

    def count_of(self, signal: Signal) -> CountYardstick | None:
        """The yardstick of a signal that is a number of requests."""
        return next((y for y in self.counts if y.signal is signal), None)
