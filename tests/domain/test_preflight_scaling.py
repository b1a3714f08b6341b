"""Preflight of instance counts and autoscaling."""

from dataclasses import replace
from typing import Any

import pytest
from fakes.facts import (
    BUSY,
    CALM,
    ROLLBACK,
    SCALE,
    SCALED,
    SUSPENDED,
    UPDATE,
    a_config,
    a_spec,
    a_target,
    found,
    with_instances,
)
from fakes.records import CURRENT, TARGET

from bot.domain.fleet.serving import Autoscaling
from bot.domain.plan import Difference, Level
from bot.domain.preflight import Facts
from bot.domain.rollout_parts import CountChange
from bot.domain.saga import ScalingMode
from bot.domain.scaling import Scaling

ASLEEP = Scaling(targets=(a_target(document={"MinCapacity": 2, "MaxCapacity": 8, "SuspendedState": SUSPENDED}),))


def to(count: int, variant: str = "AllTraffic") -> Facts:
    return replace(SCALE, count_change=CountChange(variant=variant, count=count))


@pytest.mark.parametrize(
    ("facts", "level", "text"),
    [
        (to(4), Level.OK, "AllTraffic can go from 2 to 4 instances."),
        (to(1), Level.OK, "AllTraffic can go from 2 to 1 instance."),
        (replace(to(4), snapshot=with_instances(None)), Level.OK, "AllTraffic can go to 4 instances."),
        (replace(to(4), scaling=None), Level.OK, "AllTraffic can go from 2 to 4 instances."),
        (
            replace(to(4), scaling=ASLEEP),
            Level.OK,
            "AllTraffic can go from 2 to 4 instances; its autoscaling is suspended.",
        ),
        (
            replace(to(4), scaling=SCALED),
            Level.WARNING,
            "AllTraffic goes from 2 to 4 instances, and autoscaling may change that again: it keeps it between 2 and 8 instances.",
        ),
        (
            replace(to(9), scaling=SCALED),
            Level.BLOCKER,
            "Autoscaling keeps AllTraffic between 2 and 8 instances, and would undo 9 at once.",
        ),
        (
            replace(to(1), scaling=SCALED),
            Level.BLOCKER,
            "Autoscaling keeps AllTraffic between 2 and 8 instances, and would undo 1 at once.",
        ),
        (to(4, "Other"), Level.BLOCKER, "The endpoint has no variant Other."),
        (
            replace(to(4), current_config=a_config(CURRENT, "AllTraffic", ServerlessConfig={})),
            Level.BLOCKER,
            "AllTraffic is serverless, so it has no instances to count.",
        ),
    ],
)
def test_a_live_count_is_held_against_what_is_there(facts: Facts, level: Level, text: str) -> None:
    finding = found(facts)["live_count"]
    assert (finding.level, finding.text) == (level, text)


def test_a_count_out_of_the_limits_says_what_to_ask_for() -> None:
    step = found(replace(to(9), scaling=SCALED))["live_count"].next_step
    assert step == "Ask for 2 to 8, or change the limits in Application Auto Scaling first."


@pytest.mark.parametrize(("count", "words"), [(2, "2 instances"), (1, "1 instance")])
def test_the_count_of_now_is_no_change(count: int, words: str) -> None:
    findings = found(replace(to(count), snapshot=with_instances(count)))
    assert findings["something_changes"].text == f"AllTraffic has {words} already."
    assert "live_count" not in findings


def test_an_update_changes_no_live_count() -> None:
    assert "live_count" not in found(replace(UPDATE, count_change=CountChange(variant="AllTraffic", count=4)))
    assert "live_count" not in found(replace(SCALE, count_change=None))


def test_live_counts_that_differ_from_the_config_are_told_to_stay() -> None:
    finding = found(replace(UPDATE, snapshot=with_instances(6)))["kept_counts"]
    assert finding.level is Level.OK
    assert (
        finding.text
        == "Live counts survive (RetainAllVariantProperties): AllTraffic keeps 6 instances, where its config says 2."
    )


@pytest.mark.parametrize(
    "facts",
    [
        UPDATE,
        ROLLBACK,
        replace(UPDATE, snapshot=with_instances(None)),
        replace(
            UPDATE,
            snapshot=with_instances(6),
            differences=(Difference(path="AllTraffic.InitialInstanceCount", before="2", after="4"),),
        ),
        replace(UPDATE, current_config=a_config(CURRENT, "AllTraffic", InitialInstanceCount=None)),
    ],
)
def test_counts_that_need_no_saving_are_not_spoken_of(facts: Facts) -> None:
    assert "kept_counts" not in found(facts)


@pytest.mark.parametrize("facts", [UPDATE, ROLLBACK])
def test_autoscaling_is_suspended_and_resumed(facts: Facts) -> None:
    finding = found(replace(facts, scaling=SCALED))["autoscaling"]
    assert finding.level is Level.OK
    assert finding.text == (
        "Autoscaling is suspended for the update and resumes afterwards (AllTraffic: 2 to 8 instances, policy hold-200, "
        "scheduled action mornings)."
    )


def test_autoscaling_that_stands_still_already_is_not_said_to_resume() -> None:
    for facts in (UPDATE, ROLLBACK, SCALE):
        findings = found(replace(facts, scaling=ASLEEP))
        assert "autoscaling" not in findings
        assert findings["scaling_off"].level is Level.WARNING
        assert findings["scaling_off"].text.startswith(
            "Autoscaling is suspended already, and stays so: AllTraffic: 2 to 8"
        )


def test_autoscaling_that_the_fleet_file_wants_and_that_is_gone_is_told() -> None:
    spec = a_spec(autoscaling=Autoscaling(min=2, max=8, target=200.0))
    finding = found(replace(UPDATE, spec=spec))["scaling_off"]
    assert finding.text == ("The fleet file wants AllTraffic to scale from 2 to 8 instances, but nothing scales it.")
    assert "scaling_off" not in found(replace(UPDATE, spec=spec, scaling=SCALED))
    assert "scaling_off" not in found(replace(UPDATE, spec=spec, scaling=None)), "unknown is not gone"


def test_autoscaling_that_is_in_the_way_is_removed_and_put_back() -> None:
    finding = found(replace(UPDATE, scaling=SCALED, scaling_mode=ScalingMode.DEREGISTER))["autoscaling"]
    assert finding.level is Level.WARNING
    assert "policies and scheduled actions are saved, removed for the update, and put back afterwards" in finding.text


def test_step_scaling_that_comes_back_names_the_alarms_that_will_not_find_it() -> None:
    triggered = Scaling(targets=(SCALED.targets[0].model_copy(update={"step_alarms": ("cpu-high", "cpu-low")}),))
    removed = replace(UPDATE, scaling=triggered, scaling_mode=ScalingMode.DEREGISTER)
    assert found(removed)["autoscaling"].next_step == (
        "Step scaling comes back under a new ARN. Afterwards, point what triggers it at the new policy: cpu-high, cpu-low."
    )
    untouched = replace(UPDATE, scaling=triggered, scaling_mode=ScalingMode.SUSPEND)
    assert not found(untouched)["autoscaling"].next_step


def test_autoscaling_that_cannot_be_read_is_unknown_and_not_absent() -> None:
    finding = found(replace(UPDATE, scaling=None))["autoscaling"]
    assert finding.level is Level.WARNING
    assert "could not be told" in finding.text
    assert not {"scaling_pause", "scaling_target"} & found(replace(UPDATE, scaling=None, traffic=BUSY)).keys()


@pytest.mark.parametrize("facts", [UPDATE, replace(SCALE, scaling=SCALED)])
def test_nothing_is_taken_away_where_nothing_is_in_the_way(facts: Facts) -> None:
    assert "autoscaling" not in found(facts)


@pytest.mark.parametrize(
    ("live", "step"),
    [
        (4, "Choose a quieter hour. Or scale out first: scale sentiment-prod --count 6."),
        (7, "Choose a quieter hour. Or scale out first: scale sentiment-prod --count 8."),
        (8, "Choose a quieter hour."),
        (None, "Choose a quieter hour."),
    ],
)
def test_nothing_scales_out_during_an_update_at_a_busy_time(live: int | None, step: str) -> None:
    finding = found(replace(UPDATE, scaling=SCALED, traffic=BUSY, snapshot=with_instances(live)))["scaling_pause"]
    assert finding.level is Level.WARNING
    assert finding.text == "The endpoint is busy now, and AllTraffic cannot scale out while the update runs."
    assert finding.next_step == step


def test_of_several_variants_the_one_to_scale_is_named() -> None:
    two = a_config(CURRENT, "A", "B")
    scaled = Scaling(targets=(a_target(variant="B"),))
    facts = replace(UPDATE, current_config=two, scaling=scaled, traffic=BUSY, snapshot=with_instances(4, "B"))
    assert found(facts)["scaling_pause"].next_step.endswith("scale sentiment-prod --count 6 --variant B.")


@pytest.mark.parametrize(
    "facts",
    [
        replace(UPDATE, scaling=SCALED, traffic=CALM),
        replace(UPDATE, scaling=SCALED, traffic=None),
        replace(UPDATE, scaling=ASLEEP, traffic=BUSY),
        replace(UPDATE, traffic=BUSY),
        replace(SCALE, scaling=SCALED, traffic=BUSY),
    ],
)
def test_a_pause_of_scaling_that_hurts_nobody_is_not_spoken_of(facts: Facts) -> None:
    assert "scaling_pause" not in found(facts)


POOLS = [{"InstanceType": "ml.g5.xlarge"}, {"InstanceType": "ml.g6.xlarge"}]


def moving_to(**fields: Any) -> Facts:
    return replace(UPDATE, scaling=SCALED, target_config=a_config(TARGET, "AllTraffic", **fields))


def test_a_target_per_instance_was_chosen_for_another_type() -> None:
    finding = found(moving_to(InstanceType="ml.m5.4xlarge"))["scaling_target"]
    assert finding.level is Level.WARNING
    assert finding.text == (
        "Autoscaling of AllTraffic holds SageMakerVariantInvocationsPerInstance at 200, chosen for ml.m5.xlarge; it will run on "
        "ml.m5.4xlarge."
    )


def test_one_target_cannot_fit_a_mixed_fleet() -> None:
    finding = found(moving_to(InstanceType=None, InstancePools=POOLS))["scaling_target"]
    assert finding.text == (
        "Autoscaling of AllTraffic holds SageMakerVariantInvocationsPerInstance at 200, one value for instances of ml.g5.xlarge "
        "and ml.g6.xlarge."
    )


@pytest.mark.parametrize(
    "facts",
    [
        replace(UPDATE, scaling=SCALED),
        replace(moving_to(InstanceType="ml.m5.4xlarge"), scaling=Scaling(targets=(a_target(policies=()),))),
        replace(UPDATE, scaling=SCALED, target_config=a_config(TARGET, "Other")),
        replace(UPDATE, scaling=SCALED, target_config=None),
        moving_to(InstanceType=None, ServerlessConfig={}),
        replace(SCALE, scaling=SCALED),
    ],
)
def test_a_target_that_still_fits_is_not_spoken_of(facts: Facts) -> None:
    assert "scaling_target" not in found(facts)
