"""Hints from the queue: what they name is looked at now, and without them nothing is missed."""

import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest
from fakes.account import LANDED, UPDATING
from fakes.engine import FLEET, Engine, a_package
from fakes.failing import throttled
from fakes.records import BEN, ENDPOINT

from bot.domain.endpoint import ApprovalStatus
from bot.domain.errors import AccessDenied
from bot.domain.phases import Phase
from workers.ports import Event
from workers.rounds import EVENTS_EVERY

QUEUE = "https://sqs.us-east-1.amazonaws.com/123456789012/sagemaker-events"
MANAGED = FLEET.replace(
    "defaults:",
    f"manager: {{queue: '{QUEUE}', census: 10m, every: 10m}}\ndefaults:\n  channel: C0MLDEPLOYS\n  policy: manual",
)


@pytest.fixture
def engine() -> Iterator[Engine]:
    """Left to itself, it looks every ten minutes."""
    made = Engine(MANAGED)
    made.registry.packages = [a_package(3)]
    made.begin_rounds()
    made.settle()
    yield made
    made.close()


def pass_time(engine: Engine, span: timedelta = EVENTS_EVERY + timedelta(seconds=1)) -> None:
    end = engine.clock() + span
    engine.play(lambda: engine.clock() >= end, limit=span)
    engine.clock.now = end
    engine.settle()


def about_version(number: int, *, id: str = "e1", receipt: str = "r1") -> Event:
    return Event(receipt=receipt, id=id, package_arn=a_package(number).arn.replace("sentiment", "Sentiment"))


def test_a_version_is_announced_as_soon_as_an_event_speaks_of_it(engine: Engine) -> None:
    engine.registry.packages.append(a_package(4, ApprovalStatus.PENDING))
    pass_time(engine)
    assert engine.slack.posted == []
    engine.events.waiting.append(about_version(4))
    pass_time(engine)
    assert "sentiment version 4 waits for approval" in engine.slack.posted[0].words
    assert engine.events.waiting == []
    assert engine.crashes == []


def test_a_dead_queue_is_logged_once_and_delays_no_news_for_long(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    dead = [AccessDenied(operation="ReceiveMessage", code="AccessDenied"), throttled("ReceiveMessage")] * 1000
    engine.events.fail("receive", *dead)
    engine.registry.packages.append(a_package(4, ApprovalStatus.PENDING))
    with caplog.at_level(logging.WARNING, "workers.versions.hints"):
        pass_time(engine, timedelta(minutes=11))
    assert "sentiment version 4 waits for approval" in engine.slack.posted[0].words
    assert sum("queue of events cannot be read" in record.message for record in caplog.records) == 1


def test_an_event_that_comes_twice_is_followed_once(engine: Engine) -> None:
    engine.events.waiting += [about_version(3, receipt="r1"), about_version(3, receipt="r2")]
    pass_time(engine)
    looked = engine.registry.count("list_versions")
    engine.events.waiting.append(about_version(3, receipt="r3"))
    pass_time(engine)
    assert engine.registry.count("list_versions") == looked
    assert engine.events.waiting == []


def test_an_event_that_could_not_be_struck_off_is_not_followed_again(engine: Engine) -> None:
    engine.events.fail("strike_off", throttled("DeleteMessage"))
    engine.events.waiting.append(about_version(3))
    pass_time(engine)
    looked = engine.registry.count("list_versions")
    assert engine.events.waiting != []
    pass_time(engine)
    assert engine.events.waiting == []
    assert engine.registry.count("list_versions") == looked


def test_what_is_no_event_of_ours_is_struck_off_and_starts_nothing(engine: Engine) -> None:
    looked = engine.endpoints.count("describe")
    engine.events.waiting += [Event(receipt="r1"), Event(receipt="r2", id="e2", endpoint="somebody-elses")]
    pass_time(engine)
    assert engine.events.waiting == []
    assert engine.endpoints.count("describe") == looked


def test_more_than_one_answer_holds_is_read_in_one_round(engine: Engine) -> None:
    engine.events.waiting = [Event(receipt=f"r{i}", id=f"e{i}") for i in range(35)]
    pass_time(engine)
    assert engine.events.waiting == []


def test_a_rollout_that_waits_for_sagemaker_looks_as_soon_as_its_endpoint_changes(engine: Engine) -> None:
    engine.registry.packages.append(a_package(4))
    engine.endpoints.plays([UPDATING, UPDATING, LANDED])
    rollout_id = engine.promote(4)
    engine.press("Approve", by=BEN)
    engine.play_until(Phase.UPDATING, rollout_id)
    engine.play(lambda: engine.rollout(rollout_id).update is not None)
    due = engine.redis.zscore("endpoint-bot:due:ticks", rollout_id)
    engine.events.waiting.append(Event(receipt="r1", id="e1", endpoint=ENDPOINT))
    engine.parts.rounds.run("events")
    assert engine.redis.zscore("endpoint-bot:due:ticks", rollout_id) == engine.clock().timestamp() < due
