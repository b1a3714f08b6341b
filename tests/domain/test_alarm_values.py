"""Alarms as values."""

from datetime import timedelta
from typing import Any

import pytest
from fakes.clock import NOW

from bot.domain.alarms import Alarm, AlarmKind, AlarmState

ALARM = Alarm(
    name="bot-stt-prod-r7k2-errors",
    namespace="AWS/SageMaker",
    metric="Invocation5XXErrors",
    dimensions={"EndpointName": "stt-prod", "VariantName": "AllTraffic"},
    statistic="Average",
    period=timedelta(seconds=60),
    evaluation_periods=3,
    threshold=0.02,
)


def test_one_evaluation_looks_at_all_of_its_periods():
    assert ALARM.span == timedelta(minutes=3)


def test_a_composite_alarm_has_no_span_and_no_endpoint():
    composite = Alarm(name="all-bad", kind=AlarmKind.COMPOSITE)
    assert (composite.span, composite.endpoint) == (None, None)


def test_the_endpoint_is_the_one_of_the_dimensions():
    assert ALARM.endpoint == "stt-prod"


@pytest.mark.parametrize(
    "same",
    [
        {"state": AlarmState.ALARM, "state_reason": "Threshold Crossed", "since": NOW},
        {"description": "by hand"},
        {"datapoints_to_alarm": 3},
        {"dimensions": {"VariantName": "AllTraffic", "EndpointName": "stt-prod"}},
    ],
)
def test_state_words_and_spelling_do_not_make_another_rule(same: dict[str, Any]):
    assert ALARM.has_rule_of(ALARM.model_copy(update=same))


@pytest.mark.parametrize(
    "other",
    [
        {"threshold": 0.03},
        {"datapoints_to_alarm": 2},
        {"period": timedelta(seconds=10)},
        {"statistic": "p99"},
        {"missing_data": "breaching"},
        {"dimensions": {"EndpointName": "other"}},
    ],
)
def test_whatever_changes_when_it_goes_off_makes_another_rule(other: dict[str, Any]):
    assert not ALARM.has_rule_of(ALARM.model_copy(update=other))
