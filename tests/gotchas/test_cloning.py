"""Failures that others had because a new config was not quite the old one: here a whole promotion carries everything over.

The numbers are those of the team's list of failures seen in the wild; each name says what happened to them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from fakes.engine import FLEET, Engine, a_config
from fakes.records import BEN, CURRENT, ENDPOINT

from bot.domain.endpoint import ConfigRecord
from bot.domain.phases import Phase
from bot.domain.plan import Level

SETTINGS: Mapping[str, Any] = {
    "VolumeSizeInGB": 256,
    "ModelDataDownloadTimeoutInSeconds": 1800,
    "ContainerStartupHealthCheckTimeoutInSeconds": 3600,
    "InferenceAmiVersion": "al2-ami-sagemaker-inference-gpu-3-1",
    "EnableSSMAccess": True,
    "RoutingConfig": {"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"},
    "CoreDumpConfig": {"DestinationS3Uri": "s3://dumps/a", "KmsKeyId": "alias/dumps"},
}
OF_THE_CONFIG: Mapping[str, Any] = {
    "KmsKeyId": "alias/endpoint",
    "DataCaptureConfig": {
        "EnableCapture": True,
        "InitialSamplingPercentage": 20,
        "DestinationS3Uri": "s3://captured/a",
        "CaptureOptions": [{"CaptureMode": "InputAndOutput"}],
    },
    "MetricsConfig": {"EnableEnhancedMetrics": True},
}
OF_THE_MODEL: Mapping[str, Any] = {
    "VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1", "subnet-2"]},
    "EnableNetworkIsolation": True,
}
TAGS = {"team": "speech", "cost-center": "42"}


def an_engine() -> Engine:
    """An endpoint with every kind of setting that somebody ever lost."""
    made = Engine()
    runs(made, a_config(tags=TAGS), SETTINGS, OF_THE_CONFIG)
    model = made.endpoints.models["model-v3"]
    made.endpoints.models["model-v3"] = model.model_copy(
        update={"document": {**model.document, **OF_THE_MODEL}, "tags": TAGS}
    )
    return made


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = an_engine()
    yield made
    made.close()


@dataclass(frozen=True)
class Promoted:
    """An endpoint before and after a promotion."""

    engine: Engine
    before: ConfigRecord
    after: ConfigRecord


@pytest.fixture(scope="module", params=["--version 4", "--env WORKERS=3", "--instance-type ml.m5.2xlarge", "--count 3"])
def promoted(request: pytest.FixtureRequest) -> Iterator[Promoted]:
    """Rolled out once for each kind of change; tests only look."""
    engine = an_engine()
    before = landed(engine)
    rolled_out(engine, request.param)
    yield Promoted(engine, before, landed(engine))
    engine.close()


def runs(engine: Engine, config: ConfigRecord, settings: Mapping[str, Any], beside: Mapping[str, Any]) -> None:
    variants = [{**variant, **settings} for variant in config.variants()]
    document = {**config.document, **beside, "ProductionVariants": variants}
    engine.endpoints.configs[config.name] = config.model_copy(update={"document": document})


def landed(engine: Engine) -> ConfigRecord:
    """The config that the endpoint is on."""
    return engine.endpoints.configs[engine.endpoints.config]


def asked(engine: Engine, change: str) -> str:
    """A promotion with these options up to its plan; returns the rollout's id."""
    engine.type(f"promote {ENDPOINT} {change}")
    return engine.store.rollouts.recent(ENDPOINT)[0].id


def everything_told(engine: Engine) -> str:
    """The words of all messages, as they stand now."""
    return " ".join(posted.words for posted in engine.slack.posted)


def rolled_out(engine: Engine, change: str) -> None:
    rollout_id = asked(engine, change)
    engine.press("Approve", by=BEN)
    engine.play_until(Phase.SUCCEEDED, rollout_id)


# 14: the variant's name must match


def test_gotcha_14_a_promotion_keeps_the_names_of_variants(promoted: Promoted) -> None:
    before, after = ([v["VariantName"] for v in config.variants()] for config in (promoted.before, promoted.after))
    assert after == before == ["AllTraffic"]


def test_gotcha_14_a_way_back_to_other_variants_is_blocked_with_both_names(engine: Engine) -> None:
    renamed = a_config("sentiment-v1")
    runs(engine, renamed, {"VariantName": "Main"}, {})
    engine.type(f"rollback {ENDPOINT} --to sentiment-v1", by=BEN)
    (rollout,) = engine.store.rollouts.recent(ENDPOINT)
    assert rollout.phase is Phase.BLOCKED
    plan = engine.rollout(rollout.id).plan
    assert plan is not None
    texts = [f.text for f in plan.blockers]
    assert texts == ["Variant names differ: AllTraffic now, Main in the target config."]
    assert engine.endpoints.updates == []


def test_gotcha_14_a_variant_that_only_the_fleet_file_knows_is_refused_with_those_that_exist() -> None:
    engine = Engine(FLEET + "    variant: Main\n")
    rollout_id = asked(engine, "--version 4")
    phase, told = engine.phase(rollout_id), everything_told(engine)
    engine.close()
    assert phase is Phase.BLOCKED
    assert "no production variant “Main” (there is: AllTraffic)" in told


# 15: settings lost when a config is built anew


def test_gotcha_15_every_setting_and_tag_of_the_old_config_is_in_the_new_one(promoted: Promoted) -> None:
    document = promoted.after.document
    assert {k: v for k, v in document.items() if k != "ProductionVariants"} == dict(OF_THE_CONFIG)
    (old,), (new,) = promoted.before.variants(), promoted.after.variants()
    asked_for = {"ModelName", "InstanceType", "InitialInstanceCount"}
    assert {k: v for k, v in new.items() if k not in asked_for} == {k: v for k, v in old.items() if k not in asked_for}
    assert TAGS.items() <= promoted.after.tags.items()


def test_gotcha_15_every_setting_and_tag_of_the_old_model_is_in_the_new_one(engine: Engine) -> None:
    rolled_out(engine, "--version 4 --env WORKERS=3")
    model = engine.endpoints.models[landed(engine).variants()[0]["ModelName"]]
    assert model.name != "model-v3"
    assert {k: model.document[k] for k in OF_THE_MODEL} == dict(OF_THE_MODEL)
    assert model.document["PrimaryContainer"]["Environment"] == {"WORKERS": "3"}
    assert TAGS.items() <= model.tags.items()


def test_gotcha_15_the_plan_shows_what_changes_and_nothing_else(engine: Engine) -> None:
    plan = engine.rollout(asked(engine, "--env WORKERS=3")).plan
    assert plan is not None
    assert [(d.path, d.before, d.after) for d in plan.differences] == [
        ("AllTraffic.model.Environment.WORKERS", "2", "3")
    ]


def test_gotcha_15_a_setting_that_a_copy_would_lose_stops_the_promotion_by_name(engine: Engine) -> None:
    config = landed(engine).model_copy(update={"left_out": ("ProductionVariants[0].TomorrowsSetting",)})
    engine.endpoints.configs[CURRENT] = config
    asked(engine, "--version 4")
    assert "ProductionVariants[0].TomorrowsSetting" in everything_told(engine)
    assert list(engine.endpoints.configs) == [CURRENT]
    assert engine.endpoints.updates == []


# 16: a model that changed under its config does nothing


def test_gotcha_16_every_change_gets_its_own_config_and_leaves_the_old_one_alone(promoted: Promoted) -> None:
    assert promoted.after.name != CURRENT
    assert promoted.engine.endpoints.configs[CURRENT] == promoted.before
    assert promoted.engine.endpoints.updates == [promoted.after.name]


@pytest.mark.parametrize("change", ["--version 4", "--env WORKERS=3"])
def test_gotcha_16_another_model_is_another_name_and_the_config_names_it(engine: Engine, change: str) -> None:
    before = engine.endpoints.models["model-v3"]
    rolled_out(engine, change)
    assert engine.endpoints.models["model-v3"] == before
    (made,) = (name for name in engine.endpoints.models if name != "model-v3")
    assert landed(engine).variants()[0]["ModelName"] == made


def test_gotcha_16_names_follow_the_content(engine: Engine) -> None:
    def made_for(change: str) -> tuple[str, Mapping[str, str]]:
        engine.clock.tick(timedelta(seconds=1))
        rollout_id = asked(engine, change)
        plan = engine.rollout(rollout_id).plan
        assert plan is not None
        engine.type(f"cancel {rollout_id}")
        return plan.target_config.replace(rollout_id, "…"), {
            old: new.replace(rollout_id, "…") for old, new in plan.new_models.items()
        }

    assert made_for("--version 4") == made_for("--version 4")
    assert made_for("--version 4") != made_for("--version 5")
    assert made_for("--version 4") != made_for("--version 4 --env WORKERS=3")


# 19, 20: an image of the host and time-outs that the model needs


def test_gotcha_19_the_inference_ami_is_carried_over(promoted: Promoted) -> None:
    (variant,) = promoted.after.variants()
    assert variant["InferenceAmiVersion"] == "al2-ami-sagemaker-inference-gpu-3-1"


def test_gotcha_20_download_and_start_up_timeouts_are_carried_over(promoted: Promoted) -> None:
    (variant,) = promoted.after.variants()
    assert variant["ModelDataDownloadTimeoutInSeconds"] == 1800
    assert variant["ContainerStartupHealthCheckTimeoutInSeconds"] == 3600


def test_the_endpoint_of_these_tests_could_be_promoted_at_all(engine: Engine) -> None:
    plan = engine.rollout(asked(engine, "--version 4")).plan
    assert plan is not None
    assert [f.text for f in plan.findings if f.level is Level.BLOCKER] == []
