"""The root card: always true, and one state word of all."""

import pytest
from fakes.reading import labels_of, states_in, words_of
from fakes.records import ENDPOINT, at, opened
from fakes.stories import STORIES

from bot.domain.commands import Change
from bot.domain.phases import Kind, Phase
from bot.domain.rollout import Rollout
from bot.messages.card import render_card


@pytest.mark.parametrize("name", STORIES)
def test_the_card_shows_its_state_in_words_and_no_other(name: str) -> None:
    rollout = STORIES[name]
    card = render_card(rollout)
    assert states_in(words_of(card)) == [rollout.phase.words]
    assert states_in(card.text) == [rollout.phase.words]


@pytest.mark.parametrize("name", STORIES)
def test_the_card_names_endpoint_requester_and_rollout(name: str) -> None:
    rollout = STORIES[name]
    named = {"terminal:anna": "anna (terminal)", "bot": "the bot"}
    requester = named.get(rollout.requester, f"<@{rollout.requester}>")
    card = render_card(rollout)
    text = card.text + str(card.blocks)
    assert ENDPOINT in text
    assert f"Asked by {requester}" in text
    assert rollout.id in card.text
    assert labels_of(card) == []


def test_the_state_word_does_not_come_from_outside() -> None:
    failed = at(Phase.NEEDS_HUMAN, note="It succeeded, or was rejected, or expired.", reason="it was cancelled")
    assert states_in(words_of(render_card(failed))) == ["needs human"]


@pytest.mark.parametrize("name", ["drifted", "gone before"])
def test_an_endpoint_that_others_moved_is_not_said_to_be_as_before(name: str) -> None:
    words = words_of(render_card(STORIES[name]))
    assert "did not touch the endpoint" in words
    assert "as before" not in words


@pytest.mark.parametrize(
    ("rollout", "words"),
    [
        (opened(change=Change()), "promote to the newest version"),
        (opened(change=Change(version=4)), "promote to version 4"),
        (opened(change=Change(image="repo/app:2")), "promote to repo/app:2"),
        (opened(change=Change(count=2)), "change its settings"),
        (
            opened(change=Change(package="arn:aws:sagemaker:us-east-1:865070037744:model-package/stt-v2")),
            "promote to stt-v2",
        ),
        (opened(Kind.ROLLBACK), "back to the config of before"),
        (opened(Kind.ROLLBACK, rollback_to="sentiment-v3"), "back to sentiment-v3"),
        (STORIES["rollback rolling_back"], "back to sentiment-v3"),
        (STORIES["settings only"], "change the settings of sentiment version 3"),
        (at(Phase.UPDATING), "sentiment version 3 → sentiment version 4"),
    ],
)
def test_the_change_is_said_in_a_few_words(rollout: Rollout, words: str) -> None:
    assert words_of(render_card(rollout)).splitlines()[0] == f"{ENDPOINT}: {words}"


def test_a_rollout_that_waits_for_its_rollback_shows_no_numbers_of_the_old_update() -> None:
    words = words_of(render_card(STORIES["rolling_back"]))
    assert "instance" not in words
    assert "The thread tells how far it is." in words


def test_the_card_of_who_has_the_endpoint_says_who_waits() -> None:
    behind = [opened(id=f"rnext{n}22", queued_behind="rabc2345") for n in range(7)]
    assert "Behind it waits: rnext022 of @U0ANNA" in words_of(render_card(at(Phase.UPDATING), behind[:1]))
    assert words_of(render_card(at(Phase.UPDATING), behind)).endswith("rnext422 of @U0ANNA and 2 more")
