"""CloudWatch's rules for GetMetricData, and that the numbers behind it hold together."""

from __future__ import annotations

from datetime import datetime, timedelta
from statistics import fmean
from typing import Any

import pytest

from sandbox.aws.demand import QUIET_HOUR_UTC, Block, BlockCache

from .local import ALL_TRAFFIC, LocalAws

CONFIGS = {"sentiment-prod": "sentiment-prod-config-v3", "stt-prod": "stt-prod-config-v1"}


def query(
    metric: str,
    stat: str = "Sum",
    period: int = 60,
    endpoint: str = "sentiment-prod",
    namespace: str = "AWS/SageMaker",
    identifier: str = "q",
    **dimensions: str,
) -> dict[str, Any]:
    named = {"EndpointName": endpoint, "VariantName": ALL_TRAFFIC} | dimensions
    shown = [{"Name": name, "Value": value} for name, value in named.items()]
    asked = {"Namespace": namespace, "MetricName": metric, "Dimensions": shown}
    return {"Id": identifier, "MetricStat": {"Metric": asked, "Period": period, "Stat": stat}}


def data(aws: LocalAws, start: datetime, end: datetime, *queries: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    answer = aws.ask(
        "GetMetricData", "cloudwatch", StartTime=start, EndTime=end, MetricDataQueries=list(queries), **more
    )
    return list(answer["MetricDataResults"])


def series(aws: LocalAws, minutes: int, *args: Any, **kwargs: Any) -> list[float]:
    """Values of one query over the last minutes, oldest first."""
    now = aws.clock.now()
    start = now - timedelta(minutes=minutes)
    return list(data(aws, start, now, query(*args, **kwargs), ScanBy="TimestampAscending")[0]["Values"])


def total(aws: LocalAws, start: datetime, end: datetime) -> float:
    return sum(data(aws, start, end, query("Invocations"))[0]["Values"])


def latency(aws: LocalAws, minutes: int, stat: str = "p50") -> float:
    return series(aws, minutes, "ModelLatency", stat, 60 * minutes)[0]


def test_periods_start_inclusive_and_end_exclusive(aws: LocalAws) -> None:
    now = aws.clock.now()
    (result,) = data(aws, now - timedelta(minutes=10), now, query("Invocations"))
    assert len(result["Timestamps"]) == 10
    assert min(result["Timestamps"]) == now - timedelta(minutes=10)
    assert max(result["Timestamps"]) == now - timedelta(minutes=1)
    assert result["StatusCode"] == "Complete"


def test_newest_first_unless_asked_otherwise(aws: LocalAws) -> None:
    now = aws.clock.now()
    start = now - timedelta(minutes=5)
    (falling,) = data(aws, start, now, query("Invocations"))
    (rising,) = data(aws, start, now, query("Invocations"), ScanBy="TimestampAscending")
    assert falling["Timestamps"] == sorted(falling["Timestamps"], reverse=True)
    assert rising["Timestamps"] == falling["Timestamps"][::-1]
    assert rising["Values"] == falling["Values"][::-1]


def test_the_start_is_rounded_down_to_the_minute(aws: LocalAws) -> None:
    now = aws.clock.now()
    (result,) = data(aws, now - timedelta(minutes=3, seconds=-20), now, query("Invocations"))
    assert min(result["Timestamps"]) == now - timedelta(minutes=3)


def test_the_same_question_gets_the_same_answer_and_another_seed_another(aws: LocalAws) -> None:
    twin, stranger = LocalAws(), LocalAws(seed=8)
    asked = (60, "ModelLatency", "p99")
    assert series(aws, *asked) == series(twin, *asked) != series(stranger, *asked)


def test_counts_of_minutes_add_up_to_the_hour(aws: LocalAws) -> None:
    assert sum(series(aws, 60, "Invocations")) == series(aws, 60, "Invocations", "Sum", 3600)[0]
    assert sum(series(aws, 60, "Invocations", "Sum", 1)) == series(aws, 60, "Invocations", "Sum", 3600)[0]


def test_a_percentile_of_the_hour_lies_among_those_of_its_minutes_but_is_not_their_mean(aws: LocalAws) -> None:
    for stat in ("p50", "p90", "p99"):
        minutes = series(aws, 60, "ModelLatency", stat)
        (hour,) = series(aws, 60, "ModelLatency", stat, 3600)
        assert min(minutes) < hour < max(minutes)
    (p50,), (p90,), (p99,) = (series(aws, 60, "ModelLatency", stat, 3600) for stat in ("p50", "p90", "p99"))
    assert p50 < p90 < p99


def test_simple_statistics_agree_with_each_other(aws: LocalAws) -> None:
    found = {
        s: series(aws, 60, "ModelLatency", s, 3600)[0] for s in ("SampleCount", "Sum", "Average", "Minimum", "Maximum")
    }
    assert found["Sum"] / found["SampleCount"] == pytest.approx(found["Average"])
    assert found["Minimum"] < found["Average"] < found["Maximum"]
    assert series(aws, 60, "ModelLatency", "tm99", 3600)[0] < found["Average"]


def test_latency_is_in_microseconds(aws: LocalAws) -> None:
    assert 30_000 < latency(aws, 60) < 50_000


def test_error_metrics_carry_the_number_of_requests_as_sample_count(aws: LocalAws) -> None:
    (requests,) = series(aws, 60, "Invocations", "Sum", 3600)
    (samples,) = series(aws, 60, "Invocation5XXErrors", "SampleCount", 3600)
    (errors,) = series(aws, 60, "Invocation5XXErrors", "Sum", 3600)
    (ratio,) = series(aws, 60, "Invocation5XXErrors", "Average", 3600)
    assert samples == requests
    assert ratio == pytest.approx(errors / samples)


def test_every_instance_gets_its_share_of_the_invocations(aws: LocalAws) -> None:
    (all_of_them,) = series(aws, 60, "Invocations", "Sum", 3600)
    (each,) = series(aws, 60, "InvocationsPerInstance", "Sum", 3600)
    assert each == pytest.approx(all_of_them / 4)


def test_traffic_can_be_multiplied_without_loading_the_instances_more(aws: LocalAws) -> None:
    busy = LocalAws(traffic=5.0)
    assert sum(series(busy, 10, "Invocations")) / sum(series(aws, 10, "Invocations")) == pytest.approx(5, rel=0.05)
    gauge = (60, "ConcurrentRequestsPerModel", "Maximum", 3600, "stt-prod")
    assert series(busy, *gauge) == series(aws, *gauge)


def test_days_have_seasons(aws: LocalAws) -> None:
    hourly = series(aws, 24 * 60, "Invocations", "Sum", 3600)
    assert len(hourly) == 24
    assert max(hourly) > 2 * min(hourly)


@pytest.mark.parametrize("seed", range(5))
def test_every_day_of_a_week_is_quietest_at_two_in_the_morning(seed: int) -> None:
    aws = LocalAws(seed=seed)
    end = aws.clock.now()
    (week,) = data(aws, end - timedelta(days=7), end, query("Invocations", period=3600), ScanBy="TimestampAscending")
    counts = list(zip(week["Values"], week["Timestamps"], strict=True))
    assert len(counts) == 7 * 24
    assert [min(counts[day : day + 24])[1].hour for day in range(0, 168, 24)] == [QUIET_HOUR_UTC] * 7


def test_weeks_of_counts_agree_with_minutes_wherever_the_window_begins(aws: LocalAws) -> None:
    aws.update(RetainAllVariantProperties=True)
    aws.until_settled()
    aws.scenario("no-traffic")
    aws.clock.advance(700)
    aws.clock.advance(60 - aws.clock.now().second)
    end = aws.clock.now()
    for minutes in (180, 173):
        start = end - timedelta(minutes=minutes)
        for dimensions in ({}, {"EndpointConfigName": "next"}):
            by_hour = data(aws, start, end, query("Invocations", period=3600, **dimensions))[0]["Values"]
            by_second = data(aws, start, end, query("Invocations", period=1, **dimensions))[0]["Values"]
            samples = data(aws, start, end, query("ModelLatency", "SampleCount", 3600, **dimensions))[0]["Values"]
            assert sum(by_hour) == sum(by_second) == sum(samples)


class NothingDrawn(BlockCache):
    """Demand that can be counted, of which no single request can be had."""

    def get(self, endpoint: str, seed: int, number: int, requests_per_second: float) -> Block:
        raise AssertionError("requests were drawn")


@pytest.mark.parametrize(("endpoint", "metric"), [("sentiment-prod", "Invocations"), ("stt-prod", "FirstChunkLatency")])
def test_weeks_are_counted_without_drawing_a_single_request(aws: LocalAws, endpoint: str, metric: str) -> None:
    aws.stand_in.world.demand = NothingDrawn()
    end = aws.clock.now()
    aws.scenario("no-traffic", endpoint)  # from now on, which the hours before do not feel
    week = query(metric, "SampleCount", 3600, endpoint)
    assert len(data(aws, end - timedelta(days=7), end, week)[0]["Values"]) == 7 * 24


def test_measurements_do_not_depend_on_who_asks_about_which_window(aws: LocalAws) -> None:
    now = aws.clock.now()
    gauge = query("ConcurrentRequestsPerModel", "Maximum", 60, "stt-prod")
    long, short = (data(aws, now - timedelta(minutes=m), now, gauge)[0] for m in (95, 7))
    assert long["Values"][:7] == short["Values"]


def test_streams_have_first_chunk_latency_and_no_model_latency(aws: LocalAws) -> None:
    assert series(aws, 10, "ModelLatency", "p50", endpoint="stt-prod") == []
    assert len(series(aws, 10, "FirstChunkLatency", "p50", endpoint="stt-prod")) == 10
    (busiest,) = series(aws, 60, "ConcurrentRequestsPerModel", "Maximum", 3600, endpoint="stt-prod")
    (idlest,) = series(aws, 60, "ConcurrentRequestsPerModel", "Minimum", 3600, endpoint="stt-prod")
    assert 10 < idlest < busiest < 120


def test_mid_stream_errors_are_absent_while_there_are_none(aws: LocalAws) -> None:
    assert series(aws, 60, "MidStreamErrors", endpoint="stt-prod") == []
    aws.scenario("erroring-version", "stt-prod", when="always", ratio=0.1)
    aws.clock.advance(1800)
    (broken,) = series(aws, 30, "MidStreamErrors", "Sum", 1800, endpoint="stt-prod")
    (streams,) = series(aws, 30, "Invocations", "Sum", 1800, endpoint="stt-prod")
    assert broken / streams == pytest.approx(0.1, rel=0.3)


def test_serverless_has_set_up_times_and_no_instances(aws: LocalAws) -> None:
    assert series(aws, 60, "ModelSetupTime", "p50", 3600, endpoint="credibility")[0] > 1_000_000
    assert series(aws, 60, "InvocationsPerInstance", endpoint="credibility") == []
    assert (
        series(aws, 60, "CPUUtilization", "Average", endpoint="credibility", namespace="/aws/sagemaker/Endpoints") == []
    )


def test_asynchronous_endpoints_publish_no_invocations(aws: LocalAws) -> None:
    variant = {
        "VariantName": ALL_TRAFFIC,
        "ModelName": "product-perception-v1",
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    asynchronous = {"OutputConfig": {"S3OutputPath": "s3://bucket/out"}}
    aws.ask(
        "CreateEndpointConfig", EndpointConfigName="a", ProductionVariants=[variant], AsyncInferenceConfig=asynchronous
    )
    aws.ask("CreateEndpoint", EndpointName="batch", EndpointConfigName="a")
    aws.until_settled("batch")
    aws.clock.advance(600)
    assert series(aws, 10, "Invocations", endpoint="batch") == []
    assert series(aws, 10, "ModelLatency", "p50", endpoint="batch") != []


def test_hosts_report_utilisation_per_instance(aws: LocalAws) -> None:
    hosts = "/aws/sagemaker/Endpoints"
    (gpu,) = series(aws, 60, "GPUUtilization", "Average", 3600, endpoint="stt-prod", namespace=hosts)
    (samples,) = series(aws, 60, "GPUUtilization", "SampleCount", 3600, endpoint="stt-prod", namespace=hosts)
    assert 20 < gpu < 100
    assert samples == 2 * 360


def test_dimensions_must_match_exactly(aws: LocalAws) -> None:
    now = aws.clock.now()
    for shown in (
        [],
        [{"Name": "EndpointName", "Value": "sentiment-prod"}],
        [{"Name": "EndpointName", "Value": "SENTIMENT-PROD"}, {"Name": "VariantName", "Value": ALL_TRAFFIC}],
        [{"Name": "EndpointName", "Value": "sentiment-prod"}, {"Name": "VariantName", "Value": "Other"}],
    ):
        asked = query("Invocations")
        asked["MetricStat"]["Metric"]["Dimensions"] = shown
        assert data(aws, now - timedelta(minutes=5), now, asked)[0]["Values"] == []


def test_fleets_have_series_of_their_own_that_add_up(aws: LocalAws) -> None:
    begin = aws.clock.now()
    aws.update(RetainAllVariantProperties=True)
    aws.until_settled()
    aws.clock.advance(300)
    end = aws.clock.now()
    old, new, both = (
        sum(data(aws, begin, end, query("Invocations", **dimensions))[0]["Values"])
        for dimensions in ({"EndpointConfigName": CONFIGS["sentiment-prod"]}, {"EndpointConfigName": "next"}, {})
    )
    assert old > 0 < new
    assert old + new == both


def test_a_canary_takes_its_share_of_the_requests(aws: LocalAws) -> None:
    canary = {"Type": "CANARY", "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 25}, "WaitIntervalInSeconds": 3600}
    policy = {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": canary}}
    aws.update(RetainAllVariantProperties=True, DeploymentConfig=policy)
    aws.clock.advance(1200)
    aws.describe()
    (new,) = series(aws, 10, "Invocations", "Sum", 600, EndpointConfigName="next")
    (both,) = series(aws, 10, "Invocations", "Sum", 600)
    assert new / both == pytest.approx(0.25, abs=0.03)


def test_weights_divide_the_requests_among_variants(aws: LocalAws) -> None:
    variant = {"ModelName": "product-perception-v1", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    variants = [variant | {"VariantName": "A", "InitialVariantWeight": 9.0}, variant | {"VariantName": "B"}]
    aws.ask("CreateEndpointConfig", EndpointConfigName="two", ProductionVariants=variants)
    aws.ask("CreateEndpoint", EndpointName="split", EndpointConfigName="two")
    aws.until_settled("split")
    aws.clock.advance(3600)
    before = sum(series(aws, 59, "Invocations", endpoint="split", VariantName="B"))
    wanted = [{"VariantName": "A", "DesiredWeight": 0.0}]
    aws.ask("UpdateEndpointWeightsAndCapacities", EndpointName="split", DesiredWeightsAndCapacities=wanted)
    aws.until_settled("split")
    aws.clock.advance(3600)
    after = sum(series(aws, 59, "Invocations", endpoint="split", VariantName="B"))
    assert after / before == pytest.approx(10, rel=0.2)
    assert series(aws, 59, "Invocations", endpoint="split", VariantName="A") == []


def test_series_per_config_can_be_switched_off() -> None:
    aws = LocalAws(per_config_metrics=False)
    assert series(aws, 10, "Invocations", EndpointConfigName=CONFIGS["sentiment-prod"]) == []
    listed = aws.ask("ListMetrics", "cloudwatch", Namespace="AWS/SageMaker")["Metrics"]
    assert all(len(metric["Dimensions"]) == 2 for metric in listed)


def test_a_worse_version_shows_after_the_cutover(aws: LocalAws) -> None:
    arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/product-perception/2"
    aws.ask("CreateModel", ModelName="two", PrimaryContainer={"ModelPackageName": arn})
    aws.new_config("product-perception", ModelName="two")
    aws.ask("UpdateEndpoint", EndpointName="product-perception", EndpointConfigName="next")
    aws.until_settled("product-perception")
    aws.clock.advance(1800)
    ratio = fmean(series(aws, 30, "Invocation5XXErrors", "Average", endpoint="product-perception"))
    assert ratio == pytest.approx(0.05, rel=0.25)


def test_datapoints_may_arrive_late() -> None:
    aws = LocalAws(metric_delay_seconds=120)
    assert len(series(aws, 10, "Invocations")) == 8
    aws.scenario("metric-delay", None, seconds=300)
    assert len(series(aws, 10, "Invocations")) == 5


def test_datapoints_of_one_endpoint_alone_may_arrive_late(aws: LocalAws) -> None:
    aws.scenario("metric-delay", "stt-prod", seconds=300)
    assert len(series(aws, 10, "Invocations", endpoint="stt-prod")) == 5
    assert len(series(aws, 10, "Invocations")) == 10


def test_nothing_is_known_of_the_future_or_of_the_time_before_the_endpoint(aws: LocalAws) -> None:
    now = aws.clock.now()
    assert data(aws, now, now + timedelta(hours=1), query("Invocations"))[0]["Values"] == []
    assert (
        data(aws, now - timedelta(days=40), now - timedelta(days=35), query("Invocations", period=300))[0]["Values"]
        == []
    )


@pytest.mark.parametrize(
    ("minutes", "period", "accepted"),
    [
        (10, 1, True),
        (10, 15, False),
        (10, 90, False),
        (4 * 60, 30, False),
        (4 * 60, 60, True),
        (20 * 1440, 60, False),
        (20 * 1440, 300, True),
    ],
)
def test_periods_must_suit_the_age_of_the_data(aws: LocalAws, minutes: int, period: int, accepted: bool) -> None:
    now = aws.clock.now()
    ask = {
        "StartTime": now - timedelta(minutes=minutes),
        "EndTime": now - timedelta(minutes=minutes) + timedelta(minutes=5),
        "MetricDataQueries": [query("Invocations", period=period)],
    }
    if accepted:
        assert aws.ask("GetMetricData", "cloudwatch", **ask)["MetricDataResults"][0]["Values"]
    else:
        assert aws.refusal("GetMetricData", "cloudwatch", **ask).code == "ValidationError"


def test_malformed_queries_are_refused(aws: LocalAws) -> None:
    now = aws.clock.now()
    good = query("Invocations")
    window = {"StartTime": now - timedelta(minutes=5), "EndTime": now}
    for queries in (
        [good, good],
        [good | {"Id": "Upper"}],
        [{"Id": "none"}],
        [good | {"Expression": "q*2"}],
        [query("Invocations", "p101")],
        [query("Invocations", "median")],
        [good | {"Id": f"q{n}"} for n in range(501)],
    ):
        refusal = aws.refusal("GetMetricData", "cloudwatch", **window, MetricDataQueries=queries)
        assert refusal.code in {"ValidationError", "ValidationException"}
    refusal = aws.refusal("GetMetricData", "cloudwatch", StartTime=now, EndTime=now, MetricDataQueries=[good])
    assert "StartTime must be less" in refusal.message


def test_large_answers_come_in_pages_that_lose_nothing(aws: LocalAws) -> None:
    now = aws.clock.now()
    queries = [query("Invocations", identifier="a"), query("ModelLatency", "p50", identifier="b")]
    ask: dict[str, Any] = {"StartTime": now - timedelta(minutes=30), "EndTime": now, "MetricDataQueries": queries}
    whole = {r["Id"]: r["Values"] for r in aws.ask("GetMetricData", "cloudwatch", **ask)["MetricDataResults"]}
    gathered: dict[str, list[float]] = {"a": [], "b": []}
    statuses, token = [], None
    while True:
        answer = aws.ask(
            "GetMetricData", "cloudwatch", **ask, MaxDatapoints=25, **({"NextToken": token} if token else {})
        )
        for result in answer["MetricDataResults"]:
            gathered[result["Id"]] += result["Values"]
        statuses.append({r["StatusCode"] for r in answer["MetricDataResults"]})
        token = answer.get("NextToken")
        if token is None:
            break
    assert gathered == whole
    assert len(statuses) == 3
    assert statuses[0] == {"PartialData", "Complete"}


def test_list_metrics_filters_by_dimension(aws: LocalAws) -> None:
    filters = [{"Name": "EndpointName", "Value": "stt-prod"}, {"Name": "EndpointConfigName"}]
    found = aws.ask("ListMetrics", "cloudwatch", Namespace="AWS/SageMaker", Dimensions=filters)["Metrics"]
    assert {"FirstChunkLatency", "MidStreamErrors"} <= {metric["MetricName"] for metric in found}
    assert all({d["Value"] for d in m["Dimensions"]} == {"stt-prod", ALL_TRAFFIC, "stt-prod-config-v1"} for m in found)


def test_overhead_latency_has_no_percentiles(aws: LocalAws) -> None:
    assert series(aws, 10, "OverheadLatency", "p99") == []
    assert series(aws, 10, "OverheadLatency", "Average") != []


def test_a_wrong_unit_gives_nothing(aws: LocalAws) -> None:
    now = aws.clock.now()
    for unit, count in (("Microseconds", 5), ("Milliseconds", 0)):
        asked = query("ModelLatency", "p50")
        asked["MetricStat"]["Unit"] = unit
        assert len(data(aws, now - timedelta(minutes=5), now, asked)[0]["Values"]) == count
