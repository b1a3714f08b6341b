"""A/B tests and shadows over the whole engine: begun, moved, compared, ended, and never in anybody's way."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from fakes.account import UPDATING, rolled_back
from fakes.clock import NOW
from fakes.engine import FLEET, Engine, a_config
from fakes.failing import always, lost, throttled
from fakes.records import ANNA, BEN, CARL, CURRENT, ENDPOINT, rollback_at
from fakes.surroundings import a_target

from bot.domain.errors import GatewayError, ResourceBusy
from bot.domain.hold import HoldKind
from bot.domain.phases import Kind, Phase, Reason
from bot.domain.rollout import Rollout
from bot.domain.trial import TRIAL_TAG, TrialWatch
from bot.domain.verdict import VerdictKind
from bot.messages.slots import SlotName
from bot.queue import QueueName
from bot.store.rollouts import Write

A, B = "AllTraffic", "AllTraffic-b"
SLOW_US = 900_000.0
DORA = "U0DORA"  # neither asked for anything nor approves it
METHOD = "set_weights_and_capacities"
REFUSED = GatewayError("UpdateEndpoint", "ResourceLimitExceeded", message="the account-level service limit is 2")
BUSY = ResourceBusy(ENDPOINT, operation="UpdateEndpointWeightsAndCapacities", code="ValidationException")


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine()
    made.begin_rounds()
    yield made
    made.close()


@pytest.fixture
def windowed() -> Iterator[Engine]:
    """With a change window of one hour, which is open at first."""
    made = Engine(FLEET.replace("model_package_group", 'windows: ["Sun 08:00-09:00 UTC"]\n    model_package_group'))
    made.begin_rounds()
    yield made
    made.close()


def latest(engine: Engine) -> Rollout:
    return engine.store.rollouts.recent(ENDPOINT)[0]


def asked(engine: Engine, command: str, *, by: str = ANNA) -> str:
    engine.type(command, by=by)
    return latest(engine).id


def refused(engine: Engine, command: str, *, by: str = ANNA) -> str:
    engine.type(command, by=by)
    assert engine.slack.responses, engine.slack.whispers
    return engine.slack.responses[-1][1]


def running(engine: Engine, options: str = "--weight 10") -> str:
    """A trial of version 4 that has begun to serve; returns the rollout that started it."""
    rollout_id = asked(engine, f"ab start {ENDPOINT} --version 4 {options}")
    engine.press("Approve", by=BEN)
    engine.play(lambda: engine.rollout(rollout_id).has_running_trial)
    assert engine.rollout(rollout_id).has_running_trial, engine.rollout(rollout_id).last
    return rollout_id


def finished(engine: Engine, keep: str, *, by: str = ANNA) -> Rollout:
    rollout_id = asked(engine, f"ab finish {ENDPOINT} --keep {keep}", by=by)
    if engine.phase(rollout_id) is Phase.AWAITING_APPROVAL:
        engine.press("Approve", by=BEN)
    engine.play(lambda: not engine.rollout(rollout_id).is_active)
    return engine.rollout(rollout_id)


def pass_time(engine: Engine, time: timedelta) -> None:
    engine.play(lambda: False, time)


def trial_of(engine: Engine, rollout_id: str) -> TrialWatch:
    watch = engine.rollout(rollout_id).trial_watch
    assert watch is not None
    return watch


def weights(engine: Engine) -> dict[str, float | None]:
    return {v.name: v.weight for v in engine.endpoints.variants}


def moved_elsewhere(engine: Engine, to: dict[str, float]) -> None:
    """Somebody moves the weights past the bot."""
    engine.endpoints.variants = tuple(v.model_copy(update={"weight": to[v.name]}) for v in engine.endpoints.variants)


def counts(engine: Engine) -> dict[str, int | None]:
    return {v.name: v.desired_count for v in engine.endpoints.variants}


def said(engine: Engine, slot: SlotName) -> str:
    engine.tell()
    return next(p for p in reversed(engine.slack.posted) if p.slot == slot).words


def of_rollout(engine: Engine, rollout_id: str, slot: str) -> str:
    engine.tell()
    shown = [p for p in engine.slack.posted if p.slot == slot and p.metadata is not None]
    (found,) = [p for p in shown if p.metadata["event_payload"]["rollout"] == rollout_id]
    return found.words


# Begun


def test_nothing_is_touched_before_somebody_else_approves(engine: Engine) -> None:
    rollout_id = asked(engine, f"ab start {ENDPOINT} --version 4 --weight 10")
    assert engine.phase(rollout_id) is Phase.AWAITING_APPROVAL
    engine.press("Approve", by=ANNA)
    assert engine.phase(rollout_id) is Phase.AWAITING_APPROVAL
    assert engine.endpoints.count("create_config") == engine.endpoints.count("update") == 0


def test_the_plan_says_what_is_added_and_what_stays(engine: Engine) -> None:
    rollout = engine.rollout(asked(engine, f"ab start {ENDPOINT} --version 4 --weight 10"))
    assert rollout.plan is not None
    paths = {d.path: (d.before, d.after) for d in rollout.plan.differences}
    assert paths[B] == (None, "a new variant beside AllTraffic, with 10 % of the traffic")
    assert paths[f"{B}.model.ModelPackageName"][1] is not None
    assert not any(path.startswith(f"{A}.") for path in paths), "A stays as it is"
    assert any("is not autoscaled" in kept for kept in rollout.plan.kept)
    assert rollout.plan.readiness is not None
    assert rollout.plan.readiness.to_config == CURRENT


def test_both_versions_serve_with_the_share_that_was_asked_for(engine: Engine) -> None:
    rollout_id = running(engine, "--weight 20")
    assert weights(engine) == {A: 1.0, B: pytest.approx(0.25)}
    assert counts(engine)[A] == counts(engine)[B], "B could take all of the traffic"
    config = engine.endpoints.configs[engine.endpoints.config]
    assert (config.tags[TRIAL_TAG], config.tags["rollout:previous-config"]) == (B, CURRENT)
    assert engine.phase(rollout_id) is Phase.SUCCEEDED
    assert engine.store.rollouts.lease_of(ENDPOINT) is None, "the endpoint is free to be moved"
    assert engine.store.rollouts.active() == ()


@pytest.mark.parametrize("share", [0, 1, 50, 99])
def test_any_share_but_all_of_it_can_be_begun_with(engine: Engine, share: int) -> None:
    running(engine, f"--weight {share}")
    total = sum(weight or 0 for weight in weights(engine).values())
    assert (weights(engine)[B] or 0) / total == pytest.approx(share / 100)


def test_all_of_the_traffic_is_no_test(engine: Engine) -> None:
    assert "use promote" in engine.ask(f"ab start {ENDPOINT} --version 4 --weight 100")
    assert engine.store.rollouts.recent(ENDPOINT) == ()


def test_the_version_that_runs_cannot_be_tried_against_itself(engine: Engine) -> None:
    rollout_id = asked(engine, f"ab start {ENDPOINT} --version 3")
    assert engine.rollout(rollout_id).last.reason is Reason.NOTHING_TO_CHANGE


def test_a_second_test_is_refused_with_the_ways_to_end_the_first(engine: Engine) -> None:
    running(engine)
    answer = engine.ask(f"ab start {ENDPOINT} --version 5")
    assert "an A/B test is under way" in answer
    for way in (f"ab finish {ENDPOINT} --keep A", f"ab finish {ENDPOINT} --keep B", f"rollback {ENDPOINT}"):
        assert way in answer


def test_a_promotion_during_a_test_is_refused_and_touches_nothing(engine: Engine) -> None:
    running(engine)
    config = engine.endpoints.config
    rollout_id = asked(engine, f"promote {ENDPOINT} --version 5")
    assert engine.phase(rollout_id) is Phase.BLOCKED
    assert f"ab finish {ENDPOINT} --keep B" in engine.rollout(rollout_id).last.note
    assert engine.endpoints.config == config


def test_a_test_that_sagemaker_took_back_leaves_a_alone_as_before(engine: Engine) -> None:
    engine.endpoints.plays((UPDATING, rolled_back("no capacity")))
    rollout_id = asked(engine, f"ab start {ENDPOINT} --version 4")
    engine.press("Approve", by=BEN)
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK_BY_AWS
    assert engine.store.rollouts.on_trial() == ()
    assert weights(engine) == {A: 1.0}


def test_the_start_of_a_test_runs_no_check_command() -> None:
    engine = Engine(FLEET.replace("metric_period: 30s}", "metric_period: 30s, check: {command: [check]}}"))
    started = running(engine)
    assert engine.rollout(started).checks == ()
    assert "heck command" not in said(engine, SlotName.PROGRESS)
    engine.close()


# Compared


def test_both_are_compared_over_the_same_time_and_told_in_one_message(engine: Engine) -> None:
    rollout_id = running(engine)
    pass_time(engine, timedelta(minutes=10))
    watch = trial_of(engine, rollout_id)
    assert watch.comparison is not None
    assert watch.comparison.before.window == watch.comparison.after.window
    assert watch.verdict is not None
    assert watch.verdict.kind is VerdictKind.PASS
    told = said(engine, SlotName.TRIAL)
    assert "B is as good as A" in told
    assert len([p for p in engine.slack.posted if p.slot == SlotName.TRIAL]) == 1


def test_a_long_test_is_looked_at_less_and_less_often(engine: Engine) -> None:
    rollout_id = running(engine)
    engine.clock.tick(timedelta(hours=30))
    pass_time(engine, timedelta(minutes=1))
    before = engine.metrics.count("read")
    pass_time(engine, timedelta(minutes=31))
    assert engine.metrics.count("read") - before == 2
    comparison = trial_of(engine, rollout_id).comparison
    assert comparison is not None
    assert comparison.after.window.end - comparison.after.window.start <= timedelta(hours=24)


def test_cloudwatch_that_does_not_answer_ends_nothing(engine: Engine) -> None:
    rollout_id = running(engine)
    engine.metrics.fail("read", *[throttled(METHOD) for _ in range(3)])
    pass_time(engine, timedelta(minutes=10))
    assert trial_of(engine, rollout_id).verdict is not None
    assert engine.crashes == []


# Moved


def test_more_traffic_for_b_takes_an_approval(engine: Engine) -> None:
    running(engine)
    rollout_id = asked(engine, f"ab weight {ENDPOINT} --weight 50")
    assert engine.phase(rollout_id) is Phase.AWAITING_APPROVAL
    assert weights(engine)[B] == pytest.approx(1 / 9)
    engine.press("Approve", by=BEN)
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    assert weights(engine) == {A: 1.0, B: 1.0}
    assert engine.rollout(rollout_id).last.reason is Reason.WEIGHTS_MOVED
    assert engine.endpoints.count(METHOD) == 1


def test_less_traffic_for_b_needs_nobodys_leave_and_no_lock_stops_it(engine: Engine) -> None:
    running(engine, "--weight 50")
    engine.type('freeze --reason "load test"', by=CARL)
    rollout_id = asked(engine, f"ab weight {ENDPOINT} --weight 0", by=ANNA)
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    assert weights(engine) == {A: 1.0, B: 0.0}


@pytest.mark.parametrize(
    ("busy", "reached"),
    [({QueueName.SLOW, QueueName.TICKS}, Phase.PLANNING), ({QueueName.TICKS}, Phase.PREPARING)],
)
def test_less_traffic_for_b_that_would_be_more_by_now_is_no_longer_anybodys_own(
    engine: Engine, busy: set[QueueName], reached: Phase
) -> None:
    running(engine, "--weight 50")
    engine.workers_are_busy = busy
    rollout_id = asked(engine, f"ab weight {ENDPOINT} --weight 30")
    assert engine.phase(rollout_id) is reached
    moved_elsewhere(engine, {A: 1.0, B: 0.0})
    engine.workers_are_busy = set()
    assert engine.play_out(rollout_id) is Phase.BLOCKED
    assert (engine.endpoints.count(METHOD), weights(engine)) == (0, {A: 1.0, B: 0.0})
    note = engine.rollout(rollout_id).last.note
    assert f"{B} of {ENDPOINT} has 0 % of the traffic by now" in note
    assert f"ab weight {ENDPOINT} --weight 30" in note


def test_less_traffic_for_b_than_it_has_by_now_goes_on(engine: Engine) -> None:
    running(engine, "--weight 50")
    engine.workers_are_busy = {QueueName.SLOW, QueueName.TICKS}
    rollout_id = asked(engine, f"ab weight {ENDPOINT} --weight 30")
    moved_elsewhere(engine, {A: 1.0, B: 4.0})
    engine.workers_are_busy = set()
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    assert weights(engine)[B] == pytest.approx(3 / 7)


def test_whoever_has_no_say_in_the_test_needs_an_approval_for_less_traffic_too(engine: Engine) -> None:
    running(engine, "--weight 50")
    rollout_id = asked(engine, f"ab weight {ENDPOINT} --weight 0", by=DORA)
    assert engine.phase(rollout_id) is Phase.AWAITING_APPROVAL
    assert weights(engine) == {A: 1.0, B: 1.0}


def test_a_lock_stops_more_traffic_for_b(engine: Engine) -> None:
    running(engine)
    engine.type(f'lock {ENDPOINT} --reason "load test"', by=CARL)
    assert "load test" in engine.ask(f"ab weight {ENDPOINT} --weight 50")
    assert weights(engine)[B] == pytest.approx(1 / 9)


def test_all_of_the_traffic_can_be_moved_to_b_and_back(engine: Engine) -> None:
    running(engine)
    for share, expected in ((100, {A: 0.0, B: 1.0}), (25, {A: 1.0, B: pytest.approx(1 / 3)})):
        rollout_id = asked(engine, f"ab weight {ENDPOINT} --weight {share}")
        if engine.phase(rollout_id) is Phase.AWAITING_APPROVAL:
            engine.press("Approve", by=BEN)
        assert engine.play_out(rollout_id) is Phase.SUCCEEDED
        assert weights(engine) == expected


def test_the_share_that_it_has_already_is_no_change(engine: Engine) -> None:
    running(engine)
    assert "has 10 % of the traffic already" in engine.ask(f"ab weight {ENDPOINT} --weight 10")


def test_the_second_who_presses_the_same_button_is_told_who_was_first(engine: Engine) -> None:
    running(engine)
    rollout_id = asked(engine, f"ab weight {ENDPOINT} --weight 50")
    assert rollout_id in engine.ask(f"ab weight {ENDPOINT} --weight 50")
    assert latest(engine).id == rollout_id
    assert engine.phase(rollout_id) is Phase.AWAITING_APPROVAL


def test_weights_that_somebody_else_moved_are_seen_in_the_thread(engine: Engine) -> None:
    rollout_id = running(engine)
    engine.endpoints.set_weights_and_capacities(ENDPOINT, weights={A: 1.0, B: 3.0})
    pass_time(engine, timedelta(minutes=2))
    assert trial_of(engine, rollout_id).share == pytest.approx(75)
    assert "AllTraffic-b 75 %" in said(engine, SlotName.TRIAL)


def test_without_a_test_there_is_nothing_to_move_or_to_finish(engine: Engine) -> None:
    for command in (f"ab weight {ENDPOINT} --weight 50", f"ab finish {ENDPOINT} --keep A"):
        assert "No A/B test runs" in engine.ask(command)
    assert engine.store.rollouts.recent(ENDPOINT) == ()


def test_a_test_that_is_on_its_way_can_be_neither_moved_nor_finished_and_is_named(engine: Engine) -> None:
    started = asked(engine, f"ab start {ENDPOINT} --version 4 --weight 10")
    for command in (f"ab weight {ENDPOINT} --weight 50", f"ab finish {ENDPOINT} --keep A"):
        told = engine.ask(command)
        assert (
            f"Rollout {started} of @{ANNA} starts the A/B test on {ENDPOINT}: its state is “awaiting approval”" in told
        )
        assert "No A/B test runs" not in told
    assert latest(engine).id == started


@pytest.mark.parametrize("trouble", [lost(METHOD), throttled(METHOD), BUSY])
def test_weights_are_moved_once_whatever_the_answer_was(engine: Engine, trouble: Exception) -> None:
    running(engine)
    engine.endpoints.fail(METHOD, trouble)
    rollout_id = asked(engine, f"ab weight {ENDPOINT} --weight 50")
    engine.press("Approve", by=BEN)
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    assert weights(engine) == {A: 1.0, B: 1.0}


# Ended


def test_keeping_a_leads_back_to_the_config_of_before_and_blames_nobody(engine: Engine) -> None:
    started = running(engine)
    over = finished(engine, "A")
    assert over.kind is Kind.ROLLBACK
    assert (over.phase, engine.endpoints.config, weights(engine)) == (Phase.ROLLED_BACK, CURRENT, {A: 1.0})
    assert engine.store.holds.on(ENDPOINT) == ()
    pass_time(engine, timedelta(minutes=1))
    end = trial_of(engine, started).end
    assert end is not None
    assert end.kept == "A"
    assert engine.phase(started) is Phase.SUCCEEDED


def test_the_traffic_goes_back_by_weight_before_the_fleet_is_replaced(engine: Engine) -> None:
    running(engine, "--weight 90")
    finished(engine, "A")
    told = {"update", METHOD}
    assert [call[0] for call in engine.endpoints.calls if call[0] in told][-2:] == [
        METHOD,
        "update",
    ]


def test_a_worse_b_is_held_when_a_is_kept(engine: Engine) -> None:
    engine.metrics.by_variant[B] = SLOW_US
    running(engine)
    pass_time(engine, timedelta(minutes=20))
    finished(engine, "A")
    (hold,) = engine.store.holds.on(ENDPOINT)
    assert (hold.kind, hold.label) == (HoldKind.HELD, "sentiment version 4")


def test_keeping_b_lets_it_serve_alone_under_the_name_of_a(engine: Engine) -> None:
    started = running(engine)
    before = counts(engine)[A]
    over = finished(engine, "B")
    assert (over.kind, over.phase) == (Kind.UPDATE, Phase.SUCCEEDED)
    assert over.verdict is not None
    config = engine.endpoints.configs[engine.endpoints.config]
    assert [v["VariantName"] for v in config.variants()] == [A]
    model = engine.endpoints.describe_model(config.variants()[0]["ModelName"])
    assert model.document["PrimaryContainer"]["ModelPackageName"].endswith("/4")
    assert (counts(engine), weights(engine)) == ({A: before}, {A: 1.0})
    assert TRIAL_TAG not in config.tags
    end = trial_of(engine, started).end
    assert end is not None
    assert end.kept == "B"


def test_b_that_had_all_of_the_traffic_keeps_it_when_it_is_kept(engine: Engine) -> None:
    running(engine)
    rollout_id = asked(engine, f"ab weight {ENDPOINT} --weight 100")
    engine.press("Approve", by=BEN)
    engine.play_out(rollout_id)
    finished(engine, "B")
    assert weights(engine) == {A: 1.0}, "the live weight 0 of A must not be kept"


def test_keeping_b_takes_an_approval(engine: Engine) -> None:
    running(engine)
    rollout_id = asked(engine, f"ab finish {ENDPOINT} --keep B")
    assert engine.phase(rollout_id) is Phase.AWAITING_APPROVAL


def test_keeping_a_takes_an_approval_from_whoever_has_no_say_in_the_test(engine: Engine) -> None:
    running(engine)
    rollout_id = asked(engine, f"ab finish {ENDPOINT} --keep A", by=DORA)
    assert engine.phase(rollout_id) is Phase.AWAITING_APPROVAL
    assert B in weights(engine)


def test_whoever_has_no_say_in_the_test_takes_no_approved_change_away_by_keeping_a(windowed: Engine) -> None:
    running(windowed)
    pass_time(windowed, timedelta(hours=2))
    scheduled = asked(windowed, f"scale {ENDPOINT} --count 4")
    windowed.press("Approve", by=BEN)
    assert windowed.phase(scheduled) is Phase.SCHEDULED
    assert f"Rollout {scheduled} of {ENDPOINT} is approved and runs" in refused(
        windowed, f"ab finish {ENDPOINT} --keep A", by=DORA
    )
    assert (windowed.phase(scheduled), latest(windowed).id) == (Phase.SCHEDULED, scheduled)
    finished(windowed, "A", by=BEN)
    assert windowed.rollout(scheduled).last.reason is Reason.SUPERSEDED


def test_a_test_that_was_rolled_back_still_tells_that_autoscaling_is_as_before_and_promises_nothing(
    engine: Engine,
) -> None:
    engine.autoscaling.targets = {A: a_target(ENDPOINT)}
    started = running(engine)
    engine.play(lambda: trial_of(engine, started).verdict is not None, timedelta(minutes=15))
    assert "It goes on until somebody ends it." in said(engine, SlotName.TRIAL)
    assert "Autoscaling is as it was before" in of_rollout(engine, started, SlotName.PROGRESS)
    engine.type(f"rollback {ENDPOINT}", by=BEN)
    engine.play(lambda: engine.phase(started) is Phase.ROLLED_BACK)
    assert "Autoscaling is as it was before" in of_rollout(engine, started, SlotName.PROGRESS)
    told = of_rollout(engine, started, SlotName.TRIAL)
    assert "It was rolled back." in told
    assert "It goes on" not in told


def test_a_rollback_during_a_test_leads_back_to_a_and_holds_b(engine: Engine) -> None:
    started = running(engine)
    engine.type(f"rollback {ENDPOINT}", by=BEN)
    engine.play(lambda: engine.phase(started) is Phase.ROLLED_BACK)
    assert (engine.endpoints.config, weights(engine)) == (CURRENT, {A: 1.0})
    assert [hold.kind for hold in engine.store.holds.on(ENDPOINT)] == [HoldKind.HELD]
    assert engine.store.rollouts.on_trial() == ()


@pytest.mark.parametrize("is_forgotten", [False, True])
def test_going_back_after_b_was_kept_leads_to_a_alone(engine: Engine, is_forgotten: bool) -> None:
    running(engine)
    over = finished(engine, "B")
    assert over.plan is not None
    assert f"A rollback leads to {CURRENT}, on which A serves alone." in over.plan.kept
    assert over.plan.readiness is not None
    assert over.plan.readiness.to_config == CURRENT
    if is_forgotten:
        engine.redis.flushall()
    engine.type(f"rollback {ENDPOINT}", by=BEN)
    engine.play(lambda: engine.store.rollouts.load(over.id) is not None and engine.phase(over.id) is Phase.ROLLED_BACK)
    assert (engine.endpoints.config, weights(engine)) == (CURRENT, {A: 1.0})
    assert [hold.kind for hold in engine.store.holds.on(ENDPOINT)] == [HoldKind.HELD]
    engine.settle()
    assert f"InService on {CURRENT}" in said(engine, SlotName.ENDING)


@pytest.mark.parametrize("options", ["--weight 30", "--weight 50 --shadow"])
def test_where_what_a_ran_alone_is_gone_a_config_for_it_is_made_before_b_is_kept(engine: Engine, options: str) -> None:
    running(engine, options)
    del engine.endpoints.configs[CURRENT]
    engine.endpoints.fail("create_config", *(throttled("CreateEndpointConfig") for _ in range(2)))
    over = finished(engine, "B")
    assert over.plan is not None
    alone = over.plan.way_back
    assert f"A rollback leads to {alone}, on which A serves alone." in over.plan.kept
    assert over.plan.readiness is not None
    assert over.plan.readiness.to_config == alone
    (a,) = engine.endpoints.configs[alone].variants()
    assert (a["VariantName"], a["ModelName"]) == (A, "model-v3")
    assert TRIAL_TAG not in engine.endpoints.configs[alone].tags
    engine.redis.flushall()
    engine.type(f"rollback {ENDPOINT}", by=BEN)
    engine.play(lambda: engine.store.rollouts.load(over.id) is not None and engine.phase(over.id) is Phase.ROLLED_BACK)
    assert (engine.endpoints.config, weights(engine)) == (alone, {A: 1.0})


def test_without_the_model_of_a_there_is_no_way_back_which_takes_two_to_approve(engine: Engine) -> None:
    running(engine)
    del engine.endpoints.models["model-v3"]
    rollout_id = asked(engine, f"ab finish {ENDPOINT} --keep B")
    for who in (BEN, CARL):
        assert engine.phase(rollout_id) is Phase.AWAITING_APPROVAL
        engine.press("Approve", by=who)
    engine.play_until(Phase.SUCCEEDED, rollout_id)
    kept = engine.endpoints.config
    plan = engine.rollout(rollout_id).plan
    assert plan is not None
    assert f"There is no way back to {A} as it runs now: its model was deleted." in plan.kept
    assert "There is no way back" in engine.ask(f"rollback {ENDPOINT}")
    assert engine.endpoints.config == kept


def test_a_test_lifts_no_hold_from_the_version_that_it_tries(engine: Engine) -> None:
    engine.promoted(4)
    engine.type(f"rollback {ENDPOINT}", by=BEN)
    engine.play(lambda: engine.endpoints.config == CURRENT and not engine.store.rollouts.active())
    assert [hold.label for hold in engine.store.holds.on(ENDPOINT)] == ["sentiment version 4"]
    running(engine)
    assert [hold.label for hold in engine.store.holds.on(ENDPOINT)] == ["sentiment version 4"]


def rolled_back_in_vain(engine: Engine) -> str:
    """A test whose rollback SageMaker refused, so that both versions serve on; returns the rollout that started it."""
    started = running(engine, "--weight 50")
    engine.endpoints.fail("update", REFUSED)
    engine.type(f"rollback {ENDPOINT}", by=BEN)
    engine.play(lambda: engine.phase(started) is not Phase.SUCCEEDED and not engine.rollout(started).is_active)
    assert engine.phase(started) is Phase.NEEDS_HUMAN, engine.rollout(started).last
    return started


def test_a_test_whose_rollback_failed_goes_on_and_can_be_ended(engine: Engine) -> None:
    started = rolled_back_in_vain(engine)
    pass_time(engine, timedelta(minutes=15))
    looked = trial_of(engine, started).looked_at
    assert looked is not None
    assert looked > engine.rollout(started).last.at
    assert "was rolled back" not in of_rollout(engine, started, SlotName.TRIAL)
    engine.press("Keep A", by=BEN)
    engine.play(lambda: trial_of(engine, started).end is not None)
    assert engine.endpoints.config == CURRENT


def test_the_traffic_of_a_worse_b_is_taken_away_also_after_a_rollback_that_failed() -> None:
    engine = limited()
    engine.metrics.by_variant.clear()
    started = rolled_back_in_vain(engine)
    moved_elsewhere(engine, {A: 1.0, B: 1.0})  # it had been taken away before SageMaker refused
    engine.metrics.by_variant[B] = SLOW_US
    pass_time(engine, timedelta(minutes=30))
    assert trial_of(engine, started).stop is not None
    assert weights(engine)[B] == 0
    engine.close()


def test_a_test_that_somebody_led_elsewhere_is_over(engine: Engine) -> None:
    started = running(engine)
    engine.endpoints.configs["by-hand"] = a_config("by-hand")
    engine.endpoints.config = "by-hand"
    pass_time(engine, timedelta(minutes=1))
    end = trial_of(engine, started).end
    assert end is not None
    assert (end.kept, end.config) == (None, "by-hand")
    assert "somebody led the endpoint elsewhere" in said(engine, SlotName.TRIAL)


# A B that is worse


def limited(auto_rollback: str = "hard") -> Engine:
    made = Engine(
        FLEET.replace(
            "metric_period: 30s}",
            f"metric_period: 30s, auto_rollback: '{auto_rollback}', thresholds: {{p50_ms: 600}}}}",
        )
    )
    made.begin_rounds()
    made.metrics.by_variant[B] = SLOW_US
    return made


def test_a_limit_that_b_crosses_takes_its_traffic_away_once() -> None:
    engine = limited()
    started = running(engine)
    pass_time(engine, timedelta(minutes=10))
    watch = trial_of(engine, started)
    assert watch.stop is not None
    assert watch.stop.done_at is not None
    assert weights(engine) == {A: 1.0, B: 0.0}
    assert set(counts(engine)) == {A, B}, "it goes on running until a person ends the test"
    (taken,) = (e["traffic_taken_away"] for e in engine.store.audit.since(NOW) if "traffic_taken_away" in e)
    assert isinstance(taken, dict)
    assert (taken["actor"], taken["why"]) == ("bot", watch.stop.why)
    assert f"<@{ANNA}>" in str(next(p for p in engine.slack.posted if p.slot == SlotName.ALERT).message.blocks)
    rollout_id = asked(engine, f"ab weight {ENDPOINT} --weight 10")
    engine.press("Approve", by=BEN)
    engine.play_out(rollout_id)
    pass_time(engine, timedelta(minutes=20))
    assert weights(engine)[B] == pytest.approx(1 / 9), "what people decide after that stands"
    engine.close()


def test_with_auto_rollback_off_people_are_told_and_nothing_is_moved() -> None:
    engine = limited("off")
    started = running(engine)
    pass_time(engine, timedelta(minutes=10))
    assert trial_of(engine, started).stop is None
    assert weights(engine)[B] == pytest.approx(1 / 9)
    assert "auto_rollback: off" in said(engine, SlotName.ALERT)
    engine.close()


def test_a_worse_b_without_a_crossed_limit_needs_a_second_look_and_the_policy_all() -> None:
    engine = Engine(FLEET.replace("metric_period: 30s}", "metric_period: 30s, auto_rollback: all}"))
    engine.begin_rounds()
    engine.metrics.by_variant[B] = SLOW_US
    started = running(engine)
    engine.play(lambda: trial_of(engine, started).worse_looks == 1)
    assert weights(engine)[B] == pytest.approx(1 / 9)
    pass_time(engine, timedelta(minutes=5))
    assert weights(engine) == {A: 1.0, B: 0.0}
    engine.close()


def test_traffic_that_could_not_be_taken_away_is_taken_away_at_the_next_look() -> None:
    engine = limited()
    running(engine)
    engine.endpoints.fail(METHOD, BUSY, lost(METHOD))
    pass_time(engine, timedelta(minutes=10))
    assert weights(engine) == {A: 1.0, B: 0.0}
    engine.close()


def test_a_change_that_only_waits_does_not_keep_a_worse_b_in_the_traffic() -> None:
    engine = limited()
    engine.metrics.by_variant.clear()
    started = running(engine)
    engine.endpoints.fail("create_config", *always(throttled("CreateEndpointConfig"), 2))
    keeping = asked(engine, f"ab finish {ENDPOINT} --keep B")
    engine.press("Approve", by=BEN)
    engine.type(f"lock {ENDPOINT} --reason incident", by=BEN)
    engine.metrics.by_variant[B] = SLOW_US
    engine.play(lambda: trial_of(engine, started).stop is not None)
    pass_time(engine, timedelta(minutes=1))
    assert weights(engine) == {A: 1.0, B: 0.0}
    engine.type(f"unlock {ENDPOINT}", by=BEN)
    engine.play(lambda: engine.phase(keeping) is Phase.AWAITING_APPROVAL)
    assert engine.rollout(keeping).approvals == (), "it was given before that was known"
    engine.close()


def test_a_way_back_takes_the_traffic_of_a_worse_b_with_it_and_is_not_disturbed() -> None:
    engine = limited()
    engine.metrics.by_variant.clear()
    started = running(engine)
    going = rollback_at(Phase.PLANNING, id="goesback", approval_needed=False)
    engine.store.rollouts.commit([Write(going, 0)], engine.clock())
    engine.metrics.by_variant[B] = SLOW_US
    engine.play(lambda: trial_of(engine, started).stop is not None)
    pass_time(engine, timedelta(minutes=1))
    assert trial_of(engine, started).stop is not None
    assert engine.endpoints.count(METHOD) == 0
    engine.close()


# Shadows


def test_a_shadow_gets_copies_and_the_weights_stay(engine: Engine) -> None:
    started = running(engine, "--weight 50 --shadow")
    document = engine.endpoints.configs[engine.endpoints.config].document
    (shadow,) = document["ShadowProductionVariants"]
    assert [v["VariantName"] for v in document["ProductionVariants"]] == [A]
    assert (shadow["VariantName"], shadow["InitialVariantWeight"], shadow["InitialInstanceCount"]) == (B, 0.5, 1)
    plan = engine.rollout(started).plan
    assert plan is not None
    assert plan.trial is not None
    assert plan.trial.shadow
    pass_time(engine, timedelta(minutes=10))
    assert trial_of(engine, started).verdict is not None


def test_a_shadow_costs_what_its_instances_cost_and_once(engine: Engine) -> None:
    engine.prices.prices["ml.m5.xlarge"] = Decimal("0.23")
    plan = engine.rollout(running(engine, "--weight 50 --shadow")).plan
    assert plan is not None
    assert plan.cost is not None
    assert (plan.cost.per_hour_before, plan.cost.per_hour_after) == (2 * Decimal("0.23"), 3 * Decimal("0.23"))


def test_how_much_a_shadow_gets_cannot_be_moved_live(engine: Engine) -> None:
    running(engine, "--weight 50 --shadow")
    answer = engine.ask(f"ab weight {ENDPOINT} --weight 90")
    assert "cannot be moved live" in answer
    assert f"ab finish {ENDPOINT} --keep A" in answer


@pytest.mark.parametrize("keep", ["A", "B"])
def test_a_shadow_ends_like_any_test(engine: Engine, keep: str) -> None:
    started = running(engine, "--weight 100 --shadow")
    over = finished(engine, keep)
    assert over.phase in (Phase.ROLLED_BACK, Phase.SUCCEEDED)
    assert "ShadowProductionVariants" not in engine.endpoints.configs[engine.endpoints.config].document
    assert weights(engine) == {A: 1.0}
    pass_time(engine, timedelta(minutes=1))
    end = trial_of(engine, started).end
    assert end is not None
    assert end.kept == keep


def test_a_worse_shadow_is_told_and_left_alone() -> None:
    engine = limited("all")
    started = running(engine, "--weight 50 --shadow")
    pass_time(engine, timedelta(minutes=10))
    watch = trial_of(engine, started)
    assert watch.worse_since is not None
    assert watch.stop is None
    assert "nobody sees the answers of a shadow" in said(engine, SlotName.ALERT)
    engine.close()


# Where Redis was emptied


def test_a_test_that_the_store_forgot_can_be_moved_and_ended(engine: Engine) -> None:
    running(engine, "--weight 50")
    engine.redis.flushall()
    rollout_id = asked(engine, f"ab weight {ENDPOINT} --weight 10")
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED, "whoever started it stands in the tags"
    assert weights(engine)[B] == pytest.approx(1 / 9)
    over = finished(engine, "A")
    assert (over.phase, engine.endpoints.config) == (Phase.ROLLED_BACK, CURRENT)


@pytest.fixture
def managed() -> Iterator[Engine]:
    """With the endpoint manager at work, whose census sees every endpoint."""
    made = Engine(FLEET.replace("defaults:", "manager: {every: 5m, census: 1m}\ndefaults:\n  policy: manual", 1))
    made.begin_rounds()
    yield made
    made.close()


def test_a_test_that_the_store_forgot_is_found_by_the_census_and_followed_again(managed: Engine) -> None:
    started = running(managed)
    managed.redis.flushall()
    managed.begin_rounds()
    managed.play(lambda: bool(managed.store.rollouts.on_trial()), timedelta(minutes=10))
    (stored,) = managed.store.rollouts.on_trial()
    assert (stored.rollout.id, stored.rollout.restored) == (started, True)
    managed.play(lambda: "A is sentiment version 3, B is sentiment version 4" in said(managed, SlotName.TRIAL))
    assert "A is sentiment version 3, B is sentiment version 4" in said(managed, SlotName.TRIAL)
    managed.play(lambda: trial_of(managed, started).verdict is not None, timedelta(minutes=15))
    assert "AllTraffic-b 10 %" in said(managed, SlotName.TRIAL)


def test_a_rollback_to_both_versions_lets_the_comparison_go_on(managed: Engine) -> None:
    started = running(managed)
    on_trial = managed.endpoints.config
    finished(managed, "B")
    pass_time(managed, timedelta(minutes=1))
    assert trial_of(managed, started).end is not None
    managed.type(f"rollback {ENDPOINT} --to {on_trial}", by=BEN)
    managed.play(lambda: managed.endpoints.config == on_trial and not managed.store.rollouts.active())
    managed.play(lambda: managed.rollout(started).has_running_trial, timedelta(minutes=5))
    assert managed.rollout(started).has_running_trial
