"""The CloudWatch gateway against botocore's service model."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import ANY
from fakes.memory import LapsingMemory

from bot.domain.errors import AccessDenied, TransientError
from bot.domain.signals import EndpointKind
from bot.domain.traffic import TrafficPoint
from bot.domain.verdict import Measurement, Point, Window
from workers.gateways.cloudwatch import CloudWatchMetrics, whole_window_period
from workers.gateways.remembering import Remembering
from workers.ports import Subject

from .clients import clock, scripted


def the_gateway(client: Any) -> CloudWatchMetrics:
    return CloudWatchMetrics(client, Remembering(LapsingMemory(clock), "own account in us-east-1"))


START = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
WINDOW = Window(start=START, end=START + timedelta(minutes=30))

Answered = Mapping[str, float | Mapping[int, float]]
"""Values by query id; by minute where there are several."""


def page(answered: Answered, status: str = "Complete", **members: Any) -> dict[str, Any]:
    results = []
    for query_id, values in answered.items():
        by_minute = values if isinstance(values, Mapping) else {0: values}
        results.append(
            {
                "Id": query_id,
                "StatusCode": status,
                "Timestamps": [START + timedelta(minutes=minute) for minute in by_minute],
                "Values": list(by_minute.values()),
            }
        )
    return {"MetricDataResults": results, **members}


def subject(endpoint: str, variants: str | tuple[str, ...], streaming: bool) -> Subject:
    names = (variants,) if isinstance(variants, str) else variants
    return Subject(endpoint, names, "streaming" if streaming else "realtime")


def measured(
    *pages: dict[str, Any], variants: tuple[str, ...] = ("A",), streaming: bool = False, window: Window = WINDOW
) -> Measurement:
    with scripted("cloudwatch") as (client, script):
        for answer in pages:
            script.add_response("get_metric_data", answer)
        return the_gateway(client).measure(subject("stt-prod", variants, streaming), window)


def series(answer: dict[str, Any], *, streaming: bool = False) -> tuple[Point, ...]:
    with scripted("cloudwatch") as (client, script):
        script.add_response("get_metric_data", answer)
        metrics = the_gateway(client)
        return metrics.series(subject("stt-prod", "A", streaming), WINDOW, timedelta(minutes=1))


# what is asked


def query(query_id: str, metric: str, stat: str, period: int) -> dict[str, Any]:
    dimensions = [{"Name": "EndpointName", "Value": "stt-prod"}, {"Name": "VariantName", "Value": "A"}]
    named = {"Namespace": "AWS/SageMaker", "MetricName": metric, "Dimensions": dimensions}
    return {"Id": query_id, "MetricStat": {"Metric": named, "Period": period, "Stat": stat}}


@pytest.mark.parametrize(
    ("streaming", "latency", "more"),
    [(False, "ModelLatency", ()), (True, "FirstChunkLatency", (("v0_mid_stream", "MidStreamErrors"),))],
)
def test_one_call_asks_for_everything_with_one_period_over_the_window(
    streaming: bool, latency: str, more: tuple[tuple[str, str], ...]
) -> None:
    stats = [("v0_p50", "p50"), ("v0_p90", "p90"), ("v0_p99", "p99"), ("v0_samples", "SampleCount")]
    counts = [
        ("v0_requests", "Invocations"),
        ("v0_errors_4xx", "Invocation4XXErrors"),
        ("v0_errors_5xx", "Invocation5XXErrors"),
        *more,
    ]
    asked = {
        "MetricDataQueries": [
            *(query(query_id, latency, stat, 1800) for query_id, stat in stats),
            *(query(query_id, metric, "Sum", 1800) for query_id, metric in counts),
        ],
        "StartTime": WINDOW.start,
        "EndTime": WINDOW.end,
        "ScanBy": "TimestampAscending",
    }
    with scripted("cloudwatch") as (client, script):
        script.add_response("get_metric_data", page({}), asked)
        the_gateway(client).measure(subject("stt-prod", "A", streaming), WINDOW)


@pytest.mark.parametrize(
    ("begins", "lasts", "period"),
    [
        (0, 60, 60),
        (0, 1800, 1800),
        (0, 3600, 3600),
        (0, 30, 30),
        (30, 90, 30),
        (10, 20, 10),
        (5, 600, 5),
        (3, 8, 1),
        (0.5, 8, 1),
        (0.5, 1800, 60),
    ],
)
def test_periods_fill_the_window_and_reach_over_none_of_its_ends(begins: float, lasts: float, period: int) -> None:
    start = START + timedelta(seconds=begins)
    assert whole_window_period(Window(start=start, end=start + timedelta(seconds=lasts))) == period


# what is answered


def test_numbers_are_read_as_published() -> None:
    found = measured(
        page(
            {
                "v0_p50": 120_000.0,
                "v0_p90": 200_000.0,
                "v0_p99": 410_000.0,
                "v0_samples": 990.0,
                "v0_requests": 1000.0,
                "v0_errors_4xx": 7.0,
                "v0_errors_5xx": 3.0,
            }
        )
    )
    assert found == Measurement(
        window=WINDOW,
        p50_us=120_000,
        p90_us=200_000,
        p99_us=410_000,
        requests=1000,
        errors_4xx=7,
        errors_5xx=3,
        mid_stream_errors=None,
    )
    assert found.error_rate == pytest.approx(0.003)


def test_no_datapoints_are_unknown_and_not_zero() -> None:
    assert measured(page({})) == Measurement(window=WINDOW)


def test_errors_are_none_of_many_when_requests_were_counted() -> None:
    found = measured(page({"v0_requests": 10.0, "v0_p50": 1.0, "v0_samples": 10.0}))
    assert (found.errors_4xx, found.errors_5xx, found.mid_stream_errors) == (0.0, 0.0, None)


def test_errors_without_any_count_of_requests_are_kept() -> None:
    found = measured(page({"v0_errors_5xx": 4.0}))
    assert (found.requests, found.errors_4xx, found.errors_5xx) == (None, None, 4.0)


def test_streams_are_counted_by_their_first_chunks_when_invocations_are_absent() -> None:
    found = measured(page({"v0_p50": 90.0, "v0_samples": 40.0}), streaming=True)
    assert found.requests == 40.0
    assert found.mid_stream_errors == 0.0
    assert found.errors_5xx is None, "SageMaker publishes it with invocations, and there were none"


def test_requests_of_an_ordinary_endpoint_are_never_guessed_from_latency_samples() -> None:
    assert measured(page({"v0_p50": 90.0, "v0_samples": 40.0})).requests is None


def test_several_variants_are_summed_and_their_percentiles_weighted_by_samples() -> None:
    found = measured(
        page(
            {
                "v0_p50": 100.0,
                "v0_samples": 300.0,
                "v0_requests": 300.0,
                "v1_p50": 200.0,
                "v1_samples": 100.0,
                "v1_requests": 100.0,
                "v1_errors_5xx": 2.0,
            }
        ),
        variants=("A", "B"),
    )
    assert (found.p50_us, found.requests, found.errors_5xx) == (125.0, 400.0, 2.0)


def test_several_periods_of_a_crooked_window_are_combined_by_samples() -> None:
    crooked = Window(start=START - timedelta(seconds=30), end=START + timedelta(minutes=30))
    found = measured(
        page({"v0_p99": {0: 100.0, 29: 400.0}, "v0_samples": {0: 10.0, 29: 20.0}, "v0_requests": {0: 10.0, 29: 20.0}}),
        window=crooked,
    )
    assert (found.p99_us, found.requests) == (300.0, 30.0)


def test_pages_are_read_to_the_end() -> None:
    first = page({"v0_requests": {0: 1.0}}, status="PartialData", NextToken="more")
    crooked = Window(start=START - timedelta(seconds=30), end=START + timedelta(minutes=30))
    assert measured(first, page({"v0_requests": {29: 2.0}, "v0_errors_5xx": 1.0}), window=crooked).requests == 3.0


def test_partial_data_without_a_next_page_is_no_measurement() -> None:
    with pytest.raises(TransientError):
        measured(page({"v0_requests": 1.0}, status="PartialData"))


def test_internal_error_of_one_metric_is_worth_trying_again() -> None:
    with pytest.raises(TransientError):
        measured(page({"v0_requests": 1.0}, status="InternalError"))


def test_forbidden_metric_names_the_permission() -> None:
    with pytest.raises(AccessDenied) as caught:
        measured(page({"v0_requests": 1.0}, status="Forbidden"))
    assert "GetMetricData" in caught.value.user_message


def test_throttling_is_worth_trying_again() -> None:
    with scripted("cloudwatch") as (client, script):
        script.add_client_error(
            "get_metric_data",
            "Throttling",
            "Rate exceeded",
            expected_params={k: ANY for k in ("MetricDataQueries", "StartTime", "EndTime", "ScanBy")},
        )
        with pytest.raises(TransientError) as caught:
            the_gateway(client).measure(subject("stt-prod", "A", False), WINDOW)
    assert not caught.value.outcome_unknown


# series


def test_series_is_oldest_first_and_leaves_out_what_was_not_published() -> None:
    points = series(
        page(
            {
                "v0_p50": {5: 3.0, 0: 1.0},
                "v0_p99": {0: 9.0},
                "v0_samples": {0: 1.0, 5: 1.0},
                "v0_requests": {0: 4.0},
                "v0_errors_5xx": {7: 1.0},
            }
        )
    )
    assert points == (
        Point(at=START, p50_us=1.0, p99_us=9.0, requests=4.0, errors=0.0),
        Point(at=START + timedelta(minutes=5), p50_us=3.0),
        Point(at=START + timedelta(minutes=7), errors=1.0),
    )


def test_series_of_streams_adds_errors_in_the_middle_of_streams() -> None:
    (point,) = series(
        page({"v0_p50": 1.0, "v0_samples": 8.0, "v0_mid_stream": 2.0, "v0_errors_5xx": 1.0}), streaming=True
    )
    assert (point.requests, point.errors) == (8.0, 3.0)


def test_empty_series_is_empty() -> None:
    assert series(page({})) == ()


# traffic


def traffic(
    kind: EndpointKind, answer: dict[str, Any], asked: list[tuple[str, str, str]], variants: tuple[str, ...] = ("A",)
) -> tuple[TrafficPoint, ...]:
    with scripted("cloudwatch") as (client, script):
        expected = {
            "MetricDataQueries": [query(query_id, metric, stat, 300) for query_id, metric, stat in asked] or ANY,
            "StartTime": WINDOW.start,
            "EndTime": WINDOW.end,
            "ScanBy": "TimestampAscending",
        }
        script.add_response("get_metric_data", answer, expected)
        return the_gateway(client).traffic(Subject("stt-prod", variants, kind), WINDOW, timedelta(minutes=5))


@pytest.mark.parametrize("kind", ["realtime", "serverless"])
def test_traffic_is_the_sum_of_invocations_by_period_and_silence_is_left_out(kind: EndpointKind) -> None:
    points = traffic(kind, page({"v0_requests": {10: 7.0, 0: 4.0}}), [("v0_requests", "Invocations", "Sum")])
    assert points == (
        TrafficPoint(at=START, requests=4.0),
        TrafficPoint(at=START + timedelta(minutes=10), requests=7.0),
    )


def test_asynchronous_requests_are_counted_by_their_latencies() -> None:
    points = traffic("async", page({"v0_samples": {0: 3.0}}), [("v0_samples", "ModelLatency", "SampleCount")])
    assert points == (TrafficPoint(at=START, requests=3.0),)


def test_streams_are_counted_by_their_first_chunks_where_no_invocations_are_published() -> None:
    asked = [("v0_samples", "FirstChunkLatency", "SampleCount"), ("v0_requests", "Invocations", "Sum")]
    (silent,) = traffic("streaming", page({"v0_samples": {0: 3.0}}), asked)
    (counted,) = traffic("streaming", page({"v0_requests": {0: 5.0}, "v0_samples": {0: 3.0}}), asked)
    assert (silent.requests, counted.requests) == (3.0, 5.0)


def test_traffic_of_several_variants_is_added_up() -> None:
    answer = page({"v0_requests": {0: 4.0}, "v1_requests": {0: 6.0, 5: 1.0}})
    points = traffic("realtime", answer, [], variants=("A", "B"))
    assert [point.requests for point in points] == [10.0, 1.0]


def concurrency(answer: dict[str, Any], *variants: str) -> float | None:
    with scripted("cloudwatch") as (client, script):
        script.add_response("get_metric_data", answer)
        return the_gateway(client).concurrency("stt-prod", variants, WINDOW)


def test_concurrency_is_the_highest_of_each_variant_added_up_and_unknown_without_data() -> None:
    assert concurrency(page({"v0_concurrency": {0: 3.0, 5: 8.0}, "v1_concurrency": {0: 2.0}}), "A", "B") == 10.0
    assert concurrency(page({}), "A") is None


def test_concurrency_is_asked_for_with_a_statistic_that_it_has() -> None:
    with scripted("cloudwatch") as (client, script):
        expected = {
            "MetricDataQueries": [query("v0_concurrency", "ConcurrentRequestsPerModel", "Maximum", 1800)],
            "StartTime": WINDOW.start,
            "EndTime": WINDOW.end,
            "ScanBy": "TimestampAscending",
        }
        script.add_response("get_metric_data", page({}), expected)
        the_gateway(client).concurrency("stt-prod", ["A"], WINDOW)
