"""Debian's Chromium in front of the real stand-in process, with a small Bolt app behind it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright
from sandbox_slack.clients import APP_TOKEN, client_of, hang_up
from slack_bolt.adapter.socket_mode import SocketModeHandler

from browser.promotion_app import make_app
from sandbox.slack.driver import SlackDriver
from sandbox.slack.process import running_slack

CHROMIUM = Path("/usr/bin/chromium")
DESKTOP = (1280, 900)
FAILED_REQUESTS = "Failed to load resource"

Visit = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in Path(item.fspath).parts:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is missing; apt-get install chromium")
    expect.set_options(timeout=8_000)
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


@pytest.fixture(scope="session")
def stand_in() -> Iterator[SlackDriver]:
    """The workspace with the promotion app connected."""
    logging.getLogger("slack_bolt").setLevel(logging.CRITICAL)  # unhandled requests are provoked on purpose
    with running_slack("--rate-limits", "off") as slack:
        handler = SocketModeHandler(make_app(client_of(slack)), APP_TOKEN)
        handler.connect()
        slack.wait_until_connected()
        yield slack
        hang_up(slack, handler)


@pytest.fixture
def slack(stand_in: SlackDriver) -> SlackDriver:
    """A fresh workspace."""
    stand_in.reset()
    stand_in.rate_limits("off")
    return stand_in


class Windows:
    """Browser windows by size and colours. They are kept for all tests, because making one takes longer than most tests."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: dict[tuple[int, int, bool], BrowserContext] = {}

    def open(self, width: int, height: int, dark: bool) -> Page:
        is_phone = width < 500
        key = (width, height, dark)
        if key not in self._contexts:
            self._contexts[key] = self._browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme="dark" if dark else "light",
                reduced_motion="reduce",
                is_mobile=is_phone,
                has_touch=is_phone,
            )
        return self._contexts[key].new_page()


@pytest.fixture(scope="session")
def windows(browser: Browser) -> Windows:
    return Windows(browser)


@pytest.fixture
def visit(windows: Windows, slack: SlackDriver) -> Iterator[Visit]:
    """Opens the page as somebody: `visit("ben", "#C0MLDEPLOYS", size=(390, 844))`. Errors of the page fail the test."""
    pages: list[Page] = []
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error" and FAILED_REQUESTS not in message.text:
            complaints.append(message.text)

    def visit(
        name: str,
        place: str = "",
        *,
        query: str = "",
        url: str = slack.url,
        size: tuple[int, int] = DESKTOP,
        dark: bool = False,
    ) -> Page:
        page = windows.open(*size, dark)
        pages.append(page)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", listen)
        page.goto(f"{url}/?as=U0{name.upper()}{query}{place}")
        page.locator("#who").get_by_text("You are").wait_for()
        return page

    yield visit
    for page in pages:
        page.evaluate("localStorage.clear()")
        page.close()
    assert complaints == []
