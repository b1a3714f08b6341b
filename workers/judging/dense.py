"""Datapoints as they come from CloudWatch, put into their places: in any order, some of them twice, some of them not at all."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import numpy as np

from workers.ports import Floats


def dense(points: Iterable[tuple[datetime, float]], start: datetime, period: timedelta, count: int) -> Floats:
    """One number for each of `count` periods from `start`; NaN where there is none. Points outside are left out.

    A period that is told twice counts once. Where it was told differently, the larger number stands: CloudWatch adds to a
    datapoint that was read too early, and never takes away.
    """
    values = np.full(count, np.nan)
    for at, value in points:
        place = (at - start) // period
        if 0 <= place < count:
            values[place] = np.fmax(values[place], value)
    return values
