"""Drift: what differs from the fleet file, field by field, and what somebody else moved."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fakes.clock import NOW
from fakes.facts import a_config, a_marketplace_package, a_package, a_snapshot, a_spec, a_target
from fakes.records import CURRENT, TARGET, a_plan, at, rollback_at

from bot.domain.board import OutsideChange
from bot.domain.drift import ROLLOUT_TAG, TRIAL_TAG, Running, drift_of, was_moved
from bot.domain.endpoint import ModelRecord, VariantState
from bot.domain.fleet import Autoscaling, Serverless
from bot.domain.masking import MASK
from bot.domain.phases import Kind, Phase
from bot.domain.rollout import Rollout
from bot.domain.scaling import Scaling
from bot.domain.sighting import Sighting

ROLE = "arn:aws:iam::123456789012:role/sagemaker"


def a_model(**environment: str) -> ModelRecord:
    container = {"ModelPackageName": a_package().arn, "Environment": environment}
    return ModelRecord(name="m", arn="arn:m", document={"PrimaryContainer": container, "ExecutionRoleArn": ROLE})


def running(**fields: Any) -> Running:
    known = {
        "snapshot": a_snapshot(),
        "config": a_config(CURRENT, "AllTraffic"),
        "models": {"m": a_model(LOG_LEVEL="info")},
        "label": "sentiment version 4",
        "package": a_package(),
        "scaling": Scaling(),
    }
    return Running(**{**known, **fields})


def drift(there: Running, **declared: Any) -> dict[str, tuple[str | None, str | None]]:
    return {d.path: (d.before, d.after) for d in drift_of(a_spec(**declared), there)}


def test_where_the_file_says_nothing_whatever_runs_is_right() -> None:
    assert drift(running()) == {}


def test_what_is_as_the_file_says_is_no_drift() -> None:
    declared = {
        "instance_type": "ml.m5.xlarge",
        "instance_count": 2,
        "environment": {"LOG_LEVEL": "info"},
        "execution_role": ROLE,
    }
    assert drift(running(), **declared) == {}


@pytest.mark.parametrize(
    ("declared", "found"),
    [
        ({"instance_type": "ml.m5.large"}, {"instance_type": ("ml.m5.xlarge", "ml.m5.large")}),
        ({"instance_count": 3}, {"instance_count": ("2", "3")}),
        ({"environment": {"LOG_LEVEL": "debug"}}, {"environment.LOG_LEVEL": ("info", "debug")}),
        ({"environment": {"WORKERS": "4"}}, {"environment.WORKERS": (None, "4")}),
        ({"execution_role": f"{ROLE}-new"}, {"execution_role": (ROLE, f"{ROLE}-new")}),
        ({"variant": "Blue"}, {"variant": ("AllTraffic", "Blue")}),
        ({"model_package_group": "other"}, {"model_package_group": ("sentiment", "other")}),
    ],
)
def test_each_field_that_differs_is_told(declared: dict[str, Any], found: dict[str, Any]) -> None:
    assert drift(running(), **declared) == found


def test_secrets_are_told_without_their_values() -> None:
    there = running(models={"m": a_model(API_TOKEN="one")})
    assert drift(there, environment={"API_TOKEN": "two"}) == {"environment.API_TOKEN": (MASK, f"{MASK} (another)")}


def test_of_a_pipeline_one_container_with_the_declared_variable_is_enough() -> None:
    document = {"Containers": [{"Environment": {"LOG_LEVEL": "debug"}}, {"Environment": {"LOG_LEVEL": "info"}}]}
    there = running(models={"m": ModelRecord(name="m", arn="arn:m", document=document)})
    assert drift(there, environment={"LOG_LEVEL": "info"}) == {}


def test_a_deleted_model_tells_nothing_of_its_environment() -> None:
    assert drift(running(models={}), environment={"LOG_LEVEL": "debug"}, execution_role=f"{ROLE}-new") == {}


def test_a_group_given_by_its_arn_is_the_same_group() -> None:
    arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/sentiment"
    assert drift(running(), model_package_group=arn) == {}


@pytest.mark.parametrize(
    "declared",
    [
        "AbaloneModels",
        "abalonemodels",  # as an import wrote it that knew no better
        "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/abalonemodels",
    ],
)
def test_a_group_with_capitals_is_the_same_group_however_the_file_spells_it(declared: str) -> None:
    arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/abalonemodels/4"
    there = running(package=a_package(arn=arn, group="AbaloneModels"))
    assert drift(there, model_package_group=declared) == {}
    assert drift(there, model_package_group=f"{declared}-2") == {
        "model_package_group": ("AbaloneModels", f"{declared.rpartition('/')[2]}-2")
    }


def test_an_image_is_foreign_to_a_group() -> None:
    there = running(package=None, label="stt:7")
    assert drift(there) == {"model_package_group": ("stt:7", "sentiment")}


def test_a_package_that_the_registry_forgot_is_not_called_foreign() -> None:
    assert drift(running(package=None, is_package_known=False)) == {}


def test_a_package_of_another_track_is_foreign() -> None:
    own = a_marketplace_package()
    there = running(package=own, label="stt-v1")
    track = {"model_package_group": None, "kind": "streaming"}
    assert drift(there, track=(own.arn,), **track) == {}
    assert drift(there, track=(own.arn.replace("stt", "tts"),), **track) == {
        "track": ("stt-v1", "a package of this track")
    }
    assert drift(there, track=(own.arn.replace("v1", "v2"),), track_pattern="stt-v*", **track) == {}


# instances and autoscaling


def test_what_scales_an_endpoint_may_move_its_count() -> None:
    there = running(scaling=Scaling(targets=(a_target(),)))
    assert drift(there, instance_count=7) == {}


def test_as_long_as_nobody_knows_what_scales_it_a_count_is_no_drift() -> None:
    assert drift(running(scaling=None), instance_count=7) == {}


@pytest.mark.parametrize(("count", "is_drift"), [(1, True), (2, False), (8, False), (9, True)])
def test_a_count_within_the_declared_limits_is_no_drift(count: int, is_drift: bool) -> None:
    state = VariantState(name="AllTraffic", desired_count=count)
    there = running(
        snapshot=a_snapshot().model_copy(update={"variants": (state,)}), scaling=Scaling(targets=(a_target(),))
    )
    found = drift(there, autoscaling=Autoscaling(min=2, max=8, target=200.0))
    assert found.get("instance_count") == ((str(count), "2 to 8") if is_drift else None)


def test_as_long_as_nobody_knows_which_limits_are_in_force_a_count_beyond_the_files_is_no_drift() -> None:
    """A scheduled action may have set others for the day, and AWS throttles now and then."""
    state = VariantState(name="AllTraffic", desired_count=20)
    there = running(snapshot=a_snapshot().model_copy(update={"variants": (state,)}), scaling=None)
    assert drift(there, autoscaling=Autoscaling(min=2, max=8, target=200.0)) == {}


def test_autoscaling_that_is_gone_is_drift() -> None:
    assert drift(running(), autoscaling=Autoscaling(min=2, max=8, target=200.0)) == {"autoscaling": (None, "2 to 8")}


def test_each_limit_and_the_target_are_told() -> None:
    there = running(scaling=Scaling(targets=(a_target(minimum=1, maximum=6),)))
    found = drift(there, autoscaling=Autoscaling(min=2, max=8, target=150.0))
    assert found == {
        "autoscaling.min": ("1", "2"),
        "autoscaling.max": ("6", "8"),
        "autoscaling.target": ("200", "150"),
    }


def test_another_metric_is_told() -> None:
    there = running(scaling=Scaling(targets=(a_target(),)))
    metric = "SageMakerVariantConcurrentRequestsPerModelHighResolution"
    found = drift(there, autoscaling=Autoscaling(min=2, max=8, target=200.0, metric=metric))
    assert found == {"autoscaling.metric": ("SageMakerVariantInvocationsPerInstance", metric)}


def test_instance_pools_are_not_the_one_type_that_the_file_says() -> None:
    pools = [{"InstanceType": t, "Priority": p} for p, t in enumerate(("ml.g5.xlarge", "ml.g6.xlarge"), 1)]
    there = running(config=a_config(CURRENT, "AllTraffic", InstanceType=None, InstancePools=pools))
    assert drift(there, instance_type="ml.g5.xlarge") == {
        "instance_type": ("ml.g5.xlarge or ml.g6.xlarge", "ml.g5.xlarge")
    }


# serverless

SIZE = {"MemorySizeInMB": 2048, "MaxConcurrency": 20}


def a_serverless(**more: int) -> Running:
    return running(
        config=a_config(
            CURRENT, "AllTraffic", InstanceType=None, InitialInstanceCount=None, ServerlessConfig=SIZE | more
        )
    )


@pytest.mark.parametrize(
    ("declared", "found"),
    [
        (Serverless(memory_mb=2048, max_concurrency=20), {}),
        (Serverless(memory_mb=3072, max_concurrency=20), {"serverless.memory_mb": ("2048", "3072")}),
        (Serverless(memory_mb=2048, max_concurrency=5), {"serverless.max_concurrency": ("20", "5")}),
        (
            Serverless(memory_mb=2048, max_concurrency=20, provisioned_concurrency=2),
            {"serverless.provisioned_concurrency": (None, "2")},
        ),
    ],
)
def test_the_size_of_a_serverless_endpoint(declared: Serverless, found: dict[str, Any]) -> None:
    assert drift(a_serverless(), kind="serverless", serverless=declared) == found


def test_instances_in_place_of_serverless_capacity_and_the_other_way_round() -> None:
    declared = Serverless(memory_mb=2048, max_concurrency=20)
    assert drift(running(), kind="serverless", serverless=declared) == {
        "serverless": (None, "2048 MB, up to 20 at once")
    }
    assert drift(a_serverless(), instance_type="ml.m5.xlarge") == {"instance_type": ("serverless", "ml.m5.xlarge")}


# weights


def two_variants(*weights: float, **fields: Any) -> Running:
    states = tuple(VariantState(name=n, desired_count=2, weight=w) for n, w in zip("AB", weights, strict=True))
    snapshot = a_snapshot().model_copy(update={"variants": states})
    config = a_config(CURRENT, "A", "B")
    return replace(running(), snapshot=snapshot, config=config, **fields)


def test_traffic_shifted_by_hand_is_told() -> None:
    assert drift(two_variants(9.0, 1.0), variant="A", other_variants=("B",)) == {
        "weight of A": ("90%", "50%"),
        "weight of B": ("10%", "50%"),
    }


def test_the_same_shares_by_other_weights_are_no_drift() -> None:
    assert drift(two_variants(3.0, 3.0), variant="A", other_variants=("B",)) == {}


def test_a_variant_that_nobody_declared_is_drift_also_without_a_memory() -> None:
    assert drift(two_variants(3.0, 3.0), variant="A") == {"variants": ("A, B", "A")}


def test_a_shadow_that_nobody_declared_is_drift() -> None:
    there = running()
    document = {**there.config.document, "ShadowProductionVariants": [{"VariantName": "Copy"}]}
    shadowed = replace(there, config=there.config.model_copy(update={"document": document}))
    assert drift(shadowed) == {"variants": ("AllTraffic, Copy (shadow)", "AllTraffic")}


def test_in_a_trial_weights_are_moved_on_purpose() -> None:
    there = two_variants(9.0, 1.0)
    tagged = there.config.model_copy(update={"tags": {TRIAL_TAG: "B"}})
    assert drift(replace(there, config=tagged), variant="A") == {}


# changes made outside

BEFORE = Sighting(endpoint="sentiment-prod", basis="", at=NOW - timedelta(hours=1), snapshot=a_snapshot())
HAND_MADE = "made-by-hand"


@pytest.mark.parametrize(
    ("past", "config", "moved"),
    [
        ([at(Phase.SUCCEEDED)], TARGET, False),
        ([at(Phase.SUCCEEDED)], HAND_MADE, True),
        ([at(Phase.SUCCEEDED)], CURRENT, True),
        ([rollback_at(Phase.ROLLED_BACK), at(Phase.SUCCEEDED)], CURRENT, False),
        ([rollback_at(Phase.ROLLED_BACK), at(Phase.SUCCEEDED)], TARGET, True),
        ([at(Phase.ROLLED_BACK_BY_AWS)], CURRENT, False),
        ([at(Phase.ROLLED_BACK_BY_AWS)], TARGET, True),
        ([at(Phase.NEEDS_HUMAN)], HAND_MADE, False),
        ([at(Phase.UPDATING, plan=a_plan())], TARGET, False),
        ([at(Phase.UPDATING, plan=a_plan()), at(Phase.ROLLED_BACK_BY_AWS)], TARGET, False),
        ([at(Phase.UPDATING, plan=a_plan()), at(Phase.ROLLED_BACK_BY_AWS)], HAND_MADE, True),
        ([at(Phase.REJECTED), at(Phase.SUCCEEDED)], HAND_MADE, True),
        ([at(Phase.REJECTED)], CURRENT, False),
        ([], HAND_MADE, False),
    ],
)
def test_the_bot_knows_where_it_left_an_endpoint(past: list[Rollout], config: str, moved: bool) -> None:
    assert was_moved(a_snapshot(config=config), past, None) is moved


def test_a_config_that_changed_since_the_last_look_was_changed_outside() -> None:
    assert was_moved(a_snapshot(config=HAND_MADE), [], BEFORE)
    assert not was_moved(a_snapshot(), [], BEFORE)


def test_and_it_stays_so_at_later_looks() -> None:
    change = OutsideChange(config=HAND_MADE, at=NOW)
    seen = BEFORE.model_copy(update={"snapshot": a_snapshot(config=HAND_MADE), "outside": change})
    assert was_moved(a_snapshot(config=HAND_MADE), [], seen)


def test_a_rollout_under_way_explains_its_own_config() -> None:
    assert not was_moved(a_snapshot(config=TARGET), [at(Phase.UPDATING, plan=a_plan())], BEFORE)


SEEN_MOVED = BEFORE.model_copy(
    update={"snapshot": a_snapshot(config=HAND_MADE), "outside": OutsideChange(config=HAND_MADE, at=NOW)}
)
OVER_IT = a_plan(current_config=HAND_MADE)


@pytest.mark.parametrize(
    "phase",
    [
        Phase.PLANNING,
        Phase.AWAITING_APPROVAL,
        Phase.SCHEDULED,
        Phase.PREPARING,
        Phase.CANCELLED,
        Phase.REJECTED,
        Phase.EXPIRED,
        Phase.BLOCKED,
        Phase.FAILED,
    ],
)
@pytest.mark.parametrize("earlier", [(), (Phase.SUCCEEDED,)])
def test_no_plan_over_an_outside_change_makes_it_the_bots(phase: Phase, earlier: tuple[Phase, ...]) -> None:
    past = [at(phase, plan=OVER_IT), *(at(one) for one in earlier)]
    assert was_moved(a_snapshot(config=HAND_MADE), past, SEEN_MOVED)


def test_what_only_sets_counts_does_not_make_the_config_the_bots() -> None:
    plan = a_plan(current_config=HAND_MADE, target_config=HAND_MADE)
    for phase in (Phase.UPDATING, Phase.SUCCEEDED):
        assert was_moved(a_snapshot(config=HAND_MADE), [at(phase, plan=plan, kind=Kind.SCALE)], SEEN_MOVED)


def test_a_plan_for_a_config_that_never_was_begun_does_not_explain_it() -> None:
    assert was_moved(a_snapshot(config=TARGET), [at(Phase.REJECTED), at(Phase.ROLLED_BACK_BY_AWS)], None)


def test_that_sagemaker_goes_back_by_itself_is_nobodys_change() -> None:
    seen = BEFORE.model_copy(update={"snapshot": a_snapshot(config=TARGET)})
    assert not was_moved(a_snapshot(), [at(Phase.UPDATING)], seen)


def test_a_count_set_by_hand_says_nothing_about_the_config() -> None:
    counts = OutsideChange(config=CURRENT, at=NOW, of_counts=True)
    assert not was_moved(a_snapshot(), [], BEFORE.model_copy(update={"outside": counts}))


def test_a_config_around_the_bots_own_model_was_made_by_hand() -> None:
    ours = a_model().model_copy(update={"tags": {ROLLOUT_TAG: "r1"}})
    tagged = a_config(CURRENT, "AllTraffic").model_copy(update={"tags": {ROLLOUT_TAG: "r1"}})
    assert running(models={"m": ours}).is_hand_made
    assert not running(models={"m": ours}, config=tagged).is_hand_made
    assert not running().is_hand_made


@pytest.mark.parametrize("before", [None, BEFORE])
def test_after_the_store_was_emptied_a_config_made_by_hand_still_tells(before: Sighting | None) -> None:
    assert was_moved(a_snapshot(), [], before, is_hand_made=True)
    assert not was_moved(a_snapshot(), [at(Phase.ROLLED_BACK_BY_AWS)], before, is_hand_made=True)
