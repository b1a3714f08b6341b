"""Locks over the whole engine: set, seen, in the way of changes, out of the way of rollbacks, lifted, broken by two."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fakes.account import UPDATING
from fakes.engine import CHANNEL, FLEET, HOME, Engine
from fakes.failing import lost, throttled
from fakes.messenger import Posted
from fakes.records import ANNA, BEN, CARL, ENDPOINT

from bot.domain.errand import ReplyTo
from bot.domain.errors import SlackRefused
from bot.domain.lock import BREAK_EXPIRES_AFTER
from bot.domain.phases import Phase
from workers.breaking import QUESTION, REPLY
from workers.pump import Pump

DORA, EVE = "U0DORA", "U0EVE"
HOUR = timedelta(hours=1)
LOCK = f'lock {ENDPOINT} --reason "load test"'


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine(FLEET.replace("region: us-east-1", f"region: us-east-1\n  owner: {DORA}\n  channel: {HOME}"))
    yield made
    made.close()


def answered(engine: Engine, text: str, *, by: str = BEN) -> str:
    """What a slash command of that person answers."""
    before = len(engine.slack.responses)
    engine.type(text, by=by)
    (answer,) = engine.slack.responses[before:]
    return answer[1]


def whispered(engine: Engine, who: str) -> str:
    """The last thing that was said to that person alone."""
    return next(text for whom, text in reversed(engine.slack.whispers) if whom == who)


def question(engine: Engine) -> Posted:
    return next(p for p in reversed(engine.slack.posted) if p.slot == QUESTION)


def asked(engine: Engine) -> Posted:
    """BEN locked it, CARL wants to break it."""
    answered(engine, LOCK)
    answered(engine, f"unlock {ENDPOINT}", by=CARL)
    return question(engine)


def tidy(engine: Engine) -> None:
    """What the pump does beside dispatching."""
    Pump(engine.store, engine.clock, engine.world.lease, HOUR).tidy()
    engine.settle()


def test_a_lock_is_announced_to_everybody_with_who_why_and_how_it_ends(engine: Engine) -> None:
    said = answered(engine, f'lock {ENDPOINT} --until 4h --reason "load test"')
    assert said.startswith(f"{ENDPOINT} is locked by @{BEN}, until 2026-11-22 12:00 UTC: load test")
    assert f"To lift it: unlock {ENDPOINT}" in said


@pytest.mark.parametrize("who", [BEN, DORA])
def test_approvers_and_the_owner_lock(engine: Engine, who: str) -> None:
    assert "is locked by" in answered(engine, LOCK, by=who)


@pytest.mark.parametrize("command", [LOCK, f"unlock {ENDPOINT}", "freeze --reason x", "thaw"])
def test_others_read_who_may_and_nothing_is_locked(engine: Engine, command: str) -> None:
    assert answered(engine, command, by=EVE).startswith("You may not ")
    assert engine.store.locks.standing(engine.clock()) == {}


def test_a_terminal_does_not_lock(engine: Engine) -> None:
    answer = engine.terminal(LOCK)
    assert (answer.exit_status, "a terminal does not tell who you are" in answer.text) == (1, True)


def test_a_time_that_makes_no_sense_locks_nothing(engine: Engine) -> None:
    assert "“25:00” is no time" in answered(engine, f"lock {ENDPOINT} --until 25:00 --reason x")
    assert engine.store.locks.standing(engine.clock()) == {}


def test_a_time_without_a_zone_is_in_the_zone_of_whoever_typed_it(engine: Engine) -> None:
    engine.slack.timezones[BEN] = "Europe/Berlin"
    assert "until 2026-11-22 16:00 UTC" in answered(engine, f"lock {ENDPOINT} --until 17:00 --reason x")
    engine.slack.fail("timezone_of", SlackRefused("users.info", "missing_scope"))
    assert "until 2026-11-22 17:00 UTC" in answered(engine, "freeze --until 17:00 --reason x", by=CARL)


def test_status_shows_who_locked_it_why_and_how_long_ago(engine: Engine) -> None:
    answered(engine, f'lock {ENDPOINT} --until 4h --reason "load test"')
    engine.clock.tick(HOUR)
    line = f"locked by @{BEN} 1 h ago: load test, until 2026-11-22 12:00 UTC"
    assert line in answered(engine, "status", by=ANNA)
    assert f"L{line[1:]}" in answered(engine, f"status {ENDPOINT}", by=ANNA)
    answered(engine, "freeze --reason holidays", by=CARL)
    assert f"Everything is frozen by @{CARL} 0 s ago: holidays" in answered(engine, "status", by=ANNA)
    assert f"Frozen by @{CARL} 0 s ago: holidays" in answered(engine, f"status {ENDPOINT}", by=ANNA)


def test_somebody_elses_lock_is_not_taken_over(engine: Engine) -> None:
    answered(engine, LOCK)
    engine.clock.tick(3 * HOUR)
    said = answered(engine, f"lock {ENDPOINT} --reason mine", by=CARL)
    assert said.startswith(f"{ENDPOINT} is locked by @{BEN}, 3 h ago: “load test”.")


def test_what_is_under_way_is_named_because_a_lock_comes_too_late_for_it(engine: Engine) -> None:
    engine.endpoints.plays([UPDATING] * 50)
    rollout_id = engine.promote()
    engine.press("Approve", by=BEN)
    engine.play_until(Phase.UPDATING, rollout_id)
    assert f"Under way already, and not stopped by this: {rollout_id}." in answered(engine, LOCK)
    assert f"not stopped by this: {rollout_id}." in answered(engine, "freeze --reason x")


@pytest.mark.parametrize(
    ("lock", "lift", "words"),
    [
        (LOCK, f"unlock {ENDPOINT}", f"@{BEN} unlocked {ENDPOINT} after 1 h. Changes may start again."),
        ("freeze --reason x", "thaw", f"@{BEN} lifted the freeze after 1 h. Changes may start again."),
    ],
)
def test_the_holder_lifts_it_at_once(engine: Engine, lock: str, lift: str, words: str) -> None:
    answered(engine, lock)
    engine.clock.tick(HOUR)
    assert answered(engine, lift) == words
    assert engine.store.locks.over(ENDPOINT, engine.clock()) is None


def test_what_is_not_locked_is_not_unlocked(engine: Engine) -> None:
    assert answered(engine, f"unlock {ENDPOINT}") == f"{ENDPOINT} is not locked. Nothing was changed."
    assert answered(engine, "thaw") == "Nothing is frozen. Nothing was changed."


def test_the_same_command_run_again_after_a_crash_locks_once_and_answers_the_same(engine: Engine) -> None:
    """The worker dies between the lock and its answer, and meanwhile the holder lifts it again."""
    engine.slack.fail("respond", throttled("response_url"))
    engine.type(LOCK, by=BEN)
    assert engine.slack.responses == []
    answered(engine, f"unlock {ENDPOINT}")
    engine.play(lambda: len(engine.slack.responses) == 2)
    assert "is locked by" in engine.slack.responses[1][1]
    assert engine.store.locks.over(ENDPOINT, engine.clock()) is None


# Breaking


def test_breaking_somebody_elses_lock_is_a_question_to_a_second_person(engine: Engine) -> None:
    posted = asked(engine)
    assert posted.channel == CHANNEL
    assert f"@{CARL} wants to break @{BEN}'s lock on {ENDPOINT}." in posted.words
    assert "It was set 0 s before: load test" in posted.words
    assert f"A second person has to agree until 2026-11-22 09:00 UTC: @{BEN} or @{CARL}, or @{BEN}." in posted.words
    assert set(posted.buttons) == {"Break lock"}
    assert "confirm" in posted.buttons["Break lock"]
    assert "takes a second person to break it. They are asked in this channel." in engine.slack.responses[-1][1]
    assert engine.store.locks.over(ENDPOINT, engine.clock()) is not None


def test_the_holder_is_told_in_a_direct_message(engine: Engine) -> None:
    posted = asked(engine)
    (told,) = [p for p in engine.slack.posted if p.channel == BEN]
    assert f"@{CARL} wants to break your lock on {ENDPOINT}: see there" in told.words
    assert posted.ts in told.words


def test_a_holder_who_cannot_be_told_does_not_stop_the_question(engine: Engine) -> None:
    answered(engine, LOCK)
    engine.slack.fail("permalink", SlackRefused("chat.getPermalink", "ratelimited"))
    answered(engine, f"unlock {ENDPOINT}", by=CARL)
    assert set(question(engine).buttons) == {"Break lock"}


def test_a_second_person_breaks_it_and_everybody_reads_so(engine: Engine) -> None:
    posted = asked(engine)
    engine.press("Break lock", by=BEN)
    assert engine.store.locks.over(ENDPOINT, engine.clock()) is None
    assert posted.buttons == {}
    assert f"@{CARL} wanted to break @{BEN}'s lock" in posted.words
    assert f"Broken by @{BEN}. Changes may start again." in posted.words
    reply = engine.slack.shown(REPLY)
    assert (reply.channel, reply.thread_ts) == (CHANNEL, posted.ts)
    assert reply.words == f"@{BEN}: your lock on {ENDPOINT} was broken by @{BEN}. @{CARL} had asked for it."


@pytest.mark.parametrize(
    ("who", "words"),
    [
        (CARL, "You asked for this, so somebody else has to agree"),
        (EVE, "You may not break this lock."),
        (DORA, "You may not"),
    ],
)
def test_neither_who_asked_nor_who_is_no_approver_breaks_it(engine: Engine, who: str, words: str) -> None:
    posted = asked(engine)
    engine.press("Break lock", by=who)
    assert words in whispered(engine, who)
    assert set(posted.buttons) == {"Break lock"}
    assert engine.store.locks.over(ENDPOINT, engine.clock()) is not None


def test_the_second_press_reads_who_was_first(engine: Engine) -> None:
    posted = asked(engine)
    value = posted.buttons["Break lock"]["value"]
    engine.press("Break lock", by=BEN)
    engine.press_break(value, by=DORA, on=posted)
    assert whispered(engine, DORA) == f"<@{BEN}> broke the lock of <@{BEN}> (load test). Your click changed nothing."


def test_the_same_press_delivered_twice_has_its_effect_once(engine: Engine) -> None:
    posted = asked(engine)
    value = posted.buttons["Break lock"]["value"]
    for _ in range(2):
        engine.press_break(value, by=BEN, on=posted, delivery="trigger x")
    assert engine.slack.whispers == []
    assert len([p for p in engine.slack.posted if p.slot == REPLY]) == 1


def test_a_lock_that_was_set_anew_is_not_broken_by_the_old_question(engine: Engine) -> None:
    posted = asked(engine)
    value = posted.buttons["Break lock"]["value"]
    answered(engine, f"unlock {ENDPOINT}")
    answered(engine, f"lock {ENDPOINT} --reason demo", by=DORA)
    engine.press_break(value, by=BEN, on=posted)
    assert "Now the lock of <@U0DORA> (demo) stands" in whispered(engine, BEN)
    held = engine.store.locks.over(ENDPOINT, engine.clock())
    assert held is not None
    assert held.holder == DORA


def test_when_the_holder_lifts_it_the_question_loses_its_button(engine: Engine) -> None:
    posted = asked(engine)
    answered(engine, f"unlock {ENDPOINT}")
    assert posted.buttons == {}
    assert f"@{BEN} lifted the lock of @{BEN} (load test). Nothing is left to break." in posted.words
    assert not [p for p in engine.slack.posted if p.slot == REPLY]


def test_after_an_hour_the_question_is_over_and_the_lock_stands(engine: Engine) -> None:
    posted = asked(engine)
    value = posted.buttons["Break lock"]["value"]
    engine.clock.tick(BREAK_EXPIRES_AFTER)
    tidy(engine)
    assert posted.buttons == {}
    assert "Nobody agreed by 2026-11-22 09:00 UTC" in posted.words
    engine.press_break(value, by=BEN, on=posted)
    assert "Nobody agreed to this within an hour" in whispered(engine, BEN)
    assert engine.store.locks.over(ENDPOINT, engine.clock()) is not None
    answered(engine, f"unlock {ENDPOINT}", by=CARL)
    assert question(engine) is not posted


def test_a_lock_that_lapses_takes_the_question_with_it(engine: Engine) -> None:
    answered(engine, f'lock {ENDPOINT} --until 30m --reason "load test"')
    answered(engine, f"unlock {ENDPOINT}", by=CARL)
    posted = question(engine)
    engine.clock.tick(HOUR / 2)
    tidy(engine)
    assert f"The lock of @{BEN} (load test) has lapsed. Nothing is left to break." in posted.words


def test_one_question_at_a_time(engine: Engine) -> None:
    asked(engine)
    assert answered(engine, f"unlock {ENDPOINT}", by=CARL).startswith("You asked for this already.")
    assert answered(engine, f"unlock {ENDPOINT}", by=DORA).startswith(f"@{CARL} asked for this already.")
    assert len([p for p in engine.slack.posted if p.slot == QUESTION]) == 1


def test_a_freeze_is_broken_the_same_way(engine: Engine) -> None:
    answered(engine, "freeze --reason holidays")
    answered(engine, "thaw", by=CARL)
    assert f"@{CARL} wants to break @{BEN}'s freeze of everything." in question(engine).words
    engine.press("Break lock", by=BEN)
    assert engine.store.locks.standing(engine.clock()) == {}
    assert "your freeze of everything was broken" in engine.slack.shown(REPLY).words


def test_what_is_typed_where_nobody_else_reads_is_asked_in_the_endpoints_own_channel(engine: Engine) -> None:
    answered(engine, LOCK)
    direct = ReplyTo(user_id=CARL, channel_id="D0CARL", thread_ts="7.7")
    engine.type(f"unlock {ENDPOINT}", by=CARL, reply=direct)
    assert question(engine).channel == HOME
    assert "They are asked in the endpoint's own channel." in engine.slack.posted[-1].words
    answered(engine, "freeze --reason x")
    engine.type("thaw", by=CARL, reply=direct)
    assert "Type it in a channel where they can see it." in whispered(engine, CARL)


def test_a_channel_without_the_bot_is_told_how_to_let_it_in(engine: Engine) -> None:
    answered(engine, LOCK)
    engine.slack.fail("post", SlackRefused("chat.postMessage", "not_in_channel"))
    assert "Type /invite @endpoint-bot in the channel" in answered(engine, f"unlock {ENDPOINT}", by=CARL)
    answered(engine, f"unlock {ENDPOINT}", by=CARL)
    assert set(question(engine).buttons) == {"Break lock"}


def test_a_question_whose_answer_was_lost_is_not_posted_twice(engine: Engine) -> None:
    answered(engine, LOCK)
    engine.slack.fail("post", lost("chat.postMessage"))
    engine.type(f"unlock {ENDPOINT}", by=CARL)
    engine.play(lambda: len(engine.slack.responses) == 2)
    assert len([p for p in engine.slack.posted if p.slot == QUESTION]) == 1
    engine.press("Break lock", by=BEN)
    assert question(engine).buttons == {}


def test_slack_away_at_the_press_is_made_up_for_by_the_pump(engine: Engine) -> None:
    posted = asked(engine)
    engine.slack.fail("edit", throttled("chat.update"))
    engine.press("Break lock", by=BEN)
    assert engine.store.locks.over(ENDPOINT, engine.clock()) is None
    assert set(posted.buttons) == {"Break lock"}
    tidy(engine)
    assert posted.buttons == {}
    assert len([p for p in engine.slack.posted if p.slot == REPLY]) == 1


def test_a_question_that_somebody_deleted_is_settled_all_the_same(engine: Engine) -> None:
    asked(engine)
    engine.slack.delete(QUESTION)
    answered(engine, f"unlock {ENDPOINT}")
    assert engine.store.locks.unsettled(engine.clock()) == ()


def test_a_question_that_the_store_forgot_says_so(engine: Engine) -> None:
    posted = asked(engine)
    engine.redis.flushall()
    engine.press("Break lock", by=BEN, on=posted)
    assert "This request is not known any more." in whispered(engine, BEN)
