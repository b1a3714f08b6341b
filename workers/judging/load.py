"""The traffic: not judged, but far more or far less of it than was to be expected explains what one would blame on the fleet."""

import numpy as np

from bot.domain.verdict import Cap
from bot.domain.yardstick import LoadYardstick
from workers.judging.expectation import expect
from workers.judging.placebo import Layout
from workers.ports import Floats

SHIFTED = 1.5
"""So many times as much traffic as expected, or as little, is a shift."""

EQUAL = 1.2
"""Within this the traffic is called equal."""

LEAST = 0.01
"""A hundredth of the usual traffic is as good as none: no rhythm is foretold from less."""

CERTAIN = 3.0
"""Standard deviations of a count by which a shift must stand out: eight requests in place of five are no shift."""


def load_yardstick(traffic: Floats, layout: Layout, day: int) -> LoadYardstick | None:
    """What to expect per period, by whichever expectation has gone wrong least in the past; None without traffic.

    Args:
        traffic: Requests of each period, as `filled` gives them, or the most streams that were open at once in it.
        layout: How the watch lies in time.
        day: How many periods later the clock shows the same time.
    """
    before = traffic[-layout.baseline :]
    known = before[~np.isnan(before)]
    mean = float(known.mean()) if known.size else 0.0
    if not mean > 0:
        return None
    expectation = expect(traffic, layout, day, lambda rows: log_means(rows, mean))
    rise = np.interp(np.arange(1, layout.lengths[-1] + 1), layout.lengths, expectation.rise)
    return LoadYardstick(expected=tuple(float(v) for v in mean * np.exp(rise)))


def log_means(rows: Floats, usual: float) -> Floats:
    """The logarithm of each row's mean. Traffic has minutes without any request, so it is added up before logarithms are taken."""
    count = np.sum(~np.isnan(rows), axis=1)
    means = np.nansum(rows, axis=1) / np.maximum(count, 1)
    found: Floats = np.where(count > 0, np.log(np.maximum(means, LEAST * usual)), np.nan)
    return found


def filled(requests: Floats) -> Floats:
    """Requests period by period: no datapoint means none, from the first one on."""
    seen = np.flatnonzero(~np.isnan(requests))
    return np.nan_to_num(requests[seen[0] :]) if seen.size else np.empty(0)


def load_ratio(yardstick: LoadYardstick | None, requests: Floats) -> float | None:
    """How much traffic there was for what was expected; None where nothing is known."""
    if yardstick is None or not yardstick.expected or requests.size == 0 or np.isnan(requests).all():
        return None
    expected = yardstick.expected[min(requests.size, len(yardstick.expected)) - 1]
    return float(np.nansum(requests) / requests.size / expected) if expected > 0 else None


def streams_ratio(yardstick: LoadYardstick | None, open_at_once: Floats) -> float | None:
    """How many streams were open at once for what was expected; None where nothing is known."""
    known = open_at_once[~np.isnan(open_at_once)]
    if yardstick is None or not yardstick.expected or known.size == 0:
        return None
    expected = yardstick.expected[min(open_at_once.size, len(yardstick.expected)) - 1]
    return float(known.mean() / expected) if expected > 0 else None


def cap_of_load(ratio: float | None, requests: Floats) -> Cap | None:
    """What the traffic forbids to say."""
    if ratio is None or ratio <= 0:
        return None
    seen = float(np.nansum(requests))
    expected = seen / ratio
    if abs(seen - expected) < CERTAIN * np.sqrt(max(expected, seen)):
        return None
    if ratio > SHIFTED:
        return Cap.LOAD_ROSE
    return Cap.LOAD_FELL if ratio < 1 / SHIFTED else None
