"""Slack's deliveries through Bolt: stored before they are acknowledged, answered whatever goes wrong."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from fakes.bolt import APPROVE, ROLLOUT_BUTTON, BoltApp, a_click, a_command, a_mention
from fakes.clock import NOW
from fakes.records import ANNA, BEN, ENDPOINT

from bot.domain.commands import Status
from bot.domain.endpoint import EndpointStatus, Listed
from bot.domain.errand import BreakErrand, ClickErrand, CommandErrand, CommandValue, HomeErrand, HomeLook, ReplyTo
from bot.domain.phases import Phase
from bot.domain.sighting import Listing
from bot.messages.ids import ActionId


@pytest.fixture
def bolt() -> Iterator[BoltApp]:
    made = BoltApp()
    yield made
    made.close()


BREAK_LOCK = str(ActionId.BREAK_LOCK)


def text_of(bolt: BoltApp, command: dict[str, str]) -> str:
    response = bolt.dispatch(command)
    assert response.status == 200
    return str(json.loads(response.body)["text"]) if response.body else ""


def errands(bolt: BoltApp) -> list[CommandErrand | ClickErrand | BreakErrand | HomeErrand]:
    ids = [key.decode().rpartition(":")[2] for key in bolt.engine.redis.scan_iter("endpoint-bot:errand:*")]
    found = [bolt.engine.store.errands.open(id) for id in ids]
    return [errand for errand in found if errand is not None]


def test_a_command_is_stored_before_it_is_acknowledged(bolt: BoltApp) -> None:
    assert text_of(bolt, a_command(f"promote {ENDPOINT}")).startswith("Working on it…")
    (errand,) = errands(bolt)
    assert errand.actor == ANNA
    assert bolt.queued() == 1


def test_the_same_command_delivered_twice_is_one_errand_and_one_answer(bolt: BoltApp) -> None:
    assert text_of(bolt, a_command("status"))
    assert text_of(bolt, a_command("status")) == ""
    assert len(errands(bolt)) == 1


def test_help_needs_no_worker(bolt: BoltApp) -> None:
    assert "promote" in text_of(bolt, a_command("help"))
    assert errands(bolt) == []


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("promot sentiment-prod", "promote"),
        ("promote sentiment-prd", "Did you mean sentiment-prod?"),
        ("promote", "Usage:"),
        (f"promote {ENDPOINT} --count many", "“many” is no instance count"),
    ],
)
def test_what_makes_no_sense_is_answered_at_once(bolt: BoltApp, typed: str, words: str) -> None:
    assert words in text_of(bolt, a_command(typed))
    assert errands(bolt) == []


def test_an_endpoint_that_the_fleet_file_does_not_name_is_said_to_exist(bolt: BoltApp) -> None:
    listed = Listed(name="notebook", arn="arn", status=EndpointStatus.IN_SERVICE, created=NOW, last_modified=NOW)
    bolt.engine.store.standings.save_listing("own", Listing(at=NOW, endpoints={"notebook": listed}))
    told = text_of(bolt, a_command("promote notebook"))
    assert "notebook exists in SageMaker, but it is not in the fleet file" in told
    assert "Nothing was changed" in told
    assert "fleet import" in told


def test_a_click_is_stored_under_the_person_whom_slack_verified(bolt: BoltApp) -> None:
    assert bolt.dispatch(a_click(APPROVE, ROLLOUT_BUTTON, user=BEN)).status == 200
    (errand,) = errands(bolt)
    assert isinstance(errand, ClickErrand)
    assert (errand.actor, errand.click, errand.value.rollout_id) == (BEN, "approve", "rabc2345")
    assert (errand.reply.channel_id, errand.reply.thread_ts, errand.message_ts) == ("C0WORK", "1.1", "2.2")


def test_the_same_click_delivered_twice_is_one_errand(bolt: BoltApp) -> None:
    for _ in range(2):
        bolt.dispatch(a_click(APPROVE, ROLLOUT_BUTTON))
    assert len(errands(bolt)) == 1


def test_break_lock_is_stored_under_the_person_whom_slack_verified_and_once(bolt: BoltApp) -> None:
    for _ in range(2):
        assert bolt.dispatch(a_click(BREAK_LOCK, '{"request_id": "q1"}', user=BEN)).status == 200
    (errand,) = errands(bolt)
    assert isinstance(errand, BreakErrand)
    assert (errand.actor, errand.value.request_id, errand.reply.channel_id) == (BEN, "q1", "C0WORK")


@pytest.mark.parametrize(
    ("action", "value", "words"),
    [
        (BREAK_LOCK, "not json", "This button is of an older version of the bot and did nothing."),
        ("rollout.abolished", "{}", "This button is not known any more and did nothing."),
        (APPROVE, "not json", "This button is of an older version of the bot and did nothing."),
        (APPROVE, '{"rollout_id": 3}', "This button is of an older version of the bot and did nothing."),
    ],
)
def test_a_button_that_means_nothing_any_more_says_so(bolt: BoltApp, action: str, value: str, words: str) -> None:
    assert bolt.dispatch(a_click(action, value)).status == 200
    (whisper,) = bolt.said("/api/chat.postEphemeral")
    assert words in whisper["text"]
    assert (whisper["user"], whisper["channel"], whisper["thread_ts"]) == (ANNA, "C0WORK", "1.1")
    assert errands(bolt) == []


def test_an_answer_through_a_response_url_replaces_nothing(bolt: BoltApp) -> None:
    bolt.dispatch({**a_click("rollout.abolished", "{}"), "response_url": f"{bolt.url}/respond"})
    (answer,) = bolt.said("/respond")
    assert answer["response_type"] == "ephemeral"
    assert answer["replace_original"] in (False, "false")


def test_guests_of_another_workspace_are_refused(bolt: BoltApp) -> None:
    stranger = a_command(f"promote {ENDPOINT}", team="T0OTHER")
    assert "You are a guest from another workspace." in text_of(bolt, stranger)
    bolt.dispatch(a_click(APPROVE, ROLLOUT_BUTTON, team="T0OTHER"))
    bolt.dispatch(a_mention("status", user_team="T0OTHER"))
    assert errands(bolt) == []
    assert all("guest" in w["text"] for w in bolt.said("/api/chat.postEphemeral"))
    assert len(bolt.said("/api/chat.postEphemeral")) == 2


def test_a_mention_in_a_rollouts_thread_needs_neither_endpoint_nor_id(bolt: BoltApp) -> None:
    rollout_id = bolt.engine.promote()
    card = bolt.engine.slack.shown("card")
    bolt.dispatch(a_mention("cancel", thread_ts=card.ts))
    bolt.engine.settle()
    assert bolt.engine.phase(rollout_id) is Phase.CANCELLED


def test_the_same_mention_delivered_twice_is_one_errand(bolt: BoltApp) -> None:
    for _ in range(2):
        assert bolt.dispatch(a_mention("status")).status == 200
    assert len(errands(bolt)) == 1


def test_help_by_mention_is_posted_into_the_thread_once(bolt: BoltApp) -> None:
    for _ in range(2):
        bolt.dispatch(a_mention("help", thread_ts="1.1"))
    (post,) = bolt.said("/api/chat.postMessage")
    assert post["thread_ts"] == "1.1"
    assert "promote" in post["text"]


def test_a_mention_that_makes_no_sense_is_answered_to_that_person(bolt: BoltApp) -> None:
    bolt.dispatch(a_mention("promot"))
    (whisper,) = bolt.said("/api/chat.postEphemeral")
    assert whisper["user"] == ANNA


def test_a_direct_message_is_a_command_and_other_messages_are_not(bolt: BoltApp) -> None:
    said = a_mention("status", type="message", channel_type="im", text="status")
    bolt.dispatch(said)
    for event_id, other in (("Ev2", {"channel_type": "channel"}), ("Ev3", {"bot_id": "B1"}), ("Ev4", {"subtype": "x"})):
        body = a_mention(
            "status", event_id=event_id, **{"type": "message", "channel_type": "im", "text": "status", **other}
        )
        assert bolt.dispatch(body).status == 200
    assert len(errands(bolt)) == 1


@pytest.mark.parametrize("kind", ["command", "click", "mention"])
def test_with_redis_away_everybody_is_told_within_three_seconds(bolt: BoltApp, kind: str) -> None:
    bolt.dispatch(a_command("help"))
    bolt.redis_goes_away()
    began = time.monotonic()
    words = "Redis, where rollouts are kept, cannot be reached. Nothing was started."
    if kind == "command":
        assert words in text_of(bolt, a_command("status"))
    else:
        bolt.dispatch(a_click(APPROVE, ROLLOUT_BUTTON) if kind == "click" else a_mention("status", thread_ts="1.1"))
        (whisper,) = bolt.said("/api/chat.postEphemeral")
        assert words in whisper["text"]
    assert time.monotonic() - began < 3


def test_with_slack_away_a_command_is_still_taken(bolt: BoltApp) -> None:
    bolt.dispatch(a_command("help"))
    bolt.slack_is_away = True
    assert text_of(bolt, a_command("status")).startswith("Working on it…")
    assert bolt.dispatch(a_click("rollout.abolished", "{}")).status == 200


def test_before_slack_said_who_we_are_a_command_gets_an_answer(bolt: BoltApp) -> None:
    bolt.slack_is_away = True
    assert bolt.dispatch(a_command("status")).status == 200
    bolt.slack_is_away = False
    assert text_of(bolt, a_command("status", trigger="2.2")).startswith("Working on it…")


def test_the_unforeseen_is_answered_with_a_reference_and_nothing_else(
    bolt: BoltApp, caplog: pytest.LogCaptureFixture
) -> None:
    broken = {"kaputt": 1}
    object.__setattr__(bolt.engine.intake, "store", broken)
    text = text_of(bolt, a_command("status"))
    assert text.startswith("The bot failed at this, and nothing was started.")
    reference = text.rstrip(".").rpartition(" ")[2]
    assert reference in caplog.text
    assert "kaputt" not in text


@pytest.mark.parametrize(
    "typed",
    [
        f"promote {ENDPOINT} --env API_KEY= s3cr3t",
        f"promote {ENDPOINT} --env API_KEY=abc s3cr3t",
        f"promote {ENDPOINT} --count API_KEY=s3cr3t",
        "promote --env API_KEY= s3cr3t",
    ],
)
def test_a_mistyped_secret_is_answered_and_stays_out_of_the_log(
    bolt: BoltApp, caplog: pytest.LogCaptureFixture, typed: str
) -> None:
    caplog.set_level("INFO")
    assert "s3cr3t" in text_of(bolt, a_command(typed))
    assert "refused" in caplog.text
    assert "s3cr3t" not in caplog.text


def test_what_nobody_listens_to_is_acknowledged(bolt: BoltApp) -> None:
    assert bolt.dispatch({"type": "event_callback", "event_id": "E9", "event": {"type": "team_join"}}).status == 200


def opened_home(tab: str = "home") -> dict[str, Any]:
    event = {"type": "app_home_opened", "user": ANNA, "channel": "D0ANNA", "tab": tab, "event_ts": "1.1"}
    return {"type": "event_callback", "team_id": "T0HOME", "event_id": "EvHome", "event": event}


def pressed_at_home(action_id: str, **action: Any) -> dict[str, Any]:
    """As Slack delivers it: a view is no channel, and there is no response_url."""
    click = a_click(action_id, "")
    del click["channel"]
    click["actions"] = [{"action_id": action_id, "block_id": "b", **action}]
    return {**click, "container": {"type": "view", "view_id": "V1"}, "view": {"id": "V1", "type": "home"}}


def test_the_home_tab_that_somebody_opens_is_drawn_by_a_worker(bolt: BoltApp) -> None:
    for _ in range(2):
        assert bolt.dispatch(opened_home()).status == 200
    (errand,) = errands(bolt)
    assert isinstance(errand, HomeErrand)
    assert (errand.actor, errand.look) == (ANNA, None)
    assert errand.reply == ReplyTo(user_id=ANNA)


def test_the_tab_of_messages_needs_no_drawing(bolt: BoltApp) -> None:
    assert bolt.dispatch(opened_home("messages")).status == 200
    assert errands(bolt) == []


@pytest.mark.parametrize(
    ("action_id", "action"),
    [
        ("home.rows", {"type": "static_select", "selected_option": {"value": '{"only": "mine"}'}}),
        ("home.next", {"type": "button", "value": '{"only": "mine", "page": 1}'}),
        ("home.previous", {"type": "button", "value": '{"only": "mine"}'}),
    ],
)
def test_other_rows_of_the_home_tab_are_asked_for(bolt: BoltApp, action_id: str, action: dict[str, Any]) -> None:
    assert bolt.dispatch(pressed_at_home(action_id, **action)).status == 200
    (errand,) = errands(bolt)
    assert isinstance(errand, HomeErrand)
    assert errand.look == HomeLook(only="mine")


def test_a_button_of_the_home_tab_that_means_nothing_any_more_says_so_in_direct_messages(bolt: BoltApp) -> None:
    assert bolt.dispatch(pressed_at_home("home.next", type="button", value="not json")).status == 200
    (said,) = bolt.said("/api/chat.postMessage")
    assert said["channel"] == ANNA
    assert "Leave the Home tab and open it again." in said["text"]


def test_a_command_pressed_in_the_home_tab_has_no_channel(bolt: BoltApp) -> None:
    value = CommandValue(command=Status(endpoint=ENDPOINT)).model_dump_json()
    assert bolt.dispatch(pressed_at_home("command.run", type="button", value=value)).status == 200
    (errand,) = errands(bolt)
    assert isinstance(errand, CommandErrand)
    assert (errand.command, errand.reply.is_elsewhere, errand.reply.in_place) == (
        Status(endpoint=ENDPOINT),
        True,
        False,
    )


def test_the_next_page_takes_the_place_of_this_one(bolt: BoltApp) -> None:
    value = CommandValue(command=Status(page=2), in_place=True).model_dump_json()
    assert bolt.dispatch(a_click("command.run", value)).status == 200
    (errand,) = errands(bolt)
    assert errand.reply.in_place
