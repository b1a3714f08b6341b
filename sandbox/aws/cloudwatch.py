"""CloudWatch metrics: GetMetricData and ListMetrics over the generated traffic."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from .demand import Floats
from .errors import AwsError
from .listing import page
from .metric_names import HOST_METRICS, INVOCATION_METRICS
from .metrics import ONE_PER_REQUEST, MetricSource, Samples
from .statistics import is_simple, statistic
from .weeks import Weeks, are_few, can_summarise, sampled, summed
from .world import Call, Region, operation

if TYPE_CHECKING:
    from .sagemaker.endpoint import Endpoint

INVOCATIONS = "AWS/SageMaker"
HOSTS = "/aws/sagemaker/Endpoints"
MAX_QUERIES = 500
MAX_DATAPOINTS = 100_800
_ID = re.compile(r"[a-z][a-zA-Z0-9_]*")
_HIGH_RESOLUTION = {1, 5, 10, 20, 30}
_UNITS = {"Latency": "Microseconds", "ModelSetupTime": "Microseconds", "Utilization": "Percent"}


@operation("cloudwatch", "GetMetricData")
def get_metric_data(call: Call) -> dict[str, Any]:
    region, params = call.region, call.params
    queries = params["MetricDataQueries"]
    _check_queries(queries)
    if params["StartTime"] >= params["EndTime"]:
        raise _refused("The parameter StartTime must be less than the parameter EndTime.")
    window = _Window(region, params["StartTime"], params["EndTime"])
    points = []
    for query in queries:
        if query.get("ReturnData", True):
            found = window.datapoints(query)
            points += found if params.get("ScanBy") == "TimestampAscending" else found[::-1]
    size = min(params.get("MaxDatapoints") or MAX_DATAPOINTS, MAX_DATAPOINTS)
    chosen, more = page(points, params | {"size": size}, default=size, size="size")
    return {"MetricDataResults": _results(queries, chosen, bool(more)), "Messages": [], **more}


@operation("cloudwatch", "ListMetrics")
def list_metrics(call: Call) -> dict[str, Any]:
    params = call.params
    wanted = [(f["Name"], f.get("Value")) for f in params.get("Dimensions", [])]

    def fits(metric: dict[str, Any]) -> bool:
        dimensions = {d["Name"]: d["Value"] for d in metric["Dimensions"]}
        return (
            params.get("Namespace") in {None, metric["Namespace"]}
            and params.get("MetricName") in {None, metric["MetricName"]}
            and all(name in dimensions and value in {None, dimensions[name]} for name, value in wanted)
        )

    found = [metric for metric in _all_metrics(call.region) if fits(metric)]
    chosen, more = page(found, params, default=500)
    return {"Metrics": chosen, **more}


@dataclass(frozen=True)
class _Series:
    """A metric that exists, with its dimensions understood."""

    source: MetricSource
    metric: str
    variant: str
    config: str | None
    arrived: datetime  # nothing is known yet of what came later

    def samples(self, start: datetime, end: datetime) -> Samples:
        return self.source.samples(self.metric, self.variant, self.config, start, min(end, self.arrived))

    def summary(self, stat: str, start: datetime, end: datetime, period: int) -> list[tuple[datetime, float]]:
        """A statistic of so long a time that it is not computed from single requests."""
        compute = statistic(stat)
        if are_few(start, end, period):
            return self._few(stat, start, end, period)

        def exactly(since: datetime, until: datetime) -> Iterator[tuple[datetime, float]]:
            stretch = self.samples(since, until)
            return ((at, compute(values)) for at, values in per_period(stretch, since, until, period))

        weeks = Weeks(self.source, self.variant, self.config)
        return weeks.datapoints(self.metric, stat, start, min(end, self.arrived), period, exactly)

    def _few(self, stat: str, start: datetime, end: datetime, period: int) -> list[tuple[datetime, float]]:
        """A statistic of a few periods of hours or days."""
        if stat == "Sum":
            return summed(self.summary(stat, start, end, 60), start, period)
        compute, found = statistic(stat), []
        for at in (start + timedelta(seconds=begin) for begin in range(0, int((end - start).total_seconds()), period)):
            until = min(end, at + timedelta(seconds=period))
            values = np.concatenate([self.samples(*stretch).values for stretch in sampled(at, until)])
            if values.size:
                found.append((at, compute(values)))
        return found

    def counts(self, start: datetime, end: datetime, period: int) -> Iterator[tuple[datetime, float]]:
        """The number of requests in every period that has any, for periods of whole minutes."""
        minutes = self.source.requests_by_minute(self.variant, self.config, start, min(end, self.arrived))
        for index in range(0, minutes.size, period // 60):
            total = float(minutes[index : index + period // 60].sum())
            if total:
                yield start + timedelta(minutes=index), total


def _series(region: Region, metric: dict[str, Any]) -> _Series | None:
    """The series that a query names; None if there is none, for dimensions must match exactly."""
    dimensions = {d["Name"]: d["Value"] for d in metric.get("Dimensions", [])}
    with_config = "EndpointConfigName" in dimensions
    allowed = {"EndpointName", "VariantName"} | ({"EndpointConfigName"} if with_config else set())
    endpoint = region.endpoints.get(dimensions.get("EndpointName", ""))
    if endpoint is None or set(dimensions) != allowed:
        return None
    books = {INVOCATIONS: INVOCATION_METRICS, HOSTS: HOST_METRICS}
    if metric["MetricName"] not in books.get(metric["Namespace"], {}).get(endpoint.traffic.profile.kind, ()):
        return None
    if with_config and (metric["Namespace"] == HOSTS or not _tells_configs_apart(region, endpoint)):
        return None
    delay = region.world.scenarios.seconds("metric-delay", region.world.settings.metric_delay_seconds, endpoint.name)
    source = MetricSource(endpoint.name, endpoint.traffic, region.world.settings, region.world.demand)
    config, arrived = dimensions.get("EndpointConfigName"), region.now - timedelta(seconds=delay)
    return _Series(source, metric["MetricName"], dimensions["VariantName"], config, arrived)


def samples_of(region: Region, metric: dict[str, Any], start: datetime, end: datetime) -> Samples | None:
    """Raw samples of a metric that exists, as far as they have arrived; None if there is no such metric."""
    found = _series(region, metric)
    return found.samples(start, end) if found else None


def per_period(samples: Samples, start: datetime, end: datetime, period: float) -> Iterator[tuple[datetime, Floats]]:
    """The values of every period that has any, oldest first, with the instant at which it begins."""
    seconds, values = samples.seconds, samples.values
    if np.any(seconds[1:] < seconds[:-1]):  # fleets that shared the traffic come one after the other
        order = np.argsort(seconds, kind="stable")
        seconds, values = seconds[order], values[order]
    count = math.ceil((end - start).total_seconds() / period)
    edges = np.searchsorted(seconds, start.timestamp() + period * np.arange(count + 1))
    for index in np.flatnonzero(edges[1:] > edges[:-1]):
        yield start + timedelta(seconds=int(index) * period), values[edges[index] : edges[index + 1]]


def round_start(start: datetime, period: int, now: datetime) -> datetime:
    """CloudWatch rounds StartTime down: to the period for high resolution, else to 1, 5 or 60 minutes by its age."""
    if period in _HIGH_RESOLUTION:
        grain = period
    elif now - start <= timedelta(days=15):
        grain = 60
    else:
        grain = 300 if now - start <= timedelta(days=63) else 3600
    return datetime.fromtimestamp(start.timestamp() // grain * grain, UTC)


def check_period(period: int, start: datetime, now: datetime) -> None:
    """Refuse periods that CloudWatch does not keep for data of that age."""
    if period not in _HIGH_RESOLUTION and (period < 60 or period % 60):
        raise _refused(f"The value {period} for parameter Period is not 1, 5, 10, 20, 30 or a multiple of 60.")
    for days, grain in ((63, 3600), (15, 300)):
        if now - start > timedelta(days=days) and period % grain:
            raise _refused(f"Period must be a multiple of {grain} seconds for data that is older than {days} days.")
    if period < 60 and now - start > timedelta(hours=3):
        raise _refused("Period must be a multiple of 60 seconds for data that is older than 3 hours.")


def _check_queries(queries: list[dict[str, Any]]) -> None:
    if len(queries) > MAX_QUERIES:
        raise _refused(f"The collection MetricDataQueries must not have a size greater than {MAX_QUERIES}.")
    ids = [query["Id"] for query in queries]
    for identifier in ids:
        if not _ID.fullmatch(identifier):
            raise _refused(f"The value {identifier} for parameter Id does not match {_ID.pattern}.")
    if len(set(ids)) != len(ids):
        raise _refused("The values for parameter Id in the MetricDataQueries list are not unique.")
    for query in queries:
        if ("MetricStat" in query) == ("Expression" in query):
            raise _refused(f"Exactly one of MetricStat and Expression is required for query {query['Id']}.")
        if "Expression" in query:
            raise _refused(f"Error in expression '{query['Id']}': this stand-in does not evaluate expressions.")
        if (
            query["MetricStat"]["Metric"].get("MetricName") is None
            or query["MetricStat"]["Metric"].get("Namespace") is None
        ):
            raise _refused(f"MetricName and Namespace are required for query {query['Id']}.")


class _Window:
    """The stretch of time that a request asks for; queries for other statistics of one metric share its samples."""

    def __init__(self, region: Region, start: datetime, end: datetime) -> None:
        self._region = region
        self._start = start
        self._end = end
        self._known: dict[str, Samples | None] = {}

    def datapoints(self, query: dict[str, Any]) -> list[tuple[str, datetime, float]]:
        """Id of the query, instant and value of every period that has data, oldest first."""
        stat, metric = query["MetricStat"], query["MetricStat"]["Metric"]
        check_period(stat["Period"], self._start, self._region.now)
        compute = statistic(stat["Stat"])
        if stat.get("Unit") not in {None, _unit(metric["MetricName"])}:
            return []
        if not is_simple(stat["Stat"]) and metric["MetricName"] == "OverheadLatency":
            return []  # SageMaker publishes it as a statistic set, without percentiles
        begin = round_start(self._start, stat["Period"], self._region.now)
        if stat["Period"] % 60 == 0 and _is_a_count(metric["MetricName"], stat["Stat"]):
            counted = _series(self._region, metric)
            counts = counted.counts(begin, self._end, stat["Period"]) if counted else ()
            return [(query["Id"], at, count) for at, count in counts]
        if can_summarise(metric["MetricName"], stat["Stat"], begin, self._end, stat["Period"]):
            named = _series(self._region, metric)
            summary = named.summary(stat["Stat"], begin, self._end, stat["Period"]) if named else ()
            return [(query["Id"], at, value) for at, value in summary]
        key = repr((begin, metric))
        if key not in self._known:
            self._known[key] = samples_of(self._region, metric, begin, self._end)
        samples = self._known[key]
        if samples is None:
            return []
        periods = per_period(samples, begin, self._end, stat["Period"])
        return [(query["Id"], at, compute(values)) for at, values in periods]


def _results(
    queries: list[dict[str, Any]], points: list[tuple[str, datetime, float]], partial: bool
) -> list[dict[str, Any]]:
    """One result per query; while pages follow, the last query on this one is only partly answered."""
    results = {}
    for query in queries:
        if query.get("ReturnData", True):
            label = query.get("Label") or query["MetricStat"]["Metric"]["MetricName"]
            results[query["Id"]] = {
                "Id": query["Id"],
                "Label": label,
                "Timestamps": [],
                "Values": [],
                "StatusCode": "Complete",
            }
    for identifier, at, value in points:
        results[identifier]["Timestamps"].append(at)
        results[identifier]["Values"].append(value)
    if partial and points:
        results[points[-1][0]]["StatusCode"] = "PartialData"
    return list(results.values())


def _all_metrics(region: Region) -> Iterator[dict[str, Any]]:
    for endpoint in region.endpoints.values():
        for variant in endpoint.traffic.variants():
            sets = [{"EndpointName": endpoint.name, "VariantName": variant}]
            if _tells_configs_apart(region, endpoint):
                sets += [sets[0] | {"EndpointConfigName": c} for c in endpoint.traffic.config_names(variant)]
            yield from _metrics_of(endpoint, sets)


def _tells_configs_apart(region: Region, endpoint: Endpoint) -> bool:
    is_off = region.world.scenarios.is_on("no-config-metrics", endpoint.name)
    return region.world.settings.per_config_metrics and not is_off


def _metrics_of(endpoint: Endpoint, dimension_sets: list[dict[str, str]]) -> Iterator[dict[str, Any]]:
    kind = endpoint.traffic.profile.kind
    for namespace, names, sets in (
        (INVOCATIONS, INVOCATION_METRICS[kind], dimension_sets),
        (HOSTS, HOST_METRICS[kind], dimension_sets[:1]),
    ):
        for name in names:
            for dimensions in sets:
                shown = [{"Name": key, "Value": value} for key, value in dimensions.items()]
                yield {"Namespace": namespace, "MetricName": name, "Dimensions": shown}


def _is_a_count(metric: str, stat: str) -> bool:
    """Whether a statistic says nothing but how many requests there were."""
    return (metric, stat) == ("Invocations", "Sum") or (metric in ONE_PER_REQUEST and stat == "SampleCount")


def _unit(metric: str) -> str:
    return next((unit for part, unit in _UNITS.items() if part in metric), "None")


def _refused(message: str) -> AwsError:
    return AwsError("ValidationError", message)
