"""The Slack gateway against a local HTTP server that plays Slack's Web API."""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from fakes.memory import LapsingMemory
from slack_sdk import WebClient

from bot.domain.errors import RolloutBotError, SlackRefused, TransientError
from workers.gateways.slack import SlackMessenger, make_web_client

from .http_stub import Answer, Asked, Stub, serving

NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
ME = {"ok": True, "user": "endpoint-bot", "user_id": "U0BOT", "bot_id": "B0BOT", "team_id": "T0"}
BLOCKS = [{"type": "section", "text": {"type": "mrkdwn", "text": "hello"}}]


def refused(error: str) -> Answer:
    return Answer({"ok": False, "error": error})


def sent(asked: Asked) -> dict[str, Any]:
    if "json" in asked.headers["content-type"]:
        return dict(json.loads(asked.body or b"{}"))
    return {key: values[0] for key, values in parse_qs(asked.body.decode()).items()}


@dataclass
class Slack:
    """Answers by method; a list is used up, one answer per call."""

    answers: dict[str, Answer | list[Answer]] = field(default_factory=dict)
    now: datetime = NOW
    stub: Stub | None = None

    def __call__(self, asked: Asked) -> Answer:
        method = asked.path.rpartition("/")[2]
        answer = self.answers.get(method, Answer(ME) if method == "auth.test" else Answer({"ok": True}))
        return answer.pop(0) if isinstance(answer, list) else answer

    def calls(self, method: str) -> list[dict[str, Any]]:
        assert self.stub is not None
        return [sent(asked) for asked in self.stub.asked if asked.path.endswith(f"/{method}")]


@contextmanager
def messenger(slack: Slack) -> Iterator[SlackMessenger]:
    with serving(slack) as stub:
        slack.stub = stub
        client = make_web_client("xoxb-test", f"{stub.url}/api/")
        client.timeout = 1
        yield SlackMessenger(client, LapsingMemory(lambda: slack.now))


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(variable, raising=False)


# posting


def test_post_returns_the_message_ts_and_neither_unfurls_nor_links_names() -> None:
    slack = Slack({"chat.postMessage": Answer({"ok": True, "ts": "1.2", "channel": "C1"})})
    metadata = {"event_type": "rollout", "event_payload": {"rollout": "r1", "slot": "card"}}
    with messenger(slack) as messages:
        ts = messages.post("C1", text="hi", blocks=BLOCKS, thread_ts="1.1", metadata=metadata)
    assert ts == "1.2"
    assert slack.calls("chat.postMessage") == [
        {
            "channel": "C1",
            "text": "hi",
            "blocks": BLOCKS,
            "thread_ts": "1.1",
            "metadata": metadata,
            "unfurl_links": False,
            "unfurl_media": False,
            "link_names": False,
        }
    ]


def test_edit_changes_the_message() -> None:
    slack = Slack()
    with messenger(slack) as messages:
        messages.edit("C1", "1.2", text="now", blocks=BLOCKS)
    assert slack.calls("chat.update") == [
        {"channel": "C1", "ts": "1.2", "text": "now", "blocks": BLOCKS, "link_names": False}
    ]


def test_whisper_reaches_one_person_in_the_thread() -> None:
    slack = Slack()
    with messenger(slack) as messages:
        messages.whisper("C1", "U1", text="only you", thread_ts="1.1")
    (call,) = slack.calls("chat.postEphemeral")
    assert (call["channel"], call["user"], call["text"], call["thread_ts"]) == ("C1", "U1", "only you", "1.1")
    assert "blocks" not in call


def test_refusal_carries_slacks_own_code() -> None:
    with (
        messenger(Slack({"chat.postMessage": refused("invalid_blocks")})) as messages,
        pytest.raises(SlackRefused) as caught,
    ):
        messages.post("C1", text="hi", blocks=BLOCKS)
    assert (caught.value.method, caught.value.error) == ("chat.postMessage", "invalid_blocks")


def failure(answer: Answer) -> RolloutBotError:
    slack = Slack({"chat.postMessage": answer})
    with messenger(slack) as messages, pytest.raises(RolloutBotError) as caught:
        messages.post("C1", text="hi", blocks=BLOCKS)
    assert slack.stub is not None
    assert len(slack.stub.asked) == 1, "a message must never be posted twice"
    return caught.value


@pytest.mark.parametrize(
    ("headers", "retry_after"),
    [({"Retry-After": "7"}, timedelta(seconds=7)), ({"retry-after": "30"}, timedelta(seconds=30)), ({}, None)],
)
def test_rate_limit_says_how_long_to_wait_and_does_not_wait_itself(
    headers: dict[str, str], retry_after: timedelta | None
) -> None:
    error = failure(Answer({"ok": False, "error": "ratelimited"}, status=429, headers=headers))
    assert isinstance(error, TransientError)
    assert (error.outcome_unknown, error.retry_after) == (False, retry_after)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(hangs_up=True),
        Answer(is_silent=True),
        Answer({"ok": False, "error": "internal_error"}, status=500),
        Answer(b"<html>Bad gateway</html>", status=502),
        Answer(b"<html>Log in to the network first</html>"),
        refused("fatal_error"),
    ],
    ids=["connection lost", "no answer in time", "server error", "bad gateway", "not Slack's answer", "fatal_error"],
)
def test_after_a_lost_answer_the_message_may_have_been_posted(answer: Answer) -> None:
    error = failure(answer)
    assert isinstance(error, TransientError)
    assert error.outcome_unknown


def test_refused_connection_means_that_nothing_was_posted() -> None:
    with serving(Slack()) as stub:
        url = stub.url
    messages = SlackMessenger(make_web_client("xoxb-test", f"{url}/api/"), LapsingMemory(lambda: NOW))
    with pytest.raises(TransientError) as caught:
        messages.post("C1", text="hi", blocks=BLOCKS)
    assert not caught.value.outcome_unknown


def test_a_client_that_retries_by_itself_is_not_accepted() -> None:
    with pytest.raises(ValueError, match="make_web_client"):
        SlackMessenger(WebClient(token="xoxb-test"), LapsingMemory(lambda: NOW))


# response_url


def responded(answer: Answer, **options: Any) -> Slack:
    slack = Slack({"1": answer})
    with messenger(slack) as messages:
        assert slack.stub is not None
        messages.respond(f"{slack.stub.url}/response/1", text="hi", **options)
    return slack


def test_response_takes_the_place_of_the_message_that_was_clicked_where_that_is_wanted() -> None:
    (call,) = responded(Answer(b"ok"), in_place=True).calls("1")
    assert (call["response_type"], call["replace_original"]) == ("ephemeral", True)


@pytest.mark.parametrize(("in_channel", "response_type"), [(False, "ephemeral"), (True, "in_channel")])
def test_response_replaces_nothing_unless_told_to(in_channel: bool, response_type: str) -> None:
    (call,) = responded(Answer(b"ok"), in_channel=in_channel).calls("1")
    assert (call["response_type"], call["replace_original"], call["text"]) == (response_type, False, "hi")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(b"expired_url", status=404), "expired_url"),
        (Answer({"ok": False, "error": "used_url"}, status=404), "used_url"),
    ],
)
def test_worn_out_response_url_is_a_refusal(answer: Answer, code: str) -> None:
    with pytest.raises(SlackRefused) as caught:
        responded(answer)
    assert (caught.value.method, caught.value.error) == ("response_url", code)


def test_rate_limit_of_a_response_url_says_how_long_to_wait() -> None:
    with pytest.raises(TransientError) as caught:
        responded(Answer(b"slow down", status=429, headers={"Retry-After": "3"}))
    assert caught.value.retry_after == timedelta(seconds=3)


# files


def with_upload(slack: Slack) -> Callable[[Asked], Answer]:
    """Slack hands out an upload address on its own host, as the real one does."""

    def answer(asked: Asked) -> Answer:
        if asked.path.endswith("/files.getUploadURLExternal"):
            assert slack.stub is not None
            return Answer({"ok": True, "upload_url": f"{slack.stub.url}/upload/F1", "file_id": "F1"})
        return slack(asked)

    return answer


def uploaded(slack: Slack) -> None:
    with serving(with_upload(slack)) as stub:
        slack.stub = stub
        client = make_web_client("xoxb-test", f"{stub.url}/api/")
        SlackMessenger(client, LapsingMemory(lambda: NOW)).upload(
            "C1", "1.1", filename="chart.png", content=b"\x89PNG", title="Before and after", alt_text="p50 fell"
        )


def test_upload_goes_through_slacks_three_steps_into_the_thread() -> None:
    slack = Slack({"files.completeUploadExternal": Answer({"ok": True, "files": [{"id": "F1"}]})})
    uploaded(slack)
    assert slack.stub is not None
    assert slack.stub.paths() == [
        "/api/files.getUploadURLExternal",
        "/upload/F1",
        "/api/files.completeUploadExternal",
    ]
    (asked,) = slack.calls("files.getUploadURLExternal")
    assert (asked["filename"], asked["length"], asked["alt_txt"]) == ("chart.png", "4", "p50 fell")
    assert slack.stub.asked[1].body == b"\x89PNG"
    (completed,) = slack.calls("files.completeUploadExternal")
    assert (completed["channel_id"], completed["thread_ts"]) == ("C1", "1.1")
    assert json.loads(completed["files"]) == [{"id": "F1", "title": "Before and after"}]


def test_refused_upload_names_the_step() -> None:
    with pytest.raises(SlackRefused) as caught:
        uploaded(Slack({"files.completeUploadExternal": refused("not_in_channel")}))
    assert (caught.value.method, caught.value.error) == ("files.completeUploadExternal", "not_in_channel")


def test_failed_transfer_of_the_bytes_is_worth_trying_again() -> None:
    with pytest.raises(TransientError):
        uploaded(Slack({"F1": Answer(b"", status=503)}))


def test_rate_limit_of_an_upload_says_how_long_to_wait() -> None:
    limited = Answer({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": "5"})
    with pytest.raises(TransientError) as caught:
        uploaded(Slack({"files.completeUploadExternal": limited}))
    assert caught.value.retry_after == timedelta(seconds=5)


# looking for our own


def message(
    ts: str, user: str = "U0BOT", slot: str = "card", event_type: str = "rollout", **members: Any
) -> dict[str, Any]:
    payload = {"rollout": "r1", "slot": slot, "version": 3}
    return {"ts": ts, "user": user, "metadata": {"event_type": event_type, "event_payload": payload}, **members}


def page(*messages: dict[str, Any], cursor: str = "") -> Answer:
    return Answer({"ok": True, "messages": list(messages), "response_metadata": {"next_cursor": cursor}})


def found(slack: Slack, thread_ts: str | None = "1.0") -> str | None:
    with messenger(slack) as messages:
        payload = {"rollout": "r1", "slot": "card"}
        return messages.find_own("C1", event_type="rollout", payload=payload, since=NOW, thread_ts=thread_ts)


def test_own_message_is_found_by_its_metadata_over_pages() -> None:
    slack = Slack({"conversations.replies": [page({"ts": "1.0", "user": "U1"}, cursor="more"), page(message("1.5"))]})
    assert found(slack) == "1.5"
    first, second = slack.calls("conversations.replies")
    assert (first["channel"], first["ts"], first["include_all_metadata"]) == ("C1", "1.0", "1")
    assert float(first["oldest"]) == (NOW - timedelta(minutes=2)).timestamp()
    assert second["cursor"] == "more"


def test_own_root_message_is_looked_for_in_the_channel() -> None:
    slack = Slack({"conversations.history": page(message("1.5"))})
    assert found(slack, thread_ts=None) == "1.5"


@pytest.mark.parametrize(
    "other",
    [
        message("1.5", slot="plan"),
        message("1.5", event_type="other"),
        message("1.5", user="U0EVE"),
        {"ts": "1.5", "user": "U0BOT"},
    ],
    ids=["another slot", "another event", "somebody else's", "no metadata"],
)
def test_nothing_but_our_own_message_is_taken_for_it(other: dict[str, Any]) -> None:
    assert found(Slack({"conversations.replies": page(other)})) is None


def test_message_by_our_bot_id_is_our_own() -> None:
    assert found(Slack({"conversations.replies": page(message("1.5", user="", bot_id="B0BOT"))})) == "1.5"


def test_without_the_history_scope_nothing_is_found_and_the_log_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    slack = Slack({"conversations.replies": refused("missing_scope")})
    with messenger(slack) as messages, caplog.at_level(logging.WARNING, logger="workers.gateways.slack"):
        for _ in range(2):
            assert messages.find_own("C1", event_type="x", payload={}, since=NOW, thread_ts="1.0") is None
        assert not messages.has_own_file("C1", "1.0", "chart.png")
    assert caplog.text.count("channels:history") == 1


def test_other_refusals_of_the_history_are_raised() -> None:
    with pytest.raises(SlackRefused):
        found(Slack({"conversations.replies": refused("not_in_channel")}))


@pytest.mark.parametrize(
    ("shared", "is_there"),
    [
        ({"ts": "2", "user": "U0BOT", "files": [{"name": "chart.png"}]}, True),
        ({"ts": "2", "user": "U0BOT", "files": [{"name": "other.png"}]}, False),
        ({"ts": "2", "user": "U0EVE", "files": [{"name": "chart.png"}]}, False),
        ({"ts": "2", "user": "U0BOT"}, False),
    ],
)
def test_own_file_is_known_by_its_name(shared: dict[str, Any], is_there: bool) -> None:
    with messenger(Slack({"conversations.replies": page(shared)})) as messages:
        assert messages.has_own_file("C1", "1.0", "chart.png") is is_there


# people


MEMBERS = Answer({"ok": True, "users": ["U1", "U2"]})
GROUPS = Answer({"ok": True, "usergroups": [{"id": "S0MLOPS", "handle": "ml-ops"}]})


def test_group_is_read_by_its_id_and_remembered_for_a_minute() -> None:
    slack = Slack({"usergroups.users.list": [MEMBERS, Answer({"ok": True, "users": ["U3"]})]})
    with messenger(slack) as messages:
        assert messages.group_members("S0MLOPS") == {"U1", "U2"}
        slack.now += timedelta(seconds=59)
        assert messages.group_members("S0MLOPS") == {"U1", "U2"}
        slack.now += timedelta(seconds=1)
        assert messages.group_members("S0MLOPS") == {"U3"}


def test_group_is_found_by_its_handle_whatever_its_case() -> None:
    slack = Slack({"usergroups.list": GROUPS, "usergroups.users.list": MEMBERS})
    with messenger(slack) as messages:
        assert messages.group_members("@ML-Ops") == {"U1", "U2"}
    assert slack.calls("usergroups.users.list")[0]["usergroup"] == "S0MLOPS"


def test_unknown_handle_is_an_error_and_not_an_empty_group() -> None:
    with messenger(Slack({"usergroups.list": GROUPS})) as messages, pytest.raises(SlackRefused):
        messages.group_members("@nobody")


def test_unreadable_group_is_an_error_even_when_it_was_readable_a_minute_ago() -> None:
    slack = Slack({"usergroups.users.list": [MEMBERS, Answer({}, status=500)]})
    with messenger(slack) as messages:
        messages.group_members("S0MLOPS")
        slack.now += timedelta(seconds=61)
        with pytest.raises(TransientError):
            messages.group_members("S0MLOPS")


def test_time_zone_is_remembered_for_a_day_also_when_slack_does_not_tell_it() -> None:
    told = [Answer({"ok": True, "user": user}) for user in ({"tz": "Europe/Berlin"}, {"tz": "Asia/Kolkata"}, {})]
    slack = Slack({"users.info": told})
    with messenger(slack) as messages:
        assert messages.timezone_of("U1") == "Europe/Berlin"
        slack.now += timedelta(hours=23)
        assert messages.timezone_of("U1") == "Europe/Berlin"
        slack.now += timedelta(hours=1)
        assert messages.timezone_of("U1") == "Asia/Kolkata"
        assert [messages.timezone_of("U2"), messages.timezone_of("U2")] == [None, None]
    assert [call["user"] for call in slack.calls("users.info")] == ["U1", "U1", "U2"]


def test_time_zone_that_cannot_be_looked_up_is_an_error() -> None:
    with messenger(Slack({"users.info": refused("missing_scope")})) as messages, pytest.raises(SlackRefused):
        messages.timezone_of("U1")


# modals


def test_view_is_opened_with_the_trigger_of_what_the_person_did() -> None:
    slack = Slack()
    with messenger(slack) as messages:
        messages.open_view("1.2.3", {"type": "modal", "callback_id": "c"})
    (call,) = slack.calls("views.open")
    view = json.loads(call["view"]) if isinstance(call["view"], str) else call["view"]
    assert (call["trigger_id"], view) == ("1.2.3", {"type": "modal", "callback_id": "c"})


def test_view_that_comes_too_late_is_a_refusal_and_not_tried_again() -> None:
    slack = Slack({"views.open": refused("expired_trigger_id")})
    with messenger(slack) as messages, pytest.raises(SlackRefused) as caught:
        messages.open_view("1.2.3", {"type": "modal"})
    assert caught.value.error == "expired_trigger_id"
    assert len(slack.calls("views.open")) == 1


def test_home_tab_is_published_whole_for_one_person() -> None:
    slack = Slack()
    with messenger(slack) as messages:
        messages.publish_home("U1", BLOCKS)
    (call,) = slack.calls("views.publish")
    view = json.loads(call["view"]) if isinstance(call["view"], str) else call["view"]
    assert (call["user_id"], view) == ("U1", {"type": "home", "blocks": BLOCKS})
    assert "hash" not in call


def test_home_tab_of_somebody_who_left_is_a_refusal() -> None:
    slack = Slack({"views.publish": refused("user_not_found")})
    with messenger(slack) as messages, pytest.raises(SlackRefused):
        messages.publish_home("U1", BLOCKS)


def test_own_name_is_asked_for_once() -> None:
    slack = Slack()
    with messenger(slack) as messages:
        assert {messages.own_name(), messages.own_name()} == {"endpoint-bot"}
    assert len(slack.calls("auth.test")) == 1


def test_permalink_is_slacks() -> None:
    slack = Slack({"chat.getPermalink": Answer({"ok": True, "permalink": "https://x.slack.com/archives/C1/p12"})})
    with messenger(slack) as messages:
        assert messages.permalink("C1", "1.2") == "https://x.slack.com/archives/C1/p12"
    assert slack.calls("chat.getPermalink")[0]["message_ts"] == "1.2"
