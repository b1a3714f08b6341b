"""Slack by HTTP instead of Socket Mode: signatures, probes and metrics, and the same story."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from sandbox.stack import SIGNING_SECRET, Options, Stack

from .running import started
from .story import TOLD_BY_A_PROMOTION, promote

pytestmark = pytest.mark.flow


@pytest.fixture(scope="module")
def running_stack(request: pytest.FixtureRequest, quick_fleet_file: Path) -> Iterator[Stack]:
    options = Options(fleet=quick_fleet_file, speed=300.0, delivery="http")  # with the rate limits of Slack itself
    with started(options, request) as stack:
        yield stack


@dataclass(frozen=True)
class Answer:
    status: int
    text: str


def ask(stack: Stack, path: str, body: bytes | None = None, port: int | None = None, **headers: str) -> Answer:
    """One request past Slack's stand-in, as anybody on the internet could send it."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    request = Request(f"http://127.0.0.1:{port or stack.bot_port}{path}", body, given)
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=10) as answer:
            return Answer(answer.status, answer.read().decode())
    except HTTPError as error:
        with error:
            return Answer(error.code, error.read().decode())


def signed(body: bytes, *, at: float | None = None, secret: str = SIGNING_SECRET) -> dict[str, str]:
    timestamp = str(int(at or time.time()))
    digest = hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {"X_Slack_Request_Timestamp": timestamp, "X_Slack_Signature": f"v0={digest}"}


def test_a_promotion_over_signed_http_is_the_same_story(stack: Stack) -> None:
    assert stack.slack.verify_request_url()["ok"]
    story = promote(stack, "stt-prod").approve()
    story.wait_for_state("succeeded")
    story.assert_told_once(TOLD_BY_A_PROMOTION)


COMMAND = b"command=%2Fendpoint&text=promote+stt-prod&user_id=U0ANNA&channel_id=C0MLDEPLOYS&trigger_id=1.2"


@pytest.mark.parametrize(
    ("body", "headers", "statuses"),
    [
        pytest.param(COMMAND, lambda body: {}, {401}, id="unsigned"),
        pytest.param(COMMAND, lambda body: signed(body, secret="another"), {401}, id="wrongly signed"),
        pytest.param(COMMAND, lambda body: signed(body, at=time.time() - 3600), {401}, id="an hour old"),
        pytest.param(COMMAND, lambda body: signed(body, at=time.time() + 3600), {401}, id="an hour ahead"),
        pytest.param(
            COMMAND,
            lambda body: {**signed(body), "X_Slack_Request_Timestamp": "yesterday"},
            {401},
            id="no number as time",
        ),
        pytest.param(b"\xff\xfe", signed, {400, 401}, id="no text"),
        pytest.param(b"payload=%7B", signed, {400}, id="broken JSON"),
        pytest.param(b"", signed, {400}, id="nothing"),
    ],
)
def test_what_slack_did_not_sign_or_say_gets_400_or_401(
    stack: Stack, body: bytes, headers: Callable[[bytes], dict[str, str]], statuses: set[int]
) -> None:
    assert ask(stack, "/slack/events", body, **headers(body)).status in statuses
    assert stack.slack.messages() == []


def test_probes_and_metrics_tell_operators_how_it_stands(stack: Stack) -> None:
    assert ask(stack, "/healthz").status == 200
    assert ask(stack, "/readyz") == Answer(200, "ready\n")
    assert "endpoint_bot_slack_requests" in ask(stack, "/metrics").text
    assert ask(stack, "/healthz", port=stack.metrics_port).status == 200
    assert "endpoint_bot_store_up 1.0" in ask(stack, "/metrics", port=stack.metrics_port).text
    assert ask(stack, "/nowhere").status == 404

    stack.redis.kill()
    try:
        assert ask(stack, "/healthz").status == 200
        unready = ask(stack, "/readyz")
        assert unready.status == 503
        assert "Redis" in unready.text
        assert "endpoint_bot_store_up 0.0" in ask(stack, "/metrics", port=stack.metrics_port).text
    finally:
        stack.redis.start()
    stack.slack.wait_for(lambda: ask(stack, "/readyz").status == 200, 10, "the bot to be ready again")


def test_slack_being_away_makes_the_bot_unready(stack: Stack) -> None:
    stack.slack.down()
    try:
        unready = stack.slack.wait_for(lambda: (a := ask(stack, "/readyz")).status == 503 and a, 15, "unreadiness")
        assert "Slack" in unready.text
    finally:
        stack.slack.up()
