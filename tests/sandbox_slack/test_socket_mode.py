"""Socket Mode as slack_sdk's own client sees it: several connections, refresh, abrupt ends, nobody there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler

from sandbox.slack.driver import SlackDriver
from sandbox.slack.process import running_slack
from sandbox_slack.clients import APP_TOKEN, BOT_TOKEN, client_of, error_of, hang_up


@pytest.fixture(scope="module")
def lonely() -> Iterator[SlackDriver]:
    """A stand-in of its own, to which nobody is connected at first."""
    with running_slack() as slack:
        yield slack


@pytest.fixture
def handlers(lonely: SlackDriver) -> Iterator[list[SocketModeHandler]]:
    """Connections that a test makes; they end with it."""
    lonely.reset()
    made: list[SocketModeHandler] = []
    yield made
    hang_up(lonely, *made)


def connected(slack: SlackDriver, seen: list[str], name: str) -> SocketModeHandler:
    """A Bolt app that notes under its name what it received."""
    app = App(client=client_of(slack))

    @app.command("/endpoint")
    def note(ack: Any) -> None:
        seen.append(name)
        ack()

    handler = SocketModeHandler(app, APP_TOKEN)
    before = slack.health()["connections"]
    handler.connect()
    slack.wait_for(lambda: slack.health()["connections"] > before, what="the connection")
    return handler


def test_without_a_connection_commands_fail_at_once(lonely: SlackDriver) -> None:
    delivery = lonely.person("anna").command("/endpoint status")
    assert (delivery.status, delivery.ack_text) == (
        "dispatch_failed",
        '/endpoint failed with the error "dispatch_failed"',
    )
    assert delivery.took_seconds < 1


def test_each_payload_goes_to_one_of_several_connections(
    lonely: SlackDriver, handlers: list[SocketModeHandler]
) -> None:
    seen: list[str] = []
    handlers += [connected(lonely, seen, "first"), connected(lonely, seen, "second")]
    for _ in range(4):
        lonely.person("anna").command("/endpoint status")
    assert sorted(seen) == ["first", "first", "second", "second"]


def test_a_refreshed_connection_comes_back_by_itself(lonely: SlackDriver, handlers: list[SocketModeHandler]) -> None:
    seen: list[str] = []
    handlers.append(connected(lonely, seen, "app"))
    opened = len(lonely.calls("apps.connections.open"))

    lonely.disconnect("refresh_requested")

    lonely.wait_for(lambda: len(lonely.calls("apps.connections.open")) > opened, what="a new connection", timeout=15)
    lonely.wait_until_connected()
    assert lonely.person("anna").command("/endpoint status").status == "ok"


def test_only_the_app_token_opens_connections(lonely: SlackDriver) -> None:
    client = client_of(lonely, token=None)
    assert error_of(lambda: client.apps_connections_open(app_token=BOT_TOKEN)) == "not_allowed_token_type"
    assert error_of(lambda: client.apps_connections_open(app_token="xapp-wrong")) == "invalid_auth"
    assert error_of(lambda: client.apps_connections_open(app_token=APP_TOKEN)) == "ok"


def test_a_connection_needs_a_ticket(lonely: SlackDriver) -> None:
    with pytest.raises(HTTPError) as refused:
        build_opener(ProxyHandler({})).open(f"{lonely.url}/link?ticket=made-up")
    assert refused.value.code == 401
    refused.value.close()
