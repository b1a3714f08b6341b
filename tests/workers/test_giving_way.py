"""A plan that waits gives way to a newer one when that stands, and keeps its place when that turns out blocked."""

from collections.abc import Iterator

import pytest
from fakes.engine import Engine
from fakes.records import BEN, CARL, ENDPOINT
from fakes.surroundings import FakeQuotas

from bot.domain.errand import Click
from bot.domain.phases import Phase, Reason
from bot.queue import QueueName

BLOCKED = (
    f"promote {ENDPOINT} --version 6",  # nobody approved that version
    f"ab start {ENDPOINT} --version 6 --weight 20",
    f"scale {ENDPOINT} --count 2",  # it has two
)


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine()
    yield made
    made.close()


def asked(engine: Engine, command: str) -> str:
    engine.clock.tick(engine.world.lease)
    engine.type(command)
    return engine.store.rollouts.recent(ENDPOINT)[0].id


@pytest.mark.parametrize("command", BLOCKED)
def test_a_plan_that_is_blocked_takes_no_good_one_away(engine: Engine, command: str) -> None:
    waiting = engine.promote(4)
    plan = engine.slack.shown("plan")
    blocked = asked(engine, command)
    assert engine.phase(blocked) is Phase.BLOCKED
    assert engine.phase(waiting) is Phase.AWAITING_APPROVAL
    engine.press("Approve", by=BEN, on=plan)
    assert engine.play_out(waiting) is Phase.SUCCEEDED


@pytest.mark.parametrize(
    "command",
    [
        f"promote {ENDPOINT} --version 5",
        f"ab start {ENDPOINT} --version 5 --weight 20",
        f"scale {ENDPOINT} --count 4",
    ],
)
def test_of_two_good_plans_only_the_newer_one_can_be_approved(engine: Engine, command: str) -> None:
    waiting = engine.promote(4)
    newer = asked(engine, command)
    assert engine.phase(newer) is Phase.AWAITING_APPROVAL
    assert (engine.rollout(waiting).last.reason, engine.rollout(waiting).superseded_by) == (Reason.SUPERSEDED, newer)


def test_a_plan_that_is_approved_while_a_newer_one_is_drawn_up_comes_first(engine: Engine) -> None:
    waiting = engine.promote(4)
    engine.clock.tick(engine.world.lease)
    engine.workers_are_busy = {QueueName.SLOW, QueueName.TICKS}
    engine.type(f"promote {ENDPOINT} --version 5")
    newer = engine.store.rollouts.recent(ENDPOINT)[0].id
    assert engine.phase(newer) is Phase.PLANNING
    engine.press("Approve", by=BEN)
    engine.workers_are_busy = set()
    engine.settle()
    assert engine.rollout(newer).queued_behind == waiting
    assert engine.play_out(waiting) is Phase.SUCCEEDED
    engine.play_until(Phase.AWAITING_APPROVAL, newer)
    assert engine.endpoints.updates == [engine.rollout(waiting).target_config]


def test_an_approval_in_the_midst_of_drawing_up_the_newer_plan_comes_first_too(engine: Engine) -> None:
    waiting = engine.promote(4)
    plan = engine.slack.shown("plan")

    class Approving(FakeQuotas):
        """Somebody presses Approve on the older plan while the quotas are asked for."""

        def limit(self, instance_type: str, *, wanted: int = 0) -> int | None:
            left = super().limit(instance_type, wanted=wanted)
            if self.count("limit") == 1:
                engine.click(Click.APPROVE, plan.buttons["Approve"]["value"], by=BEN, on=plan)
            return left

    engine.lives_in(quotas=Approving())
    newer = asked(engine, f"promote {ENDPOINT} --version 5")
    assert engine.rollout(newer).queued_behind == waiting
    assert engine.rollout(newer).plan is None
    assert engine.play_out(waiting) is Phase.SUCCEEDED
    engine.play_until(Phase.AWAITING_APPROVAL, newer)
    assert engine.crashes == []


def test_three_asked_for_in_a_row_leave_the_newest_that_is_good(engine: Engine) -> None:
    engine.workers_are_busy = {QueueName.SLOW, QueueName.TICKS}
    first, second, third = (asked(engine, f"promote {ENDPOINT} --version {version}") for version in (4, 5, 6))
    engine.workers_are_busy = set()
    engine.settle()
    assert [engine.phase(r) for r in (first, second, third)] == [
        Phase.CANCELLED,
        Phase.AWAITING_APPROVAL,
        Phase.BLOCKED,
    ]


def test_another_version_for_a_test_is_another_plan(engine: Engine) -> None:
    first = asked(engine, f"ab start {ENDPOINT} --version 4 --weight 10")
    assert f"Rollout {first} of" in engine.ask(f"ab start {ENDPOINT} --version 4 --weight 10")
    second = asked(engine, f"ab start {ENDPOINT} --version 5 --weight 10")
    assert engine.phase(second) is Phase.AWAITING_APPROVAL
    assert engine.rollout(first).superseded_by == second
    engine.press("Approve", by=CARL)
    engine.play(lambda: engine.rollout(second).has_running_trial)
    assert engine.rollout(second).has_running_trial
