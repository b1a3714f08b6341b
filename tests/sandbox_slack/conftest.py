"""The stand-in as a process, and a real Bolt app that connects to it."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from sandbox.slack.driver import SlackDriver
from sandbox.slack.process import running_slack
from sandbox_slack.clients import APP_TOKEN, Connect, client_of, hang_up


@pytest.fixture(scope="session")
def process() -> Iterator[SlackDriver]:
    with running_slack("--event-retry-delays", "0,0.1,0.1") as slack:
        yield slack


@pytest.fixture
def slack(process: SlackDriver) -> SlackDriver:
    """A fresh workspace with Slack's real rate limits."""
    process.up()
    process.reset()
    process.rate_limits("real")
    return process


@pytest.fixture
def client(slack: SlackDriver) -> WebClient:
    return client_of(slack)


@pytest.fixture
def app(slack: SlackDriver) -> App:
    """A Bolt app without listeners; tests add theirs and then connect it."""
    logging.getLogger("slack_bolt").setLevel(logging.CRITICAL)  # unhandled requests are provoked on purpose
    return App(client=client_of(slack))


@pytest.fixture(scope="session")
def connection(process: SlackDriver) -> Iterator[SocketModeHandler]:
    """One Socket Mode connection for all tests, because closing one takes slack_sdk three seconds."""
    handler = SocketModeHandler(App(client=client_of(process)), APP_TOKEN)
    handler.connect()
    process.wait_until_connected()
    yield handler
    hang_up(process, handler)


@pytest.fixture
def connect(connection: SocketModeHandler, app: App) -> Connect:
    """Puts a Bolt app behind the connection."""

    def connect(app: App) -> None:
        connection.app = app

    return connect
