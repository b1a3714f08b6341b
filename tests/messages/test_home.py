"""The App Home tab: one's own endpoints first, a menu for other rows, and never more than Slack takes."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from fakes.clock import NOW
from fakes.reading import words_of
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.board import BoardState, Standing
from bot.domain.errand import HomeLook
from bot.messages.blocks import Message
from bot.messages.board import Fleetwide
from bot.messages.home import Home, render_home, render_opening
from sandbox.slack.blocks.catalog import HOME
from sandbox.slack.blocks.rules import problems_in

ROWS = (
    Standing(endpoint="a", state=BoardState.UP_TO_DATE, running="v3"),
    Standing(endpoint="b", state=BoardState.HELD),
    Standing(endpoint="c", state=BoardState.OUT_OF_DATE, running="v3", newest="v4"),
    Standing(endpoint="d", state=BoardState.FAILED),
)


def a_home(*standings: Standing, mine: Sequence[str] = (), look: HomeLook | None = None, **over: Any) -> Home:
    rows = standings or ROWS
    return Home(rows, frozenset(mine), look or HomeLook(), Fleetwide(**{"now": NOW, "total": len(rows), **over}))


def words(home: Home, *, with_ages: bool = True) -> str:
    return words_of(Message("Home", render_home(home, with_ages=with_ages)))


def rows_in(text: str) -> list[str]:
    return [line[0] for line in text.splitlines() if line[1:3] == ": "]


class NoFiles:
    def usable(self, reference: dict[str, Any]) -> Any:
        return None


def menu_of(home: Home) -> dict[str, Any]:
    (steering,) = [block for block in render_home(home) if block.get("block_id") == "home.steering"]
    menu: dict[str, Any] = steering["elements"][0]
    return menu


def test_ones_own_endpoints_come_first_each_group_by_what_needs_attention() -> None:
    text = words(a_home(mine=["a", "b"]))
    assert text.startswith("Fleet: 4 endpoints · 2 need attention · 1 out of date · 1 up to date")
    assert rows_in(text) == ["b", "a", "d", "c"]
    assert text.index("Yours") < text.index("b: HELD") < text.index("The rest of the fleet") < text.index("d: FAILED")
    assert "Yours" not in words(a_home())
    assert "The rest of the fleet" not in words(a_home())


@pytest.mark.parametrize(
    ("only", "rows", "chosen"),
    [
        ("all", ["b", "d", "c", "a"], "Whole fleet (4)"),
        ("attention", ["b", "d"], "Only what needs attention (2)"),
        ("mine", ["b"], "Only mine (1)"),
    ],
)
def test_the_menu_says_how_many_rows_each_choice_has_and_which_is_chosen(
    only: str, rows: list[str], chosen: str
) -> None:
    home = a_home(mine=["b"], look=HomeLook(only=only))
    assert rows_in(words(home)) == rows
    menu = menu_of(home)
    assert menu["initial_option"]["text"]["text"] == chosen
    looks = [HomeLook.model_validate_json(option["value"]) for option in menu["options"]]
    assert [look.only for look in looks] == ["all", "attention", "mine"]


@pytest.mark.parametrize(
    ("only", "told"),
    [("attention", "Nothing needs attention."), ("mine", "The fleet file names you as the owner of no endpoint.")],
)
def test_no_rows_are_told_as_what_that_means(only: str, told: str) -> None:
    assert told in words(a_home(ROWS[0], look=HomeLook(only=only)))


def test_pages_lead_to_each_other() -> None:
    many = [Standing(endpoint=f"e{i:03}", state=BoardState.UP_TO_DATE) for i in range(60)]
    first = Message("", render_home(a_home(*many)))
    assert [element["type"] for element in first.blocks[1]["elements"]] == ["static_select", "button"]
    assert first.blocks[1]["elements"][1]["text"]["text"] == "Next page (2 of 3)"
    second = render_home(a_home(*many, look=HomeLook(page=2)))[1]["elements"][1:]
    assert [HomeLook.model_validate_json(button["value"]).page for button in second] == [1, 3]
    assert "e059" in words(a_home(*many, look=HomeLook(page=9)))


def test_when_it_was_asked_for_is_a_time_of_day_and_can_be_left_out() -> None:
    seen = [ROWS[0].model_copy(update={"seen_at": NOW - timedelta(minutes=minutes)}) for minutes in (1, 3)]
    told = "Asked SageMaker 2026-11-22 07:57 UTC, or later."
    assert told in words(a_home(*seen))
    assert told not in words(a_home(*seen), with_ages=False)


def test_who_opens_it_first_sees_that_something_is_coming() -> None:
    assert words_of(Message("", render_opening())) == "Looking at the fleet…"
    assert problems_in(list(render_opening()), HOME, NoFiles()) == []


@settings(deadline=None, max_examples=20)
@given(
    st.sampled_from([0, 1, 24, 60, 1000]),
    st.lists(st.sampled_from(BoardState), min_size=1),
    st.text(max_size=80) | st.just("<!channel>" * 9),
    st.sampled_from(["all", "attention", "mine"]),
    st.integers(1, 41),
)
def test_slack_takes_a_home_of_any_size(
    size: int, states: Sequence[BoardState], text: str, only: str, page: int
) -> None:
    rows = [
        Standing(endpoint=f"{'e' * 58}{i:04}", state=states[i % len(states)], running=text, problem=text)
        for i in range(size)
    ]
    home = Home(
        rows,
        frozenset(row.endpoint for row in rows[::3]),
        HomeLook(only=only, page=page),
        Fleetwide(NOW, total=size, trouble=text),
    )
    sent = json.loads(json.dumps(render_home(home)))
    assert problems_in(sent, HOME, NoFiles()) == []
    assert "<!channel>" not in json.dumps(sent)
