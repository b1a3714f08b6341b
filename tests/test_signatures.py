"""What arrives by HTTP: only what Slack signed and what Slack sends gets in; everything else is 400 or 401."""

import io
import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from fakes.bolt import SECRET, BoltApp, a_click, a_command, a_mention, signed_headers
from slack_sdk.signature import SignatureVerifier

from bot.http import LARGEST_BODY, BotMetrics, Probes, WsgiApp, make_wsgi
from bot.signatures import refusal


@pytest.fixture
def bolt() -> Iterator[BoltApp]:
    made = BoltApp()
    yield made
    made.close()


@pytest.fixture
def wsgi(bolt: BoltApp) -> WsgiApp:
    return make_wsgi(bolt.app, bolt.settings, Probes(bolt.engine.redis, bolt.identity), BotMetrics())


def post(
    wsgi: WsgiApp, body: bytes, headers: dict[str, str], *, path: str = "/slack/events", method: str = "POST"
) -> tuple[int, str]:
    seen: list[str] = []
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "QUERY_STRING": "",
        "CONTENT_TYPE": headers.get("content-type", "application/x-www-form-urlencoded"),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        **{f"HTTP_{k.upper().replace('-', '_')}": v for k, v in headers.items()},
    }
    answer = b"".join(wsgi(environ, lambda status, *_: seen.append(status)))
    return int(seen[0].split()[0]), answer.decode()


COMMAND = urlencode(a_command("help")).encode()


def test_what_slack_signed_is_answered(wsgi: WsgiApp) -> None:
    status, answer = post(wsgi, COMMAND, signed_headers(COMMAND))
    assert status == 200
    assert "promote" in answer


NOW = int(time.time())
Forged = Callable[[], dict[str, str]]
FORGED: dict[str, Forged] = {
    "unsigned": dict,
    "no timestamp": lambda: {"x-slack-signature": signed_headers(COMMAND)["x-slack-signature"]},
    "no signature": lambda: {"x-slack-request-timestamp": str(NOW)},
    "wrongly signed": lambda: signed_headers(COMMAND, secret="another"),
    "signed for another body": lambda: signed_headers(b"command=other"),
    "old": lambda: signed_headers(COMMAND, at=int(time.time()) - 301),
    "future": lambda: signed_headers(COMMAND, at=int(time.time()) + 400),
    "timestamp no number": lambda: signed_headers(COMMAND, stamp="soon"),
    "timestamp a fraction": lambda: signed_headers(COMMAND, stamp=f"{NOW}.5"),
    "timestamp negative": lambda: signed_headers(COMMAND, stamp=f"-{NOW}"),
    "timestamp of other digits": lambda: signed_headers(COMMAND, stamp="١٢٣"),
    "timestamp endless": lambda: signed_headers(COMMAND, stamp="9" * 400),
    "signature not ASCII": lambda: {**signed_headers(COMMAND), "x-slack-signature": "v0=é"},
    "signature empty": lambda: {**signed_headers(COMMAND), "x-slack-signature": ""},
}


@pytest.mark.parametrize("how", FORGED)
def test_what_slack_did_not_sign_is_refused(wsgi: WsgiApp, bolt: BoltApp, how: str) -> None:
    status, _ = post(wsgi, COMMAND, FORGED[how]())
    assert status == 401
    assert bolt.engine.store.rollouts.recent() == ()


JSON_TYPE = {"content-type": "application/json"}
GARBAGE: dict[str, tuple[bytes, dict[str, str]]] = {
    "not UTF-8": (b"command=\xff\xfe", {}),
    "no JSON": (b"{", JSON_TYPE),
    "no object": (b"[1, 2]", JSON_TYPE),
    "bottomless": (b"[" * 100_000, JSON_TYPE),
    "no form": (b"hello", {}),
    "empty": (b"", {}),
    "payload no JSON": (b"payload=%7B", {}),
    "payload no object": (b"payload=3", {}),
    "larger than anything": (b"command=" + b"x" * LARGEST_BODY, {}),
}


@pytest.mark.parametrize("what", GARBAGE)
def test_signed_garbage_is_refused(wsgi: WsgiApp, what: str) -> None:
    body, headers = GARBAGE[what]
    status, _ = post(wsgi, body, {**signed_headers(body), **headers})
    assert status in (400, 401)


ODD: dict[str, tuple[bytes, dict[str, str]]] = {
    "an empty object": (b"{}", JSON_TYPE),
    "an event without an event": (b'{"type": "event_callback"}', JSON_TYPE),
    "an event that is a number": (b'{"type": "event_callback", "event": 3}', JSON_TYPE),
    "an event of nobody": (
        json.dumps({**a_mention("x"), "event": {"type": "app_mention", "ts": "1"}}).encode(),
        JSON_TYPE,
    ),
    "a click by nobody": (urlencode({"payload": '{"type": "block_actions", "actions": []}'}).encode(), {}),
    "a click on nothing": (
        urlencode({"payload": json.dumps({**a_click("rollout.approve", "{}"), "actions": []})}).encode(),
        {},
    ),
    "a command by nobody": (b"command=%2Fendpoint&text=help", {}),
    "another command": (urlencode({**a_command("help"), "command": "/other"}).encode(), {}),
    "a payload of an unknown kind": (urlencode({"payload": '{"type": "surprise"}'}).encode(), {}),
}


@pytest.mark.parametrize("what", ODD)
def test_what_slack_never_sends_is_no_server_error(wsgi: WsgiApp, what: str) -> None:
    body, headers = ODD[what]
    status, _ = post(wsgi, body, {**signed_headers(body), **headers})
    assert status < 500


def test_the_url_check_of_slack_is_answered(wsgi: WsgiApp) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "abc"}).encode()
    status, answer = post(wsgi, body, {**signed_headers(body), **JSON_TYPE})
    assert (status, "abc" in answer) == (200, True)


def test_mentions_by_http_are_taken(wsgi: WsgiApp, bolt: BoltApp) -> None:
    body = json.dumps(a_mention("status")).encode()
    assert post(wsgi, body, {**signed_headers(body), **JSON_TYPE})[0] == 200
    assert bolt.queued() == 1


def test_refusal_reads_nothing_that_it_should_not_know() -> None:
    assert refusal(COMMAND, signed_headers(COMMAND), SignatureVerifier(SECRET)) is None


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("HEAD", "/healthz", 200),
        ("GET", "/readyz", 200),
        ("GET", "/metrics", 200),
        ("GET", "/slack/events", 405),
        ("POST", "/healthz", 404),
        ("GET", "/", 404),
    ],
)
def test_each_path_answers_what_it_should(wsgi: WsgiApp, method: str, path: str, status: int) -> None:
    assert post(wsgi, b"", {}, path=path, method=method)[0] == status


def test_not_ready_says_what_is_missing(wsgi: WsgiApp, bolt: BoltApp) -> None:
    bolt.slack_is_away = True
    bolt.redis_goes_away()
    assert post(wsgi, b"", {}, path="/readyz", method="GET") == (
        503,
        "Redis cannot be reached; Slack cannot be reached\n",
    )


def test_slack_is_not_asked_at_every_probe(bolt: BoltApp) -> None:
    now = [0.0]
    probes = Probes(bolt.engine.redis, bolt.identity, lambda: now[0])
    asked = [probes.problems(), probes.problems()]
    assert asked == [[], []]
    assert len(bolt.said("/api/auth.test")) == 1
    now[0] = 6.0
    assert probes.problems() == []
    assert len(bolt.said("/api/auth.test")) == 2


def test_in_socket_mode_nothing_is_taken_by_http(bolt: BoltApp) -> None:
    settings = bolt.settings.model_copy(update={"slack_app_token": bolt.settings.slack_bot_token})
    closed = make_wsgi(bolt.app, settings, Probes(bolt.engine.redis, bolt.identity), BotMetrics())
    assert post(closed, COMMAND, signed_headers(COMMAND))[0] == 404
