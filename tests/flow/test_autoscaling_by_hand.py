"""Autoscaling that somebody changed in the console: brought back, after the version that comes first, and put back by one press."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.stack import Options, Stack

from .running import started
from .story import ask, console, quick_fleet, terminal

pytestmark = pytest.mark.flow

ENDPOINT = "sentiment-prod"
WHICH = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": f"endpoint/{ENDPOINT}/variant/AllTraffic",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}


@pytest.fixture(scope="module")
def running_stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    options = Options(fleet=quick_fleet(tmp_path_factory.mktemp("fleet")), speed=300.0, rate_limits="off", traffic=20.0)
    with started(options, request) as stack:
        yield stack


@pytest.fixture
def autoscaling(stack: Stack) -> Iterator[Any]:
    with console(stack, "application-autoscaling") as client:
        yield client


def limits(autoscaling: Any) -> tuple[int, int]:
    (target,) = autoscaling.describe_scalable_targets(ServiceNamespace="sagemaker", ResourceIds=[WHICH["ResourceId"]])[
        "ScalableTargets"
    ]
    return target["MinCapacity"], target["MaxCapacity"]


def test_it_comes_after_the_version_and_is_put_back_by_one_press(stack: Stack, autoscaling: Any) -> None:
    autoscaling.register_scalable_target(**WHICH, MinCapacity=1, MaxCapacity=3)
    assert "autoscaling.max: 3 → 8" in terminal(stack, "status", ENDPOINT).stdout
    first = ask(stack, f"sync {ENDPOINT}")
    assert "its autoscaling, which differs too, comes after that" in first.reply("plan").plain
    first.approve("ben").wait_for_state("succeeded", "watching")
    first.wait_for_state("succeeded")
    second = ask(stack, f"sync {ENDPOINT}")
    plan = second.reply("plan").plain.replace("`", "")
    assert "autoscaling.min: 1 → 2" in plan
    assert "autoscaling.max: 3 → 8" in plan
    second.approve("ben").wait_for_state("succeeded")
    assert limits(autoscaling) == (2, 8)
    second.press("Roll back", "carla")
    second.wait(lambda: limits(autoscaling) == (1, 3), 20, "the limits of before")
