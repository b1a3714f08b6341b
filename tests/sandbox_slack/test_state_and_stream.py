"""What the page reads: the state as one person sees it, and the stream of events after it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import pytest
from slack_sdk import WebClient

from sandbox.slack.driver import SlackDriver
from sandbox_slack.clients import CHANNEL, actions, button

DIRECT = build_opener(ProxyHandler({}))


def state_of(slack: SlackDriver, who: str) -> dict[str, Any]:
    with DIRECT.open(f"{slack.url}/sandbox/state?as={who}") as response:
        state: dict[str, Any] = json.loads(response.read())
    return state


@contextmanager
def streaming(slack: SlackDriver, who: str, after: int, **headers: str) -> Iterator[Iterator[dict[str, Any]]]:
    """The events for one person, as they come; each with its id."""
    request = Request(f"{slack.url}/sandbox/stream?as={who}&after={after}", headers=headers)
    with DIRECT.open(request, timeout=5) as response:

        def events() -> Iterator[dict[str, Any]]:
            event_id = None
            for line in response:
                name, _, value = line.decode().strip().partition(": ")
                if name == "id":
                    event_id = int(value)
                elif name == "data":
                    yield {"id": event_id, **json.loads(value)}

        yield events()


def test_everybody_sees_their_own_channels(slack: SlackDriver) -> None:
    names = {who: [channel["name"] for channel in state_of(slack, who)["channels"]] for who in ("anna", "dave", "eve")}
    assert names == {
        "anna": ["ml-deploys", "sentiment", "random", "secret-plans"],
        "dave": ["ml-deploys", "random"],
        "eve": ["ml-deploys"],
    }


def test_the_state_shows_threads_and_only_my_ephemerals(slack: SlackDriver, client: WebClient) -> None:
    root = client.chat_postMessage(channel=CHANNEL, text="root")["ts"]
    client.chat_postMessage(channel=CHANNEL, text="reply", thread_ts=root)
    client.chat_postEphemeral(channel=CHANNEL, user="U0BEN", text="psst", thread_ts=root)

    seen = {who: state_of(slack, who)["messages"][CHANNEL] for who in ("anna", "ben")}

    assert [message["text"] for message in seen["anna"]] == ["root", "reply"]
    assert [message["text"] for message in seen["ben"]] == ["root", "reply", "psst"]
    assert (seen["anna"][0]["thread_ts"], seen["anna"][0]["reply_count"]) == (root, 1)


def test_the_stream_tells_what_happened_after_the_state(slack: SlackDriver, client: WebClient) -> None:
    state = state_of(slack, "anna")
    with streaming(slack, "anna", state["event_id"]) as events:
        root = client.chat_postMessage(channel=CHANNEL, text="root")["ts"]
        client.chat_postEphemeral(channel=CHANNEL, user="U0BEN", text="for ben only")
        client.chat_update(channel=CHANNEL, ts=root, text="edited")
        client.chat_postMessage(channel=CHANNEL, text="reply", thread_ts=root)
        client.chat_delete(channel=CHANNEL, ts=root)

        told = [next(events) for _ in range(5)]

    assert [(event["type"], event.get("message", {}).get("text")) for event in told] == [
        ("message_posted", "root"),
        ("message_edited", "edited"),
        ("message_posted", "reply"),
        ("message_edited", "edited"),  # the root, with its reply count
        ("message_deleted", None),
    ]
    assert told[3]["message"]["reply_count"] == 1
    assert told[4]["ts"] == root


def test_a_stream_resumes_after_the_last_event_it_saw(slack: SlackDriver, client: WebClient) -> None:
    start = state_of(slack, "anna")["event_id"]
    client.chat_postMessage(channel=CHANNEL, text="one")
    client.chat_postMessage(channel=CHANNEL, text="two")
    with streaming(slack, "anna", start) as events:
        first = next(events)
    with streaming(slack, "anna", start, **{"Last-Event-ID": str(first["id"])}) as events:
        assert next(events)["message"]["text"] == "two"


def test_a_stream_that_cannot_resume_says_reset(slack: SlackDriver) -> None:
    with streaming(slack, "anna", after=10**9) as events:
        assert next(events)["type"] == "reset"


def test_a_failed_click_is_a_toast_for_the_clicker(
    slack: SlackDriver, client: WebClient, connect: Any, app: Any
) -> None:
    connect(app)  # it has no listener for the button, so nothing is acknowledged
    ts = client.chat_postMessage(
        channel=CHANNEL, text="Plan", blocks=[actions(button("Approve", "approve"), block_id="b")]
    )["ts"]
    with streaming(slack, "ben", state_of(slack, "ben")["event_id"]) as events:
        slack.person("ben").click("Approve")
        toast = next(events)
    assert toast["type"] == "toast"
    assert toast["text"] == "Operation timed out. Apps need to respond within 3 seconds."
    assert (toast["channel"], toast["message_ts"], toast["block_id"], toast["action_id"]) == (
        CHANNEL,
        ts,
        "b",
        "approve",
    )


@pytest.mark.parametrize(
    ("path", "body", "status", "error"),
    [
        ("command", {"user": "nobody", "channel": "ml-deploys", "text": "/endpoint"}, 404, "no_such_user"),
        ("command", {"user": "anna", "channel": "nowhere", "text": "/endpoint"}, 404, "no_such_channel"),
        ("command", {"user": "eve", "channel": "random", "text": "/endpoint"}, 409, "not_a_member"),
        ("command", {"user": "anna", "channel": "ml-deploys", "text": "endpoint"}, 400, "not_a_command"),
        ("message", {"user": "anna", "channel": "ml-deploys", "text": "x", "thread_ts": "1.0"}, 404, "no_such_message"),
        ("submit", {"user": "anna"}, 409, "no_such_view"),
        ("rate_limits", {"mode": "fast"}, 400, "unknown_mode"),
        ("disconnect", {"reason": "boredom"}, 400, "unknown_reason"),
    ],
)
def test_what_cannot_be_done_is_said(
    slack: SlackDriver, path: str, body: dict[str, Any], status: int, error: str
) -> None:
    request = Request(f"{slack.url}/sandbox/{path}", json.dumps(body).encode(), method="POST")
    with pytest.raises(HTTPError) as refused:
        DIRECT.open(request)
    with refused.value:
        told = json.loads(refused.value.read())
    assert (refused.value.code, told["error"]) == (status, error)
    assert told["detail"]


def test_files_outside_the_page_are_not_served(slack: SlackDriver) -> None:
    with pytest.raises(HTTPError) as refused:
        DIRECT.open(f"{slack.url}/page/%2e%2e/server.py")
    refused.value.close()
    assert refused.value.code == 404
