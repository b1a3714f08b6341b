"""Which alarms stand beside an endpoint, by kind, and where those that exist differ from the declared ones."""

from datetime import timedelta
from typing import Any

import pytest
from fakes.facts import a_spec

from bot.domain.alarms import Alarm
from bot.domain.fleet import KeptAlarms, Serverless, Watch
from bot.domain.kept_alarms import AlarmChange, alarm_drift, change_of, heeded_alarms, kept_alarm_names, kept_alarms

ALL = {
    "error_rate": 0.02,
    "mid_stream_errors": 3,
    "p99_ms": 800.0,
    "p50_ms": 100.0,
    "overhead_ms": 50.0,
    "backlog": 20,
}
TOPIC = "arn:aws:sns:us-east-1:123456789012:oncall"


def declared(kind: str = "realtime", **alarms: Any) -> Any:
    size = Serverless(memory_mb=1024, max_concurrency=5) if kind == "serverless" else None
    return a_spec(kind=kind, serverless=size, alarms=KeptAlarms(**alarms))


def standing(spec: Any, **changes: Any) -> dict[str, Alarm]:
    return {alarm.name: alarm.model_copy(update=changes) for alarm in kept_alarms(spec)}


def differences(spec: Any, there: dict[str, Alarm]) -> dict[str, tuple[str | None, str | None]]:
    return {d.path: (d.before, d.after) for d in alarm_drift(spec, there)}


@pytest.mark.parametrize(
    ("kind", "metrics"),
    [
        ("realtime", ["Invocation5XXErrors", "ModelLatency", "ModelLatency", "OverheadLatency"]),
        ("serverless", ["Invocation5XXErrors", "ModelLatency", "ModelLatency", "OverheadLatency"]),
        ("streaming", ["Invocation5XXErrors", "MidStreamErrors", "FirstChunkLatency", "FirstChunkLatency"]),
        ("async", ["Invocation5XXErrors", "ModelLatency", "ModelLatency", "ApproximateBacklogSize"]),
    ],
)
def test_each_kind_has_alarms_on_the_metrics_that_it_has(kind: str, metrics: list[str]) -> None:
    assert [alarm.metric for alarm in kept_alarms(declared(kind, **ALL))] == metrics


def test_ceilings_are_in_the_metrics_own_unit_and_quiet_minutes_are_no_breach() -> None:
    errors, p99 = kept_alarms(declared(error_rate=0.02, p99_ms=800.0, notify=(TOPIC,)))
    assert (errors.threshold, errors.statistic, p99.threshold, p99.statistic) == (0.02, "Average", 800_000, "p99")
    for alarm in (errors, p99):
        assert (alarm.period, alarm.datapoints_to_alarm, alarm.evaluation_periods) == (timedelta(minutes=1), 2, 3)
        assert (alarm.missing_data, alarm.notify) == ("notBreaching", (TOPIC,))
        assert alarm.dimensions == {"EndpointName": a_spec().name, "VariantName": "AllTraffic"}


def test_the_queue_of_an_async_endpoint_belongs_to_no_variant() -> None:
    (alarm,) = kept_alarms(declared("async", backlog=20))
    assert alarm.dimensions == {"EndpointName": a_spec().name}


def test_every_alarm_is_found_by_its_endpoints_name_alone() -> None:
    for kind in ("realtime", "streaming", "async"):
        spec = declared(kind, p90_ms=1.0, **ALL)
        assert {alarm.name for alarm in kept_alarms(spec)} <= set(kept_alarm_names(spec.name))


def test_inference_components_have_metrics_of_their_own_and_no_such_alarms() -> None:
    spec = a_spec(alarms=KeptAlarms(**ALL), watch=Watch(inference_components=("ic-a",)))
    assert kept_alarms(spec) == ()


def test_where_the_file_says_nothing_alarms_are_left_alone() -> None:
    there = standing(declared(error_rate=0.02))
    assert change_of(a_spec(), there) == AlarmChange()
    assert differences(a_spec(), there) == {}


def test_what_stands_as_declared_is_no_drift_whatever_state_it_is_in() -> None:
    spec = declared(**ALL)
    assert differences(spec, standing(spec, state="ALARM", state_reason="3 of 3", description="")) == {}


def test_what_is_missing_changed_or_not_declared_is_told_in_the_files_words() -> None:
    spec = declared(error_rate=0.02, p99_ms=800.0, p50_ms=100.0)
    there = standing(declared(error_rate=0.05, p90_ms=300.0, p50_ms=100.0))
    assert differences(spec, there) == {
        "alarms.error_rate": ("5 %", "2 %"),
        "alarms.p99_ms": (None, "800 ms"),
        "alarms.p90_ms": ("300 ms", None),
    }


def test_the_same_ceiling_over_another_time_is_told_as_the_whole_rule() -> None:
    spec = declared(p99_ms=800.0)
    assert differences(spec, standing(spec, evaluation_periods=5)) == {
        "alarms.p99_ms": (
            "p99 of ModelLatency above 800 ms in 2 of 5 datapoints of 1m",
            "p99 of ModelLatency above 800 ms in 2 of 3 datapoints of 1m",
        )
    }


def test_an_alarm_that_tells_somebody_else_is_told_by_the_topics_names() -> None:
    spec = declared(error_rate=0.02, notify=(TOPIC,))
    assert differences(spec, standing(spec, notify=())) == {"alarms.error_rate notify": ("nobody", "oncall")}


def test_a_watch_heeds_what_people_name_first_and_then_those_that_are_kept() -> None:
    spec = a_spec(alarms=KeptAlarms(error_rate=0.02), watch=Watch(alarms=("people-errors",)))
    assert heeded_alarms(spec) == ("people-errors", f"bot-{spec.name}.errors")
