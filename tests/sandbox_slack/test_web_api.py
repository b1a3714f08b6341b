"""The Web API through slack_sdk: what it does and what it refuses, with Slack's own error strings."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

import pytest
from slack_sdk import WebClient

from sandbox.slack.driver import SlackDriver
from sandbox.slack.timezones import NEW_YORK
from sandbox_slack.clients import APP_TOKEN, CHANNEL, client_of, error_of, modal, section, text_input

DIRECT = build_opener(ProxyHandler({}))


def raw_call(slack: SlackDriver, method: str, data: bytes | None, **headers: str) -> dict[str, Any]:
    request = Request(
        f"{slack.url}/api/{method}", data, {name.replace("_", "-"): value for name, value in headers.items()}
    )
    with DIRECT.open(request) as response:
        answer: dict[str, Any] = json.loads(response.read())
    return answer


def test_the_bot_knows_who_it_is(client: WebClient) -> None:
    who = client.auth_test()
    assert (who["user_id"], who["bot_id"], who["team_id"]) == ("U0BOT", "B0BOT", "T0SANDBOX")


@pytest.mark.parametrize(("token", "error"), [("xoxb-wrong", "invalid_auth"), (APP_TOKEN, "not_allowed_token_type")])
def test_a_wrong_token_is_refused(slack: SlackDriver, token: str, error: str) -> None:
    assert error_of(client_of(slack, token).auth_test) == error


def test_no_token_is_refused(slack: SlackDriver) -> None:
    assert raw_call(slack, "auth.test", b"")["error"] == "not_authed"


def test_json_forms_and_token_parameters_are_understood(slack: SlackDriver) -> None:
    as_json = json.dumps({"channel": CHANNEL, "text": "json"}).encode()
    answer = raw_call(
        slack,
        "chat.postMessage",
        as_json,
        Content_Type="application/json; charset=utf-8",
        Authorization="Bearer xoxb-sandbox",
    )
    assert answer["ok"]
    form = f"token=xoxb-sandbox&channel={CHANNEL}&text=form".encode()
    assert raw_call(slack, "chat.postMessage", form, Content_Type="application/x-www-form-urlencoded")["ok"]
    assert raw_call(slack, "auth.test?token=xoxb-sandbox", b"", Content_Type="application/json")["ok"]
    assert [message.plain for message in slack.messages()] == ["json", "form"]


def test_an_unknown_method_is_unknown(client: WebClient) -> None:
    assert error_of(lambda: client.api_call("chat.shout")) == "unknown_method"


@pytest.mark.parametrize(
    ("channel", "error"),
    [("C0NOWHERE", "channel_not_found"), ("C0RANDOM", "not_in_channel"), ("G0SECRET", "channel_not_found")],
)
def test_the_bot_writes_only_where_it_is_a_member(client: WebClient, channel: str, error: str) -> None:
    assert error_of(lambda: client.chat_postMessage(channel=channel, text="x")) == error


def test_only_new_messages_go_by_name_or_person(slack: SlackDriver, client: WebClient) -> None:
    ts = client.chat_postMessage(channel="#ml-deploys", text="by name")["ts"]
    assert client.chat_postMessage(channel="U0ANNA", text="psst")["channel"] == "D0ANNA"
    assert error_of(lambda: client.chat_update(channel="#ml-deploys", ts=ts, text="x")) == "channel_not_found"
    assert error_of(lambda: client.conversations_history(channel="U0ANNA")) == "channel_not_found"


def test_a_message_needs_text_or_blocks(client: WebClient) -> None:
    assert error_of(lambda: client.api_call("chat.postMessage", json={"channel": CHANNEL})) == "no_text"


def test_blocks_without_text_are_accepted_and_noted(slack: SlackDriver, client: WebClient) -> None:
    client.api_call("chat.postMessage", json={"channel": CHANNEL, "blocks": [section("x")]})
    assert [each["warning"] for each in slack.warnings()] == ["missing_text_in_message"]


def test_bad_blocks_are_refused_with_a_json_pointer(client: WebClient) -> None:
    blocks = [section("fine"), {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]
    with pytest.raises(Exception, match="invalid_blocks") as raised:
        client.chat_postMessage(channel=CHANNEL, text="x", blocks=blocks)
    answer = raised.value.response  # type: ignore[attr-defined]
    wanted = "must be less than 151 characters [json-pointer:/blocks/1/text/text]"
    assert answer["errors"] == [wanted]
    assert answer["response_metadata"]["messages"] == [f"[ERROR] {wanted}"]


@pytest.mark.parametrize("blocks", ["{", '{"type": "section"}'])
def test_blocks_that_are_no_list_have_their_own_error(client: WebClient, blocks: str) -> None:
    assert (
        error_of(lambda: client.chat_postMessage(channel=CHANNEL, text="x", blocks=blocks)) == "invalid_blocks_format"
    )


def test_long_texts_are_cut_when_posted_and_refused_when_updated(slack: SlackDriver, client: WebClient) -> None:
    ts = client.chat_postMessage(channel=CHANNEL, text="x" * 40_001)["ts"]
    assert len(slack.messages()[0].text) == 40_000
    assert error_of(lambda: client.chat_update(channel=CHANNEL, ts=ts, text="x" * 4_001)) == "msg_too_long"
    many = [section("x" * 2_900) for _ in range(5)]
    assert error_of(lambda: client.chat_postMessage(channel=CHANNEL, text="x", blocks=many)) == "msg_blocks_too_long"


def test_an_edit_keeps_every_version(slack: SlackDriver, client: WebClient) -> None:
    ts = client.chat_postMessage(channel=CHANNEL, text="one")["ts"]
    client.chat_update(channel=CHANNEL, ts=ts, text="two")
    client.chat_update(channel=CHANNEL, ts=ts, text="three")
    (message,) = slack.messages()
    assert message.edits == 2
    assert [version.text for version in message.versions] == ["one", "two", "three"]


def test_only_own_messages_can_be_changed(slack: SlackDriver, client: WebClient) -> None:
    slack.person("anna").say("mine")
    ts = slack.messages()[0].ts
    assert error_of(lambda: client.chat_update(channel=CHANNEL, ts=ts, text="x")) == "cant_update_message"
    assert error_of(lambda: client.chat_delete(channel=CHANNEL, ts=ts)) == "cant_delete_message"
    assert error_of(lambda: client.chat_update(channel=CHANNEL, ts="1.0", text="x")) == "message_not_found"


def test_ephemeral_messages_reach_one_member_and_cannot_be_updated(slack: SlackDriver, client: WebClient) -> None:
    ts = client.chat_postEphemeral(channel=CHANNEL, user="U0BEN", text="psst")["message_ts"]
    assert [message.visible_to for message in slack.messages()] == ["ben"]
    assert slack.person("anna").messages() == []
    assert error_of(lambda: client.chat_update(channel=CHANNEL, ts=ts, text="x")) == "message_not_found"
    assert (
        error_of(lambda: client.chat_postEphemeral(channel="C0SENTIMENT", user="U0DAVE", text="x"))
        == "user_not_in_channel"
    )


def test_threads_grow_under_their_root(slack: SlackDriver, client: WebClient) -> None:
    root = client.chat_postMessage(channel=CHANNEL, text="root")["ts"]
    reply = client.chat_postMessage(channel=CHANNEL, text="reply", thread_ts=root)["ts"]
    under_reply = client.chat_postMessage(channel=CHANNEL, text="again", thread_ts=reply)
    assert under_reply["message"]["thread_ts"] == root
    assert slack.thread("ml-deploys", root)[0].raw["reply_count"] == 2
    assert error_of(lambda: client.chat_postMessage(channel=CHANNEL, text="x", thread_ts="1.0")) == "thread_not_found"
    replies = client.conversations_replies(channel=CHANNEL, ts=root)["messages"]
    assert [message["text"] for message in replies] == ["root", "reply", "again"]
    assert [message["text"] for message in client.conversations_history(channel=CHANNEL)["messages"]] == ["root"]


def test_metadata_is_kept_and_found_again(client: WebClient) -> None:
    metadata = {"event_type": "rollout_slot", "event_payload": {"rollout": "r1", "slot": "plan"}}
    client.chat_postMessage(channel=CHANNEL, text="x", metadata=metadata)
    plain = client.conversations_history(channel=CHANNEL)["messages"][0]
    full = client.conversations_history(channel=CHANNEL, include_all_metadata=True)["messages"][0]
    assert "metadata" not in plain
    assert full["metadata"] == metadata


def test_history_is_paged_and_bounded(client: WebClient) -> None:
    stamps = [client.chat_postMessage(channel=CHANNEL, text=str(number))["ts"] for number in range(5)]
    first = client.conversations_history(channel=CHANNEL, limit=2)
    assert [message["text"] for message in first["messages"]] == ["4", "3"]
    rest = client.conversations_history(channel=CHANNEL, limit=3, cursor=first["response_metadata"]["next_cursor"])
    assert ([message["text"] for message in rest["messages"]], rest["has_more"]) == (["2", "1", "0"], False)
    later = client.conversations_history(channel=CHANNEL, oldest=stamps[3])
    assert [message["text"] for message in later["messages"]] == ["4"]


def test_people_groups_and_channels_are_told_as_at_slack(client: WebClient) -> None:
    assert client.usergroups_users_list(usergroup="S0MLOPS")["users"] == ["U0CARLA"]
    assert error_of(lambda: client.usergroups_users_list(usergroup="S0NONE")) == "no_such_subteam"
    assert [group["handle"] for group in client.usergroups_list()["usergroups"]] == ["ml-ops"]
    assert error_of(lambda: client.users_info(user="U0NOBODY")) == "user_not_found"
    assert client.conversations_info(channel="C0RANDOM")["channel"]["is_member"] is False
    listed = client.conversations_list(types="public_channel,private_channel")["channels"]
    assert [channel["name"] for channel in listed] == ["ml-deploys", "sentiment", "random"]
    assert "U0EVE" in client.conversations_members(channel=CHANNEL)["members"]


def test_the_bot_can_join_a_public_channel_and_open_direct_messages(slack: SlackDriver, client: WebClient) -> None:
    client.conversations_join(channel="C0RANDOM")
    assert client.chat_postMessage(channel="C0RANDOM", text="hello")["ok"]
    dm = client.conversations_open(users="U0ANNA")["channel"]["id"]
    client.chat_postMessage(channel=dm, text="psst")
    assert [message.plain for message in slack.person("anna").messages("@endpoint-bot")] == ["psst"]


def test_links_to_messages_name_channel_and_thread(client: WebClient) -> None:
    root = client.chat_postMessage(channel=CHANNEL, text="root")["ts"]
    reply = client.chat_postMessage(channel=CHANNEL, text="reply", thread_ts=root)["ts"]
    link = client.chat_getPermalink(channel=CHANNEL, message_ts=reply)["permalink"]
    assert f"/archives/{CHANNEL}/p{reply.replace('.', '')}?thread_ts={root}" in link
    assert error_of(lambda: client.chat_getPermalink(channel=CHANNEL, message_ts="1.0")) == "message_not_found"


def test_a_disabled_group_is_there_only_for_who_asks_for_it(slack: SlackDriver, client: WebClient) -> None:
    everything = client.usergroups_list(include_disabled=True, include_users=True)["usergroups"]
    assert [(group["handle"], group["date_delete"] > 0) for group in everything] == [
        ("ml-ops", False),
        ("release-crew", True),
    ]
    assert error_of(lambda: client.usergroups_users_list(usergroup="S0RELEASE")) == "no_such_subteam"
    assert client.usergroups_users_list(usergroup="S0RELEASE", include_disabled=True)["users"] == ["U0DAVE"]
    slack.person("anna").say("ask @release-crew")
    assert slack.messages()[-1].text == "ask @release-crew"


def test_people_are_in_different_time_zones(client: WebClient) -> None:
    told = {name: client.users_info(user=f"U0{name}")["user"] for name in ("ANNA", "BEN", "DAVE")}
    zones = {name: user["tz"] for name, user in told.items()}
    assert zones == {"ANNA": "Europe/Berlin", "BEN": "America/New_York", "DAVE": "Asia/Kolkata"}
    assert (told["DAVE"]["tz_label"], told["DAVE"]["tz_offset"]) == ("India Standard Time", 19800)


@pytest.mark.parametrize(
    ("month", "label", "hours"), [(1, "Eastern Standard Time", -5), (7, "Eastern Daylight Time", -4)]
)
def test_the_offset_follows_daylight_saving_time(month: int, label: str, hours: int) -> None:
    told = NEW_YORK.to_api(datetime(2026, month, 15, tzinfo=UTC))
    assert told == {"tz": "America/New_York", "tz_label": label, "tz_offset": hours * 3600}


def test_a_reaction_is_added_once(slack: SlackDriver, client: WebClient) -> None:
    ts = client.chat_postMessage(channel=CHANNEL, text="x")["ts"]
    client.reactions_add(channel=CHANNEL, timestamp=ts, name="eyes")
    assert slack.messages()[0].raw["reactions"] == [{"name": "eyes", "users": ["U0BOT"], "count": 1}]
    assert error_of(lambda: client.reactions_add(channel=CHANNEL, timestamp=ts, name="eyes")) == "already_reacted"


def test_a_modal_needs_a_trigger_and_a_valid_view(client: WebClient) -> None:
    good, bad = modal(text_input("a", "A")), modal(text_input("a", "A"), submit=None)
    assert error_of(lambda: client.views_open(trigger_id="1.2.3", view=good)) == "invalid_trigger_id"
    assert error_of(lambda: client.views_open(trigger_id="1.2.3", view=bad)) == "invalid_arguments"
    assert error_of(lambda: client.views_update(view_id="V0", view=good)) == "not_found"


def test_a_home_tab_is_guarded_by_its_hash(client: WebClient) -> None:
    home = {"type": "home", "blocks": [section("board")]}
    first = client.views_publish(user_id="U0ANNA", view=home)["view"]["hash"]
    client.views_publish(user_id="U0ANNA", view={**home, "blocks": [section("newer")]}, hash=first)
    assert error_of(lambda: client.views_publish(user_id="U0ANNA", view=home, hash=first)) == "hash_conflict"


def test_blocks_can_be_validated_without_posting(slack: SlackDriver, client: WebClient) -> None:
    assert client.blocks_validate(blocks=[section("x")])["ok"]
    with pytest.raises(Exception, match="invalid_blocks") as raised:
        client.blocks_validate(blocks=[{"type": "section"}])
    assert raised.value.response["errors"][0]["pointer"] == "/0"  # type: ignore[attr-defined]
    assert slack.messages() == []


def test_every_call_is_logged_with_arguments_and_result(slack: SlackDriver, client: WebClient) -> None:
    client.chat_postMessage(channel=CHANNEL, text="hello")
    (call,) = slack.calls("chat.postMessage")
    assert (call["args"]["text"], call["ok"], call["status"]) == ("hello", True, 200)
    assert call["result"]["ts"] == slack.messages()[0].ts
    assert "token" not in call["args"]
