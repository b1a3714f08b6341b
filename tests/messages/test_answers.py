"""Answers to questions: the board, past rollouts, help."""

from fakes.reading import words_of
from fakes.records import at, opened
from fakes.stories import STORIES

from bot.domain.board import BoardState, Standing
from bot.domain.phases import Phase
from bot.messages.answers import (
    render_bare_plan,
    render_board,
    render_help,
    render_history,
)
from bot.messages.blocks import Message
from bot.messages.plain import plain


def standing(endpoint: str, state: BoardState, **fields: object) -> Standing:
    return Standing.model_validate({"endpoint": endpoint, "state": state, **fields})


def test_the_board_begins_with_what_needs_attention() -> None:
    rows = [
        standing("a", BoardState.UP_TO_DATE, running="v3"),
        standing("b", BoardState.OUT_OF_DATE, running="v3", newest="v4"),
        standing("c", BoardState.UNKNOWN, problem="AWS did not answer."),
    ]
    board = render_board(rows, [at(Phase.WATCHING, endpoint="b")])
    assert board.text == "Fleet: 1 UNKNOWN, 1 OUT_OF_DATE, 1 UP_TO_DATE"
    assert words_of(board) == (
        "Fleet: 3 endpoints\n\n"
        "c: UNKNOWN · AWS did not answer.\n"
        "b: OUT_OF_DATE · runs v3 · newest is v4 · rollout rabc2345 is watching\n"
        "a: UP_TO_DATE · runs v3"
    )


def test_the_board_names_the_rollout_whose_turn_it_is_and_counts_who_waits() -> None:
    row = [standing("a", BoardState.UPDATING)]
    first = at(Phase.UPDATING, endpoint="a")
    waiting = [opened(id=f"rnext{n}22", endpoint="a", queued_behind=first.id) for n in range(2)]
    assert words_of(render_board(row, [first, waiting[0]])).endswith(
        "rollout rabc2345 is updating · 1 more waits behind it"
    )
    assert words_of(render_board(row, [first, *waiting])).endswith(
        "rollout rabc2345 is updating · 2 more wait behind it"
    )


def test_a_board_that_is_too_long_says_how_much_is_missing() -> None:
    board = render_board([standing(f"e{i:03}", BoardState.UP_TO_DATE) for i in range(45)], [])
    assert "5 more are not shown" in words_of(board)


def test_history_tells_the_past_or_that_there_is_none() -> None:
    assert words_of(render_history("sentiment-prod", [])) == "There is no rollout of sentiment-prod yet."
    assert words_of(render_history(None, [])) == "There is no rollout yet."
    one = words_of(render_history("sentiment-prod", [STORIES["rollback rolled_back"]]))
    assert one.startswith("Last 1 rollout of sentiment-prod")
    assert "• rollback to sentiment-v3: rolled back" in one
    many = words_of(render_history(None, [STORIES["rejected"]] * 20))
    assert many.startswith("Last 20 rollouts")
    assert many.count("• sentiment-prod: ") == 20


def test_a_bare_plan_asks_for_nothing() -> None:
    words = words_of(render_bare_plan(at(Phase.AWAITING_APPROVAL)))
    assert words.startswith("Plan for sentiment-prod: sentiment version 3 → sentiment version 4")
    assert "type promote in the place of plan" in words
    assert "Buttons" not in words


def test_help_reads_the_same_in_chat_and_terminal() -> None:
    assert plain(render_help("/endpoint status <ENDPOINT>")) == "/endpoint status <ENDPOINT>"


def test_a_message_without_blocks_is_its_text() -> None:
    assert plain(Message("Working on it…")) == "Working on it…"
    assert words_of(render_board([], [])).startswith("Fleet: 0 endpoints")
    assert opened().phase is Phase.PLANNING


def test_history_names_who_accepted_a_regression() -> None:
    words = words_of(render_history(None, [STORIES["regressed and accepted"]]))
    assert "succeeded (REGRESSED, accepted by @U0BEN)" in words
