"""How tests find things on the page, as a person or a screen reader would."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from sandbox.slack.driver import Message, SlackDriver

CHANNEL = "C0MLDEPLOYS"
ACCESSIBILITY = (Path(__file__).parent / "accessibility.js").read_text()


def composer(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Message #ml-deploys")


def thread(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Thread")


def send(page: Page, text: str) -> None:
    composer(page).fill(text)
    composer(page).press("Enter")


def promoted(slack: SlackDriver) -> Message:
    """The card of a promotion that waits for approval, with its plan in the thread."""
    slack.person("anna").command("/endpoint promote stt-prod", channel="ml-deploys")
    card = slack.wait_for(lambda: slack.root_messages("ml-deploys")[-1], what="the card")
    slack.wait_for(lambda: len(slack.thread("ml-deploys", card.ts)) == 2, what="the plan")
    return card


def place_of(card: Message) -> str:
    return f"#{CHANNEL}/{card.ts}"


def is_wider_than_the_window(page: Page) -> bool:
    """Whether anything makes the page, or one of its columns, scroll sideways."""
    script = """() => [document.documentElement, ...document.querySelectorAll('main, aside, nav, .scroller, dialog')]
        .some((node) => node.checkVisibility() && node.scrollWidth > node.clientWidth + 1)"""
    return bool(page.evaluate(script))


def low_buttons(page: Page, least: int) -> list[str]:
    """The names of visible buttons and links that look like buttons and are lower than `least` pixels."""
    script = """(least) => [...document.querySelectorAll('button, .button, select, .channel, .person')]
        .filter((node) => node.checkVisibility({visibilityProperty: true}) && !node.matches('.enlarge'))
        .filter((node) => node.getBoundingClientRect().height < least)
        .map((node) => `${node.textContent || node.ariaLabel} ${node.getBoundingClientRect().height}`)"""
    return list(page.evaluate(script, least))


def complaints_about(page: Page) -> list[str]:
    """What an accessibility checker would say about what is on the screen now; empty when it is content."""
    return list(page.evaluate(ACCESSIBILITY))


def focused_name(page: Page) -> str:
    """The label of what has the focus."""
    return str(page.evaluate("() => document.activeElement.ariaLabel || document.activeElement.textContent.trim()"))


def press_until(page: Page, key: str, name: str, most: int = 60) -> None:
    """Presses a key until the focus is on the element with that name, as somebody without a mouse would."""
    seen = []
    for _ in range(most):
        page.keyboard.press(key)
        seen.append(focused_name(page)[:40])
        if seen[-1] == name:
            return
    raise AssertionError(f"{key} never reached {name!r}; it went over {json.dumps(seen)}")


def expect_state(page: Page, words: str) -> None:
    """The root card in the channel says this state."""
    expect(page.get_by_role("main").get_by_role("article").filter(has_text=words)).to_be_visible()
