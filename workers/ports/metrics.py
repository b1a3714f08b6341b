"""CloudWatch's numbers about endpoints."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from bot.domain.fleet import EndpointSpec
from bot.domain.signals import EndpointKind
from bot.domain.traffic import TrafficPoint
from bot.domain.verdict import Measurement, Point, Window

Floats = npt.NDArray[np.float64]


class Measure(StrEnum):
    """One statistic of what CloudWatch counts, whatever the metric behind it is called for that kind of endpoint."""

    P50 = "p50"  # microseconds
    P90 = "p90"
    P99 = "p99"
    REQUESTS = "requests"
    ERRORS_5XX = "errors_5xx"
    ERRORS_4XX = "errors_4xx"
    MID_STREAM_ERRORS = "mid_stream_errors"
    SETUP_TIME = "setup_time"  # microseconds, median; serverless only
    CONCURRENCY = "concurrency"  # most requests open at once


@dataclass(frozen=True)
class Subject:
    """Whose numbers: all that an endpoint's variants served, or only one fleet's share of it."""

    endpoint: str
    variants: tuple[str, ...]
    kind: EndpointKind = "realtime"
    config: str | None = None
    """Only the fleet on this endpoint config, where CloudWatch tells fleets apart; None for whoever served."""
    components: tuple[str, ...] = ()
    """Inference components, whose own numbers are taken in place of the variants'."""

    @classmethod
    def of(cls, spec: EndpointSpec, variants: Iterable[str]) -> "Subject":
        """All of an endpoint of the fleet file, by whatever publishes its numbers."""
        return cls(spec.name, tuple(variants), spec.kind, components=spec.watch.inference_components)


@dataclass(frozen=True)
class Want:
    """What somebody wants to know of a subject, period by period. The window begins and ends on whole periods."""

    subject: Subject
    window: Window
    period: timedelta
    measures: tuple[Measure, ...]


@dataclass(frozen=True)
class Series:
    """Numbers period by period: place i is the period that begins at `start + i * period`. NaN is "CloudWatch had nothing"."""

    start: datetime
    period: timedelta
    values: Mapping[Measure, Floats] = field(default_factory=dict)

    @property
    def length(self) -> int:
        """How many periods it spans."""
        return max((v.size for v in self.values.values()), default=0)

    def of(self, measure: Measure) -> Floats:
        """The numbers of one measure; all NaN if it was not asked for."""
        found = self.values.get(measure)
        return found if found is not None else np.full(self.length, np.nan)

    def between(self, start: datetime, end: datetime) -> "Series":
        """The periods that begin in [start, end); what lies outside the series is NaN."""
        first = round((start - self.start) / self.period)
        count = max(0, round((end - start) / self.period))
        cut = {}
        for measure, values in self.values.items():
            piece = np.full(count, np.nan)
            low, high = max(first, 0), min(first + count, values.size)
            if high > low:
                piece[low - first : high - first] = values[low:high]
            cut[measure] = piece
        return Series(datetime.fromtimestamp(start.timestamp(), UTC), self.period, cut)


class Metrics(Protocol):
    """CloudWatch of one account and region."""

    def read(self, wants: Sequence[Want]) -> tuple[Series, ...]:
        """What was wanted, in the same order, in as few calls as CloudWatch's limits allow: 500 statistics in each."""
        ...

    def knows_config(self, endpoint: str, config: str) -> bool:
        """Whether CloudWatch shows the numbers of that endpoint's fleet on that config apart from other fleets'."""
        ...

    def measure(self, subject: Subject, window: Window) -> Measurement:
        """One window as a whole: percentiles are asked for over the whole window, never merged from minutes."""
        ...

    def series(self, subject: Subject, window: Window, period: timedelta) -> tuple[Point, ...]:
        """The window period by period, oldest first; periods without any datapoint are left out."""
        ...

    def traffic(self, subject: Subject, window: Window, period: timedelta) -> tuple[TrafficPoint, ...]:
        """Requests period by period, oldest first; periods without a datapoint are left out, and are not known to be quiet.

        Give a window that begins and ends on whole periods: CloudWatch begins its periods there.
        """
        ...

    def concurrency(self, endpoint: str, variants: Sequence[str], window: Window) -> float | None:
        """The most requests (for streams: connections) that were open at once, waiting ones included; None without data.

        SageMaker publishes it per model copy, so for a fleet it is a lower bound. Variants are summed up.
        """
        ...
