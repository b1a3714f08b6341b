"""CloudWatch: an endpoint's latency, traffic and errors.

Absence is not zero. CloudWatch leaves out periods in which nothing was published, and so does this module, with two exceptions
that SageMaker's own way of publishing allows; see `_or_none_happened`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.errors import AccessDenied, TransientError
from bot.domain.signals import EndpointKind
from bot.domain.traffic import TrafficPoint
from bot.domain.verdict import Measurement, Point, Window
from workers.gateways.aws_errors import Subject as ErrorSubject
from workers.gateways.aws_errors import translated
from workers.ports import Series as Numbers
from workers.ports import Subject, Want

OPERATION = "GetMetricData"
NAMESPACE = "AWS/SageMaker"

PAGES_LIMIT = (
    50  # far more than the 100,800 datapoints of one call need; a token that never ends must not hold a worker
)

_SHORT_PERIODS = (30, 20, 10, 5, 1)

Series = dict[datetime, float]
"""Datapoints of one metric and statistic, by the start of their period."""


@dataclass(frozen=True)
class _Query:
    """One statistic of one metric; `key` is how it is called in here."""

    key: str
    metric: str
    stat: str


_REQUESTS = _Query("requests", "Invocations", "Sum")
_ERRORS_4XX = _Query("errors_4xx", "Invocation4XXErrors", "Sum")
_ERRORS_5XX = _Query("errors_5xx", "Invocation5XXErrors", "Sum")
_MID_STREAM = _Query("mid_stream", "MidStreamErrors", "Sum")


_CONCURRENCY = _Query("concurrency", "ConcurrentRequestsPerModel", "Maximum")


def latency_metric(*, streaming: bool) -> str:
    """SageMaker publishes no ModelLatency for bidirectional streams; their first chunk is what a caller waits for."""
    return "FirstChunkLatency" if streaming else "ModelLatency"


def _traffic_queries(kind: EndpointKind) -> tuple[_Query, ...]:
    """What counts requests, the best first.

    Asynchronous endpoints publish no Invocations, and of bidirectional streams none may have been seen: there every latency
    that was measured stands for one request.
    """
    match kind:
        case "async":
            return (_Query("samples", latency_metric(streaming=False), "SampleCount"),)
        case "streaming":
            return (_REQUESTS, _Query("samples", latency_metric(streaming=True), "SampleCount"))
        case "realtime" | "serverless":
            return (_REQUESTS,)


def _queries(*, streaming: bool) -> tuple[_Query, ...]:
    metric = latency_metric(streaming=streaming)
    latency = tuple(_Query(stat, metric, stat) for stat in ("p50", "p90", "p99"))
    samples = _Query("samples", metric, "SampleCount")
    counts = (_REQUESTS, _ERRORS_4XX, _ERRORS_5XX, *((_MID_STREAM,) if streaming else ()))
    return (*latency, samples, *counts)


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


@dataclass
class _Variant:
    """What CloudWatch has of one variant, by query key."""

    series: dict[str, Series] = field(default_factory=lambda: defaultdict(dict))


class CloudWatchMetrics:
    """`ports.Metrics` for one account and region."""

    def __init__(self, client: Any) -> None:
        """Take a boto3 `cloudwatch` client. Everything here only reads, so the client may retry by itself."""
        self._client = client

    def read(self, wants: Sequence[Want]) -> tuple[Numbers, ...]:
        """What was wanted, in the same order."""
        return tuple(self._read(want) for want in wants)

    def knows_config(self, endpoint: str, config: str) -> bool:
        """Whether CloudWatch shows that fleet's numbers apart."""
        return False

    def _read(self, want: Want) -> Numbers:
        return Numbers(want.window.start, want.period)

    def measure(self, subject: Subject, window: Window) -> Measurement:
        """One window as a whole.

        Percentiles are asked for with one period over the window: a p99 of many minutes is none of their p99s. If CloudWatch
        still answers with several periods, or the endpoint has several variants, they are combined weighted by their samples,
        which is close but no percentile in the strict sense.
        """
        streaming = subject.kind == "streaming"
        queries = _queries(streaming=streaming)
        found = self._fetch(subject.endpoint, subject.variants, window, whole_window_period(window), queries)
        requests = _total(found, "requests")
        measured = requests if requests is not None or not streaming else _total(found, "samples")
        return Measurement(
            window=window,
            p50_us=_weighted(found, "p50"),
            p90_us=_weighted(found, "p90"),
            p99_us=_weighted(found, "p99"),
            requests=measured,
            errors_4xx=_or_none_happened(_total(found, "errors_4xx"), requests),
            errors_5xx=_or_none_happened(_total(found, "errors_5xx"), requests),
            mid_stream_errors=_or_none_happened(_total(found, "mid_stream"), measured) if streaming else None,
        )

    def series(self, subject: Subject, window: Window, period: timedelta) -> tuple[Point, ...]:
        """The window period by period, oldest first; periods without any datapoint are left out."""
        streaming = subject.kind == "streaming"
        seconds = int(period.total_seconds())
        found = self._fetch(subject.endpoint, subject.variants, window, seconds, _queries(streaming=streaming))
        moments = sorted({at for variant in found for series in variant.series.values() for at in series})
        return tuple(_point(at, found, streaming=streaming) for at in moments)

    def traffic(
        self, endpoint: str, variants: Sequence[str], window: Window, period: timedelta, *, kind: EndpointKind
    ) -> tuple[TrafficPoint, ...]:
        """Requests period by period, oldest first; periods without any datapoint are left out.

        The window should begin and end on whole periods: CloudWatch begins its periods there.
        """
        queries = _traffic_queries(kind)
        found = self._fetch(endpoint, variants, window, int(period.total_seconds()), queries)
        requests: dict[datetime, float] = defaultdict(float)
        for variant in found:
            counted = next((variant.series[query.key] for query in queries if variant.series[query.key]), {})
            for at, value in counted.items():
                requests[at] += value
        return tuple(TrafficPoint(at=at, requests=requests[at]) for at in sorted(requests))

    def concurrency(self, endpoint: str, variants: Sequence[str], window: Window) -> float | None:
        """The most requests that were open at once, summed over the variants; None without data."""
        found = self._fetch(endpoint, variants, window, whole_window_period(window), (_CONCURRENCY,))
        highest = [max(values.values()) for variant in found if (values := variant.series[_CONCURRENCY.key])]
        return sum(highest) if highest else None

    def _fetch(
        self, endpoint: str, variants: Sequence[str], window: Window, period: int, queries: Sequence[_Query]
    ) -> list[_Variant]:
        # At most 10 production variants of 8 statistics each: well within the 500 queries of one call.
        owners = {f"v{place}_{query.key}": (place, query.key) for place in range(len(variants)) for query in queries}
        request = {
            "MetricDataQueries": [
                _metric_data_query(f"v{place}_{query.key}", endpoint, variant, query, period)
                for place, variant in enumerate(variants)
                for query in queries
            ],
            "StartTime": window.start,
            "EndTime": window.end,
            "ScanBy": "TimestampAscending",
        }
        found = [_Variant() for _ in variants]
        for query_id, at, value in self._datapoints(endpoint, request):
            place, key = owners[query_id]
            found[place].series[key][at] = value
        return found

    def _datapoints(self, endpoint: str, request: Mapping[str, Any]) -> Iterator[tuple[str, datetime, float]]:
        token: dict[str, str] = {}
        for _ in range(PAGES_LIMIT):
            with translated(OPERATION, ErrorSubject("metrics of endpoint", endpoint)):
                answer = self._client.get_metric_data(**request, **token)
            token = {"NextToken": answer["NextToken"]} if answer.get("NextToken") else {}
            for result in answer["MetricDataResults"]:
                _check(result, is_last_page=not token)
                for at, value in zip(result.get("Timestamps", ()), result.get("Values", ()), strict=True):
                    yield result["Id"], at.astimezone(UTC), float(value)
            if not token:
                return
        raise TransientError(OPERATION, f"CloudWatch did not come to an end after {PAGES_LIMIT} pages")


def _metric_data_query(query_id: str, endpoint: str, variant: str, query: _Query, period: int) -> dict[str, Any]:
    dimensions = [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": variant}]
    metric = {"Namespace": NAMESPACE, "MetricName": query.metric, "Dimensions": dimensions}
    # No Unit: a wrong one finds nothing, and CloudWatch converts none.
    return {"Id": query_id, "MetricStat": {"Metric": metric, "Period": period, "Stat": query.stat}}


def _check(result: Mapping[str, Any], *, is_last_page: bool) -> None:
    status = result.get("StatusCode", "Complete")
    if status == "Forbidden":
        raise AccessDenied(operation=OPERATION, code=status, message=str(result.get("Messages", "")))
    if status == "InternalError" or (status == "PartialData" and is_last_page):
        # Half of the numbers would look like all of them.
        raise TransientError(OPERATION, f"CloudWatch answered {status}")


def _total(variants: Iterable[_Variant], key: str) -> float | None:
    values = [value for variant in variants for value in variant.series[key].values()]
    return sum(values) if values else None


def _weighted(variants: Iterable[_Variant], key: str) -> float | None:
    pairs = [
        (value, variant.series["samples"].get(at, 0.0))
        for variant in variants
        for at, value in variant.series[key].items()
    ]
    if not pairs:
        return None
    if not (weight := sum(samples for _, samples in pairs)):
        return sum(value for value, _ in pairs) / len(pairs)
    return sum(value * samples for value, samples in pairs) / weight


def _or_none_happened(errors: float | None, requests: float | None) -> float | None:
    """No datapoint of an error metric means "no errors" only where requests are known to have been counted.

    SageMaker publishes 4XX and 5XX with every invocation, as 1 or 0, and MidStreamErrors only when there are any.
    """
    return 0.0 if errors is None and requests is not None else errors


def _point(at: datetime, variants: Sequence[_Variant], *, streaming: bool) -> Point:
    there = [
        _Variant(defaultdict(dict, {k: {at: s[at]} for k, s in variant.series.items() if at in s}))
        for variant in variants
    ]
    requests = _total(there, "requests")
    measured = requests if requests is not None or not streaming else _total(there, "samples")
    server_side = [
        _or_none_happened(_total(there, "errors_5xx"), requests),
        _or_none_happened(_total(there, "mid_stream"), measured) if streaming else None,
    ]
    known = [errors for errors in server_side if errors is not None]
    return Point(
        at=at,
        p50_us=_weighted(there, "p50"),
        p99_us=_weighted(there, "p99"),
        requests=measured,
        errors=sum(known) if known else None,
    )
