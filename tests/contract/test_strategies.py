"""Strategies against botocore's model and the AWS stand-in: what is accepted is done as said, what is refused would not have been."""

from contextlib import suppress
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.validate import ParamValidator
from fakes.documents import service_model
from fakes.facts import a_spec
from fakes.records import opened
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sandbox_aws.local import LocalAws

from bot.domain.endpoint import ConfigRecord, Document
from bot.domain.fleet import Thresholds, Watch
from bot.domain.guardrails import alarms_for
from bot.domain.sizes import StepSize
from bot.domain.strategy import (
    FleetShape,
    Strategy,
    StrategyType,
    deployment_config,
    problems,
    shape_of,
    step_count,
    waits_of,
)
from sandbox.aws.errors import AwsError
from sandbox.aws.lifecycle import Stage
from workers.gateways.alarms import CloudWatchAlarms

ENDPOINT = "trial"
MINUTE = timedelta(minutes=1)
SHORTEST_WATCH = 2 * MINUTE
GUARDED = [t for t in StrategyType if t is not StrategyType.TWO_VARIANT]

COUNTS = st.lists(st.integers(1, 5), min_size=1, max_size=2)
SIZES = st.builds(StepSize, unit=st.just("percent"), value=st.integers(1, 60)) | st.builds(
    StepSize, unit=st.just("instances"), value=st.integers(1, 4)
)
BAKES = st.sampled_from([0, 60, 120, 600, 3_600, 3_660]).map(lambda seconds: timedelta(seconds=seconds))


@st.composite
def strategies(draw: st.DrawFn) -> Strategy:
    """Any strategy that could be sent, sound or not."""
    type_ = draw(st.sampled_from(GUARDED))
    return Strategy(type=type_, size=draw(SIZES) if type_.has_steps else None, bake=draw(BAKES))


def an_account(config: Document, kind: str = "realtime") -> tuple[LocalAws, FleetShape]:
    """An account with one endpoint in service on a config, and another config like it to go to."""
    aws = LocalAws()
    aws.stand_in.world.home().quotas.update({"L-2F737F8D": 100, "L-4B5D3F2C": 100})  # of ml.m5.xlarge, ml.inf1.xlarge
    for name in ("now", "next"):
        aws.ask("CreateEndpointConfig", EndpointConfigName=name, **config)
    aws.ask("CreateEndpoint", EndpointName=ENDPOINT, EndpointConfigName="now")
    aws.clock.advance(3_600)
    assert aws.describe(ENDPOINT)["EndpointStatus"] == "InService"
    is_marketplace = any(v["ModelName"].startswith("stt") for v in config["ProductionVariants"])
    return aws, shape_of(kind, config, is_marketplace=is_marketplace)  # type: ignore[arg-type]


def a_config(*counts: int, model: str = "sentiment-v3", instance_type: str = "ml.m5.xlarge") -> dict[str, Any]:
    return {
        "ProductionVariants": [
            {"VariantName": name, "ModelName": model, "InstanceType": instance_type, "InitialInstanceCount": count}
            for name, count in zip("AB", counts, strict=False)
        ]
    }


class Refused(Exception):
    """SageMaker calls the request invalid."""


def update(aws: LocalAws, document: Document | None) -> list[Stage]:
    """Start the update as the gateway does; the stages that the stand-in makes of it. Raises Refused."""
    request = {"EndpointName": ENDPOINT, "EndpointConfigName": "next", "RetainAllVariantProperties": True}
    if document is not None:
        request["DeploymentConfig"] = document
    report = ParamValidator().validate(request, service_model().operation_model("UpdateEndpoint").input_shape)
    assert not report.has_errors(), report.generate_report()
    try:
        aws.ask("UpdateEndpoint", **request)
    except AwsError as error:
        raise (Refused(error.message) if error.code == "ValidationException" else error) from error
    activity = aws.stand_in.world.home().endpoints[ENDPOINT].activity
    assert activity is not None
    return activity.timeline.stages


def bakes(stages: list[Stage]) -> list[Stage]:
    return [stage for stage in stages if stage.is_bake]


def bakes_long_enough(stages: list[Stage]) -> bool:
    return bool(bakes(stages)) and all(s.seconds >= SHORTEST_WATCH.total_seconds() for s in bakes(stages))


@settings(deadline=None, max_examples=80)
@given(strategies(), COUNTS)
def test_what_has_no_problem_is_taken_and_done_as_the_plan_says(strategy: Strategy, counts: list[int]) -> None:
    aws, shape = an_account(a_config(*counts))
    assume(not problems(strategy, shape, MINUTE))
    stages = update(aws, deployment_config(strategy, shape, ["errors", "latency"]))
    if not strategy.bake:
        assert not bakes(stages)
        return
    assert bakes_long_enough(stages)
    if len(counts) == 1:
        assert len(bakes(stages)) == step_count(strategy, shape)
        assert sum(stage.seconds for stage in bakes(stages)) == waits_of(strategy, shape).total_seconds()
        assert strategy.type is StrategyType.ALL_AT_ONCE or bakes(stages)[0].share <= 0.5


@settings(deadline=None, max_examples=80)
@given(strategies(), COUNTS)
def test_what_has_a_problem_would_be_refused_or_would_not_protect(strategy: Strategy, counts: list[int]) -> None:
    aws, shape = an_account(a_config(*counts))
    assume(problems(strategy, shape, MINUTE))
    with suppress(Refused):
        stages = update(aws, deployment_config(strategy, shape, ["errors"]))
        shares = [strategy.size.of(count) / count for count in counts] if strategy.size is not None else [0.0]
        assert not bakes_long_enough(stages) or max(shares) > 0.5


UNGUARDED = {
    "Marketplace": a_config(2, model="stt-prod-v1", instance_type="ml.g5.2xlarge"),
    "Inf1": a_config(2, instance_type="ml.inf1.xlarge"),
}


@pytest.mark.parametrize("kind", UNGUARDED)
@pytest.mark.parametrize(
    "strategy",
    [
        Strategy(type=StrategyType.ALL_AT_ONCE, bake=10 * MINUTE),
        Strategy(type=StrategyType.CANARY, size=StepSize(unit="percent", value=50), bake=10 * MINUTE),
        Strategy(type=StrategyType.LINEAR, size=StepSize(unit="percent", value=50), bake=10 * MINUTE),
        Strategy(type=StrategyType.ROLLING, size=StepSize(unit="percent", value=50), bake=10 * MINUTE),
    ],
)
def test_what_sagemaker_ignores_without_a_word_is_refused(kind: str, strategy: Strategy) -> None:
    aws, shape = an_account(UNGUARDED[kind])
    (problem,) = problems(strategy, shape, MINUTE)
    assert "without a word" in problem.why
    assert not bakes(update(aws, deployment_config(strategy, shape, ["errors"])))


@pytest.mark.parametrize("kind", UNGUARDED)
def test_all_at_once_without_a_bake_is_for_everybody_and_sends_no_policy(kind: str) -> None:
    aws, shape = an_account(UNGUARDED[kind])
    assert problems(Strategy(), shape, MINUTE) == ()
    assert deployment_config(Strategy(), shape, ["errors"]) is None
    assert not bakes(update(aws, None))


def test_sagemaker_is_sent_its_own_words() -> None:
    shape = shape_of("realtime", a_config(4), is_marketplace=False)
    canary = Strategy(type=StrategyType.CANARY, size=StepSize(unit="percent", value=25), bake=10 * MINUTE)
    assert deployment_config(canary, shape, ["errors"]) == {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {
                "Type": "CANARY",
                "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 25},
                "WaitIntervalInSeconds": 600,
            },
            "TerminationWaitInSeconds": 600,
            "MaximumExecutionTimeoutInSeconds": 4_500,
        },
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "errors"}]},
    }
    baking = Strategy(bake=10 * MINUTE)
    assert deployment_config(baking, shape, []) == {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0},
            "TerminationWaitInSeconds": 600,
            "MaximumExecutionTimeoutInSeconds": 3_300,
        }
    }


def test_rolling_is_undone_batch_by_batch_unless_the_whole_fleet_is_asked_for() -> None:
    shape = shape_of("realtime", a_config(4), is_marketplace=False)
    rolling = Strategy(type=StrategyType.ROLLING, size=StepSize(unit="instances", value=1), bake=10 * MINUTE)
    one = {"Type": "INSTANCE_COUNT", "Value": 1}
    careful = deployment_config(rolling, shape, ["errors"])
    assert careful is not None
    assert careful["RollingUpdatePolicy"] == {
        "MaximumBatchSize": one,
        "WaitIntervalInSeconds": 600,
        "RollbackMaximumBatchSize": one,
        "MaximumExecutionTimeoutInSeconds": (4 * 40 + 15) * 60,
    }
    quick = deployment_config(rolling, shape, ["errors"], undo_at_once=True)
    assert quick is not None
    assert "RollbackMaximumBatchSize" not in quick["RollingUpdatePolicy"]


def test_no_deployment_is_given_more_than_eight_hours() -> None:
    shape = shape_of("realtime", a_config(5), is_marketplace=False)
    slow = Strategy(type=StrategyType.ROLLING, size=StepSize(unit="percent", value=5), bake=60 * MINUTE)
    assert problems(slow, shape, MINUTE) == ()
    document = deployment_config(slow, shape, ["errors"])
    assert document is not None
    assert document["RollingUpdatePolicy"]["MaximumExecutionTimeoutInSeconds"] == (5 * 90 + 15) * 60
    longer = shape_of("realtime", a_config(6), is_marketplace=False)
    capped = deployment_config(slow, longer, ["errors"])
    assert capped is not None
    assert capped["RollingUpdatePolicy"]["MaximumExecutionTimeoutInSeconds"] == 28_800


class LocalCloudWatch:
    """boto3's `cloudwatch` client as far as the alarms' gateway uses it."""

    def __init__(self, aws: LocalAws) -> None:
        self._aws = aws

    def put_metric_alarm(self, **request: Any) -> None:
        self._aws.ask("PutMetricAlarm", "cloudwatch", **request)

    def get_paginator(self, operation: str) -> SimpleNamespace:
        assert operation == "describe_alarms"
        return SimpleNamespace(
            paginate=lambda **request: iter([self._aws.ask("DescribeAlarms", "cloudwatch", **request)])
        )


SPEC = a_spec(watch=Watch(thresholds=Thresholds(p99_ms=150.0)))
STEPWISE = [
    Strategy(bake=10 * MINUTE),
    Strategy(type=StrategyType.CANARY, size=StepSize(unit="instances", value=1), bake=10 * MINUTE),
    Strategy(type=StrategyType.LINEAR, size=StepSize(unit="percent", value=50), bake=5 * MINUTE),
    Strategy(type=StrategyType.ROLLING, size=StepSize(unit="percent", value=50), bake=2 * MINUTE),
]


@pytest.mark.parametrize("strategy", STEPWISE, ids=str)
@pytest.mark.parametrize(
    ("behaviour", "strength", "lands"),
    [
        ("slower-version", {"factor": 1.0}, True),
        ("slower-version", {"factor": 4.0}, False),
        ("erroring-version", {"ratio": 0.01}, True),
        ("erroring-version", {"ratio": 0.2}, False),
    ],
)
def test_the_rollouts_own_alarms_turn_back_a_bad_version_and_no_other(
    strategy: Strategy, behaviour: str, strength: dict[str, float], lands: bool
) -> None:
    aws = LocalAws(metric_delay_seconds=60)
    aws.new_config()
    aws.scenario(behaviour, **strength)
    spec_config = aws.ask("DescribeEndpointConfig", EndpointConfigName="next")
    target = ConfigRecord(name="next", arn="", document={"ProductionVariants": spec_config["ProductionVariants"]})
    shape = shape_of("realtime", target.document, is_marketplace=False)
    assert not problems(strategy, shape, SPEC.watch.metric_period)
    own = alarms_for(opened(), SPEC, target, strategy)
    for alarm in own:
        CloudWatchAlarms(LocalCloudWatch(aws)).create(alarm, {})
    policy = deployment_config(strategy, shape, [alarm.name for alarm in own])
    aws.ask("UpdateEndpoint", EndpointName=SPEC.name, EndpointConfigName="next", DeploymentConfig=policy)
    after = aws.until_settled()[-1]
    assert after["EndpointStatus"] == "InService"
    assert (after["EndpointConfigName"] == "next") is lands
