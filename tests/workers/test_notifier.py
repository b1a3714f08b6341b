"""The thread as a projection: whatever Slack does, it ends complete, true and without doubles."""

from datetime import timedelta

import pytest
from fakes.engine import CHANNEL, FLEET, HOME, Engine
from fakes.failing import always, lost
from fakes.records import ANNA, BEN, ENDPOINT

from bot.domain.errand import ReplyTo
from bot.domain.errors import SlackRefused, TransientError
from bot.domain.phases import Phase, Reason
from bot.domain.rollout_parts import Thread, Trouble
from bot.store.keys import Due
from bot.store.rollouts import Write
from bot.store.slots import SlotState
from workers.posting import EDITS_A_MINUTE, draw_chart

STORY = ["card", "plan", "progress", "watch", "summary"]


def away(method: str) -> TransientError:
    return TransientError(method, "Slack answered 500")


@pytest.mark.parametrize("times", [1, 3])
def test_a_lost_answer_to_a_post_leads_to_no_double(engine: Engine, times: int) -> None:
    engine.slack.fail("post", *[lost("chat.postMessage")] * times)
    rollout_id = engine.promote()
    engine.play(lambda: engine.slack.slots() == ["card", "plan"] and "Approve" in engine.slack.shown("plan").buttons)
    assert engine.phase(rollout_id) is Phase.AWAITING_APPROVAL
    assert engine.rollout(rollout_id).thread.thread_ts == engine.slack.shown("card").ts
    assert engine.slack.shown("plan").thread_ts == engine.slack.shown("card").ts


def test_a_post_that_died_before_it_was_sent_is_sent(engine: Engine) -> None:
    engine.slack.fail("post", RuntimeError("killed"))
    engine.promote()
    engine.play(lambda: engine.slack.slots() == ["card", "plan"])
    assert engine.slack.slots() == ["card", "plan"]
    assert engine.slack.count("find_own") == 1


def test_slack_being_away_stops_no_rollout_and_the_thread_catches_up(engine: Engine) -> None:
    rollout_id = engine.promote()
    engine.press("Approve", by=BEN)
    engine.settle()
    engine.slack.fail("post", *[away("chat.postMessage")] * 4)
    engine.slack.fail("edit", *[away("chat.update")] * 4)
    engine.play_until(Phase.SUCCEEDED, rollout_id)
    engine.play_out(rollout_id)
    assert engine.slack.slots() == STORY
    assert "State: succeeded" in engine.slack.shown("card").words
    assert engine.next_due() is None


@pytest.mark.parametrize("slot", ["card", "plan", "progress"])
def test_a_message_that_somebody_deleted_comes_back(engine: Engine, slot: str) -> None:
    rollout_id = engine.promote()
    engine.press("Approve", by=BEN)
    engine.slack.delete(slot)
    engine.play_until(Phase.SUCCEEDED, rollout_id)
    engine.play_out(rollout_id)
    changes_again = slot != "plan"
    assert (slot in engine.slack.slots()) is changes_again
    assert engine.slack.slots() == list(dict.fromkeys(engine.slack.slots()))


def test_a_rate_limit_is_waited_out_by_everybody(engine: Engine) -> None:
    asked = TransientError("chat.postMessage", "rate limited", retry_after=timedelta(seconds=20))
    engine.slack.fail("post", asked)
    engine.promote()
    assert engine.slack.slots() == []
    assert engine.store.slots.paused_for("chat.postMessage") is not None
    posts = engine.slack.count("post")
    engine.type(f"promote {ENDPOINT} --version 5")
    assert engine.slack.count("post") == posts
    engine.redis.delete("endpoint-bot:slack-pause:chat.postMessage")
    engine.play(lambda: engine.slack.slots().count("plan") == 2)
    assert engine.slack.slots().count("card") == engine.slack.slots().count("plan") == 2


def test_blocks_that_slack_refuses_are_posted_and_edited_as_plain_text(engine: Engine) -> None:
    engine.slack.fail("post", SlackRefused("chat.postMessage", "invalid_blocks"))
    rollout_id = engine.promote()
    card = engine.slack.shown("card")
    assert card.message.blocks == ()
    assert "planning" in card.message.text or "awaiting approval" in card.message.text
    engine.slack.fail("edit", SlackRefused("chat.update", "invalid_blocks"))
    engine.press("Reject", by=BEN)
    engine.play_out(rollout_id)
    assert f"rollout {rollout_id}" in card.message.text
    assert "rejected" in card.message.text
    assert engine.next_due() is None


@pytest.mark.parametrize("error", ["not_in_channel", "channel_not_found", "is_archived"])
def test_without_a_place_to_tell_it_nothing_begins_and_the_requester_is_told(engine: Engine, error: str) -> None:
    engine.slack.fail("post", SlackRefused("chat.postMessage", error))
    rollout_id = engine.promote()
    assert engine.rollout(rollout_id).last.reason is Reason.CHANNEL_UNREACHABLE
    ((_, text),) = engine.slack.responses
    assert "Nothing was started. Type /invite @endpoint-bot, then ask again." in text
    assert engine.slack.posted == []
    engine.play(lambda: False)
    assert engine.next_due() is None


def test_an_invitation_that_slack_cannot_take_now_is_given_later(engine: Engine) -> None:
    engine.slack.fail("post", *[SlackRefused("chat.postMessage", "not_in_channel")] * 2)
    engine.slack.fail("respond", away("response_url"))
    rollout_id = engine.promote()
    engine.play_out(rollout_id)
    assert len(engine.slack.responses) == 1
    assert engine.phase(rollout_id) is Phase.CANCELLED


def test_an_invitation_that_slack_refuses_stops_nothing(engine: Engine) -> None:
    engine.slack.fail("post", SlackRefused("chat.postMessage", "not_in_channel"))
    engine.slack.fail("respond", SlackRefused("response_url", "used_url"))
    assert engine.play_out(engine.promote()) is Phase.CANCELLED


def test_a_story_that_is_over_is_tried_once_a_day_in_an_archived_channel_and_after_a_week_no_more(
    engine: Engine,
) -> None:
    rollout_id = engine.promote()
    engine.slack.fail("post", *[SlackRefused("chat.postMessage", "is_archived")] * 500)
    engine.slack.fail("edit", *[SlackRefused("chat.update", "is_archived")] * 500)
    engine.type(f"cancel {rollout_id}")
    engine.play(lambda: False, limit=timedelta(hours=2))
    tried = len(engine.slack.calls)
    engine.play(lambda: False, limit=timedelta(days=3))
    assert 1 <= len(engine.slack.calls) - tried <= 12
    engine.play(lambda: False, limit=timedelta(days=9))
    assert engine.next_due() is None


def test_a_terminals_rollout_in_an_unreachable_channel_ends_quietly() -> None:
    engine = Engine(FLEET.replace("region: us-east-1", f"region: us-east-1\n  channel: {HOME}"))
    engine.slack.fail("post", SlackRefused("chat.postMessage", "not_in_channel"))
    try:
        engine.type(f"promote {ENDPOINT}", by="terminal:ops", reply=ReplyTo(user_id="terminal:ops", terminal="key"))
        assert engine.store.rollouts.recent()[0].phase is Phase.CANCELLED
        assert engine.slack.responses == []
    finally:
        engine.close()


@pytest.mark.parametrize("error", ["msg_too_long", "internal_surprise"])
def test_any_other_refusal_is_tried_again_with_patience(engine: Engine, error: str) -> None:
    engine.slack.fail("post", SlackRefused("chat.postMessage", error), SlackRefused("chat.postMessage", error))
    rollout_id = engine.promote()
    assert engine.phase(rollout_id) is Phase.AWAITING_APPROVAL
    engine.play(lambda: engine.slack.slots() == ["card", "plan"])
    assert engine.slack.slots() == ["card", "plan"]


@pytest.fixture
def elsewhere() -> Engine:
    return Engine(FLEET.replace("region: us-east-1", f"region: us-east-1\n  channel: {HOME}"))


def lines_at_home(engine: Engine) -> list[str]:
    return [p.words for p in engine.slack.posted if p.channel == HOME]


def test_a_line_with_a_link_stands_in_the_endpoints_own_channel(elsewhere: Engine) -> None:
    elsewhere.promote()
    (line,) = lines_at_home(elsewhere)
    assert f"@{ANNA} asked for a change of {ENDPOINT}" in line
    assert "follow it there (https://example.slack.com/archives/C0WORK/p1.000100)" in line
    elsewhere.press("Reject", by=BEN)
    assert len(lines_at_home(elsewhere)) == 1
    elsewhere.close()


def test_an_own_channel_that_the_bot_may_not_enter_does_not_stop_the_story(elsewhere: Engine) -> None:
    elsewhere.slack.fail("permalink", SlackRefused("chat.postMessage", "not_in_channel"))
    elsewhere.promote()
    assert [p.slot for p in elsewhere.slack.posted if p.channel == CHANNEL] == ["card", "plan"]
    elsewhere.press("Reject", by=BEN)
    assert lines_at_home(elsewhere) == []
    elsewhere.close()


def test_a_line_that_slack_could_not_take_comes_later(elsewhere: Engine) -> None:
    elsewhere.slack.fail("permalink", away("chat.getPermalink"))
    elsewhere.promote()
    assert lines_at_home(elsewhere) == []
    elsewhere.press("Reject", by=BEN)
    elsewhere.play(lambda: len(lines_at_home(elsewhere)) == 1)
    assert len(lines_at_home(elsewhere)) == 1
    elsewhere.close()


@pytest.mark.parametrize("lost_post", [True, False])
def test_a_crash_around_the_line_neither_loses_nor_doubles_it(elsewhere: Engine, lost_post: bool) -> None:
    rollout_id = elsewhere.promote()
    if not lost_post:
        elsewhere.slack.delete("pointer")
    elsewhere.store.slots.save(rollout_id, "pointer", SlotState(intended_at=elsewhere.clock()))
    elsewhere.press("Reject", by=BEN)
    assert len([p for p in elsewhere.slack.posted if p.channel == HOME]) == 1
    elsewhere.close()


def test_no_line_is_needed_where_the_command_was_typed_at_home(elsewhere: Engine) -> None:
    elsewhere.type(f"promote {ENDPOINT}", channel=HOME)
    assert elsewhere.slack.slots() == ["card", "plan"]
    elsewhere.close()


def test_the_chart_of_a_finished_watch_is_a_picture(engine: Engine) -> None:
    assert draw_chart(engine.rollout(engine.promoted())).startswith(b"\x89PNG\r\n")


def test_the_chart_is_uploaded_once_even_if_the_answer_is_lost(engine: Engine) -> None:
    engine.slack.fail("upload", lost("files.completeUploadExternal"))
    engine.play_out(engine.promoted())
    assert len(engine.slack.files) == 1
    assert engine.slack.count("has_own_file") == 1


@pytest.mark.parametrize(
    "error", [away("files.getUploadURLExternal"), TransientError("files", "limited", retry_after=timedelta(seconds=1))]
)
def test_a_chart_that_could_not_be_uploaded_is_uploaded_later(engine: Engine, error: TransientError) -> None:
    engine.slack.fail("upload", error)
    rollout_id = engine.promoted()
    engine.redis.delete("endpoint-bot:slack-pause:files.uploadV2")
    engine.play_out(rollout_id)
    assert len(engine.slack.files) == 1


def test_a_chart_that_slack_refuses_is_done_without(engine: Engine) -> None:
    engine.slack.fail("upload", SlackRefused("files.getUploadURLExternal", "missing_scope"))
    engine.play_out(engine.promoted())
    assert engine.slack.files == []
    assert engine.next_due() is None


def test_what_has_not_changed_is_not_sent_again(engine: Engine) -> None:
    rollout_id = engine.promote()
    edits = engine.slack.count("edit")
    engine.store.due.set(Due.TELLS, rollout_id, engine.clock())
    engine.settle()
    assert engine.slack.count("edit") == edits


def test_progress_waits_when_the_workspaces_budget_is_spent_and_decisions_do_not(engine: Engine) -> None:
    rollout_id = engine.promote()
    engine.press("Approve", by=BEN)
    engine.play_until(Phase.WATCHING, rollout_id)
    engine.clock.tick(timedelta(seconds=31))
    engine.settle()
    for _ in range(EDITS_A_MINUTE):
        engine.store.slots.spend("chat.update", engine.clock(), EDITS_A_MINUTE)
    edits = engine.slack.count("edit")
    stored = engine.store.rollouts.load(rollout_id)
    assert stored is not None
    assert stored.rollout.comparison is None
    engine.metrics.after_us = 777_000
    engine.clock.tick(timedelta(seconds=1))
    with_news = stored.rollout.with_(trouble=Trouble(count=2, since=engine.clock(), last="throttled"))
    engine.store.rollouts.commit(
        [Write(with_news, stored.revision, engine.clock() + timedelta(minutes=3))], engine.clock()
    )
    engine.tell()
    assert engine.slack.count("edit") == edits
    engine.press("Roll back", by=BEN)
    assert engine.slack.count("edit") > edits
    assert "State: rolling back" in engine.slack.shown("card").words


def test_a_rollback_that_is_older_than_its_thread_is_told_in_the_thread(engine: Engine) -> None:
    """Slack was away from the first card to the rollback."""
    engine.slack.fail("post", *always(away("chat.postMessage"), 12))
    rollout_id = engine.promote()
    plan = engine.rollout(rollout_id).plan
    assert plan is not None
    stored = engine.store.rollouts.load(rollout_id)
    assert stored is not None
    assert stored.rollout.thread == Thread(channel_id=CHANNEL)
    approved = stored.rollout.to(Phase.PREPARING, Reason.APPROVED, engine.clock(), BEN, rollback_queued_by=None)
    engine.store.rollouts.commit([Write(approved, stored.revision, engine.clock())], engine.clock())
    engine.play(lambda: engine.endpoints.updates != [])
    engine.type(f"cancel {rollout_id}")
    engine.play(lambda: False)
    assert engine.phase(rollout_id) is Phase.ROLLED_BACK
    card = engine.slack.shown("card")
    assert {p.thread_ts for p in engine.slack.posted if p is not card} == {card.ts}


def test_news_of_a_rollout_that_is_gone_are_dropped(engine: Engine) -> None:
    engine.store.due.set(Due.TELLS, "rgone222", engine.clock())
    engine.settle()
    assert engine.next_due() is None
