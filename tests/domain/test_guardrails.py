"""The alarms that a rollout makes for itself."""

from datetime import timedelta
from typing import Any

import pytest
from fakes.facts import a_config, a_spec
from fakes.records import TARGET, opened

from bot.domain.alarms import Alarm
from bot.domain.fleet import EndpointSpec, Thresholds, Watch
from bot.domain.guardrails import alarms_for, fitting, left_out
from bot.domain.sizes import StepSize
from bot.domain.strategy import Strategy, StrategyType

CANARY = Strategy(
    type=StrategyType.CANARY, size=StepSize(unit="percent", value=10), bake=timedelta(minutes=10), alarms=("mine",)
)
ROLLOUT = opened()
CEILINGS = Thresholds(error_rate=0.02, mid_stream_error_rate=0.1, p50_ms=100.0, p90_ms=200.5, p99_ms=800.0)


def watched(thresholds: Thresholds = CEILINGS, period: timedelta = timedelta(minutes=1), **fields: Any) -> EndpointSpec:
    return a_spec(watch=Watch(thresholds=thresholds, metric_period=period), **fields)


def alarms(spec: EndpointSpec, *variants: str, strategy: Strategy = CANARY) -> tuple[Alarm, ...]:
    return alarms_for(ROLLOUT, spec, a_config(TARGET, *(variants or ("AllTraffic",))), strategy)


def ceilings(spec: EndpointSpec) -> list[tuple[Any, ...]]:
    return [(a.metric, a.statistic, a.threshold) for a in alarms(spec)]


def test_ceilings_of_the_fleet_file_become_alarms_in_sagemakers_units() -> None:
    assert ceilings(watched()) == [
        ("Invocation5XXErrors", "Average", 0.02),
        ("ModelLatency", "p99", 800_000.0),
        ("ModelLatency", "p90", 200_500.0),
        ("ModelLatency", "p50", 100_000.0),
    ]


def test_streams_are_watched_by_their_first_chunk_and_by_what_breaks_in_the_middle() -> None:
    assert ceilings(watched(kind="streaming")) == [
        ("Invocation5XXErrors", "Average", 0.02),
        ("MidStreamErrors", "Sum", 5),
        ("FirstChunkLatency", "p99", 800_000.0),
        ("FirstChunkLatency", "p90", 200_500.0),
        ("FirstChunkLatency", "p50", 100_000.0),
    ]


def test_without_ceilings_only_errors_send_the_traffic_back() -> None:
    assert ceilings(watched(Thresholds())) == [("Invocation5XXErrors", "Average", 0.05)]


def test_every_alarm_is_about_the_new_fleet_alone() -> None:
    for alarm in alarms(watched(kind="streaming"), "A", "B"):
        assert alarm.namespace == "AWS/SageMaker"
        assert alarm.dimensions["EndpointName"] == "sentiment-prod"
        assert alarm.dimensions["EndpointConfigName"] == TARGET
        assert alarm.dimensions["VariantName"] in ("A", "B")
        assert (alarm.comparison, alarm.missing_data) == ("GreaterThanThreshold", "notBreaching")
        assert ROLLOUT.id in alarm.description


def test_names_tell_whose_alarm_it_is_and_are_unique() -> None:
    assert [a.name for a in alarms(watched(Thresholds(p99_ms=1.0)))] == [
        f"bot-sentiment-prod-{ROLLOUT.id}-errors",
        f"bot-sentiment-prod-{ROLLOUT.id}-p99",
    ]
    names = [a.name for a in alarms(watched(kind="streaming"), "A", "B")]
    assert names[:2] == [f"bot-sentiment-prod-{ROLLOUT.id}-errors-A", f"bot-sentiment-prod-{ROLLOUT.id}-errors-B"]
    assert len(set(names)) == len(names) == 10


def test_the_longest_name_is_one_that_cloudwatch_takes() -> None:
    rollout = ROLLOUT.with_(id="r" * 64)
    config = a_config(TARGET, "v" * 63, "w" * 63)
    longest = alarms_for(rollout, watched(kind="streaming", name="e" * 63), config, CANARY)
    assert max(len(a.name) for a in longest) <= 255


@pytest.mark.parametrize(
    ("bake", "period", "alarm_period", "datapoints", "breaching"),
    [
        ("10m", "1m", 60, 3, 2),
        ("6m", "1m", 60, 3, 2),
        ("5m", "1m", 60, 2, 2),
        ("2m", "1m", 60, 1, 1),
        ("1m", "1s", 10, 3, 2),
        ("20s", "10s", 10, 1, 1),
        ("1h", "5m", 300, 3, 2),
        ("20s", "1m", 60, 1, 1),
    ],
)
def test_an_evaluation_takes_at_most_half_of_the_bake(
    bake: str, period: str, alarm_period: int, datapoints: int, breaching: int
) -> None:
    units = {"s": 1, "m": 60, "h": 3_600}
    baking = CANARY.model_copy(update={"bake": timedelta(seconds=int(bake[:-1]) * units[bake[-1]])})
    spec = watched(period=timedelta(seconds=int(period[:-1]) * units[period[-1]]))
    for alarm in alarms(spec, strategy=baking):
        assert alarm.period == timedelta(seconds=alarm_period)
        assert (alarm.evaluation_periods, alarm.datapoints_to_alarm) == (datapoints, breaching)


@pytest.mark.parametrize(
    "strategy",
    [
        Strategy(),
        Strategy(type=StrategyType.TWO_VARIANT, size=StepSize(unit="percent", value=10), bake=timedelta(minutes=10)),
    ],
)
def test_where_sagemaker_watches_nothing_no_alarm_is_made(strategy: Strategy) -> None:
    assert alarms(watched(), strategy=strategy) == ()


def test_peoples_own_alarms_go_first_and_what_is_left_out_is_known() -> None:
    spec, config = watched(kind="streaming"), a_config(TARGET, "A", "B")
    wanted = alarms_for(ROLLOUT, spec, config, CANARY)
    kept = fitting(wanted, ["one", "two", "three"])
    assert [a.metric for a in kept[:4]] == ["Invocation5XXErrors"] * 2 + ["MidStreamErrors"] * 2
    assert (len(wanted), len(kept)) == (10, 7)
    assert left_out(kept, spec, config) == 3
    assert fitting(wanted, ()) == wanted
    assert left_out(wanted, spec, config) == 0
    assert fitting(wanted, [str(n) for n in range(11)]) == ()
