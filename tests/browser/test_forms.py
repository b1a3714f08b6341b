"""The bot's own modal on the page: at a desk and on a phone, by keyboard, and when the app does not answer."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from browser.conftest import Visit
from browser.looks import CHANNEL, complaints_about, composer, is_wider_than_the_window, low_buttons, send
from sandbox.slack.driver import SlackDriver

SMALLEST_TOUCH_PX = 44
DESK, PHONE = (1280, 900), (390, 844)
SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


def asked_why(visit: Visit, size: tuple[int, int] = DESK, *, dark: bool = False) -> tuple[Page, Locator]:
    """Ben's page with the form that opens after a rejection."""
    page = visit("ben", f"#{CHANNEL}", size=size, dark=dark)
    send(page, "/endpoint why")
    form = page.get_by_role("dialog", name="Why reject?")
    expect(form).to_be_visible()
    return page, form


@SIZES
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_form_fits_and_says_first_that_the_rejection_stands(
    visit: Visit, size: tuple[int, int], dark: bool
) -> None:
    page, form = asked_why(visit, size, dark=dark)
    expect(form.get_by_text("is rejected, and it stays so if you close this.")).to_be_visible()
    reason = form.get_by_label("Reason (optional)")
    expect(reason).to_be_focused()
    expect(reason).to_have_accessible_description("Shown in the rollout's thread and kept in its history.")
    for name in ("Add the reason", "Skip", "Close"):
        expect(form.get_by_role("button", name=name)).to_be_in_viewport()
    assert not is_wider_than_the_window(page)
    assert complaints_about(page) == []
    if size == PHONE:
        assert low_buttons(page, SMALLEST_TOUCH_PX) == []


@SIZES
def test_several_lines_are_typed_and_sent(visit: Visit, slack: SlackDriver, size: tuple[int, int]) -> None:
    page, form = asked_why(visit, size)
    page.keyboard.type("too risky today")
    page.keyboard.press("Enter")
    page.keyboard.type("wait for Monday")
    expect(form).to_be_visible()
    form.get_by_role("button", name="Add the reason").click()

    expect(form).to_have_count(0)
    slack.wait_for(
        lambda: slack.messages()[-1].text == "Rejected by <@U0BEN>: too risky today\nwait for Monday", what="the reason"
    )


def test_more_than_slack_takes_cannot_be_typed(visit: Visit) -> None:
    page, form = asked_why(visit)
    page.keyboard.insert_text("x" * 600)
    expect(form.get_by_label("Reason")).to_have_value("x" * 500)


def test_tab_stays_in_the_form(visit: Visit) -> None:
    page, _ = asked_why(visit)
    seen = []
    for _ in range(6):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.closest('dialog, body').tagName"))
        assert not page.evaluate("document.activeElement.matches('nav *, main *, aside *')")
    assert "DIALOG" in seen


@pytest.mark.parametrize("way", ["Escape", "Skip", "Close"])
def test_the_form_can_be_left_without_a_word(visit: Visit, slack: SlackDriver, way: str) -> None:
    page, form = asked_why(visit)
    page.keyboard.type("half a thought")
    if way == "Escape":
        page.keyboard.press("Escape")
    else:
        form.get_by_role("button", name=way).click()

    expect(form).to_have_count(0)
    expect(composer(page)).to_be_focused()
    slack.wait_for(lambda: slack.person("ben").modal() is None, what="the end of the modal")
    assert [each["kind"] for each in slack.deliveries()] == ["command"]


def test_an_app_that_does_not_answer_is_told_in_the_form_and_nothing_typed_is_lost(visit: Visit) -> None:
    page, form = asked_why(visit)
    page.keyboard.type("never")
    form.get_by_role("button", name="Add the reason").click()

    expect(form.get_by_role("alert")).to_have_text("We had some trouble connecting. Try again?")
    expect(form.get_by_label("Reason")).to_have_value("never")
    assert complaints_about(page) == []
    form.get_by_label("Reason").fill("too risky")
    form.get_by_role("button", name="Add the reason").click()
    expect(form).to_have_count(0)
