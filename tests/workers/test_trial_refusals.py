"""Where SageMaker allows no second variant, or no shadow, the test is refused with the reason, and nothing is drafted."""

from typing import Any

import pytest
from fakes.live import BY_IMAGE, NAMES, live, marketplace_package, model, paths, variant

from bot.domain.commands import Change
from bot.domain.endpoint import ModelPackage
from bot.domain.errors import UserError
from bot.domain.trial import TRIAL_TAG, TrialAsk, TrialStep
from workers.cloning import LiveEndpoint, draft, kept_b, live_trial, started, trial_variant
from workers.planning.trials import refuse_unfit

M1 = model("m1", {"Image": "repo:1"})
AB = TrialAsk(step=TrialStep.START, share=10)
SHADOW = TrialAsk(step=TrialStep.START, share=50, shadow=True)
SERVERLESS = {"VariantName": "AllTraffic", "ModelName": "m1", "ServerlessConfig": {"MemorySizeInMB": 2048}}
SELLERS = marketplace_package("acme-v2")


def refusal(ask: TrialAsk, there: LiveEndpoint, package: ModelPackage | None = None) -> str:
    with pytest.raises(UserError) as refused:
        refuse_unfit(ask, there, "AllTraffic", package)
    assert refused.value.user_message.endswith("Nothing was started.")
    return refused.value.user_message


@pytest.mark.parametrize(
    ("there", "because"),
    [
        (live([SERVERLESS], M1), "is serverless"),
        (live([variant()], M1, AsyncInferenceConfig={"OutputConfig": {}}), "is asynchronous"),
        (live([variant(), variant("Second")], M1), "has 2 production variants already"),
        (live([variant()], M1, ShadowProductionVariants=[variant("Shadow")]), "has a shadow variant already"),
        (live([variant()], M1, weights={"AllTraffic": 0.0}), "its weight is 0"),
        (live([{"VariantName": "AllTraffic", "InstanceType": "ml.g5.xlarge"}], M1), "hosts inference components"),
    ],
)
@pytest.mark.parametrize("ask", [AB, SHADOW])
def test_an_endpoint_that_takes_no_second_variant(ask: TrialAsk, there: LiveEndpoint, because: str) -> None:
    assert because in refusal(ask, there)


@pytest.mark.parametrize(
    ("there", "because"),
    [
        (live([variant()], M1, packages=(SELLERS,)), "AWS Marketplace"),
        (live([variant()], model("m1", {"Image": "a"}, {"Image": "b"})), "several containers"),
        (live([variant()], model("m1", {"Image": "a", "Mode": "MultiModel"})), "several models"),
        (live([variant(InstanceType="ml.inf1.xlarge")], M1), "Inf1"),
    ],
)
def test_what_sagemaker_has_no_shadows_for_may_still_run_as_a_test(there: LiveEndpoint, because: str) -> None:
    assert because in refusal(SHADOW, there)
    refuse_unfit(AB, there, "AllTraffic", None)


def test_a_package_of_the_marketplace_cannot_come_as_a_shadow() -> None:
    assert "AWS Marketplace" in refusal(SHADOW, BY_IMAGE, SELLERS)


@pytest.mark.parametrize(("ask", "words"), [(AB, "use promote"), (SHADOW, "would copy no request")])
def test_shares_that_test_nothing(ask: TrialAsk, words: str) -> None:
    share = 0 if ask.shadow else 100
    assert words in refusal(ask.model_copy(update={"share": share}), BY_IMAGE)


def drafted(there: LiveEndpoint, ask: TrialAsk = AB) -> Any:
    made = draft(there, Change(image="repo:2"), None, NAMES, variant="AllTraffic")
    return started(there, made, "AllTraffic", ask, NAMES)


GROWN = live(
    [variant(InitialVariantWeight=1.0, RoutingConfig={"RoutingStrategy": "RANDOM"})],
    model("m1", {"Image": "repo:1", "Environment": {"A": "1"}}),
    counts={"AllTraffic": 6},
    weights={"AllTraffic": 1.0},
    DataCaptureConfig={"EnableCapture": True},
)


def test_a_stays_as_it_is_and_b_is_its_clone_with_the_change() -> None:
    made = drafted(GROWN)
    a, b = made.config.document["ProductionVariants"]
    assert a == {**GROWN.config.variants()[0], "InitialInstanceCount": 6}
    assert b["ModelName"] == made.new_models["m1"]
    assert (b["VariantName"], b["InitialInstanceCount"]) == ("AllTraffic-b", 6)
    assert b["RoutingConfig"] == a["RoutingConfig"]
    assert made.config.document["DataCaptureConfig"] == {"EnableCapture": True}
    assert made.config.tags[TRIAL_TAG] == "AllTraffic-b"


def test_live_counts_that_move_do_not_change_the_name() -> None:
    other = live(
        list(GROWN.config.variants()),
        *GROWN.models.values(),
        counts={"AllTraffic": 3},
        DataCaptureConfig={"EnableCapture": True},
    )
    assert drafted(other).config.name == drafted(GROWN).config.name
    assert drafted(GROWN, SHADOW).config.name != drafted(GROWN).config.name


def test_only_b_is_told_as_new() -> None:
    told = paths(drafted(GROWN))
    assert told["AllTraffic-b.model.Image"] == ("repo:1", "repo:2")
    assert all(path.startswith("AllTraffic-b") for path in told)


def as_live(made: Any, counts: dict[str, int], **weights: float) -> LiveEndpoint:
    shown = {name.replace("_", "-"): weight for name, weight in weights.items()}
    there = live(
        made.config.document["ProductionVariants"],
        *GROWN.models.values(),
        *made.models,
        counts=counts,
        weights=shown,
        tags=dict(made.config.tags),
        **{k: v for k, v in made.config.document.items() if k != "ProductionVariants"},
    )
    return there


@pytest.mark.parametrize("ask", [AB, SHADOW])
def test_b_is_kept_under_the_name_and_with_the_live_count_of_a(ask: TrialAsk) -> None:
    made = drafted(GROWN, ask)
    there = as_live(made, {"AllTraffic": 8, "AllTraffic-b": 2}, AllTraffic=0.0, AllTraffic_b=1.0)
    trial = live_trial(there)
    assert trial is not None
    kept = kept_b(there, trial, NAMES)
    (alone,) = kept.config.document["ProductionVariants"]
    assert (alone["VariantName"], alone["InitialInstanceCount"], alone["InitialVariantWeight"]) == (
        "AllTraffic",
        8,
        1.0,
    )
    assert alone["ModelName"] == made.new_models["m1"]
    assert "ShadowProductionVariants" not in kept.config.document
    assert TRIAL_TAG not in kept.config.tags
    assert kept.models == ()
    assert paths(kept)["AllTraffic.model.Image"] == ("repo:1", "repo:2")


def test_a_long_name_leaves_room_for_what_tells_b_apart() -> None:
    long = "x" * 63
    assert trial_variant(long) == f"{'x' * 61}-b"
    assert trial_variant("x" * 60 + "-" + "yy") == "x" * 60 + "-b"
