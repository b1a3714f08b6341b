"""What several suites share: the whole stack of real processes, started once for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flow.running import started
from flow.story import TOLD_BY_A_PROMOTION, forget_everything, promote, quick_fleet, release_everything

from sandbox.stack import Options, Stack


@pytest.fixture(scope="session")
def quick_fleet_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fleet in which a promotion takes a few seconds; one endpoint needs two approvals, one expires almost at once.

    At this speed a datapoint of an alarm holds few requests, so one error in it is no sign of anything: hence the ceiling.
    """
    approval = {"users": ["U0BEN"], "groups": ["S0MLOPS"], "requester_may_approve": False}
    return quick_fleet(
        tmp_path_factory.mktemp("fleet"),
        endpoints={
            "product-perception": {
                "approval": approval | {"quorum": 2, "expires_after": "30m"},
                "retry": {"capacity_attempts": 1, "wait": "4s"},
            },
            "credibility": {"approval": approval | {"quorum": 1, "expires_after": "3s"}},
        },
        watch={"thresholds": {"error_rate": "20%"}},
    )


@pytest.fixture(scope="session")
def running_stack(request: pytest.FixtureRequest, quick_fleet_file: Path) -> Iterator[Stack]:
    """The processes, shared because starting them takes seconds of both cores."""
    options = Options(fleet=quick_fleet_file, speed=300.0, rate_limits="off", traffic=20.0)
    with started(options, request) as stack:
        yield stack


@pytest.fixture(scope="session")
def undisturbed(running_stack: Stack) -> dict[str, str]:
    """The words of a promotion of stt-prod, approved by ben, in which nothing went wrong."""
    forget_everything(running_stack)
    story = promote(running_stack, "stt-prod").approve()
    story.wait_for_slots(TOLD_BY_A_PROMOTION, timeout=40)
    return story.words


@pytest.fixture
def stack(running_stack: Stack) -> Iterator[Stack]:
    """The shared stack, as if nothing had happened yet, and with nothing held back or dead afterwards."""
    forget_everything(running_stack)
    yield running_stack
    release_everything(running_stack)
    if not running_stack.redis.is_running():
        running_stack.redis.start()
    for name, process in running_stack.processes.items():
        if not process.is_running():
            running_stack.restart(name)
