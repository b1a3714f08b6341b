"""A serverless endpoint that somebody made smaller in the console is brought back to the fleet file, on real processes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.stack import Options, Stack

from .running import started
from .story import ask, console, quick_fleet, wait_until

pytestmark = pytest.mark.flow

ENDPOINT = "credibility"
BY_HAND = {"MemorySizeInMB": 1024, "MaxConcurrency": 5, "ProvisionedConcurrency": 2}


@pytest.fixture(scope="module")
def running_stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    options = Options(fleet=quick_fleet(tmp_path_factory.mktemp("fleet")), speed=300.0, rate_limits="off", traffic=20.0)
    with started(options, request) as stack:
        yield stack


@pytest.fixture
def sagemaker(stack: Stack) -> Iterator[Any]:
    with console(stack, "sagemaker") as client:
        yield client


def variant_of(sagemaker: Any) -> dict[str, Any]:
    config = sagemaker.describe_endpoint(EndpointName=ENDPOINT)["EndpointConfigName"]
    variants = sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"]
    return dict(variants[0])


def made_smaller(sagemaker: Any) -> None:
    variant = variant_of(sagemaker) | {"ServerlessConfig": BY_HAND}
    sagemaker.create_endpoint_config(EndpointConfigName="smaller-by-hand", ProductionVariants=[variant])
    sagemaker.update_endpoint(EndpointName=ENDPOINT, EndpointConfigName="smaller-by-hand")
    describe = sagemaker.describe_endpoint
    wait_until(lambda: describe(EndpointName=ENDPOINT)["EndpointStatus"] == "InService", 20, "the smaller size")


def test_sync_brings_the_size_back_and_a_rollback_the_one_of_before(stack: Stack, sagemaker: Any) -> None:
    made_smaller(sagemaker)
    story = ask(stack, f"sync {ENDPOINT}")
    plan = story.reply("plan").plain
    assert "ServerlessConfig.MemorySizeInMB: 1024 → 3072" in plan.replace("`", "")
    assert "ServerlessConfig.MaxConcurrency: 5 → 20" in plan.replace("`", "")
    story.approve("ben").wait_for_state("succeeded")
    as_declared = {"MemorySizeInMB": 3072, "MaxConcurrency": 20}
    assert (
        variant_of(sagemaker)["ServerlessConfig"] == BY_HAND | as_declared
    )  # of what is kept warm, the file says nothing
    ask(stack, f"rollback {ENDPOINT}").wait_for_state("rolled back")
    assert variant_of(sagemaker)["ServerlessConfig"] == BY_HAND
