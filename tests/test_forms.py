"""Submitted modals through Bolt: stored before they are acknowledged; what cannot be stored keeps the modal open and says why."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from fakes.bolt import BoltApp, a_click, a_form
from fakes.records import ANNA, BEN

from bot.domain.errand import ClickErrand, Errand, FormContext, FormErrand
from bot.messages.ids import CallbackId

REASON = str(CallbackId.REJECT_REASON)
METADATA = FormContext(rollout_id="rabc2345", channel_id="C0WORK", thread_ts="1.1").model_dump_json()


@pytest.fixture
def bolt() -> Iterator[BoltApp]:
    made = BoltApp()
    yield made
    made.close()


def errands(bolt: BoltApp) -> list[Errand]:
    ids = [key.decode().rpartition(":")[2] for key in bolt.engine.redis.scan_iter("endpoint-bot:errand:*")]
    found = [bolt.engine.store.errands.open(id) for id in ids]
    return [errand for errand in found if errand is not None]


def answer_to(bolt: BoltApp, form: dict[str, Any]) -> dict[str, Any]:
    """What the modal does: nothing said closes it."""
    response = bolt.dispatch(form)
    assert response.status == 200
    return dict(json.loads(response.body)) if response.body else {}


def test_a_form_is_stored_under_the_person_whom_slack_verified_and_closes(bolt: BoltApp) -> None:
    assert answer_to(bolt, a_form(REASON, METADATA, user=BEN)) == {}
    (errand,) = errands(bolt)
    assert isinstance(errand, FormErrand)
    assert (errand.form, errand.rollout_id, errand.actor) == ("reject_reason", "rabc2345", BEN)
    assert errand.values == {"reason": "too risky"}
    assert (errand.reply.user_id, errand.reply.channel_id, errand.reply.thread_ts) == (BEN, "C0WORK", "1.1")
    assert bolt.queued() == 1


def test_the_same_view_submitted_again_is_one_errand(bolt: BoltApp) -> None:
    """Slack delivers it twice, or the person presses again after a lost acknowledgement: the trigger differs, the view does not."""
    first = a_form(REASON, METADATA)
    for form in (first, first, {**first, "trigger_id": "another"}):
        answer_to(bolt, form)
    assert len(errands(bolt)) == 1
    answer_to(bolt, a_form(REASON, METADATA, view_id="V2"))
    assert len(errands(bolt)) == 2


def test_an_input_that_was_left_empty_is_not_there(bolt: BoltApp) -> None:
    answer_to(bolt, a_form(REASON, METADATA, entered=None))
    (errand,) = errands(bolt)
    assert isinstance(errand, FormErrand)
    assert errand.values == {}


def test_a_click_carries_the_right_to_open_a_modal(bolt: BoltApp) -> None:
    bolt.dispatch(a_click("rollout.reject", '{"rollout_id": "r1", "endpoint": "e"}', trigger="7.7"))
    (errand,) = errands(bolt)
    assert isinstance(errand, ClickErrand)
    assert errand.reply.trigger_id == "7.7"


def test_with_redis_away_the_form_stays_open_with_what_was_typed(bolt: BoltApp) -> None:
    answer_to(bolt, a_form(REASON, METADATA))
    bolt.redis_goes_away()
    began = time.monotonic()
    answer = answer_to(bolt, a_form(REASON, METADATA, view_id="V2"))
    assert answer["response_action"] == "errors"
    assert "Redis, where rollouts are kept, cannot be reached. Nothing was started." in answer["errors"]["reason"]
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("callback_id", "metadata", "words"),
    [
        ("rollout.abolished", METADATA, "This form is not known any more. Nothing was stored; close it."),
        ("", "", "This form is not known any more. Nothing was stored; close it."),
        (REASON, "not json", "This form is of an older version of the bot. Nothing was stored; close it."),
        (REASON, '{"rollout": 3}', "This form is of an older version of the bot. Nothing was stored; close it."),
    ],
)
def test_a_form_that_means_nothing_any_more_says_so_beside_its_input(
    bolt: BoltApp, callback_id: str, metadata: str, words: str
) -> None:
    answer = answer_to(bolt, a_form(callback_id, metadata))
    assert answer == {"response_action": "errors", "errors": {"reason": words}}
    assert errands(bolt) == []


def test_a_form_without_inputs_is_replaced_by_the_sentence(bolt: BoltApp) -> None:
    answer = answer_to(bolt, a_form("rollout.abolished", "", blocks=[{"type": "divider"}]))
    assert answer["response_action"] == "update"
    assert "This form is not known any more." in answer["view"]["blocks"][0]["text"]["text"]


def test_a_guest_of_another_workspace_submits_nothing(bolt: BoltApp) -> None:
    answer = answer_to(bolt, a_form(REASON, METADATA, user=ANNA, team="T0OTHER"))
    assert "You are a guest from another workspace." in answer["errors"]["reason"]
    assert errands(bolt) == []


def test_the_unforeseen_is_answered_in_the_form_with_a_reference(
    bolt: BoltApp, caplog: pytest.LogCaptureFixture
) -> None:
    object.__setattr__(bolt.engine.intake, "store", {"kaputt": 1})
    answer = answer_to(bolt, a_form(REASON, METADATA))
    reference = answer["errors"]["reason"].rstrip(".").rpartition(" ")[2]
    assert reference in caplog.text


def test_a_closed_modal_is_acknowledged(bolt: BoltApp) -> None:
    assert bolt.dispatch({**a_form(REASON, METADATA), "type": "view_closed", "is_cleared": False}).status == 200
    assert errands(bolt) == []
