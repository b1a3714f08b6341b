"""What plans say of a test that runs: nobody decides on more of B, or on the end of the endpoint, without knowing how B does."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from fakes.engine import Engine
from fakes.records import ANNA, BEN, CARL, ENDPOINT
from test_trials import SLOW_US, A, B, asked, limited, pass_time, running, said, trial_of, weights

from bot.domain.phases import Phase
from bot.domain.plan import Finding, Level
from bot.messages.slots import SlotName

MORE_OF_B = (f"ab weight {ENDPOINT} --weight 50", f"ab finish {ENDPOINT} --keep B")


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine()
    made.begin_rounds()
    yield made
    made.close()


@pytest.fixture
def worse() -> Iterator[Engine]:
    """B crosses a hard limit, so the bot takes its traffic away."""
    made = limited()
    yield made
    made.close()


def of_the_test(engine: Engine, rollout_id: str) -> Finding:
    plan = engine.rollout(rollout_id).plan
    assert plan is not None
    (found,) = (f for f in plan.findings if f.check == "ab_test")
    return found


@pytest.mark.parametrize("command", MORE_OF_B)
def test_more_of_a_b_that_does_worse_is_planned_with_a_warning(worse: Engine, command: str) -> None:
    started = running(worse)
    pass_time(worse, timedelta(minutes=10))
    stop = trial_of(worse, started).stop
    assert stop is not None
    found = of_the_test(worse, asked(worse, command))
    assert found.level is Level.WARNING
    assert found.text.startswith("B does worse than A. p50 is ")
    assert f"The bot took its traffic away {stop.decided_at:%a %d %b %H:%M} UTC." in found.text
    assert f"ab finish {ENDPOINT} --keep A" in found.next_step
    assert "p50 is" in said(worse, SlotName.PLAN)


@pytest.mark.parametrize("command", MORE_OF_B)
def test_more_of_a_b_that_does_well_is_planned_with_a_line(engine: Engine, command: str) -> None:
    running(engine)
    assert of_the_test(engine, asked(engine, f"ab weight {ENDPOINT} --weight 30")).level is Level.WARNING, "no numbers"
    pass_time(engine, timedelta(minutes=10))
    found = of_the_test(engine, asked(engine, command))
    assert found.level is Level.OK
    assert found.text.startswith("The test says PASS so far.")
    assert "✓ The test says PASS so far." in said(engine, SlotName.PLAN)


def test_a_plan_from_before_b_turned_out_worse_has_to_be_decided_on_anew(engine: Engine) -> None:
    running(engine)
    pass_time(engine, timedelta(minutes=10))
    rollout_id = asked(engine, f"ab finish {ENDPOINT} --keep B")
    engine.metrics.by_variant[B] = SLOW_US
    pass_time(engine, timedelta(minutes=15))
    engine.press("Approve", by=BEN)
    engine.settle()
    assert engine.phase(rollout_id) is Phase.AWAITING_APPROVAL
    assert engine.rollout(rollout_id).approvers() == ()
    assert of_the_test(engine, rollout_id).level is Level.WARNING


def test_what_is_not_known_of_a_test_is_said_to_be_unknown(engine: Engine) -> None:
    running(engine)
    engine.redis.flushall()
    found = of_the_test(engine, asked(engine, f"ab finish {ENDPOINT} --keep B"))
    assert found.level is Level.WARNING
    assert found.text.startswith("How B does beside A is not known: the store was emptied")


def test_people_who_give_a_worse_b_traffic_again_are_told_once_more_and_it_stays(worse: Engine) -> None:
    started = running(worse)
    pass_time(worse, timedelta(minutes=10))
    for share in (50, 20):
        told = len([p for p in worse.slack.posted if p.slot.startswith(SlotName.ALERT)])
        worse.type(f"ab weight {ENDPOINT} --weight 0", by=BEN)
        pass_time(worse, timedelta(minutes=2))
        rollout_id = asked(worse, f"ab weight {ENDPOINT} --weight {share}")
        worse.press("Approve", by=CARL)
        assert worse.play_out(rollout_id) is Phase.SUCCEEDED
        pass_time(worse, timedelta(minutes=20))
        relapse = trial_of(worse, started).relapses[-1]
        assert relapse.share == pytest.approx(share)
        assert weights(worse)[B] == pytest.approx(share / (100 - share))
        alerts = [p for p in worse.slack.posted if p.slot.startswith(SlotName.ALERT)]
        assert len(alerts) == told + 1, "once for each time"
        assert "B does worse than A still" in alerts[-1].words
        assert f"{B} serves {share} % of the traffic, and the bot leaves that so" in alerts[-1].words
        assert f"@{ANNA}" in alerts[-1].words


def test_a_b_that_was_mended_meanwhile_is_compared_from_then_on_and_nobody_is_told(worse: Engine) -> None:
    started = running(worse)
    pass_time(worse, timedelta(minutes=10))
    del worse.metrics.by_variant[B]
    rollout_id = asked(worse, f"ab weight {ENDPOINT} --weight 50")
    worse.press("Approve", by=BEN)
    worse.play_out(rollout_id)
    resumed = worse.clock()
    pass_time(worse, timedelta(minutes=15))
    watch = trial_of(worse, started)
    assert watch.comparison is not None
    assert watch.comparison.after.window.start >= resumed - timedelta(minutes=1)
    assert watch.relapses == ()
    found = of_the_test(worse, asked(worse, f"ab finish {ENDPOINT} --keep B"))
    assert found.text.startswith("B did worse than A.")
    assert "By now the test says PASS." in found.text


def test_the_instances_of_a_shadow_are_counted_once(engine: Engine) -> None:
    engine.prices.prices["ml.m5.xlarge"] = Decimal("0.23")
    engine.type(f"scale {ENDPOINT} --count 4")
    engine.press("Approve", by=BEN)
    engine.play(lambda: not engine.store.rollouts.active())
    plan = engine.rollout(asked(engine, f"ab start {ENDPOINT} --version 4 --weight 50 --shadow")).plan
    assert plan is not None
    assert plan.cost is not None
    assert (plan.cost.per_hour_before, plan.cost.per_hour_after) == (Decimal("0.92"), Decimal("1.38"))
    assert any("the whole new fleet of 6 instances" in step for step in plan.steps)
    told = {d.path: d.after for d in plan.differences}
    assert told[B] == "a new shadow of AllTraffic, with copies of 50 % of the requests"


def test_a_shadow_that_is_kept_costs_what_it_takes_to_serve_alone(engine: Engine) -> None:
    engine.prices.prices["ml.m5.xlarge"] = Decimal("0.23")
    running(engine, "--weight 50 --shadow")
    plan = engine.rollout(asked(engine, f"ab finish {ENDPOINT} --keep B")).plan
    assert plan is not None
    assert plan.cost is not None
    assert (plan.cost.per_hour_before, plan.cost.per_hour_after) == (Decimal("0.69"), Decimal("0.46"))


def test_the_way_back_of_a_kept_b_needs_room_for_a_alone(engine: Engine) -> None:
    running(engine)
    engine.usage.used = {"ml.m5.xlarge": 4}
    plan = engine.rollout(asked(engine, f"ab finish {ENDPOINT} --keep B")).plan
    assert plan is not None
    assert plan.readiness is not None
    assert "The way back needs 2 ml.m5.xlarge beside 2 in use, of 100." in said(engine, SlotName.PLAN)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--weight 10", f"An A/B test runs: {B} serves 10 % of the traffic beside {A}."),
        ("--weight 50 --shadow", f"A shadow runs: {B} gets copies of the requests of {A}."),
    ],
)
def test_a_teardown_says_that_it_ends_a_test(engine: Engine, options: str, words: str) -> None:
    running(engine, options)
    found = of_the_test(engine, asked(engine, f'teardown {ENDPOINT} --reason "gone"'))
    assert (found.level, found.text) == (
        Level.WARNING,
        f"{words} It ends with the endpoint, without either being kept.",
    )


def test_no_test_no_word_of_one(engine: Engine) -> None:
    plan = engine.rollout(asked(engine, f"promote {ENDPOINT} --version 4")).plan
    assert plan is not None
    assert all(f.check != "ab_test" for f in plan.findings)
