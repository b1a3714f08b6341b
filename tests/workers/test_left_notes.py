"""A note that outlived its rollout: it is taken off, sooner or later, and nothing is begun on its word."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

import pytest
from fakes.emptied import empty
from fakes.engine import Engine
from fakes.failing import always, throttled
from fakes.records import ANNA, BEN, CURRENT, ENDPOINT
from fakes.surroundings import a_target

from bot.domain.errors import GatewayError
from bot.domain.phases import Kind, Phase
from bot.domain.under_way import NOTE_TAGS, Note, note_in
from bot.queue import QueueName
from workers.reconciler import MOST_CRASHES

SWEEPS = timedelta(minutes=1)
REFUSED = GatewayError("DeleteTags", "AccessDenied", "no")


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine()
    made.begin_rounds()
    yield made
    made.close()


def note_on(engine: Engine) -> Note | None:
    return note_in(engine.endpoints.own_tags)


def is_noted(engine: Engine) -> bool:
    return any(tag in engine.endpoints.own_tags for tag in NOTE_TAGS)


def let_pass(engine: Engine, span: timedelta = SWEEPS) -> None:
    end = engine.clock() + span
    engine.play(lambda: engine.clock() >= end, span)


def about_to_call(engine: Engine, throttles: int = 3) -> str:
    """A promotion for which everything is ready, and whose call is still to come."""
    engine.autoscaling.put(a_target(ENDPOINT))
    engine.autoscaling.fail("suspend", *always(throttled("RegisterScalableTarget"), throttles))
    rollout_id = engine.promote()
    engine.press("Approve", by=BEN)
    engine.play(lambda: engine.phase(rollout_id) is Phase.UPDATING)
    return rollout_id


def watching(engine: Engine) -> str:
    rollout_id = engine.promote()
    engine.press("Approve", by=BEN)
    engine.play_until(Phase.WATCHING, rollout_id)
    engine.tell()
    return rollout_id


def cancel_meets_the_tick_that_is_ready(engine: Engine) -> str:
    """Somebody cancels while the tick that would have called next writes its note."""
    rollout_id = engine.promote()
    change_tags = engine.endpoints.change_tags

    def overtaken(arn: str, put: Mapping[str, str], remove: Sequence[str] = ()) -> None:
        note = note_in(put)
        if note is not None and note.phase is Phase.UPDATING and engine.rollout(rollout_id).is_active:
            engine.press("Cancel", by=ANNA)
        change_tags(arn, put, remove)

    engine.endpoints.change_tags = overtaken  # type: ignore[method-assign]
    engine.press("Approve", by=BEN)
    engine.play(lambda: not engine.rollout(rollout_id).is_active)
    assert engine.phase(rollout_id) is Phase.CANCELLED
    return rollout_id


def test_what_somebody_cancelled_is_not_begun_after_the_store_was_emptied(engine: Engine) -> None:
    engine.autoscaling.put(a_target(ENDPOINT))
    rollout_id = cancel_meets_the_tick_that_is_ready(engine)
    empty(engine)
    let_pass(engine)
    assert engine.store.rollouts.load(rollout_id) is None
    assert engine.endpoints.updates == []


def preparing(engine: Engine) -> str:
    """A promotion whose config is not created yet."""
    engine.endpoints.fail("create_config", *always(throttled("CreateEndpointConfig"), 3))
    rollout_id = engine.promote()
    engine.press("Approve", by=BEN)
    engine.play(lambda: is_noted(engine))
    return rollout_id


def test_a_note_that_aws_keeps_is_taken_off_as_soon_as_it_lets_go(engine: Engine) -> None:
    rollout_id = preparing(engine)
    engine.endpoints.fail("change_tags", *always(REFUSED, 3))
    engine.press("Cancel", by=ANNA)
    assert engine.phase(rollout_id) is Phase.CANCELLED
    assert is_noted(engine)
    let_pass(engine)
    assert not is_noted(engine)


def test_nothing_is_begun_on_the_word_of_an_old_note(engine: Engine) -> None:
    rollout_id = about_to_call(engine, throttles=99)
    engine.redis.flushall()
    engine.clock.tick(timedelta(hours=8))
    engine.autoscaling._errors.clear()
    engine.begin_rounds()
    assert engine.play_out(rollout_id) is Phase.CANCELLED
    assert engine.endpoints.updates == []


def test_the_note_of_a_rollout_that_was_given_up_is_taken_off(engine: Engine) -> None:
    rollout_id = watching(engine)
    for _ in range(MOST_CRASHES):
        engine.parts.reconciler.crashed(rollout_id, ValueError("unforeseen"))
    let_pass(engine)
    assert engine.phase(rollout_id) is Phase.NEEDS_HUMAN
    assert not is_noted(engine)


def test_the_note_of_a_rollout_stays_until_its_rollback_has_one_and_goes_with_it(engine: Engine) -> None:
    rollout_id = watching(engine)
    engine.workers_are_busy.add(QueueName.SLOW)
    engine.press("Roll back", by=ANNA, on=engine.slack.shown("watch"))
    let_pass(engine)
    note = note_on(engine)
    assert note is not None
    assert note.id == rollout_id
    engine.workers_are_busy.clear()
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK
    let_pass(engine)
    assert not is_noted(engine)


def test_a_note_whose_rollback_came_to_nothing_is_taken_off(engine: Engine) -> None:
    rollout_id = watching(engine)
    engine.workers_are_busy.add(QueueName.SLOW)
    engine.press("Roll back", by=ANNA, on=engine.slack.shown("watch"))
    del engine.endpoints.configs[CURRENT]
    engine.workers_are_busy.clear()
    engine.play_out(rollout_id)
    (child,) = [r for r in engine.store.rollouts.recent(ENDPOINT) if r.kind is Kind.ROLLBACK]
    assert child.phase in (Phase.BLOCKED, Phase.FAILED)
    let_pass(engine)
    assert not is_noted(engine)


def test_in_quiet_times_no_note_is_looked_for(engine: Engine) -> None:
    engine.promoted()
    let_pass(engine)
    engine.endpoints.calls.clear()
    let_pass(engine)
    assert engine.endpoints.calls == []


def test_a_call_that_was_noted_and_never_made_is_no_call_because_autoscaling_moved_the_endpoint(engine: Engine) -> None:
    rollout_id = engine.promote()
    change_tags = engine.endpoints.change_tags

    def emptied(arn: str, put: Mapping[str, str], remove: Sequence[str] = ()) -> None:
        change_tags(arn, put, remove)
        note = note_in(put)
        if note is not None and note.called is not None:
            engine.redis.flushall()

    engine.endpoints.change_tags = emptied  # type: ignore[method-assign]
    engine.press("Approve", by=BEN)
    engine.play(lambda: engine.store.rollouts.load(rollout_id) is None)
    engine.endpoints.change_tags = change_tags  # type: ignore[method-assign]
    engine.clock.tick(timedelta(minutes=1))
    engine.endpoints.moved_at = engine.clock()
    engine.begin_rounds()
    assert engine.play_out(rollout_id) is Phase.FAILED
    assert "cannot be told" in engine.slack.shown("ending").words
    assert engine.endpoints.updates == []
    assert engine.store.holds.on(ENDPOINT) == ()


def test_a_plan_that_is_drawn_up_again_forgets_what_was_noted_of_it(engine: Engine) -> None:
    rollout_id = preparing(engine)
    by_hand = engine.endpoints.configs[CURRENT].model_copy(update={"name": "made-by-hand"})
    engine.endpoints.configs["made-by-hand"], engine.endpoints.config = by_hand, "made-by-hand"
    engine.play(lambda: engine.phase(rollout_id) is Phase.AWAITING_APPROVAL)
    assert engine.rollout(rollout_id).noted == ""
    assert not is_noted(engine)
