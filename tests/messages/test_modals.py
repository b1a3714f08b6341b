"""The modals: what Slack takes, what they carry, and that they say first what stands already."""

from typing import Any

import pytest
from fakes.records import ENDPOINT, at
from slack_sdk.models.views import View

from bot.domain.errand import FormContext
from bot.domain.phases import Phase
from bot.domain.rejection import REASON_LIMIT
from bot.domain.rollout_parts import Thread
from bot.messages.ids import CallbackId, InputId
from bot.messages.modals import render_accept_reason, render_notice, render_reject_reason
from sandbox.slack.blocks.rules import view_problems

REJECTED = at(Phase.REJECTED, thread=Thread(channel_id="C0WORK", thread_ts="1.1"))
FORM = render_reject_reason(REJECTED)
LONGEST = render_reject_reason(REJECTED.with_(endpoint="&" * 63))
ACCEPTED = at(Phase.WATCHING, thread=Thread(channel_id="C0WORK", thread_ts="1.1"))
ACCEPT_FORM = render_accept_reason(ACCEPTED)
LONGEST_ACCEPT = render_accept_reason(ACCEPTED.with_(endpoint="&" * 63))


class NoFiles:
    """Our modals show no pictures."""

    def usable(self, reference: dict[str, Any]) -> Any:
        return None


@pytest.mark.parametrize(
    "view", [FORM, LONGEST, ACCEPT_FORM, LONGEST_ACCEPT, render_notice("That did not work", "Close it.")]
)
def test_slack_takes_every_modal(view: dict[str, Any]) -> None:
    assert view_problems(view, NoFiles()) == []
    assert View(**view).to_dict()["blocks"] == view["blocks"]


def test_the_form_carries_where_its_answer_belongs() -> None:
    context = FormContext.model_validate_json(FORM["private_metadata"])
    assert context == FormContext(rollout_id=REJECTED.id, channel_id="C0WORK", thread_ts="1.1")
    assert FORM["callback_id"] == CallbackId.REJECT_REASON


def test_the_form_says_first_that_the_rejection_stands_and_may_be_closed() -> None:
    first = FORM["blocks"][0]["text"]["text"]
    assert first == f"The change of *{ENDPOINT}* is rejected, and it stays so if you close this."
    assert (FORM["title"]["text"], FORM["close"]["text"]) == ("Why reject?", "Skip")


def test_a_few_optional_sentences_are_asked_for() -> None:
    field = FORM["blocks"][1]
    assert field["optional"] is True
    assert field["block_id"] == field["element"]["action_id"] == InputId.REASON
    assert (field["element"]["multiline"], field["element"]["max_length"]) == (True, REASON_LIMIT)


def test_the_form_of_an_acceptance_says_what_it_means_and_that_the_way_back_stays_open() -> None:
    first = ACCEPT_FORM["blocks"][0]["text"]["text"]
    assert first.startswith(
        f"The regression of *{ENDPOINT}* is accepted in your name, and it stays so if you close this."
    )
    assert "Roll back still works" in first
    assert ACCEPT_FORM["callback_id"] == CallbackId.ACCEPT_REASON
    assert FormContext.model_validate_json(ACCEPT_FORM["private_metadata"]).rollout_id == ACCEPTED.id
