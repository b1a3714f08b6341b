"""What preflight says about strategies and about the alarms that are to guard them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fakes.facts import ROLLBACK, UPDATE, a_spec, found
from fakes.records import CURRENT, ENDPOINT, TARGET, opened

from bot.domain.alarms import Alarm, AlarmKind, AlarmState
from bot.domain.fleet import Thresholds, Watch
from bot.domain.guardrails import alarms_for
from bot.domain.plan import Level
from bot.domain.preflight import Facts
from bot.domain.sizes import StepSize
from bot.domain.strategy import FleetShape, Strategy, StrategyType, VariantShape

TEN = timedelta(minutes=10)
TENTH = StepSize(unit="percent", value=10)
FLEET = FleetShape("realtime", (VariantShape("AllTraffic", 4),))


def a_canary(*alarms: str, bake: timedelta = TEN) -> Strategy:
    return Strategy(type=StrategyType.CANARY, size=TENTH, bake=bake, alarms=alarms)


def an_alarm(name: str = "mine", **fields: Any) -> Alarm:
    """A sound one: about this endpoint, quick enough, calm."""
    values: dict[str, Any] = {
        "namespace": "AWS/SageMaker",
        "metric": "ModelLatency",
        "dimensions": {"EndpointName": ENDPOINT, "VariantName": "AllTraffic"},
        "period": timedelta(minutes=1),
        "evaluation_periods": 3,
        "state": AlarmState.OK,
    }
    return Alarm(name=name, **{**values, **fields})


def guarded(strategy: Strategy, standing: Mapping[str, Alarm] | None = None, **fields: Any) -> Facts:
    spec = fields.pop("spec", a_spec())
    facts = replace(UPDATE, spec=spec, strategy=strategy, shape=FLEET, standing_alarms=standing, **fields)
    assert facts.target_config is not None
    return replace(facts, own_alarms=alarms_for(opened(), spec, facts.target_config, strategy))


def test_a_strategy_that_fits_needs_no_word() -> None:
    assert "strategy" not in found(guarded(a_canary(), {}))
    assert "strategy" not in found(guarded(Strategy(), {}))


def test_what_sagemaker_would_ignore_blocks_the_plan_with_a_way_out() -> None:
    marketplace = replace(FLEET, is_marketplace=True)
    finding = found(replace(guarded(a_canary(), {}), shape=marketplace))["strategy"]
    assert finding.level is Level.BLOCKER
    assert finding.text == (
        "SageMaker takes canary for AWS Marketplace packages without a word, then moves all traffic at once, watches no alarm "
        "and deletes the old fleet."
    )
    assert "--strategy all-at-once --bake 0s" in finding.next_step
    assert "alarms" not in found(replace(guarded(a_canary(), {}), shape=marketplace))


def test_several_problems_are_told_together_and_their_remedy_once() -> None:
    two = FleetShape("realtime", (VariantShape("A", 1), VariantShape("B", 1)))
    finding = found(replace(guarded(a_canary(bake=timedelta(0)), {}), shape=two))["strategy"]
    assert "A has 1 instance" in finding.text
    assert "B has 1 instance" in finding.text
    assert "A bake of 0s" in finding.text
    assert finding.next_step.count("scale to 2 first") == 1


def test_the_length_of_datapoints_is_the_endpoints_own() -> None:
    quick = a_spec(watch=Watch(metric_period=timedelta(seconds=10)))
    brief = a_canary(bake=timedelta(seconds=30))
    assert "strategy" not in found(guarded(brief, {}, spec=quick))
    assert found(guarded(brief, {}))["strategy"].level is Level.BLOCKER


def test_two_variants_are_a_warning() -> None:
    two = Strategy(type=StrategyType.TWO_VARIANT, size=TENTH, bake=TEN)
    finding = found(guarded(two, {}))["strategy"]
    assert finding.level is Level.WARNING
    assert "three fleets run" in finding.text


def test_a_way_back_is_never_held_up_by_strategies_or_alarms() -> None:
    hopeless = replace(ROLLBACK, strategy=a_canary("gone"), shape=FLEET, standing_alarms={})
    assert not {"strategy", "alarms"} & found(hopeless).keys()


def test_alarms_in_order_are_said_to_guard() -> None:
    spec = a_spec(watch=Watch(thresholds=Thresholds(p99_ms=800.0)))
    finding = found(guarded(a_canary("mine", "ours"), {n: an_alarm(n) for n in ("mine", "ours")}, spec=spec))["alarms"]
    assert finding.level is Level.OK
    assert finding.text == (
        "SageMaker goes back by itself on 2 alarms on the new fleet alone, made for this rollout, and the alarms mine, ours."
    )
    alone = found(guarded(a_canary(), {}))["alarms"].text
    assert alone == "SageMaker goes back by itself on 1 alarm on the new fleet alone, made for this rollout."


@pytest.mark.parametrize(
    ("alarm", "level", "words"),
    [
        (None, Level.BLOCKER, "There is no alarm mine in this account and region."),
        (
            an_alarm(dimensions={"EndpointName": "other"}),
            Level.BLOCKER,
            "The alarm mine is about the endpoint other, not sentiment-prod.",
        ),
        (
            an_alarm(dimensions={"EndpointName": ENDPOINT, "VariantName": "Gone"}),
            Level.BLOCKER,
            "The alarm mine is about the variant Gone, which the target config does not have.",
        ),
        (
            an_alarm(dimensions={"EndpointName": ENDPOINT, "EndpointConfigName": CURRENT}),
            Level.BLOCKER,
            f"The alarm mine looks at the config {CURRENT} only, so it never sees the new fleet.",
        ),
        (an_alarm(dimensions={"EndpointName": ENDPOINT, "EndpointConfigName": TARGET}), Level.OK, "and the alarm mine"),
        (an_alarm(dimensions={"EndpointName": ENDPOINT}), Level.OK, "and the alarm mine"),
        (
            an_alarm(kind=AlarmKind.COMPOSITE, dimensions={}, period=None),
            Level.WARNING,
            "The alarm mine is a composite alarm: whether it is about sentiment-prod cannot be told.",
        ),
        (
            an_alarm(namespace="AWS/ApplicationELB", dimensions={"LoadBalancer": "app/x"}),
            Level.WARNING,
            "The alarm mine names no endpoint in its dimensions",
        ),
        (
            an_alarm(evaluation_periods=11),
            Level.BLOCKER,
            "The alarm mine looks at 11 minutes, which is longer than the bake of 10 minutes: it could not go off in time.",
        ),
        (an_alarm(evaluation_periods=10), Level.OK, "and the alarm mine"),
        (
            an_alarm(state=AlarmState.ALARM),
            Level.BLOCKER,
            "The alarm mine is in ALARM already: SageMaker would roll back at once.",
        ),
        (
            an_alarm(state=AlarmState.INSUFFICIENT_DATA),
            Level.WARNING,
            "The alarm mine has no data (INSUFFICIENT_DATA): while that stays so it stops nothing.",
        ),
    ],
)
def test_an_alarm_that_people_named_must_be_able_to_stop_this_update(
    alarm: Alarm | None, level: Level, words: str
) -> None:
    finding = found(guarded(a_canary("mine"), {"mine": alarm} if alarm else {}))["alarms"]
    assert finding.level is level
    assert words in finding.text
    assert bool(finding.next_step) is (level is not Level.OK)


def test_blockers_are_told_without_the_warnings_beside_them() -> None:
    silent = an_alarm("silent", state=AlarmState.INSUFFICIENT_DATA)
    finding = found(guarded(a_canary("gone", "silent", "lost"), {"silent": silent}))["alarms"]
    assert (
        finding.text
        == "There is no alarm gone in this account and region. There is no alarm lost in this account and region."
    )
    assert finding.next_step.count("Correct alarms") == 1


def test_alarms_that_could_not_be_read_are_unknown_not_well() -> None:
    finding = found(guarded(a_canary("mine", "ours"), None))["alarms"]
    assert finding.level is Level.WARNING
    assert finding.text == "Whether the alarms mine, ours can be relied on is unknown: AWS did not say."
    assert "cloudwatch:DescribeAlarms" in finding.next_step


def test_alarms_that_there_is_no_room_for_are_counted() -> None:
    facts = guarded(a_canary(), {}, spec=a_spec(watch=Watch(thresholds=Thresholds(p99_ms=1.0, p90_ms=1.0))))
    assert "1 of the bot's own is left out" in found(replace(facts, own_alarms=facts.own_alarms[:2]))["alarms"].text
    assert "2 of the bot's own are left out" in found(replace(facts, own_alarms=facts.own_alarms[:1]))["alarms"].text
    gone = replace(facts, target_config=None, own_alarms=())
    assert found(gone)["alarms"].level is Level.OK
