"""Strategies by tables: which one it is, what stands against it, what it does in words."""

from datetime import timedelta
from typing import Any

import pytest

from bot.domain.fleet import Strategy as DeclaredStrategy
from bot.domain.sizes import StepSize
from bot.domain.strategy import (
    AskedStrategy,
    FleetShape,
    Strategy,
    StrategyType,
    VariantShape,
    alarm_period,
    cautions,
    choose,
    deployment_config,
    extra_instances,
    longest_duration,
    problems,
    shape_of,
    step_count,
    steps_of,
    waits_of,
    way_back,
)

MINUTE = timedelta(minutes=1)
TEN = timedelta(minutes=10)
ALL_AT_ONCE, CANARY, LINEAR, ROLLING, TWO_VARIANT = StrategyType
UNGUARDED = "SageMaker: no canary, no bake, no alarm. The bot watches after the cutover instead."


def percent(value: int) -> StepSize:
    return StepSize(unit="percent", value=value)


def instances(value: int) -> StepSize:
    return StepSize(unit="instances", value=value)


def a_fleet(*counts: int | None, **fields: Any) -> FleetShape:
    """Variants with so many instances; None for serverless capacity."""
    named = zip("ABCDEFGHIJ", counts or (4,), strict=False)
    types = frozenset({fields.pop("instance_type", "ml.m5.xlarge")})
    variants = tuple(VariantShape(name, count, types) for name, count in named)
    return FleetShape(**{"kind": "realtime", "variants": variants, **fields})


def a_strategy(type_: StrategyType, size: StepSize | None = None, bake: timedelta = TEN) -> Strategy:
    return Strategy(type=type_, size=size, bake=bake)


MARKETPLACE = a_fleet(2, is_marketplace=True, kind="streaming")
INF1 = a_fleet(4, instance_type="ml.inf1.xlarge")
SERVERLESS = a_fleet(None, kind="serverless")


# Which one it is.


@pytest.mark.parametrize(
    ("asked", "declared", "wanted"),
    [
        (None, {}, (ALL_AT_ONCE, None, timedelta(0))),
        (None, {"type": "canary", "size": "20%", "bake": "5m"}, (CANARY, percent(20), 5 * MINUTE)),
        (None, {"type": "canary", "size": 1}, (CANARY, instances(1), TEN)),
        (None, {"bake": "5m"}, (ALL_AT_ONCE, None, 5 * MINUTE)),
        ({"type": "canary"}, {}, (CANARY, percent(10), TEN)),
        ({"type": "linear"}, {}, (LINEAR, percent(25), TEN)),
        ({"type": "rolling"}, {}, (ROLLING, percent(25), TEN)),
        ({"type": "two-variant"}, {}, (TWO_VARIANT, percent(10), TEN)),
        ({"type": "all-at-once"}, {"type": "canary", "size": 1, "bake": "5m"}, (ALL_AT_ONCE, None, timedelta(0))),
        ({"type": "linear"}, {"type": "canary", "size": "1%", "bake": "5m"}, (LINEAR, percent(25), TEN)),
        ({"size": "50%"}, {"type": "canary", "size": 1, "bake": "5m"}, (CANARY, percent(50), 5 * MINUTE)),
        ({"bake": "0s"}, {"type": "canary", "size": 1, "bake": "5m"}, (CANARY, instances(1), timedelta(0))),
        ({"type": "canary", "size": "2", "bake": "1h"}, {"bake": "5m"}, (CANARY, instances(2), 60 * MINUTE)),
        ({"type": "canary", "size": None, "bake": None}, {}, (CANARY, percent(10), TEN)),
    ],
)
def test_the_command_wins_over_the_fleet_file_and_nothing_is_left_open(
    asked: dict[str, Any] | None, declared: dict[str, Any], wanted: tuple[Any, ...]
) -> None:
    command = AskedStrategy.model_validate(asked) if asked is not None else None
    chosen = choose(command, DeclaredStrategy.model_validate(declared), a_fleet(4))
    assert (chosen.type, chosen.size, chosen.bake) == wanted


@pytest.mark.parametrize(
    ("asked", "declared", "shape", "reason"),
    [
        (None, {}, MARKETPLACE, f"AWS Marketplace packages get nothing else from {UNGUARDED}"),
        (None, {}, INF1, f"Inf1 instances get nothing else from {UNGUARDED}"),
        (None, {}, SERVERLESS, "A serverless endpoint has no instances to shift step by step."),
        (
            None,
            {},
            a_fleet(),
            "Nothing else was asked for. The bot watches afterwards.",
        ),
        (None, {"type": "canary", "size": 1}, a_fleet(), "The fleet file says so."),
        (None, {"bake": "5m"}, a_fleet(), "The fleet file says so."),
        ({"type": "canary"}, {}, a_fleet(), "Asked for with this change; the fleet file says all-at-once."),
        ({"bake": "5m"}, {}, a_fleet(), "Asked for with this change."),
        ({"type": "canary"}, {"type": "canary", "size": 1}, a_fleet(), "Asked for with this change."),
    ],
)
def test_the_plan_says_why_it_is_this_one(
    asked: dict[str, Any] | None, declared: dict[str, Any], shape: FleetShape, reason: str
) -> None:
    command = AskedStrategy.model_validate(asked) if asked is not None else None
    assert choose(command, DeclaredStrategy.model_validate(declared), shape).reason == reason


def test_existing_alarms_come_along_wherever_sagemaker_watches() -> None:
    declared = DeclaredStrategy.model_validate({"type": "canary", "size": 1, "alarms": ["errors"]})
    assert choose(None, declared, a_fleet()).alarms == ("errors",)
    assert choose(AskedStrategy(type=LINEAR), declared, a_fleet()).alarms == ("errors",)
    assert choose(AskedStrategy(type=TWO_VARIANT), declared, a_fleet()).alarms == ()
    assert choose(AskedStrategy(type=ALL_AT_ONCE), declared, a_fleet()).alarms == ()


def test_a_rollback_is_all_at_once_and_waits_for_nothing() -> None:
    assert (way_back().type, way_back().bake, way_back().alarms) == (ALL_AT_ONCE, timedelta(0), ())
    assert deployment_config(way_back(), a_fleet(), ["a"]) is None


def test_a_strategy_is_named_with_its_size() -> None:
    assert [
        str(a_strategy(ALL_AT_ONCE)),
        str(a_strategy(CANARY, percent(10))),
        str(a_strategy(ROLLING, instances(1))),
    ] == [
        "all-at-once",
        "canary 10%",
        "rolling 1",
    ]


# What stands against it.

FITTING = [
    (a_strategy(ALL_AT_ONCE, bake=timedelta(0)), a_fleet(1)),
    (a_strategy(ALL_AT_ONCE, bake=timedelta(0)), MARKETPLACE),
    (a_strategy(ALL_AT_ONCE, bake=timedelta(0)), INF1),
    (a_strategy(ALL_AT_ONCE, bake=timedelta(0)), SERVERLESS),
    (a_strategy(ALL_AT_ONCE), a_fleet(1)),
    (a_strategy(ALL_AT_ONCE), a_fleet(1, kind="async")),
    (a_strategy(CANARY, percent(10)), a_fleet(2)),
    (a_strategy(CANARY, percent(50)), a_fleet(4, 2, 6)),
    (a_strategy(CANARY, instances(2)), a_fleet(4)),
    (a_strategy(CANARY, percent(10)), a_fleet(4, instance_type="ml.inf2.xlarge")),
    (a_strategy(CANARY, percent(10)), a_fleet(4, has_shadow=True)),
    (a_strategy(CANARY, percent(10)), a_fleet(4, kind="streaming")),
    (a_strategy(LINEAR, percent(10)), a_fleet(10)),
    (a_strategy(LINEAR, instances(1)), a_fleet(10)),
    (a_strategy(ROLLING, percent(5)), a_fleet(20)),
    (a_strategy(ROLLING, instances(1)), a_fleet(2)),
    (a_strategy(TWO_VARIANT, percent(99)), a_fleet(1)),
    (a_strategy(TWO_VARIANT, percent(1)), a_fleet(2, 3)),
    (a_strategy(TWO_VARIANT, percent(10)), MARKETPLACE),
    (a_strategy(TWO_VARIANT, percent(10)), INF1),
]


@pytest.mark.parametrize(("strategy", "shape"), FITTING)
def test_what_sagemaker_does_as_asked_has_no_problem(strategy: Strategy, shape: FleetShape) -> None:
    assert problems(strategy, shape, MINUTE) == ()


REFUSED = [
    (a_strategy(CANARY, percent(10)), MARKETPLACE, "canary for AWS Marketplace packages without a word", "two-variant"),
    (a_strategy(ALL_AT_ONCE), MARKETPLACE, "SageMaker takes a bake for AWS Marketplace", "--bake 0s"),
    (a_strategy(ROLLING, percent(50)), INF1, "rolling on Inf1 instances (ml.inf1.xlarge)", "move to Inf2"),
    (a_strategy(LINEAR, percent(50)), SERVERLESS, "linear for real-time and async endpoints only", "--bake 0s"),
    (a_strategy(ALL_AT_ONCE), SERVERLESS, "a bake for real-time and async endpoints only", "--bake 0s"),
    (
        a_strategy(ALL_AT_ONCE, percent(10), timedelta(0)),
        a_fleet(),
        "A size of 10% means nothing for all-at-once",
        "name a --strategy",
    ),
    (a_strategy(ALL_AT_ONCE, bake=MINUTE), a_fleet(), "A bake of 1m ends before an alarm", "--bake 2m or more"),
    (a_strategy(CANARY, percent(10)), a_fleet(1), "at least 2 instances, and A has 1 instance", "scale to 2"),
    (a_strategy(CANARY, percent(10)), a_fleet(0, kind="async"), "A has no instance", "scale to 2"),
    (
        a_strategy(CANARY, percent(50)),
        a_fleet(3),
        "50% of the 3 instances of A (2 when rounded up) is more",
        "--size 1 ",
    ),
    (a_strategy(CANARY, instances(3)), a_fleet(4), "3 of the 4 instances of A is more than 50 %", "--size 2 instead"),
    (a_strategy(CANARY, instances(2)), a_fleet(4, 3), "2 of the 3 instances of B", "--size 1 instead"),
    (a_strategy(CANARY, percent(60)), a_fleet(), "Canary takes from 1% to 50%, not 60%", "--size 50%"),
    (a_strategy(LINEAR, percent(5)), a_fleet(), "Linear takes from 10% to 50%, not 5%", "--size 10%"),
    (a_strategy(LINEAR, instances(1)), a_fleet(11), "1 of the 11 instances of A is less than 10 %", "--size 2 or more"),
    (a_strategy(ROLLING, instances(1)), a_fleet(21), "1 of the 21 instances of A is less than 5 %", "--size 2 or more"),
    (a_strategy(ROLLING, percent(50)), a_fleet(2, 2), "several variants from rolling, and this one has A, B", "canary"),
    (a_strategy(CANARY), a_fleet(), "Canary needs a size", "from 1% to 50%"),
    (a_strategy(CANARY, percent(10), timedelta(0)), a_fleet(), "A bake of 0s ends before an alarm", "--bake 2m"),
    (a_strategy(CANARY, percent(10), 61 * MINUTE), a_fleet(), "A bake of 61m is longer than 1h", "--bake 1h"),
    (
        a_strategy(LINEAR, percent(10), 60 * MINUTE),
        a_fleet(10),
        "about 11 hours 10 minutes, and SageMaker ends",
        "--size",
    ),
    (a_strategy(ROLLING, percent(5), 15 * MINUTE), a_fleet(20), "about 8 hours 20 minutes", "a shorter --bake"),
    (a_strategy(TWO_VARIANT, percent(10)), SERVERLESS, "serverless endpoints only one variant", "all-at-once"),
    (a_strategy(TWO_VARIANT, percent(10)), a_fleet(has_shadow=True), "exactly one production variant", "all-at-once"),
    (a_strategy(TWO_VARIANT, percent(10)), a_fleet(hosts_components=True), "inference components", "all-at-once"),
    (a_strategy(TWO_VARIANT, percent(10)), a_fleet(kind="async"), "in one queue", "--strategy canary"),
    (a_strategy(TWO_VARIANT, instances(1)), a_fleet(), "a share of the traffic, from 1% to 99%", "--size 10%"),
    (a_strategy(TWO_VARIANT, percent(100)), a_fleet(), "a share of the traffic, from 1% to 99%", "--size 10%"),
    (a_strategy(TWO_VARIANT), a_fleet(), "a share of the traffic", "--size 10%"),
]


@pytest.mark.parametrize(("strategy", "shape", "why", "instead"), REFUSED)
def test_what_sagemaker_would_refuse_or_ignore_is_refused_with_a_way_out(
    strategy: Strategy, shape: FleetShape, why: str, instead: str
) -> None:
    (problem,) = problems(strategy, shape, MINUTE)
    assert why in problem.why
    assert instead in problem.instead
    assert problem.why.endswith(".")
    assert problem.instead.endswith(".")


def test_every_problem_is_told_at_once_unless_sagemaker_would_ignore_it_all() -> None:
    hopeless = a_strategy(ROLLING, instances(5), timedelta(0))
    assert len(problems(hopeless, a_fleet(8, 8), MINUTE)) == 4  # two variants, a size for each, and the bake
    assert len(problems(hopeless, MARKETPLACE, MINUTE)) == 1


@pytest.mark.parametrize(
    ("metric_seconds", "alarm_seconds"),
    [(1, 10), (5, 10), (10, 10), (20, 20), (30, 30), (60, 60), (90, 120), (300, 300)],
)
def test_alarms_have_the_shortest_period_that_cloudwatch_gives_them(metric_seconds: int, alarm_seconds: int) -> None:
    assert alarm_period(timedelta(seconds=metric_seconds)) == timedelta(seconds=alarm_seconds)


def test_a_short_bake_is_enough_for_short_datapoints() -> None:
    brief = a_strategy(CANARY, percent(10), timedelta(seconds=20))
    assert problems(brief, a_fleet(), timedelta(seconds=1)) == ()
    (problem,) = problems(brief, a_fleet(), timedelta(seconds=20))
    assert "one datapoint takes 20 seconds" in problem.why


def test_two_variants_are_told_with_their_price_and_for_the_marketplace_as_unproven() -> None:
    two = a_strategy(TWO_VARIANT, percent(10))
    assert [c.what for c in cautions(two, a_fleet())] == [
        "At its widest, three fleets run: the present one, the second variant, and the target config's own."
    ]
    unproven, _ = cautions(two, MARKETPLACE)
    assert "are unproven" in unproven.what
    assert cautions(a_strategy(CANARY, percent(10)), a_fleet()) == ()


# What it comes to.


@pytest.mark.parametrize(
    ("strategy", "count", "steps", "waits", "longest", "extra"),
    [
        (a_strategy(ALL_AT_ONCE, bake=timedelta(0)), 4, 1, 0, 30, 4),
        (a_strategy(ALL_AT_ONCE), 4, 1, 10, 40, 4),
        (a_strategy(CANARY, percent(10)), 4, 2, 20, 60, 4),
        (a_strategy(LINEAR, percent(25)), 4, 4, 40, 80, 4),
        (a_strategy(LINEAR, percent(25)), 10, 4, 40, 80, 10),  # 3, 3, 3 and 1
        (a_strategy(LINEAR, percent(50)), 0, 1, 10, 50, 0),
        (a_strategy(ROLLING, percent(25)), 4, 4, 40, 160, 1),
        (a_strategy(ROLLING, instances(2)), 4, 2, 20, 80, 2),
        (a_strategy(TWO_VARIANT, percent(10)), 4, 2, 10, 70, 8),
    ],
)
def test_steps_waits_and_instances_are_counted(
    strategy: Strategy, count: int, steps: int, waits: int, longest: int, extra: int
) -> None:
    shape = a_fleet(count)
    assert step_count(strategy, shape) == steps
    assert waits_of(strategy, shape) == waits * MINUTE
    assert longest_duration(strategy, shape) == longest * MINUTE
    assert extra_instances(strategy, count) == extra


@pytest.mark.parametrize(
    ("strategy", "shape", "sentences"),
    [
        (
            a_strategy(ALL_AT_ONCE, bake=timedelta(0)),
            a_fleet(1),
            "Once the whole new fleet of 1 instance serves, all of the traffic moves to it at once, and the old fleet is deleted.",
        ),
        (
            a_strategy(ALL_AT_ONCE, bake=timedelta(0)),
            SERVERLESS,
            "Once the whole new fleet serves, all of the traffic moves to it at once, and the old fleet is deleted.",
        ),
        (
            a_strategy(ALL_AT_ONCE),
            a_fleet(2),
            "Once the whole new fleet of 2 instances serves, all of the traffic moves to it at once; the old fleet stays for 10 "
            "minutes more. An alarm in any of these 10 minutes of watching sends all traffic back to the old fleet.",
        ),
        (
            a_strategy(CANARY, percent(10)),
            a_fleet(4),
            "The whole new fleet of 4 instances starts beside the old one. 1 of 4 instances takes 25 % of the traffic for 10 "
            "minutes, then the rest. The old fleet stays for 10 minutes more, then it is deleted. An alarm in any of these 20 "
            "minutes of watching sends all traffic back to the old fleet.",
        ),
        (
            a_strategy(CANARY, percent(50)),
            a_fleet(2, 4),
            "The whole new fleet of 6 instances starts beside the old one. Of every variant, 50 % of the instances take their "
            "share of the traffic for 10 minutes, then the rest. The old fleet stays for 10 minutes more, then it is deleted. An "
            "alarm in any of these 20 minutes of watching sends all traffic back to the old fleet.",
        ),
        (
            a_strategy(LINEAR, instances(2)),
            a_fleet(4),
            "The whole new fleet of 4 instances starts beside the old one. 2 of 4 instances take 50 % of the traffic first, then "
            "as much again every 10 minutes: 2 steps. The old fleet stays for 10 minutes after the last step, then it is "
            "deleted. An alarm in any of these 20 minutes of watching sends all traffic back to the old fleet.",
        ),
        (
            a_strategy(LINEAR, instances(1)),
            a_fleet(2, 2),
            "The whole new fleet of 4 instances starts beside the old one. Of every variant, 1 instance takes its share of the "
            "traffic first, then as much again every 10 minutes: 2 steps. The old fleet stays for 10 minutes after the last "
            "step, then it is deleted. An alarm in any of these 20 minutes of watching sends all traffic back to the old fleet.",
        ),
        (
            a_strategy(ROLLING, instances(1), 90 * MINUTE / 60),
            a_fleet(4),
            "1 instance of 4 at a time, in 4 batches: started, given their share of the traffic, watched for 1 minute 30 "
            "seconds; then as many old ones are deleted. An alarm in any of these 6 minutes of watching brings the old "
            "instances back, batch by batch.",
        ),
        (
            a_strategy(TWO_VARIANT, percent(10)),
            a_fleet(2),
            "The new fleet starts as a second variant and takes 10% of the traffic for 10 minutes; both are compared side by "
            "side. Then all of the traffic moves to it by weight. Last, the endpoint goes on to the target config, where the new "
            "fleet bears the old variant's name. Until then, going back is a matter of seconds: the weights move back.",
        ),
    ],
)
def test_an_approver_reads_what_happens_to_the_traffic(strategy: Strategy, shape: FleetShape, sentences: str) -> None:
    assert " ".join(steps_of(strategy, shape)) == sentences


# Shapes.


def test_a_shape_is_read_from_the_config_and_live_counts_win() -> None:
    shape = shape_of(
        "realtime",
        {
            "ProductionVariants": [
                {"VariantName": "A", "ModelName": "m", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 2},
                {"VariantName": "B", "ModelName": "m", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 2},
                {"VariantName": "C", "ModelName": "m", "InstancePools": [{"InstanceType": "ml.inf1.xlarge"}]},
                {"VariantName": "D", "ModelName": "m", "ServerlessConfig": {"MaxConcurrency": 5}},
            ],
            "ShadowProductionVariants": [{"VariantName": "S"}],
        },
        is_marketplace=False,
        counts={"B": 5, "D": 3},
    )
    assert [v.instances for v in shape.variants] == [2, 5, 1, None]
    assert shape.counts == (2, 5, 1)
    assert shape.inf1_types == ("ml.inf1.xlarge",)
    assert (shape.is_serverless, shape.has_shadow, shape.hosts_components) == (True, True, False)


def test_a_variant_without_a_model_hosts_inference_components() -> None:
    config = {"ProductionVariants": [{"VariantName": "A", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}]}
    assert shape_of("realtime", config, is_marketplace=False).hosts_components


def test_a_slow_start_that_the_config_allows_is_given_its_time() -> None:
    slow = {"ModelDataDownloadTimeoutInSeconds": 3600, "ContainerStartupHealthCheckTimeoutInSeconds": 1800}
    config = {"ProductionVariants": [{"VariantName": "A", "ModelName": "m", "InitialInstanceCount": 2, **slow}]}
    shape = shape_of("realtime", config, is_marketplace=False)
    assert shape.longest_launch == 100 * MINUTE
    document = deployment_config(a_strategy(CANARY, percent(50)), shape, [])
    assert document is not None
    assert document["BlueGreenUpdatePolicy"]["MaximumExecutionTimeoutInSeconds"] == (100 + 30 + 15) * 60
    assert FleetShape("realtime", ()).longest_launch == 30 * MINUTE
