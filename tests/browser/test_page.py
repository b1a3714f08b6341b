"""The page itself: text stays text, people and places, phones, keyboards, screen readers, lost connections, the AWS panel."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from browser.conftest import Visit
from browser.looks import (
    CHANNEL,
    complaints_about,
    composer,
    expect_state,
    focused_name,
    is_wider_than_the_window,
    low_buttons,
    place_of,
    press_until,
    promoted,
    send,
    thread,
)
from browser.promotion_blocks import MISCHIEF
from sandbox.slack.driver import SlackDriver
from sandbox.slack.process import running_slack

SMALLEST_TOUCH_PX = 44


@contextmanager
def running_aws(*arguments: str) -> Iterator[str]:
    """The AWS stand-in as a process; yields its address."""
    command = [sys.executable, "-m", "sandbox.aws", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()[-1]
        finally:
            process.terminate()


def test_markup_in_messages_stays_text(visit: Visit, slack: SlackDriver) -> None:
    page = visit("anna", f"#{CHANNEL}")

    send(page, "/endpoint mischief")
    expect(page.get_by_role("article").get_by_text("<script>alert(1)</script>")).to_have_count(3)
    slack.person("ben").say(MISCHIEF, channel="ml-deploys")
    expect(page.get_by_role("article", name="Ben Castellano")).to_contain_text('<img src=x onerror="document.title=1">')

    assert page.locator("article :is(img, script, b)").count() == 0
    assert page.title() != "1"


def test_every_kind_of_block_is_drawn(visit: Visit, slack: SlackDriver) -> None:
    slack.person("ben").command("/endpoint gallery", channel="ml-deploys")
    page = visit("anna", f"#{CHANNEL}")
    message = page.get_by_role("article").first

    expect(message.locator("strong", has_text="Rich")).to_be_visible()
    expect(message.get_by_role("table")).to_have_count(2)
    expect(message.locator("blockquote")).to_have_text("quoted")
    expect(message.locator("s")).to_have_text("struck")
    expect(message.get_by_text("snake_case_name")).to_be_visible()
    expect(message.get_by_role("link", name="a link")).to_have_count(2)
    expect(message.get_by_role("radio")).to_have_count(2)
    expect(page.get_by_text("cannot show")).to_have_count(0)


def test_switching_people_keeps_the_place(visit: Visit, slack: SlackDriver) -> None:
    page = visit("anna", place_of(promoted(slack)))

    page.get_by_role("link", name="Ben Castellano").click()

    expect(page.get_by_text("You are Ben Castellano")).to_be_visible()
    expect(page).to_have_url(f"{slack.url}/?as=U0BEN{page.evaluate('location.hash')}")
    expect(thread(page).get_by_role("button", name="Approve")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("You are Anna Okafor")).to_be_visible()


def test_unsent_text_waits_where_it_was_typed(visit: Visit) -> None:
    page = visit("anna", f"#{CHANNEL}")
    composer(page).fill("half a thought")

    page.get_by_role("link", name="sentiment").click()
    expect(page.get_by_role("textbox", name="Message #sentiment")).to_have_value("")
    page.get_by_role("link", name="ml-deploys").click()

    expect(composer(page)).to_have_value("half a thought")


def test_channel_tells_how_much_is_new(visit: Visit, slack: SlackDriver) -> None:
    page = visit("anna", "#C0SENTIMENT")

    slack.person("ben").say("one", channel="ml-deploys")
    slack.person("ben").say("two", channel="ml-deploys")
    channel = page.get_by_role("link", name="ml-deploys")
    expect(channel).to_have_accessible_name("ml-deploys, 2 new messages")
    channel.click()

    expect(channel).to_have_accessible_name("ml-deploys")


def test_link_to_a_message_opens_its_thread_as_the_same_person(visit: Visit, slack: SlackDriver) -> None:
    card = promoted(slack)
    digits = card.ts.replace(".", "")
    slack.person("anna").say(f"see {slack.url}/archives/{CHANNEL}/p{digits}", channel="sentiment")
    page = visit("ben", "#C0SENTIMENT")

    page.get_by_role("link", name="/archives/").click()

    expect(thread(page).get_by_role("button", name="Approve")).to_be_visible()
    expect(page.get_by_text("You are Ben Castellano")).to_be_visible()


@pytest.mark.parametrize("width", [360, 414])
def test_phone_does_the_whole_job_without_scrolling_sideways(visit: Visit, slack: SlackDriver, width: int) -> None:
    promoted(slack)
    page = visit("ben", size=(width, 740))

    def fits() -> None:
        assert not is_wider_than_the_window(page)
        assert low_buttons(page, SMALLEST_TOUCH_PX) == []

    expect(page.get_by_role("main")).to_be_hidden()
    fits()
    page.get_by_role("link", name="ml-deploys, 1 new message").tap()
    fits()
    page.get_by_role("button", name="1 reply").tap()
    expect(page.get_by_role("main")).to_be_hidden()
    fits()
    thread(page).get_by_role("button", name="Approve").tap()
    roll_back = thread(page).get_by_role("button", name="Roll back")
    roll_back.tap()
    fits()
    page.get_by_role("alertdialog").get_by_role("button", name="Leave it").tap()
    page.get_by_role("link", name="Back to the channel").tap()
    expect_state(page, "succeeded")
    page.get_by_role("link", name="Back to the channels").tap()
    expect(page.get_by_role("link", name="endpoint-bot")).to_be_visible()


def test_phone_modal_fits(visit: Visit) -> None:
    page = visit("anna", f"#{CHANNEL}", size=(360, 640))

    send(page, "/endpoint")
    page.get_by_role("dialog").wait_for()

    assert not is_wider_than_the_window(page)
    assert low_buttons(page, SMALLEST_TOUCH_PX) == []


def test_keyboard_alone_can_approve(visit: Visit, slack: SlackDriver) -> None:
    promoted(slack)
    page = visit("ben", f"#{CHANNEL}")

    page.get_by_role("link", name="Skip to the conversation").focus()
    page.keyboard.press("Enter")
    press_until(page, "Tab", "1 reply, 1 new last at " + page.locator(".replies").inner_text().rsplit(" ", 1)[1])
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Reply in the thread")).to_be_focused()
    press_until(page, "Shift+Tab", "Approve")
    page.keyboard.press("Enter")

    expect(thread(page).get_by_text("Approved by")).to_be_visible()
    # The button is gone; the reader is still at its message.
    assert "Approved by" in focused_name(page)
    thread(page).get_by_role("button", name="Roll back").wait_for()
    page.keyboard.press("Escape")
    expect(thread(page)).to_have_count(0)
    assert page.evaluate("document.activeElement.dataset.key") == "replies"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_accessibility_checks_pass_on_every_screen(visit: Visit, slack: SlackDriver, dark: bool) -> None:
    card = promoted(slack)
    slack.person("anna").say(
        "Fine by me, @ben @carla `code` https://example.com", channel="ml-deploys", thread_ts=card.ts
    )
    slack.person("anna").command("/endpoint gallery", channel="ml-deploys")
    slack.person("dave").click("Approve", channel="ml-deploys", thread_ts=card.ts)
    page = visit("dave", place_of(card), dark=dark)
    expect(thread(page).get_by_text("Only visible to you")).to_be_visible()
    assert complaints_about(page) == []

    thread(page).get_by_role("button", name="Reject").click()
    assert complaints_about(page) == []
    page.keyboard.press("Escape")

    slack.person("ben").click("Approve", channel="ml-deploys", thread_ts=card.ts)
    thread(page).get_by_role("button", name="Roll back").wait_for()
    assert complaints_about(page) == []

    slack.person("dave").command("/endpoint", channel="ml-deploys")
    page.get_by_role("button", name="Show the plan").click()
    page.get_by_text("Please complete").first.wait_for()
    assert complaints_about(page) == []


def test_screen_readers_hear_of_new_messages_and_follow_the_thread(visit: Visit, slack: SlackDriver) -> None:
    card = promoted(slack)
    page = visit("anna", place_of(card))

    slack.person("ben").say("Looks *good*", channel="ml-deploys", thread_ts=card.ts)
    expect(page.locator("[aria-live=polite]")).to_contain_text("Ben Castellano: Looks good")
    slack.person("ben").say("Elsewhere", channel="sentiment")
    expect(page.locator("[aria-live=polite]")).to_contain_text("Ben Castellano in sentiment: Elsewhere")

    messages = thread(page).get_by_role("list", name="Messages of the thread")
    names = [article.get_attribute("aria-labelledby") for article in messages.get_by_role("article").all()]
    assert len(names) == 3
    expect(messages.get_by_role("article").last).to_have_accessible_name(
        f"Ben Castellano {page.locator('time').last.inner_text()}"
    )


def test_page_says_that_it_reconnects_and_then_misses_nothing(visit: Visit) -> None:
    with running_slack() as first:
        page = visit("anna", f"#{CHANNEL}", url=first.url)
        first.person("ben").say("before", channel="ml-deploys")
        expect(page.get_by_text("before", exact=True)).to_be_visible()
    expect(page.get_by_text("Reconnecting…")).to_be_visible()

    with running_slack("--port", first.url.rsplit(":", 1)[1]) as second:
        second.person("ben").say("after", channel="ml-deploys")
        expect(page.get_by_text("after", exact=True)).to_be_visible()
        expect(page.get_by_text("Reconnecting…")).to_have_count(0)


def test_panel_shows_the_endpoints_and_switches_what_aws_does(visit: Visit) -> None:
    with running_aws("--speed", "1000") as aws:
        page = visit("anna", f"#{CHANNEL}", query=f"&aws={aws}")
        page.get_by_role("button", name="What AWS does").click()
        panel = page.get_by_role("complementary", name="What AWS does")

        expect(panel.get_by_role("listitem").filter(has_text="sentiment-prod-config")).to_contain_text("InService")
        panel.get_by_role("button", name="Switch on: The next version is 29 % slower").click()
        off = panel.get_by_role("button", name="Switch off: The next version is 29 % slower")
        off.click()
        expect(off).to_have_count(0)
        panel.get_by_label("To", exact=True).select_option("stt-prod")
        panel.get_by_role("button", name="Let it happen: AWS maintains the endpoint for 10 s").click()
        expect(panel.get_by_role("listitem").filter(has_text="stt-prod-config")).to_contain_text("SystemUpdating")
        assert complaints_about(page) == []
        panel.press("Escape")
        expect(page.get_by_role("button", name="What AWS does")).to_be_focused()
