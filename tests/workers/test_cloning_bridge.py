"""The bridge of a two-variant change: what runs now beside what shall run, with exactly the share that was asked for."""

from typing import Any

import pytest
from fakes.live import NAMES, NEW, OLD, SIMPLE, by_package, live, model, variant

from bot.domain.commands import Change
from bot.domain.endpoint import ConfigRecord
from bot.domain.errors import InvariantError, UsageError
from workers.cloning import DraftNames, LiveEndpoint, bridge, bridge_variant, draft

CHANGE = Change(version=4, instance_type="ml.g6.xlarge")


def bridged(
    current: LiveEndpoint, share: float = 10, *, name: str = "AllTraffic", change: Change = CHANGE
) -> ConfigRecord:
    made = draft(current, change, NEW if change.version else None, NAMES, variant=name)
    return bridge(current, made, name, share, NAMES)


def refusal(current: LiveEndpoint, share: float = 10, change: Change = CHANGE) -> str:
    with pytest.raises(UsageError) as caught:
        bridged(current, share, name=current.config.variants()[0]["VariantName"], change=change)
    assert "Nothing was started." in caught.value.user_message
    return caught.value.user_message


def test_the_present_variant_stays_and_the_new_one_stands_beside_it() -> None:
    made = draft(SIMPLE, CHANGE, NEW, NAMES)
    config = bridge(SIMPLE, made, "AllTraffic", 50, NAMES)
    present, new = config.variants()
    assert present == SIMPLE.config.variants()[0]
    assert new == {
        **made.config.variants()[0],
        "VariantName": "AllTraffic-next",
        "InitialVariantWeight": 1.0,
    }
    assert new["ModelName"] == made.models[0].name
    assert new["InstanceType"] == "ml.g6.xlarge"


def test_everything_beside_the_variants_and_every_tag_is_carried() -> None:
    current = live(
        [variant()],
        model("m1", by_package(OLD)),
        packages=(OLD,),
        tags={"team": "speech"},
        KmsKeyId="key",
        DataCaptureConfig={"EnableCapture": True},
    )
    config = bridged(current)
    assert {k: v for k, v in config.document.items() if k != "ProductionVariants"} == {
        "KmsKeyId": "key",
        "DataCaptureConfig": {"EnableCapture": True},
    }
    assert config.tags == {**NAMES.tags, "team": "speech"}


def test_a_neighbour_that_runs_the_same_model_stays_on_it() -> None:
    current = live([variant("A"), variant("B")], model("m1", by_package(OLD)), packages=(OLD,))
    assert [v["ModelName"] for v in bridged(current, name="A").variants()][:2] == ["m1", "m1"]


def test_live_counts_are_carried_and_the_new_variant_is_as_large_as_the_one_that_it_replaces() -> None:
    current = live([variant("A"), variant("B")], model("m1", by_package(OLD)), packages=(OLD,), counts={"A": 5, "B": 3})
    assert [v["InitialInstanceCount"] for v in bridged(current, name="A").variants()] == [5, 3, 5]


def test_a_count_that_was_asked_for_is_the_new_variants_alone() -> None:
    current = live([variant()], model("m1", by_package(OLD)), packages=(OLD,), counts={"AllTraffic": 5})
    config = bridged(current, change=Change(version=4, count=8))
    assert [v["InitialInstanceCount"] for v in config.variants()] == [5, 8]


def test_the_share_is_reckoned_from_live_weights() -> None:
    current = live(
        [variant("A"), variant("B", InitialVariantWeight=2.0)],
        model("m1", by_package(OLD)),
        packages=(OLD,),
        weights={"A": 3.0, "B": 1.0},
    )
    present, neighbour, new = bridged(current, 20, name="A").variants()
    assert present["InitialVariantWeight"] == 3.0
    assert neighbour["InitialVariantWeight"] == 1.0
    assert new["InitialVariantWeight"] == 1.0


def test_a_weight_that_nobody_moved_stays_unsaid() -> None:
    current = live([variant()], model("m1", by_package(OLD)), packages=(OLD,), weights={"AllTraffic": 1.0})
    assert "InitialVariantWeight" not in bridged(current).variants()[0]


def test_the_name_follows_the_content_and_not_the_live_count() -> None:
    def name(share: float, count: int, weight: float = 1.0) -> str:
        return bridged(
            live(
                [variant()],
                model("m1", by_package(OLD)),
                packages=(OLD,),
                counts={"AllTraffic": count},
                weights={"AllTraffic": weight},
            ),
            share,
        ).name

    assert name(10, 2) == name(10, 7)
    assert len({name(10, 2), name(20, 2), name(10, 2, weight=5)}) == 3
    assert name(10, 2).endswith("-bridge")
    assert name(10, 2) != draft(SIMPLE, CHANGE, NEW, NAMES).config.name


@pytest.mark.parametrize("taken", ["A", "AllTraffic", "v" * 63, "v" * 57 + "-xxxxx"])
def test_the_new_variants_name_is_one_that_sagemaker_takes(taken: str) -> None:
    name = bridge_variant(taken)
    assert len(name) <= 63
    assert "--" not in name
    assert name != taken
    assert name.endswith("-next")


def test_pools_come_along_with_their_own_models() -> None:
    pools = [
        {"InstanceType": "ml.g6.xlarge", "Priority": 1, "ModelNameOverride": "m2"},
        {"InstanceType": "ml.g5.xlarge", "Priority": 2},
    ]
    pooled = {"VariantName": "AllTraffic", "ModelName": "m1", "InstancePools": pools, "InitialInstanceCount": 1}
    current = live([pooled], model("m1", by_package(OLD)), model("m2", by_package(OLD)), packages=(OLD,))
    present, new = bridged(current, change=Change(version=4)).variants()
    assert present == pooled
    assert [pool.get("ModelNameOverride") for pool in new["InstancePools"]] == [f"{new['ModelName']}-2", None]


# where it cannot be

SERVERLESS = {"ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 5}}


def test_serverless_endpoints_take_only_one_variant() -> None:
    bare = {"VariantName": "AllTraffic", "ModelName": "m1", **SERVERLESS}
    current = live([bare], model("m1", by_package(OLD)), packages=(OLD,))
    assert "only one variant" in refusal(current, change=Change(version=4))


def test_shadow_variants_leave_no_room() -> None:
    current = live(
        [variant()], model("m1", by_package(OLD)), packages=(OLD,), ShadowProductionVariants=[variant("Shadow")]
    )
    assert "shadow variant" in refusal(current)


def test_ten_variants_leave_no_room() -> None:
    current = live([variant(f"V{n}") for n in range(10)], model("m1", by_package(OLD)), packages=(OLD,))
    assert "10 production variants already" in refusal(current)


def test_a_variant_left_over_from_an_earlier_bridge_is_not_taken_for_ours() -> None:
    current = live([variant("A"), variant("A-next")], model("m1", by_package(OLD)), packages=(OLD,))
    assert "has a variant A-next already" in refusal(current)


def test_inference_components_follow_no_weights() -> None:
    bare = {"VariantName": "AllTraffic", "InitialInstanceCount": 1, "InstanceType": "ml.g5.xlarge"}
    assert "inference components" in refusal(live([bare]), change=Change(count=2))


def test_an_endpoint_without_traffic_has_none_to_share() -> None:
    current = live([variant()], model("m1", by_package(OLD)), packages=(OLD,), weights={"AllTraffic": 0.0})
    assert "all weights are 0" in refusal(current)


@pytest.mark.parametrize("share", [0, 100, -5, 120])
def test_a_share_of_nothing_or_of_everything_is_none(share: float) -> None:
    assert f"not {share} %" in refusal(SIMPLE, share)


def test_a_draft_of_another_variant_is_our_bug() -> None:
    made = draft(SIMPLE, CHANGE, NEW, NAMES)
    with pytest.raises(InvariantError):
        bridge(SIMPLE, made, "Main", 10, DraftNames("r7k2", {}))


def test_what_was_cloned_from_stays_untouched() -> None:
    variants: list[dict[str, Any]] = [variant()]
    bridged(live(variants, model("m1", by_package(OLD)), packages=(OLD,), weights={"AllTraffic": 4.0}))
    assert variants == [variant()]
