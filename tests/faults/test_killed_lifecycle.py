"""SIGKILL around the calls by which an endpoint begins and ends: each takes effect once, and the thread tells it to its end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flow.running import started
from flow.story import ask
from flow.test_lifecycle import NEW, executed, with_a_new_one

from sandbox.stack import Options, Stack

from .killing import kill_while_it_waits_for_aws

pytestmark = [pytest.mark.flow, pytest.mark.faults]

TOLD = ["card", "plan", "progress", "ending"]


@pytest.fixture(scope="module")
def running_stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    fleet = with_a_new_one(tmp_path_factory.mktemp("fleet"))
    with started(Options(fleet=fleet, speed=300.0, rate_limits="off", traffic=20.0), request) as stack:
        yield stack


def killed_around(stack: Stack, *operations: str) -> None:
    for operation in operations:
        for _ in ("before", "after"):
            kill_while_it_waits_for_aws(stack, operation, "ticks", "worker and horse")


def lay_in(stack: Stack, *operations: str) -> None:
    for operation in operations:
        stack.aws.fault(operation, "pause-before")
        stack.aws.fault(operation, "pause-after")


def test_killed_around_creation_and_deletion_each_happens_once(stack: Stack) -> None:
    story = ask(stack, f"deploy {NEW}")
    story.wait_for_state("awaiting approval")
    lay_in(stack, "CreateEndpoint")
    story.approve("ben")
    killed_around(stack, "CreateEndpoint")
    story.wait_for_state("succeeded")
    story.assert_told_once(TOLD)
    assert len(executed(stack, "CreateEndpoint")) == 1

    gone = ask(stack, f'teardown {NEW} --reason "no longer used"').approve("ben")
    gone.wait(lambda: "1 more" in gone.card.plain, 20, "the first approval")
    lay_in(stack, "DeregisterScalableTarget", "DeleteEndpoint")
    gone.approve("carla")
    killed_around(stack, "DeregisterScalableTarget", "DeleteEndpoint")
    gone.wait_for_state("succeeded")
    gone.assert_told_once(TOLD)
    assert len(executed(stack, "DeleteEndpoint")) == 1
    assert NEW not in stack.aws.endpoints()
