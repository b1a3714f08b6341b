"""Redis is emptied in the middle of an update or of its watch: SageMaker's tags tell what to go on with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flow.running import started
from flow.story import (
    TOLD_BY_A_PROMOTION,
    TOLD_BY_A_ROLLBACK_BUTTON,
    Story,
    config_of,
    promote,
    quick_fleet,
    update_calls,
    wait_until,
)

from sandbox.stack import Options, Stack

pytestmark = [pytest.mark.flow, pytest.mark.faults]

ENDPOINT = "sentiment-prod"


@pytest.fixture(scope="module")
def running_stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Without an endpoint manager, and with watches that are long enough to be judged."""
    fleet = quick_fleet(
        tmp_path_factory.mktemp("fleet"),
        endpoints={ENDPOINT: {"watch": {"auto_rollback": "all"}}},
        watch={"duration": "10s", "warm_up": "1s", "baseline": "5m"},
    )
    with started(Options(fleet=fleet, speed=300.0, rate_limits="off", traffic=20.0), request) as stack:
        yield stack


def told_after(moment: str) -> list[str]:
    """The messages of a promotion in whose course the store was emptied, in their order."""
    before = {"updating": "progress", "watching": "watch"}[moment]
    place = TOLD_BY_A_PROMOTION.index(before) + 1
    return [*TOLD_BY_A_PROMOTION[:place], "revived", *TOLD_BY_A_PROMOTION[place:]]


def emptied_while(stack: Stack, moment: str) -> Story:
    """A promotion during which Redis was emptied, and which was found again."""
    if moment == "updating":
        stack.aws.scenario("slow-update", ENDPOINT, factor=3)
    story = promote(stack, ENDPOINT).approve()
    story.wait_for_state(moment)
    story.reply({"updating": "progress", "watching": "watch"}[moment])
    wait_until(lambda: any(call["executed"] for call in update_calls(stack, ENDPOINT)), 20, "the call")
    stack.empty_redis()
    story.reply("revived")
    return story


@pytest.mark.parametrize("moment", ["updating", "watching"])
def test_a_good_version_is_followed_and_watched_to_its_end(stack: Stack, moment: str) -> None:
    story = emptied_while(stack, moment)
    plan = story.reply("plan").plain
    assert "Nothing has to be approved again." in story.reply("revived").plain
    story.wait_for_state("succeeded", timeout=60)
    story.assert_told_once(told_after(moment))
    assert story.reply("plan").plain == plan
    assert "PASS" in story.reply("summary").plain
    assert [call["executed"] for call in update_calls(stack, ENDPOINT)] == [True]


@pytest.mark.parametrize("moment", ["updating", "watching"])
def test_a_bad_version_is_rolled_back_and_held(stack: Stack, moment: str) -> None:
    before = config_of(stack, ENDPOINT)
    stack.aws.scenario("slower-version", ENDPOINT, factor=2.5)
    story = emptied_while(stack, moment)
    story.wait_for_state("rolled back", timeout=90)
    wanted = sorted([*told_after(moment), *TOLD_BY_A_ROLLBACK_BUTTON])  # two rollouts tell theirs at the same time
    story.wait(lambda: sorted(story.slots) == wanted, 20, f"the messages {wanted}")
    assert "REGRESSED" in story.reply("summary").plain
    assert "is held" in story.reply("summary").plain
    assert config_of(stack, ENDPOINT) == before
    assert [call["executed"] for call in update_calls(stack, ENDPOINT)] == [True, True]
