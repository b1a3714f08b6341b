"""Out of the numbers of several variants, period by period, the numbers of all of them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from bot.domain.signals import EndpointKind
from bot.domain.verdict import Window
from workers.gateways.cloudwatch.asking import Datapoints
from workers.gateways.cloudwatch.queries import PERCENTILES, Key, request_keys
from workers.ports import Floats, Measure


@dataclass(frozen=True)
class Grid:
    """The periods of a window, as CloudWatch lays them."""

    begin: datetime
    period: timedelta
    count: int

    @classmethod
    def over(cls, window: Window, period: int) -> "Grid":
        """CloudWatch counts periods of seconds from the window's start, rounded down to its minute or to a shorter period."""
        grain = min(period, 60)
        begin = window.start.timestamp() // grain * grain
        count = math.ceil((window.end.timestamp() - begin) / period)
        return cls(datetime.fromtimestamp(begin, UTC), timedelta(seconds=period), count)

    def dense(self, datapoints: Datapoints) -> Floats:
        """One value for each period; NaN where there is none."""
        values = np.full(self.count, np.nan)
        for at, value in datapoints.items():
            place = (at - self.begin) // self.period
            if 0 <= place < self.count:
                values[place] = value
        return values

    def starts(self) -> tuple[datetime, ...]:
        """When its periods begin."""
        return tuple(self.begin + place * self.period for place in range(self.count))


@dataclass(frozen=True)
class Table:
    """What was asked of a subject: for each key one row per variant, one column per period."""

    kind: EndpointKind
    rows: Mapping[Key, Floats]

    def flat(self) -> "Table":
        """The whole window as one period: what its variants and periods have in common is combined alike."""
        return Table(self.kind, {key: rows.reshape(-1, 1) for key, rows in self.rows.items()})

    def of(self, measure: Measure) -> Floats:
        """The numbers of a measure, period by period."""
        if measure in PERCENTILES:
            return self._weighted(PERCENTILES[measure], Key.SAMPLES)
        match measure:
            case Measure.REQUESTS:
                return self.requests()
            case Measure.ERRORS_4XX:
                return or_none_happened(_sum(self.rows[Key.ERRORS_4XX]), self._invocations())
            case Measure.ERRORS_5XX:
                return or_none_happened(_sum(self.rows[Key.ERRORS_5XX]), self._invocations())
            case Measure.MID_STREAM_ERRORS:
                return or_none_happened(_sum(self.rows[Key.MID_STREAM]), self.requests())
            case Measure.SETUP_TIME:
                return self._weighted(Key.SETUP, Key.SETUP_SAMPLES)
            case _:
                return _sum(self.rows[Key.CONCURRENCY])

    def requests(self) -> Floats:
        """The best count that there is: once a variant's invocations are published at all, its gaps are gaps."""
        best, *others = (self.rows[key] for key in request_keys(self.kind))
        for other in others:
            is_silent = np.isnan(best).all(axis=1, keepdims=True)
            best = np.where(is_silent, other, best)
        return _sum(best)

    def _invocations(self) -> Floats:
        """Requests that 4XX and 5XX were published with: of a stream that is only known by its chunks, none may have been."""
        return _sum(self.rows[request_keys(self.kind)[0]])

    def _weighted(self, key: Key, samples: Key) -> Floats:
        """Percentiles weighted by what they were made of: close, but no percentile in the strict sense."""
        values = self.rows[key]
        if len(values) == 1:
            return np.asarray(values[0])
        there = ~np.isnan(values)
        weights = np.where(there, np.nan_to_num(self.rows[samples]), 0.0)
        unknown = weights.sum(axis=0) == 0
        weights = np.where(unknown, there.astype(float), weights)
        total = weights.sum(axis=0)
        summed = (np.nan_to_num(values) * weights).sum(axis=0)
        mean: Floats = np.divide(summed, total, out=np.full(total.shape, np.nan), where=total > 0)
        return mean


def or_none_happened(errors: Floats, requests: Floats) -> Floats:
    """No datapoint of an error metric means "no errors" only where requests are known to have been counted.

    SageMaker publishes 4XX and 5XX with every invocation, as 1 or 0, and MidStreamErrors only when there are any.
    """
    known: Floats = np.where(np.isnan(errors) & ~np.isnan(requests), 0.0, errors)
    return known


def _sum(rows: Floats) -> Floats:
    """Over the variants; NaN where none of them has a number."""
    total: Floats = np.where(np.isnan(rows).all(axis=0), np.nan, np.nansum(rows, axis=0))
    return total
