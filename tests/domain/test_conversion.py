"""Conversions between instances and serverless capacity: one is refused by SageMaker, the other has no way back."""

from typing import Any

import pytest

from bot.domain.conversion import Conversion, conversion
from bot.domain.endpoint import ConfigRecord

ON_INSTANCES = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
ON_POOLS = {"InstancePools": [{"InstanceType": "ml.m5.large", "Priority": 1}], "InitialInstanceCount": 1}
SERVERLESS = {"ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 5}}


def config(**variants: dict[str, Any]) -> ConfigRecord:
    listed = [{"VariantName": name, "ModelName": "m", **settings} for name, settings in variants.items()]
    return ConfigRecord(name="c", arn="", document={"ProductionVariants": listed})


@pytest.mark.parametrize("on_instances", [ON_INSTANCES, ON_POOLS], ids=["one type", "pools"])
def test_instances_to_serverless_is_refused_by_sagemaker(on_instances: dict[str, Any]) -> None:
    found = conversion(config(A=on_instances), config(A=SERVERLESS), "A")
    assert found is Conversion.REALTIME_TO_SERVERLESS
    assert found.is_refused
    assert not found.is_one_way


@pytest.mark.parametrize("on_instances", [ON_INSTANCES, ON_POOLS], ids=["one type", "pools"])
def test_serverless_to_instances_has_no_way_back(on_instances: dict[str, Any]) -> None:
    found = conversion(config(A=SERVERLESS), config(A=on_instances), "A")
    assert found is Conversion.SERVERLESS_TO_REALTIME
    assert found.is_one_way
    assert not found.is_refused


def test_the_way_back_from_a_one_way_conversion_is_the_refused_one() -> None:
    there = conversion(config(A=SERVERLESS), config(A=ON_INSTANCES), "A")
    back = conversion(config(A=ON_INSTANCES), config(A=SERVERLESS), "A")
    assert there is not None
    assert back is not None
    assert there.is_one_way
    assert back.is_refused


@pytest.mark.parametrize(
    ("current", "target"),
    [(ON_INSTANCES, ON_INSTANCES), (ON_INSTANCES, ON_POOLS), (SERVERLESS, SERVERLESS)],
    ids=["instances", "instances to pools", "serverless"],
)
def test_capacity_that_stays_of_its_kind_is_no_conversion(current: dict[str, Any], target: dict[str, Any]) -> None:
    assert conversion(config(A=current), config(A=target), "A") is None


def test_only_the_variant_that_is_asked_about_counts() -> None:
    current, target = config(A=ON_INSTANCES, B=SERVERLESS), config(A=ON_INSTANCES, B=ON_INSTANCES)
    assert conversion(current, target, "A") is None
    assert conversion(current, target, "B") is Conversion.SERVERLESS_TO_REALTIME


def test_a_variant_that_one_of_the_configs_lacks_is_not_converted() -> None:
    assert conversion(config(A=SERVERLESS), config(B=ON_INSTANCES), "A") is None
    assert conversion(config(B=SERVERLESS), config(A=ON_INSTANCES), "A") is None
