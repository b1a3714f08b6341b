"""The middle and the unsteadiness of many short stretches at once, such as a few wild minutes cannot move.

The middle is the interquartile mean (CloudWatch's own `IQM`): it leaves out the lowest and the highest quarter, so it withstands
a quarter of wild values, and needs a fifth fewer minutes than a median does to be as sure of the rest (Rosenberger & Gasko 1983).
"""

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import stats

from workers.ports import Floats

STEADIEST = 0.005
"""Unsteadiness below half a percent is not told apart: percentiles are rounded somewhere on their way."""

NORMAL_PER_MEDIAN = 1.4826
"""Standard deviations of a normal distribution per median absolute deviation."""


def logs(values: Floats) -> Floats:
    """Natural logarithms; what is not above zero is no latency, and counts as missing."""
    with np.errstate(invalid="ignore", divide="ignore"):
        taken: Floats = np.log(np.where(values > 0, values, np.nan))
    return taken


def stretches(x: Floats, starts: Sequence[int] | np.ndarray[tuple[int], np.dtype[np.intp]], length: int) -> Floats:
    """One row for each start: the `length` values from there; NaN before the first and behind the last."""
    at = np.asarray(starts, dtype=np.intp)
    if at.size == 0 or length == 0:
        return np.empty((at.size, length))
    before = int(max(0, -at.min()))
    behind = int(max(0, at.max() + length - x.size))
    padded = np.concatenate([np.full(before, np.nan), x, np.full(behind, np.nan)])
    rows: Floats = sliding_window_view(padded, length)[at + before]
    return rows


def middles(rows: Floats) -> Floats:
    """The interquartile mean of each row; NaN for rows without any value."""
    count = np.sum(~np.isnan(rows), axis=1)
    ordered = np.nan_to_num(np.sort(rows, axis=1))  # NaN is sorted to the end, where its weight is zero
    rank = np.arange(rows.shape[1])
    quarter = count[:, None] / 4
    weight = np.clip(np.minimum(rank + 1, 3 * quarter) - np.maximum(rank, quarter), 0, 1)
    with np.errstate(invalid="ignore"):
        found: Floats = np.einsum("ij,ij->i", weight, ordered) / np.where(count > 0, count / 2, np.nan)
    return found


def unsteadiness(rows: Floats) -> Floats:
    """How far the values of each row lie from its middle on average, as a logarithm; NaN for rows with fewer than two values."""
    count = np.sum(~np.isnan(rows), axis=1)
    apart = np.nansum(np.abs(rows - middles(rows)[:, None]), axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = np.where(count >= 2, np.log(np.maximum(apart / np.maximum(count, 1), STEADIEST)), np.nan)
    return found


def scale(errors: Floats) -> Floats:
    """A standard deviation around zero for each column, from the median size."""
    found: Floats = NORMAL_PER_MEDIAN * np.nanmedian(np.abs(errors), axis=0)
    return found


def tail_scale(errors: Floats, seldom: float) -> Floats:
    """The standard deviation of normal values whose sizes exceed as much as seldom as these do, for each column.

    Stretches that go wrong seldom but badly, as short ones do in bursts of slow minutes, are wide by this measure: each length of
    a watch is thereby given the same share of the risk.
    """
    found: Floats = np.nanquantile(np.abs(errors), 1 - seldom, axis=0) / stats.norm.isf(seldom / 2)
    return found
