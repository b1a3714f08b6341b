"""The port: what CloudWatch knows of endpoints, in as few calls as its limits allow."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from typing import Any

import numpy as np

from bot.domain.signals import EndpointKind
from bot.domain.traffic import TrafficPoint
from bot.domain.verdict import Measurement, Point, Window
from workers.gateways.cloudwatch.asking import Asked, Asking, Datapoints
from workers.gateways.cloudwatch.combining import Grid, Table
from workers.gateways.cloudwatch.fleets import FleetMetrics
from workers.gateways.cloudwatch.queries import Key, keys_for, owners, statistic
from workers.gateways.remembering import Remembering
from workers.ports import Measure, Series, Subject, Want

_SHORT_PERIODS = (30, 20, 10, 5, 1)


def whole_window_period(window: Window) -> int:
    """The longest period in seconds whose periods fill the window and reach over none of its ends.

    CloudWatch counts periods from the start, rounded down to its minute (or to a multiple of the period where that is shorter), and
    the last one may reach beyond the end. A window of whole minutes is one period, whose percentiles are true ones. A shorter or
    crooked one, which only demos and tests have, is made of smaller periods, so that it holds nothing of the time before the cutover.
    """
    start, span = window.start.timestamp(), (window.end - window.start).total_seconds()
    if start % 60 == 0 and span % 60 == 0:
        return int(span)
    fitting = (period for period in _SHORT_PERIODS if start % period == 0 and span % period == 0)
    return next(fitting, _SHORT_PERIODS[-1] if span < 60 else 60)


@dataclass(frozen=True)
class _Question:
    """One subject's share of what is asked together."""

    subject: Subject
    window: Window
    period: int
    keys: tuple[Key, ...]
    prefix: str = ""

    @property
    def grid(self) -> Grid:
        return Grid.over(self.window, self.period)

    def asked(self) -> Iterator[Asked]:
        for place, dimensions in enumerate(owners(self.subject)):
            for key in self.keys:
                meant = statistic(key, self.subject, dimensions)
                yield Asked(self._id(place, key), meant, self.window, self.period)

    def table(self, answers: dict[str, Datapoints]) -> Table:
        grid, places = self.grid, range(len(owners(self.subject)))
        empty = np.empty((0, grid.count))
        return Table(
            self.subject.kind,
            {
                key: np.array([grid.dense(answers[self._id(place, key)]) for place in places]) if places else empty
                for key in self.keys
            },
        )

    def _id(self, place: int, key: Key) -> str:
        return f"{self.prefix}v{place}_{key}"


class CloudWatchMetrics:
    """`ports.Metrics` for one account and region."""

    def __init__(self, client: Any, remembering: Remembering) -> None:
        """Take a boto3 `cloudwatch` client. Everything here only reads, so the client may retry by itself."""
        self._asking = Asking(client)
        self._fleets = FleetMetrics(client, remembering)

    def read(self, wants: Sequence[Want]) -> tuple[Series, ...]:
        """What was wanted, in the same order; wants with one window share calls."""
        questions = [
            _Question(
                want.subject,
                want.window,
                _seconds(want.period),
                keys_for(want.measures, want.subject.kind, weighted=len(owners(want.subject)) != 1),
                prefix=f"w{place}_",
            )
            for place, want in enumerate(wants)
        ]
        tables = self._tables(questions)
        return tuple(
            Series(question.grid.begin, want.period, {measure: table.of(measure) for measure in want.measures})
            for want, question, table in zip(wants, questions, tables, strict=True)
        )

    def knows_config(self, endpoint: str, config: str) -> bool:
        """Whether CloudWatch shows the numbers of that endpoint's fleet on that config apart from other fleets'."""
        return self._fleets.knows(endpoint, config)

    def measure(self, subject: Subject, window: Window) -> Measurement:
        """One window as a whole.

        Percentiles are asked for with one period over the window: a p99 of many minutes is none of their p99s. If CloudWatch
        still answers with several periods, or the endpoint has several variants, they are combined weighted by their samples,
        which is close but no percentile in the strict sense.
        """
        measures = _shown_measures(subject.kind)
        table = self._table(subject, window, whole_window_period(window), measures).flat()
        found = {measure: _number(table.of(measure)[0]) for measure in measures}
        return Measurement(
            window=window,
            p50_us=found[Measure.P50],
            p90_us=found[Measure.P90],
            p99_us=found[Measure.P99],
            requests=found[Measure.REQUESTS],
            errors_4xx=found[Measure.ERRORS_4XX],
            errors_5xx=found[Measure.ERRORS_5XX],
            mid_stream_errors=found.get(Measure.MID_STREAM_ERRORS),
        )

    def series(self, subject: Subject, window: Window, period: timedelta) -> tuple[Point, ...]:
        """The window period by period, oldest first; periods without any datapoint are left out."""
        measures = _shown_measures(subject.kind)
        table = self._table(subject, window, _seconds(period), measures)
        values = {measure: table.of(measure) for measure in measures}
        starts = Grid.over(window, _seconds(period)).starts()
        points = []
        for place, at in enumerate(starts):
            there = {measure: _number(numbers[place]) for measure, numbers in values.items()}
            server_side = (there[Measure.ERRORS_5XX], there.get(Measure.MID_STREAM_ERRORS))
            errors = [number for number in server_side if number is not None]
            if any(number is not None for number in there.values()):
                points.append(
                    Point(
                        at=at,
                        p50_us=there[Measure.P50],
                        p90_us=there[Measure.P90],
                        p99_us=there[Measure.P99],
                        requests=there[Measure.REQUESTS],
                        errors=sum(errors) if errors else None,
                    )
                )
        return tuple(points)

    def traffic(self, subject: Subject, window: Window, period: timedelta) -> tuple[TrafficPoint, ...]:
        """Requests period by period, oldest first; periods without any datapoint are left out.

        The window should begin and end on whole periods: CloudWatch begins its periods there.
        """
        requests = self._table(subject, window, _seconds(period), (Measure.REQUESTS,), weighted=False).requests()
        starts = Grid.over(window, _seconds(period)).starts()
        counted = zip(starts, map(_number, requests), strict=True)
        return tuple(TrafficPoint(at=at, requests=number) for at, number in counted if number is not None)

    def concurrency(self, endpoint: str, variants: Sequence[str], window: Window) -> float | None:
        """The most requests that were open at once, summed over the variants; None without data."""
        subject = Subject(endpoint, tuple(variants))
        period = whole_window_period(window)
        rows = self._table(subject, window, period, (Measure.CONCURRENCY,), weighted=False).rows[Key.CONCURRENCY]
        highest = [float(np.nanmax(row)) for row in rows if not np.isnan(row).all()]
        return sum(highest) if highest else None

    def _table(
        self, subject: Subject, window: Window, period: int, measures: Iterable[Measure], *, weighted: bool = True
    ) -> Table:
        keys = keys_for(measures, subject.kind, weighted=weighted)
        (table,) = self._tables([_Question(subject, window, period, keys)])
        return table

    def _tables(self, questions: Sequence[_Question]) -> list[Table]:
        asked = list(chain.from_iterable(question.asked() for question in questions))
        answers = dict(self._asking.answers(asked, (question.subject.endpoint for question in questions)))
        return [question.table(answers) for question in questions]


def _shown_measures(kind: EndpointKind) -> tuple[Measure, ...]:
    """What a summary and its chart show of an endpoint."""
    every = (Measure.P50, Measure.P90, Measure.P99, Measure.REQUESTS, Measure.ERRORS_4XX, Measure.ERRORS_5XX)
    return (*every, Measure.MID_STREAM_ERRORS) if kind == "streaming" else every


def _seconds(period: timedelta) -> int:
    return int(period.total_seconds())


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
