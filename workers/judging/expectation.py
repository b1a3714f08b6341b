"""What to expect of a signal in the hours after the baseline: nothing new, or what the same clock times showed a day or a week before.

Each of the candidates is tried all over the past; the one that goes wrong least is taken, and the simplest unless another is
clearly better ("difference in differences", with the control that has earned it). Errors of unsteady times are then brought to the
measure of the present: what a night's quiet minutes do says little about a busy morning's.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from bot.domain.verdict import Basis
from workers.judging.placebo import Layout, Places, Statistic, before, independent, rises, tries
from workers.judging.robust import unsteadiness
from workers.ports import Floats

CLEARLY_BETTER = 0.9
"""A candidate replaces a simpler one when its errors are smaller by a tenth: less may be luck."""

FEWEST_STRETCHES = 12
"""On fewer stretches of the past a candidate is not believed."""

NEWEST = 4
"""The newest fourth of the baseline says more than all of it where a signal wanders."""

ADAPTED = (0.5, 1.0)
"""Powers of the present's unsteadiness to which errors may be proportional."""

QUANTILE = 0.95
"""Candidates are compared by errors that one try in twenty exceeds: what hurts is going wrong badly."""


@dataclass(frozen=True)
class Expectation:
    """The change to be expected, and how such expectations went wrong in the past."""

    basis: Basis
    rise: Floats
    """After minus the whole baseline, for each length of the layout."""
    errors: Floats
    """Of the past: one row for each try, one column for each length. Without rows where there is no past."""
    tried: int
    """How many of the rows do not overlap."""
    newer: Floats
    """The same errors, had the newest part of the baseline been all of it."""
    drift: float = 0.0
    """By how much more one would expect, were the newest part of the present baseline all of it."""


def expect(x: Floats, layout: Layout, day: int, statistic: Statistic) -> Expectation:
    """What to expect after the end of x, which is where the baseline ends."""
    ends = tries(x.size, layout)
    nothing = np.empty((0, len(layout.lengths)))
    drift = np.nan_to_num(_drift(x, np.append(ends, x.size), layout, statistic))
    best = Expectation(Basis.HOUR_BEFORE, np.zeros(len(layout.lengths)), nothing, 0, nothing, float(drift[-1]))
    if ends.size == 0:
        return best
    after = rises(x, ends, layout, statistic)
    newer = after - drift[:-1, None]
    best = replace(best, errors=after, tried=independent(ends, layout), newer=newer)
    if best.tried < FEWEST_STRETCHES:
        return best
    for candidate in _candidates(x, ends, after, best, layout, day, statistic):
        rows = candidate.errors.shape[0]
        if _width(candidate.errors) < CLEARLY_BETTER * _width(best.errors[-rows:]):
            best = candidate
    measure = _present_measure(x, ends[-best.errors.shape[0] :], layout, best.errors)
    return replace(best, errors=best.errors * measure, newer=best.newer * measure)


def _drift(x: Floats, ends: Places, layout: Layout, statistic: Statistic) -> Floats:
    """The newest part of the baselines that end there, minus all of them."""
    newest = replace(layout, baseline=max(1, layout.baseline // NEWEST))
    return before(x, ends, newest, statistic) - before(x, ends, layout, statistic)


def _candidates(
    x: Floats, ends: Places, after: Floats, plain: Expectation, layout: Layout, day: int, statistic: Statistic
) -> Iterator[Expectation]:
    """Simpler ones first: since when the baseline counts, then with what other days did at that time."""
    now = np.array([x.size], dtype=np.intp)
    yield replace(plain, rise=np.full(len(layout.lengths), plain.drift), errors=plain.newer, drift=0.0)
    every = np.concatenate([ends, now])
    shifts: dict[int, Floats] = {}
    drifts: dict[int, Floats] = {}
    lags = {Basis.YESTERDAY: (day,), Basis.LAST_WEEK: (7 * day,), Basis.BOTH_DAYS: (day, 7 * day)}
    for basis, days in lags.items():
        usable = ends >= layout.baseline + max(days)
        tried = independent(ends[usable], layout)
        if tried < FEWEST_STRETCHES:
            continue
        for lag in days:
            if lag not in shifts:
                shifts[lag] = rises(x, every - lag, layout, statistic)
                drifts[lag] = np.nan_to_num(_drift(x, every - lag, layout, statistic))
        shift = np.mean([shifts[lag] for lag in days], axis=0)
        drift = np.mean([drifts[lag] for lag in days], axis=0)
        if not np.isnan(shift[-1]).any():  # just there the past may have a hole
            errors = after[usable] - shift[:-1][usable]
            newer = plain.newer[usable] - (shift - drift[:, None])[:-1][usable]
            yield Expectation(basis, shift[-1], errors, tried, newer, plain.drift - float(drift[-1]))


def _width(errors: Floats) -> float:
    """How far an expectation goes wrong."""
    tested = errors[:, np.flatnonzero(np.sum(~np.isnan(errors), axis=0))]
    return float(np.mean(np.nanquantile(np.abs(tested), QUANTILE, axis=0))) if tested.size else float("inf")


def _present_measure(x: Floats, ends: Places, layout: Layout, errors: Floats) -> Floats:
    """By how much the errors would be larger, were their baselines as unsteady as the present one; 1 if that foretells nothing."""
    places = np.concatenate([ends, np.array([x.size], dtype=np.intp)])
    factors = before(x, places, layout, unsteadiness)
    factors = np.where(np.isnan(factors), np.nanmedian(factors), factors)
    factors -= np.mean(factors[:-1])
    best, adapted = np.ones((errors.shape[0], 1)), _width(errors) * CLEARLY_BETTER
    for power in ADAPTED:
        usual = np.exp(-power * factors[:-1])[:, None]
        if (width := _width(errors * usual)) < adapted:
            best, adapted = usual * float(np.exp(power * factors[-1])), width
    return best
