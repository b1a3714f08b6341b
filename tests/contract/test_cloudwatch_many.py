"""CloudWatch asked about many endpoints at once: calls at its limits, numbers period by period, fleets told apart."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import ClientError
from fakes.memory import LapsingMemory

from bot.domain.errors import TransientError
from bot.domain.signals import EndpointKind
from bot.domain.verdict import Window
from workers.gateways.cloudwatch import CloudWatchMetrics
from workers.gateways.remembering import Remembering
from workers.ports import Measure, Series, Subject, Want

from .clients import clock, scripted

START = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LATENCIES = (Measure.P50, Measure.P90, Measure.P99)


class ScriptedCloudWatch:
    """Stands where boto3's client does: answers each query by its metric, and remembers what it was asked."""

    def __init__(self, values: Mapping[tuple[str, str, str], Mapping[int, float]] | None = None) -> None:
        self.values = values or {}
        """By owner (variant, component or config), metric and statistic: values by minute."""
        self.calls: list[dict[str, Any]] = []

    def get_metric_data(self, **request: Any) -> dict[str, Any]:
        self.calls.append(request)
        return {"MetricDataResults": [self._result(query) for query in request["MetricDataQueries"]]}

    def _result(self, query: Mapping[str, Any]) -> dict[str, Any]:
        stat = query["MetricStat"]
        owner = stat["Metric"]["Dimensions"][-1]["Value"]
        found = self.values.get((owner, stat["Metric"]["MetricName"], stat["Stat"]), {})
        return {
            "Id": query["Id"],
            "StatusCode": "Complete",
            "Timestamps": [START + minute * MINUTE for minute in found],
            "Values": list(found.values()),
        }

    @property
    def statistics(self) -> list[tuple[str, str, str]]:
        """Metric, statistic and the last dimension of each query."""
        return [
            (
                query["MetricStat"]["Metric"]["MetricName"],
                query["MetricStat"]["Stat"],
                query["MetricStat"]["Metric"]["Dimensions"][-1]["Value"],
            )
            for call in self.calls
            for query in call["MetricDataQueries"]
        ]


def gateway(client: Any, now: Any = clock) -> CloudWatchMetrics:
    return CloudWatchMetrics(client, Remembering(LapsingMemory(now), "own account in us-east-1"))


def want(
    *measures: Measure,
    endpoint: str = "e",
    kind: EndpointKind = "realtime",
    variants: tuple[str, ...] = ("A",),
    minutes: int = 3,
    **fields: Any,
) -> Want:
    subject = Subject(endpoint, variants, kind, **fields)
    return Want(subject, Window(start=START, end=START + minutes * MINUTE), MINUTE, measures)


def one(client: ScriptedCloudWatch, wanted: Want) -> Series:
    (series,) = gateway(client).read([wanted])
    return series


def same(found: Any, expected: Sequence[float]) -> None:
    np.testing.assert_array_equal(found, np.array(expected, dtype=float))


NAN = float("nan")


# what is answered


def test_numbers_stand_in_their_periods_and_silence_is_no_number() -> None:
    client = ScriptedCloudWatch({("A", "ModelLatency", "p50"): {2: 7.0, 0: 5.0}})
    series = one(client, want(Measure.P50))
    assert (series.start, series.period) == (START, MINUTE)
    same(series.of(Measure.P50), [5.0, NAN, 7.0])


def test_no_errors_are_zero_only_where_requests_were_counted() -> None:
    client = ScriptedCloudWatch(
        {("A", "Invocations", "Sum"): {0: 10.0, 1: 10.0}, ("A", "Invocation5XXErrors", "Sum"): {1: 2.0}}
    )
    series = one(client, want(Measure.REQUESTS, Measure.ERRORS_5XX))
    same(series.of(Measure.REQUESTS), [10.0, 10.0, NAN])
    same(series.of(Measure.ERRORS_5XX), [0.0, 2.0, NAN])


def test_asynchronous_requests_are_counted_by_their_latencies() -> None:
    client = ScriptedCloudWatch({("A", "ModelLatency", "SampleCount"): {0: 4.0}})
    series = one(client, want(Measure.REQUESTS, Measure.ERRORS_5XX, kind="async"))
    same(series.of(Measure.REQUESTS), [4.0, NAN, NAN])
    same(series.of(Measure.ERRORS_5XX), [0.0, NAN, NAN])
    assert "Invocations" not in {metric for metric, _, _ in client.statistics}


def test_streams_without_invocations_are_counted_by_their_first_chunks() -> None:
    client = ScriptedCloudWatch(
        {("A", "FirstChunkLatency", "SampleCount"): {0: 4.0, 1: 6.0}, ("A", "MidStreamErrors", "Sum"): {1: 1.0}}
    )
    series = one(client, want(Measure.REQUESTS, Measure.MID_STREAM_ERRORS, Measure.ERRORS_5XX, kind="streaming"))
    same(series.of(Measure.REQUESTS), [4.0, 6.0, NAN])
    same(series.of(Measure.MID_STREAM_ERRORS), [0.0, 1.0, NAN])
    same(series.of(Measure.ERRORS_5XX), [NAN, NAN, NAN])


def test_percentiles_of_several_variants_are_weighted_and_their_counts_added() -> None:
    client = ScriptedCloudWatch(
        {
            ("A", "ModelLatency", "p50"): {0: 100.0, 1: 100.0, 2: 100.0},
            ("A", "ModelLatency", "SampleCount"): {0: 300.0, 1: 300.0},
            ("A", "Invocations", "Sum"): {0: 300.0},
            ("B", "ModelLatency", "p50"): {0: 200.0, 2: 200.0},
            ("B", "ModelLatency", "SampleCount"): {0: 100.0},
            ("B", "Invocations", "Sum"): {0: 100.0},
        }
    )
    series = one(client, want(Measure.P50, Measure.REQUESTS, variants=("A", "B")))
    same(series.of(Measure.P50), [125.0, 100.0, 150.0])
    same(series.of(Measure.REQUESTS), [400.0, NAN, NAN])


def test_an_endpoint_without_variants_has_no_numbers() -> None:
    client = ScriptedCloudWatch()
    same(one(client, want(Measure.P50, Measure.REQUESTS, variants=())).of(Measure.P50), [NAN, NAN, NAN])
    assert client.calls == []


# what is asked


def test_one_variant_needs_no_weights() -> None:
    client = ScriptedCloudWatch()
    one(client, want(*LATENCIES))
    assert client.statistics == [("ModelLatency", stat, "A") for stat in ("p50", "p90", "p99")]


def test_cold_starts_of_serverless_endpoints_are_asked_for_by_their_median() -> None:
    client = ScriptedCloudWatch({("A", "ModelSetupTime", "p50"): {1: 2e6}})
    same(one(client, want(Measure.SETUP_TIME, kind="serverless")).of(Measure.SETUP_TIME), [NAN, 2e6, NAN])


def test_one_fleet_is_asked_for_by_its_config() -> None:
    client = ScriptedCloudWatch()
    one(client, want(Measure.P50, config="config-2"))
    (query,) = client.calls[0]["MetricDataQueries"]
    assert query["MetricStat"]["Metric"]["Dimensions"] == [
        {"Name": "EndpointName", "Value": "e"},
        {"Name": "VariantName", "Value": "A"},
        {"Name": "EndpointConfigName", "Value": "config-2"},
    ]


def test_inference_components_are_asked_for_in_place_of_variants() -> None:
    client = ScriptedCloudWatch()
    one(client, want(Measure.REQUESTS, Measure.CONCURRENCY, components=("c1", "c2"), config="config-2"))
    dimensions = [query["MetricStat"]["Metric"]["Dimensions"] for query in client.calls[0]["MetricDataQueries"]]
    named = [[{"Name": "InferenceComponentName", "Value": name}] for name in ("c1", "c1", "c2", "c2")]
    assert dimensions == named
    assert ("ConcurrentRequestsPerCopy", "Maximum", "c1") in client.statistics


def asked_by(client: ScriptedCloudWatch) -> list[int]:
    return [len(call["MetricDataQueries"]) for call in client.calls]


def test_a_hundred_endpoints_are_two_calls() -> None:
    client = ScriptedCloudWatch({("A", "ModelLatency", "p50"): {0: 5.0}})
    measures = (*LATENCIES, Measure.REQUESTS, Measure.ERRORS_5XX, Measure.ERRORS_4XX)
    series = gateway(client).read([want(*measures, endpoint=f"e{n}", minutes=8) for n in range(100)])
    assert asked_by(client) == [500, 100]
    assert len(series) == 100
    assert all(s.of(Measure.P50)[0] == 5.0 for s in series)
    ids = [query["Id"] for query in client.calls[0]["MetricDataQueries"]]
    assert len(set(ids)) == len(ids)


def test_each_window_is_asked_for_by_itself() -> None:
    client = ScriptedCloudWatch()
    gateway(client).read([want(Measure.P50, minutes=n) for n in (3, 8, 3)])
    assert asked_by(client) == [2, 1]
    ends = [call["EndTime"] for call in client.calls]
    assert ends == [START + 3 * MINUTE, START + 8 * MINUTE]


def test_two_weeks_of_minutes_keep_to_the_datapoints_of_one_call() -> None:
    client = ScriptedCloudWatch()
    one(client, want(*LATENCIES, Measure.REQUESTS, Measure.ERRORS_5XX, Measure.ERRORS_4XX, minutes=14 * 1440))
    assert asked_by(client) == [5, 1]


def test_nothing_wanted_is_nothing_asked() -> None:
    client = ScriptedCloudWatch()
    assert gateway(client).read([]) == ()
    assert client.calls == []


def test_half_an_answer_is_none() -> None:
    client = ScriptedCloudWatch()

    def partly(**request: Any) -> dict[str, Any]:
        return {"MetricDataResults": [{"Id": "w0_v0_p50", "StatusCode": "PartialData"}]}

    client.get_metric_data = partly  # type: ignore[method-assign]
    with pytest.raises(TransientError):
        one(client, want(Measure.P50))


# fleets


def fleet_listing(metric: str) -> dict[str, Any]:
    return {
        "Namespace": "AWS/SageMaker",
        "MetricName": metric,
        "Dimensions": [{"Name": "EndpointConfigName"}],
        "RecentlyActive": "PT3H",
    }


def shown(metric: str, endpoint: str, config: str) -> dict[str, Any]:
    named = {"EndpointName": endpoint, "VariantName": "A", "EndpointConfigName": config}
    dimensions = [{"Name": name, "Value": value} for name, value in named.items()]
    return {"Namespace": "AWS/SageMaker", "MetricName": metric, "Dimensions": dimensions}


def test_a_listing_tells_of_all_fleets_and_is_asked_for_once() -> None:
    with scripted("cloudwatch") as (client, script):
        first = {"Metrics": [shown("ModelLatency", "a", "a-2")], "NextToken": "more"}
        script.add_response("list_metrics", first, fleet_listing("ModelLatency"))
        second = {"Metrics": [shown("ModelLatency", "b", "b-2")]}
        script.add_response("list_metrics", second, {**fleet_listing("ModelLatency"), "NextToken": "more"})
        streams = {"Metrics": [shown("FirstChunkLatency", "stt", "stt-2")]}
        script.add_response("list_metrics", streams, fleet_listing("FirstChunkLatency"))
        metrics = gateway(client)
        known = [("a", "a-2"), ("b", "b-2"), ("stt", "stt-2")]
        assert all(metrics.knows_config(endpoint, config) for endpoint, config in known)
        assert not metrics.knows_config("a", "a-1")
        assert not metrics.knows_config("b", "a-2")


class Listing:
    """A client that lists what it is told to, and counts."""

    def __init__(self) -> None:
        self.fleets: list[tuple[str, str]] = []
        self.calls = 0
        self.error: ClientError | None = None

    def list_metrics(self, **request: Any) -> dict[str, Any]:
        self.calls += 1
        if self.error is not None:
            raise self.error
        return {"Metrics": [shown(request["MetricName"], *fleet) for fleet in self.fleets]}


class Moving:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def test_a_fleet_that_is_not_shown_yet_is_asked_for_again_and_one_that_was_is_not() -> None:
    client, now = Listing(), Moving()
    metrics = gateway(client, now)
    assert not metrics.knows_config("a", "a-2")
    client.fleets = [("a", "a-2")]
    assert not metrics.knows_config("a", "a-2"), "remembered for a minute"
    now.now += 2 * MINUTE
    assert metrics.knows_config("a", "a-2")
    calls = client.calls
    now.now += timedelta(hours=20)
    client.fleets = []
    assert metrics.knows_config("a", "a-2")
    assert client.calls == calls


def test_a_role_that_may_not_list_metrics_tells_fleets_apart_by_time_alone() -> None:
    client, now = Listing(), Moving()
    client.error = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ListMetrics")
    metrics = gateway(client, now)
    assert not metrics.knows_config("a", "a-2")
    assert not metrics.knows_config("b", "b-2")
    assert client.calls == 1
