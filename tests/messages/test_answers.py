"""Answers to questions: past rollouts, help."""

from fakes.reading import words_of
from fakes.records import at
from fakes.stories import STORIES

from bot.domain.phases import Phase
from bot.domain.trial import TrialAsk, TrialStep
from bot.messages.answers import (
    render_bare_plan,
    render_help,
    render_history,
)
from bot.messages.blocks import Message
from bot.messages.plain import plain


def test_history_tells_the_past_or_that_there_is_none() -> None:
    assert words_of(render_history("sentiment-prod", [])) == "No rollout of sentiment-prod is known."
    assert words_of(render_history(None, [])) == "No rollout is known."
    one = words_of(render_history("sentiment-prod", [STORIES["rollback rolled_back"]]))
    assert one.startswith("Last 1 rollout of sentiment-prod")
    assert "• rollback to sentiment-v3: rolled back" in one
    many = words_of(render_history(None, [STORIES["rejected"]] * 20))
    assert many.startswith("Last 20 rollouts")
    assert many.count("• sentiment-prod: ") == 20


def test_history_tells_a_rollback_that_ends_a_test_in_words_of_its_own() -> None:
    kept_a = TrialAsk(step=TrialStep.KEEP_A, towards_a=True)
    told = words_of(render_history("sentiment-prod", [STORIES["rollback rolled_back"].with_(trial=kept_a)]))
    assert "• rollback: end the A/B test: keep A, which served before: rolled back" in told


def test_a_bare_plan_asks_for_nothing() -> None:
    words = words_of(render_bare_plan(at(Phase.AWAITING_APPROVAL)))
    assert words.startswith("Plan for sentiment-prod: sentiment version 3 → sentiment version 4")
    assert "type promote in the place of plan" in words
    assert "Buttons" not in words


def test_help_reads_the_same_in_chat_and_terminal() -> None:
    assert plain(render_help("/endpoint status <ENDPOINT>")) == "/endpoint status <ENDPOINT>"


def test_a_message_without_blocks_is_its_text() -> None:
    assert plain(Message("Working on it…")) == "Working on it…"


def test_history_names_who_accepted_a_regression() -> None:
    words = words_of(render_history(None, [STORIES["regressed and accepted"]]))
    assert "succeeded (REGRESSED, accepted by @U0BEN)" in words
