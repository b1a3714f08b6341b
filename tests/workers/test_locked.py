"""What a lock stops, and what it never stops: changes wait or are refused, the way back goes past it and says so."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fakes.engine import Engine
from fakes.failing import throttled
from fakes.records import ANNA, BEN, CARL, ENDPOINT

from bot.domain.phases import Kind, Phase

LOCK = f'lock {ENDPOINT} --reason "load test"'
FREEZE = "freeze --reason holidays"
BOTH = [(LOCK, f"unlock {ENDPOINT}"), (FREEZE, "thaw")]
SOON = timedelta(minutes=10)


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine()
    yield made
    made.close()


def whispered(engine: Engine, who: str) -> str:
    """The last thing that was said to that person alone."""
    return next(text for whom, text in reversed(engine.slack.whispers) if whom == who)


def prepared(engine: Engine) -> str:
    """A promotion that is approved, and held up by AWS before its endpoint config is made."""
    engine.endpoints.fail("create_config", throttled("CreateEndpointConfig"))
    rollout_id = engine.promote()
    engine.press("Approve", by=BEN)
    assert engine.phase(rollout_id) is Phase.PREPARING
    return rollout_id


@pytest.mark.parametrize("lock", [LOCK, FREEZE])
@pytest.mark.parametrize("command", [f"promote {ENDPOINT}", f"scale {ENDPOINT} --count 3"])
def test_a_new_change_is_refused_with_who_and_why(engine: Engine, lock: str, command: str) -> None:
    engine.type(lock, by=BEN)
    engine.clock.tick(timedelta(hours=2))
    answer = engine.ask(command)
    assert f"by @{BEN}, 2 h ago: “" in answer
    assert "Nothing was changed." in answer
    assert engine.store.rollouts.recent() == ()


def test_the_holder_is_stopped_too(engine: Engine) -> None:
    engine.type(LOCK, by=BEN)
    engine.type(f"promote {ENDPOINT}", by=BEN)
    assert f"{ENDPOINT} is locked by @{BEN}" in engine.slack.responses[-1][1]


def test_a_plan_that_asks_for_nothing_is_shown_under_a_lock(engine: Engine) -> None:
    engine.type(LOCK, by=BEN)
    assert engine.ask(f"plan {ENDPOINT} --version 4").startswith("Plan for ")


@pytest.mark.parametrize(("lock", "lift"), BOTH)
def test_an_approval_under_a_lock_does_not_count_until_it_is_lifted(engine: Engine, lock: str, lift: str) -> None:
    rollout_id = engine.promote()
    engine.type(lock, by=CARL)
    engine.press("Approve", by=BEN)
    assert f"by <@{CARL}>, 0 s ago" in whispered(engine, BEN)
    assert engine.phase(rollout_id) is Phase.AWAITING_APPROVAL
    assert engine.rollout(rollout_id).approvers() == ()
    engine.type(lift, by=CARL)
    engine.press("Approve", by=BEN)
    assert engine.rollout(rollout_id).approvers() == (BEN,)


def test_a_lock_that_lapses_by_itself_stops_nothing_any_more(engine: Engine) -> None:
    rollout_id = engine.promote()
    engine.type(f"{LOCK} --until 10m", by=CARL)
    engine.clock.tick(SOON)
    engine.press("Approve", by=BEN)
    assert engine.rollout(rollout_id).approvers() == (BEN,)


@pytest.mark.parametrize(("lock", "lift"), BOTH)
def test_an_approved_change_waits_before_updateendpoint_and_goes_on_by_itself(
    engine: Engine, lock: str, lift: str
) -> None:
    rollout_id = prepared(engine)
    engine.type(lock, by=CARL)
    engine.play(lambda: False, SOON)
    assert engine.endpoints.updates == []
    assert f"Waits for the {lock.split()[0]} of @{CARL}" in engine.slack.shown("progress").words
    assert "It waits until a lock is lifted" in engine.slack.shown("card").words
    engine.type(lift, by=CARL)
    engine.play_until(Phase.WATCHING, rollout_id)
    assert len(engine.endpoints.updates) == 1
    assert "Waits for" not in engine.slack.shown("progress").words


def test_what_sagemaker_was_asked_for_goes_on_under_a_lock(engine: Engine) -> None:
    rollout_id = engine.promote()
    engine.press("Approve", by=BEN)
    engine.play(lambda: len(engine.endpoints.updates) == 1)
    engine.type(FREEZE, by=CARL)
    engine.play_until(Phase.WATCHING, rollout_id)


@pytest.mark.parametrize("lock", [LOCK, FREEZE])
def test_the_roll_back_button_goes_past_a_lock_and_its_thread_says_so(engine: Engine, lock: str) -> None:
    rollout_id = engine.promoted()
    engine.type(lock, by=CARL)
    engine.press("Roll back", by=ANNA)
    engine.play_until(Phase.ROLLED_BACK, rollout_id)
    engine.tell()
    way_back = [p for p in engine.slack.posted if p.slot == "progress"][-1]
    assert f"Went past the {lock.split()[0]} of @{CARL}" in way_back.words


def test_the_rollback_command_and_its_approval_go_past_a_lock(engine: Engine) -> None:
    rollout_id = engine.promoted()
    engine.type(LOCK, by=CARL)
    engine.type(f"rollback {ENDPOINT}", by="U0EVE")
    engine.press("Approve", by=BEN)
    engine.play_until(Phase.ROLLED_BACK, rollout_id)
    (way_back,) = [r for r in engine.store.rollouts.recent() if r.kind is Kind.ROLLBACK]
    assert way_back.passed_locks == (f"the lock of <@{CARL}> (load test)",)


def test_a_queued_rollback_goes_past_a_lock(engine: Engine) -> None:
    rollout_id = engine.promote()
    engine.press("Approve", by=BEN)
    engine.play(lambda: len(engine.endpoints.updates) == 1)
    engine.press("Cancel", by=ANNA)
    engine.type(LOCK, by=CARL)
    engine.play(lambda: engine.rollout(rollout_id).child_id is not None)
    child = engine.rollout(rollout_id).child_id
    assert child is not None
    assert engine.rollout(child).passed_locks == (f"the lock of <@{CARL}> (load test)",)


def test_no_lock_no_word_of_one(engine: Engine) -> None:
    rollout_id = engine.promoted()
    engine.press("Roll back", by=ANNA)
    engine.play_until(Phase.ROLLED_BACK, rollout_id)
    assert not any("Went past" in p.words for p in engine.slack.posted)
