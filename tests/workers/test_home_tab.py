"""The App Home tab, drawn for whoever looks at it and kept true for as long."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fakes.engine import FLEET, HOME, Engine
from fakes.failing import throttled
from fakes.records import ANNA, BEN, ENDPOINT

from bot.domain.commands import Command, Promote, Status, Teardown
from bot.domain.endpoint import EndpointStatus
from bot.domain.errand import HomeLook, ReplyTo
from bot.domain.errors import SlackRefused
from bot.messages.plain import plain
from bot.store.keys import Due
from workers.home import LOOKING_FOR
from workers.rounds import RoundName

MANAGED = FLEET.replace("version: 1", "version: 1\nmanager: {census: 30s}").replace(
    "    model_package_group: sentiment", f"    {{model_package_group: sentiment, owner: {ANNA}, channel: {HOME}}}"
)


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine(MANAGED)
    made.store.due.begin(Due.ROUNDS, [RoundName.CENSUS, RoundName.HOME], made.clock())  # nobody else acts here
    made.settle()
    yield made
    made.close()


def open_home(engine: Engine, by: str = ANNA, look: HomeLook | None = None) -> str:
    """What somebody sees who opens the tab, or steers it."""
    delivery = f"event home {len(engine.slack.published)}"
    engine.intake.take_home(look, actor=by, reply=ReplyTo(user_id=by), delivery_id=delivery)
    engine.settle()
    return plain(engine.slack.homes[by])


def press(engine: Engine, command: Command, by: str = ANNA) -> None:
    """A button of the Home tab that types a command."""
    engine.intake.take_command(command, actor=by, reply=ReplyTo(user_id=by), delivery_id=f"trigger {command}")
    engine.settle()


def later(engine: Engine, span: timedelta) -> None:
    """Time passes, with all its rounds."""
    end = engine.clock() + span
    engine.play(lambda: engine.clock() >= end, limit=span)
    engine.clock.now = max(end, engine.clock.now)


def test_who_opens_it_first_sees_that_something_is_coming_and_then_the_board(engine: Engine) -> None:
    text = open_home(engine)
    assert engine.slack.published == [ANNA, ANNA]
    assert "Yours\n\n" in text
    assert f"{ENDPOINT}: OUT_OF_DATE · runs sentiment version 3 · newest is sentiment version 5" in text
    open_home(engine)
    assert engine.slack.published == [ANNA] * 3


def test_everybody_sees_their_own_endpoints_first_and_what_they_chose_the_last_time(engine: Engine) -> None:
    assert "Yours" not in open_home(engine, BEN)
    told = "The fleet file names you as the owner of no endpoint."
    assert told in open_home(engine, BEN, HomeLook(only="mine"))
    assert told in open_home(engine, BEN)
    assert told not in open_home(engine)


def test_while_somebody_looks_it_is_drawn_again_when_something_changed_and_only_then(engine: Engine) -> None:
    open_home(engine)
    drawn = len(engine.slack.published)
    later(engine, timedelta(minutes=5))
    assert len(engine.slack.published) == drawn
    engine.endpoints.status = EndpointStatus.FAILED
    later(engine, timedelta(minutes=5))
    assert len(engine.slack.published) == drawn + 1
    assert f"{ENDPOINT}: FAILED" in plain(engine.slack.homes[ANNA])


def test_half_an_hour_after_somebody_opened_it_nobody_looks_any_more(engine: Engine) -> None:
    open_home(engine)
    later(engine, LOOKING_FOR + timedelta(minutes=1))
    drawn = len(engine.slack.published)
    engine.type(f'hold {ENDPOINT} --reason "tests"')
    later(engine, timedelta(minutes=5))
    assert len(engine.slack.published) == drawn


def test_who_left_is_not_drawn_for_and_keeps_nobody_else_from_it(engine: Engine) -> None:
    open_home(engine, BEN)
    engine.clock.tick(timedelta(seconds=1))
    open_home(engine, ANNA)
    engine.slack.fail("publish_home", SlackRefused("views.publish", "user_not_found"))
    engine.type(f'hold {ENDPOINT} --reason "tests"')
    later(engine, timedelta(minutes=1))
    assert f"{ENDPOINT}: HELD" in plain(engine.slack.homes[ANNA])
    assert engine.store.viewers.last_look(BEN) is None


def test_a_slack_that_is_too_busy_is_asked_again_at_the_next_round(engine: Engine) -> None:
    open_home(engine)
    engine.slack.fail("publish_home", throttled("views.publish"))
    engine.type(f'hold {ENDPOINT} --reason "tests"')
    later(engine, timedelta(minutes=2))
    assert f"{ENDPOINT}: HELD" in plain(engine.slack.homes[ANNA])


def test_what_is_pressed_there_is_answered_in_direct_messages(engine: Engine) -> None:
    press(engine, Status(endpoint=ENDPOINT))
    (answer,) = engine.slack.posted
    assert (answer.channel, answer.thread_ts) == (ANNA, None)
    assert "Runs sentiment version 3." in answer.words


def test_what_is_refused_there_is_told_in_direct_messages_too(engine: Engine) -> None:
    engine.type(f'lock {ENDPOINT} --reason "load test"')
    press(engine, Promote(endpoint=ENDPOINT), by=BEN)
    assert [p.channel for p in engine.slack.posted][-1] == BEN
    assert "locked" in engine.slack.posted[-1].words


def test_a_promotion_from_there_is_told_in_the_endpoints_channel_and_the_person_is_told_where(engine: Engine) -> None:
    press(engine, Promote(endpoint=ENDPOINT))
    (rollout,) = engine.store.rollouts.recent(ENDPOINT)
    assert rollout.thread.channel_id == HOME
    assert rollout.requester == ANNA
    (told,) = [p for p in engine.slack.posted if p.channel == ANNA]
    assert told.words == f"Rollout {rollout.id} of {ENDPOINT} is opened; its story is told in #{HOME}."


def test_a_deletion_from_there_is_told_in_the_endpoints_channel_as_well(engine: Engine) -> None:
    press(engine, Teardown(endpoint=ENDPOINT, reason="no longer used"))
    (rollout,) = engine.store.rollouts.recent(ENDPOINT)
    (told,) = [p for p in engine.slack.posted if p.channel == ANNA]
    assert told.words == f"Rollout {rollout.id} of {ENDPOINT} is opened; its story is told in #{HOME}."
