"""A promotion as people live through it on the page: commands, buttons, confirmations, modals, pictures."""

from __future__ import annotations

from playwright.sync_api import expect

from browser.conftest import Visit
from browser.looks import CHANNEL, composer, expect_state, place_of, promoted, send, thread
from sandbox.slack.driver import SlackDriver


def test_typed_command_brings_a_card_and_its_plan_without_reload(visit: Visit) -> None:
    page = visit("anna", f"#{CHANNEL}")
    page.evaluate("window.isSamePage = true")

    send(page, "/endpoint promote stt-prod")
    expect_state(page, "awaiting approval")
    page.get_by_role("button", name="1 reply").click()

    expect(thread(page).get_by_text("Plan", exact=True)).to_be_visible()
    expect(thread(page).get_by_role("button", name="Approve")).to_be_visible()
    assert page.evaluate("window.isSamePage")


def test_example_in_an_empty_channel_fills_the_composer(visit: Visit) -> None:
    page = visit("anna", f"#{CHANNEL}")

    page.get_by_role("button", name="/endpoint promote stt-prod").click()

    expect(composer(page)).to_have_value("/endpoint promote stt-prod")
    expect(composer(page)).to_be_focused()


def test_approval_shows_on_everybodys_screen_as_it_happens(visit: Visit, slack: SlackDriver) -> None:
    card = promoted(slack)
    anna, ben = visit("anna", f"#{CHANNEL}"), visit("ben", place_of(card))
    expect_state(anna, "awaiting approval")

    thread(ben).get_by_role("button", name="Approve").click()

    expect_state(anna, "succeeded")
    expect(thread(ben).get_by_text("Approved by")).to_be_visible()
    expect(thread(ben).get_by_role("button", name="Approve")).to_have_count(0)
    expect(anna.get_by_role("button", name="4 replies")).to_be_visible()


def test_refusal_is_seen_only_by_who_clicked(visit: Visit, slack: SlackDriver) -> None:
    card = promoted(slack)
    dave, ben = visit("dave", place_of(card)), visit("ben", place_of(card))

    thread(dave).get_by_role("button", name="Approve").click()

    refusal = thread(dave).get_by_role("article").filter(has_text="You may not approve")
    expect(refusal).to_contain_text("Only visible to you")
    slack.person("anna").say("done?", channel="ml-deploys", thread_ts=card.ts)
    expect(thread(ben).get_by_text("done?")).to_be_visible()
    expect(thread(ben).get_by_text("You may not approve")).to_have_count(0)


def test_dangerous_button_asks_first_and_escape_means_no(visit: Visit, slack: SlackDriver) -> None:
    page = visit("ben", place_of(promoted(slack)))
    reject = thread(page).get_by_role("button", name="Reject")

    reject.click()
    question = page.get_by_role("alertdialog", name="Reject this plan?")
    expect(question.get_by_role("button", name="Leave it")).to_be_focused()
    page.keyboard.press("Escape")

    expect(question).to_have_count(0)
    expect(reject).to_be_focused()
    assert not [each for each in slack.deliveries() if each["kind"] == "interactive"]

    reject.click()
    question.get_by_role("button", name="Reject").click()
    expect(thread(page).get_by_text("Rejected by")).to_be_visible()


def test_modal_keeps_what_was_entered_and_shows_each_error_at_its_field(visit: Visit) -> None:
    page = visit("anna", f"#{CHANNEL}")
    send(page, "/endpoint")
    modal = page.get_by_role("dialog", name="Promote an endpoint")
    expect(modal.get_by_label("Endpoint")).to_be_focused()

    modal.get_by_role("button", name="Show the plan").click()
    expect(modal.get_by_label("Endpoint")).to_have_accessible_description("Please complete this required field.")

    modal.get_by_label("Endpoint").select_option("sentiment-prod")
    modal.get_by_role("combobox", name="Version").fill("4")
    modal.get_by_role("option", name="Version 4").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    modal.get_by_label("Instances").fill("9")
    modal.get_by_role("button", name="Show the plan").click()

    count = modal.get_by_label("Instances")
    expect(count).to_have_accessible_description("1 to 8 Between 1 and 8, because the quota is 8.")
    expect(count).to_be_focused()
    expect(modal.get_by_label("Version")).to_have_value("Version 4")
    count.fill("2")
    count.press("Enter")

    expect(modal).to_have_count(0)
    expect(page.get_by_text("wants sentiment-prod on version 4")).to_be_visible()
    expect(composer(page)).to_be_focused()


def test_escape_closes_a_modal_for_the_app_too(visit: Visit, slack: SlackDriver) -> None:
    page = visit("anna", f"#{CHANNEL}")
    send(page, "/endpoint")
    modal = page.get_by_role("dialog", name="Promote an endpoint")
    modal.wait_for()

    page.keyboard.press("Escape")

    expect(modal).to_have_count(0)
    page.reload()
    page.get_by_text("You are").wait_for()
    expect(modal).to_have_count(0)


def test_modals_are_stacked_and_updated_without_losing_what_was_typed(visit: Visit) -> None:
    page = visit("anna", f"#{CHANNEL}")
    send(page, "/endpoint steps")
    first, second = page.get_by_role("dialog", name="First"), page.get_by_role("dialog", name="Second")

    first.get_by_label("Reason").fill("It is faster")
    first.get_by_role("button", name="Ask differently").click()
    expect(first.get_by_label("Why")).to_have_value("It is faster")
    first.get_by_role("button", name="Choose another endpoint").click()
    expect(second.get_by_label("Reason")).to_have_value("")
    second.get_by_role("button", name="Back").click()
    expect(first.get_by_label("Why")).to_have_value("It is faster")

    first.get_by_role("button", name="Choose another endpoint").click()
    second.get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_picture_has_words_and_can_be_enlarged(visit: Visit, slack: SlackDriver) -> None:
    card = promoted(slack)
    page = visit("ben", place_of(card))
    thread(page).get_by_role("button", name="Approve").click()
    enlarge = thread(page).get_by_role("button", name="Enlarge: p50, p90 and p99 before and after")
    expect(thread(page).get_by_role("img", name="p50, p90 and p99 before and after")).to_have_js_property(
        "complete", True
    )

    enlarge.click()
    expect(page.get_by_role("dialog", name="Latency before and after").get_by_role("img")).to_be_visible()
    page.keyboard.press("Escape")

    expect(enlarge).to_be_focused()


def test_late_acknowledgement_is_told_at_the_button_and_for_the_command(visit: Visit, slack: SlackDriver) -> None:
    slack.person("ben").command("/endpoint gallery", channel="ml-deploys")
    page = visit("anna", f"#{CHANNEL}")
    whom = page.get_by_label("Whom")

    whom.select_option("Ben Castellano")
    expect(whom).to_have_attribute("aria-busy", "true")
    send(page, "/endpoint slow")

    expect(page.locator("#toasts")).not_to_be_empty()
    expect(page.locator(".action-error")).to_be_visible()
    expect(
        page.get_by_text("operation_timeout").first
    ).to_be_visible()  # the notice to the person, and its toast while that lasts


def test_menu_choice_reaches_the_app(visit: Visit, slack: SlackDriver) -> None:
    slack.person("ben").command("/endpoint gallery", channel="ml-deploys")
    page = visit("anna", f"#{CHANNEL}")

    page.get_by_label("How many").select_option(label="Four — Four instances")

    expect(page.get_by_text("You chose four.")).to_be_visible()


def test_mention_in_a_thread_is_completed_and_answered(visit: Visit, slack: SlackDriver) -> None:
    page = visit("anna", place_of(promoted(slack)))
    reply = page.get_by_role("textbox", name="Reply in the thread")

    reply.press_sequentially("@endp")
    reply.press("Tab")
    expect(reply).to_have_value("@endpoint-bot ")
    reply.press_sequentially("status")
    reply.press("Enter")

    expect(thread(page).get_by_text("Hello @anna")).to_be_visible()


def test_command_in_a_thread_is_refused_as_slack_refuses_it(visit: Visit, slack: SlackDriver) -> None:
    page = visit("anna", place_of(promoted(slack)))
    reply = page.get_by_role("textbox", name="Reply in the thread")

    reply.fill("/endpoint status")
    reply.press("Enter")

    expect(page.get_by_text("/endpoint is not supported in threads. Sorry!")).to_be_visible()


def test_edited_card_shows_what_it_said_before(visit: Visit, slack: SlackDriver) -> None:
    card = promoted(slack)
    slack.person("ben").click("Approve", channel="ml-deploys", thread_ts=card.ts)
    page = visit("anna", f"#{CHANNEL}")
    expect_state(page, "succeeded")

    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Earlier versions").click()

    versions = page.get_by_role("dialog", name="Versions of this message").get_by_role("listitem")
    expect(versions.first).to_contain_text("succeeded")
    expect(versions.last).to_contain_text("awaiting approval")


def test_app_is_invited_to_a_channel_with_one_click(visit: Visit, slack: SlackDriver) -> None:
    page = visit("dave", "#C0RANDOM")
    invite = page.get_by_role("button", name="Invite endpoint-bot")

    invite.click()

    expect(page.get_by_text("5 members")).to_be_visible()
    expect(invite).to_have_count(0)


def test_home_tab_shows_the_board_asks_before_its_buttons_act_and_shows_other_rows(visit: Visit) -> None:
    page = visit("anna", f"#{CHANNEL}")

    page.get_by_role("link", name="endpoint-bot").click()
    page.get_by_role("link", name="Home").click()

    expect(page.get_by_text("stt-prod: OUT_OF_DATE")).to_be_visible()
    page.get_by_role("button", name="Promote").click()
    question = page.get_by_role("alertdialog", name="Promote stt-prod?")
    question.get_by_role("button", name="Leave it").click()
    expect(question).to_have_count(0)
    page.get_by_role("combobox").select_option("Only what needs attention (0)")
    expect(page.get_by_text("Nothing needs attention.")).to_be_visible()
    expect(page.get_by_text("stt-prod: OUT_OF_DATE")).to_have_count(0)
