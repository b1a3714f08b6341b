"""What to expect of a signal in the hours after the baseline: nothing new, or what the same clock times showed a day or a week before.

Each of the candidates is tried all over the past; the one that goes wrong least is taken, and the simplest unless another is
clearly better ("difference in differences", with the control that has earned it).
"""

from dataclasses import dataclass

import numpy as np

from bot.domain.verdict import Basis
from workers.judging.placebo import Layout, Statistic, independent, rises, tries
from workers.judging.robust import scale
from workers.ports import Floats

CLEARLY_BETTER = 0.9
"""A candidate replaces a simpler one when its errors are smaller by a tenth: less may be luck."""

FEWEST_STRETCHES = 12
"""On fewer stretches of the past a candidate is not believed."""


@dataclass(frozen=True)
class Expectation:
    """The change to be expected, and how such expectations went wrong in the past."""

    basis: Basis
    rise: Floats
    """After minus before, for each length of the layout."""
    errors: Floats
    """Of the past: one row for each try, one column for each length. Without rows where there is no past."""
    tried: int
    """How many of the rows do not overlap."""


def expect(x: Floats, layout: Layout, day: int, statistic: Statistic) -> Expectation:
    """What to expect after the end of x, which is where the baseline ends."""
    ends = tries(x.size, layout)
    now = np.array([x.size], dtype=np.intp)
    plain = Expectation(
        Basis.HOUR_BEFORE,
        np.zeros(len(layout.lengths)),
        rises(x, ends, layout, statistic),
        independent(ends, layout),
    )
    best = plain
    lags = {Basis.YESTERDAY: (day,), Basis.LAST_WEEK: (7 * day,), Basis.BOTH_DAYS: (day, 7 * day)}
    shifts: dict[int, Floats] = {}
    for basis, days in lags.items():
        usable = ends >= layout.baseline + max(days)
        if independent(ends[usable], layout) < FEWEST_STRETCHES:
            continue
        for lag in days:
            if lag not in shifts:
                shifts[lag] = rises(x, np.concatenate([ends, now]) - lag, layout, statistic)
        shift = np.mean([shifts[lag] for lag in days], axis=0)
        if np.isnan(shift[-1]).any():
            continue  # just there the past has a hole
        errors = plain.errors[usable] - shift[:-1][usable]
        candidate = Expectation(basis, shift[-1], errors, independent(ends[usable], layout))
        if _width(errors) < CLEARLY_BETTER * _width(_same_rows(best, errors)):
            best = candidate
    return best


def _same_rows(expectation: Expectation, errors: Floats) -> Floats:
    """The newest errors of that expectation, as many as the other has."""
    return expectation.errors[-errors.shape[0] :]


def _width(errors: Floats) -> float:
    """How far an expectation goes wrong: typically, and when it goes wrong badly."""
    if not errors.size or np.isnan(errors).all():
        return float("inf")
    with np.errstate(invalid="ignore"):
        badly = np.nanquantile(np.abs(errors), 0.95) / 1.96
    return float(np.nanmean(scale(errors[:, ~np.isnan(errors).all(axis=0)])) + badly)
