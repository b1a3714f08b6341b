"""What somebody may enter into a form: Slack's own client refuses the rest, and the app hears nothing of it."""

from __future__ import annotations

from typing import Any

import pytest
from slack_bolt import App
from slack_sdk import WebClient

from sandbox.slack.blocks.rules import view_problems
from sandbox.slack.driver import ControlFailure, Person, SlackDriver
from sandbox.slack.form_rules import input_problems
from sandbox_slack.clients import CHANNEL, Connect, actions, button, client_of, error_of, modal, text_input
from sandbox_slack.http_apps import SECRET, Requests, http_slack, raw_server

Json = dict[str, Any]


class NoFiles:
    """The forms here show no pictures."""

    def usable(self, reference: Json) -> Any:
        return None


def field(kind: str, **element: Any) -> Json:
    made = text_input("field", "Field", optional=True)
    return {**made, "element": {"type": kind, "action_id": "entered", **element}}


@pytest.mark.parametrize(
    ("element", "refusal"),
    [
        (field("plain_text_input", min_length=5, max_length=4), "must be less than or equal to max_length"),
        (field("plain_text_input", max_length=3, initial_value="four"), "must be less than 4 characters"),
        (field("plain_text_input", max_length=3001), "must be between 1 and 3000"),
        (field("datepicker", initial_date="22.11.2026"), "must match the format YYYY-MM-DD"),
        (field("timepicker", initial_time="24:00"), "must match the format HH:mm"),
        (field("datetimepicker", initial_date_time=17), "must be between 1000000000 and 9999999999"),
    ],
)
def test_an_input_that_cannot_be_filled_in_is_refused(element: Json, refusal: str) -> None:
    (problem,) = view_problems(modal(element), NoFiles())
    assert problem.message == refusal


def test_only_one_input_can_have_the_focus() -> None:
    greedy = [
        field("plain_text_input", focus_on_load=True),
        {**field("datepicker", focus_on_load=True), "block_id": "b"},
    ]
    assert view_problems(modal(greedy[0]), NoFiles()) == []
    (problem,) = view_problems(modal(*greedy), NoFiles())
    assert problem.message == "only one element can have focus_on_load"


@pytest.mark.parametrize(
    ("element", "state", "told"),
    [
        (field("plain_text_input", max_length=3), {"value": "four"}, "Please enter no more than 3 characters."),
        (field("plain_text_input", min_length=5), {"value": "four"}, "Please enter at least 5 characters."),
        (field("plain_text_input", min_length=5), {"value": None}, None),
        (field("plain_text_input", min_length=4, max_length=4), {"value": "four"}, None),
        (field("number_input", is_decimal_allowed=False), {"value": "1.5"}, "Please enter a number."),
        (
            field("number_input", is_decimal_allowed=True, max_value="1"),
            {"value": "1.5"},
            "Please enter a number of at most 1.",
        ),
        (
            field("number_input", is_decimal_allowed=False, min_value="2"),
            {"value": "1"},
            "Please enter a number of at least 2.",
        ),
        (field("number_input", is_decimal_allowed=False, min_value="0"), {"value": "0"}, None),
        ({**field("datepicker"), "optional": False}, {"selected_date": None}, "Please complete this required field."),
    ],
)
def test_what_was_entered_is_held_against_the_inputs_limits(element: Json, state: Json, told: str | None) -> None:
    problems = input_problems([element], {"field": {"entered": {"type": element["element"]["type"], **state}}})
    assert problems == ({"field": told} if told else {})


PICKERS = (
    {**field("datepicker"), "block_id": "day"},
    {**field("timepicker"), "block_id": "time"},
    {**field("datetimepicker"), "block_id": "instant"},
)


def opened_by(slack: SlackDriver, client: WebClient, app: App, view: Json) -> Person:
    """Ben has the view in front of him."""

    @app.action("open")
    def open_view(ack: Any, body: Json, client: WebClient) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=view)

    client.chat_postMessage(channel=CHANNEL, text="x", blocks=[actions(button("Open", "open"))])
    ben = slack.person("ben")
    ben.click("Open")
    slack.wait_for(ben.modal, what="the modal")
    return ben


def test_pickers_hand_over_days_times_and_instants(
    slack: SlackDriver, app: App, connect: Connect, client: WebClient
) -> None:
    submitted: list[Json] = []

    @app.view("promote")
    def keep(ack: Any, view: Json) -> None:
        submitted.append(view["state"]["values"])
        ack()

    connect(app)
    ben = opened_by(slack, client, app, modal(*PICKERS))
    for impossible in ({"day": "tomorrow"}, {"time": "2pm"}, {"instant": "2026-11-22"}):
        with pytest.raises(ControlFailure, match="cannot hold"):
            ben.submit(impossible)
    ben.submit({"day": "2026-11-22", "time": "14:30", "instant": 1795356000})

    (values,) = submitted
    assert values["day"]["entered"] == {"type": "datepicker", "selected_date": "2026-11-22"}
    assert values["time"]["entered"] == {"type": "timepicker", "selected_time": "14:30"}
    assert values["instant"]["entered"] == {"type": "datetimepicker", "selected_date_time": 1795356000}


def test_the_transcript_shows_what_was_submitted_where_it_was_asked_for(
    slack: SlackDriver, app: App, connect: Connect, client: WebClient
) -> None:
    app.view("promote")(lambda ack: ack())
    connect(app)
    options = [{"text": {"type": "plain_text", "text": word}, "value": word.lower()} for word in ("Two", "Four")]
    count = {**field("static_select", options=options), "block_id": "count"}
    ben = opened_by(slack, client, app, modal(text_input("why", "Reason"), count, PICKERS[0]))
    ben.submit({"Reason": "too risky\nwait", "count": "four"})
    assert "ben submits “Promote”\n    │           Reason: too risky\n    │           wait\n" in slack.transcript()
    assert "Field: Four\n" in slack.transcript()
    assert slack.transcript().count("Field:") == 1
    assert "submits" not in slack.transcript("sentiment")


def test_a_trigger_opens_one_modal(slack: SlackDriver, app: App, connect: Connect, client: WebClient) -> None:
    triggers: list[str] = []

    @app.action("keep")
    def keep(ack: Any, body: Json) -> None:
        ack()
        triggers.append(body["trigger_id"])

    connect(app)
    client.chat_postMessage(channel=CHANNEL, text="x", blocks=[actions(button("Keep", "keep"))])
    slack.person("ben").click("Keep")

    def open_again() -> Any:
        return client.views_open(trigger_id=triggers[0], view=modal(text_input("a", "A")))

    assert open_again()["view"]["callback_id"] == "promote"
    assert error_of(open_again) == "exchanged_trigger_id"


def test_over_http_a_form_arrives_signed_and_its_acknowledgement_is_obeyed() -> None:
    requests = Requests()
    with raw_server(requests) as url, http_slack(url) as slack:
        client = client_of(slack)
        client.chat_postMessage(channel=CHANNEL, text="x", blocks=[actions(button("Open", "open"))])
        ben = slack.person("ben")
        ben.click("Open")
        trigger_id = requests.payload()["trigger_id"]
        view = modal(text_input("reason", "Reason"), private_metadata="p", notify_on_close=True)
        client.views_open(trigger_id=trigger_id, view=view)

        requests.body = b'{"response_action": "errors", "errors": {"reason": "Say more"}}'
        refused = ben.submit({"Reason": "no"})
        assert (refused.response_action, refused.errors) == ("errors", {"reason": "Say more"})
        payload = requests.payload()
        assert (payload["type"], payload["user"]["id"], payload["response_urls"]) == ("view_submission", "U0BEN", [])
        assert (payload["view"]["callback_id"], payload["view"]["private_metadata"]) == ("promote", "p")
        assert payload["view"]["state"]["values"]["reason"]["reason.input"]["value"] == "no"
        assert payload["view"]["hash"]
        assert payload["trigger_id"] != trigger_id

        requests.body = b'{"response_action": "clear"}'
        assert ben.submit({"Reason": "It is too risky today"}).response_action == "clear"
        assert ben.modal() is None

        client.views_open(trigger_id=requests.payload()["trigger_id"], view=view)
        requests.body = b""
        ben.close_modal()
        closed = requests.payload()
        assert (closed["type"], closed["is_cleared"], closed["view"]["private_metadata"]) == ("view_closed", False, "p")
        assert "trigger_id" not in closed
    assert requests.are_signed_with(SECRET)
