"""Autoscaling is taken away for an update and comes back whole, on every way out and after every crash."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from fakes.account import FAILED, LANDED, MIXED, MOVED_BY_HAND, UPDATING, Step, rolled_back
from fakes.engine import CURRENT, Engine, a_config
from fakes.failing import Failing, always, lost, throttled
from fakes.records import ANNA, BEN, CARL, ENDPOINT
from fakes.surroundings import a_target

from bot.domain.endpoint import ConfigRecord
from bot.domain.errors import GatewayError, ResourceBusy
from bot.domain.phases import Kind, Phase
from bot.domain.saga import ScalingMode
from bot.domain.scaling import ScalableTarget
from bot.store.rollouts import Stored

TARGET = a_target(ENDPOINT)
OPTIONS = {ScalingMode.SUSPEND: "", ScalingMode.DEREGISTER: "--instance-type ml.m5.2xlarge"}
TAKES = {ScalingMode.SUSPEND: "suspend", ScalingMode.DEREGISTER: "deregister"}
MODES = tuple(ScalingMode)
REFUSED = GatewayError("UpdateEndpoint", "ValidationException", "r1", "no such instance type")
NOT_TAKEN_BACK = GatewayError("RegisterScalableTarget", "ValidationException", "r2", "no such role")


class Killed(BaseException):
    """SIGKILL: nothing after it is run, not even an exception handler."""


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine()
    made.autoscaling.targets = {"AllTraffic": TARGET}
    yield made
    made.close()


def promoted(engine: Engine, mode: ScalingMode = ScalingMode.SUSPEND) -> str:
    """Approved, as far as it comes at once."""
    engine.type(f"promote {ENDPOINT} --version 4 {OPTIONS[mode]}")
    rollout_id = engine.store.rollouts.recent(ENDPOINT)[0].id
    engine.press("Approve", by=BEN)
    return rollout_id


def kill_around(fake: Failing, method: str, *, afterwards: bool) -> None:
    """The process dies at the next call of the method: before anything happened, or before its answer came."""
    original = getattr(fake, method)

    def dies(*args: Any, **kwargs: Any) -> None:
        setattr(fake, method, original)
        if afterwards:
            original(*args, **kwargs)
        raise Killed

    setattr(fake, method, dies)


def played_out(engine: Engine, rollout_id: str) -> Phase:
    """Until its end, a killed process being replaced by another one."""
    for _ in range(5):
        try:
            return engine.play_out(rollout_id)
        except Killed:
            engine.clock.tick(timedelta(seconds=1))
    raise AssertionError("it dies again and again")


def assert_as_before(engine: Engine) -> None:
    """Scaling is what it was, nothing is held, nothing is due."""
    engine.play(lambda: False)
    assert engine.autoscaling.targets == {"AllTraffic": TARGET}
    assert engine.store.rollouts.lease_of(ENDPOINT) is None
    assert engine.store.rollouts.active() == ()
    assert engine.next_due() is None


@pytest.mark.parametrize("mode", MODES)
def test_scaling_is_away_while_sagemaker_works_and_back_before_the_watch_judges(
    engine: Engine, mode: ScalingMode
) -> None:
    rollout_id = promoted(engine, mode)
    engine.play(lambda: engine.endpoints.updates != [])
    assert engine.autoscaling.count(TAKES[mode]) == 1
    away = engine.autoscaling.targets.get("AllTraffic")
    assert away is None or away.is_suspended
    engine.play_until(Phase.WATCHING, rollout_id)
    engine.settle()
    assert engine.autoscaling.targets == {"AllTraffic": TARGET}
    assert engine.metrics.asked == []
    assert played_out(engine, rollout_id) is Phase.SUCCEEDED
    assert engine.autoscaling.count("restore") == 1
    assert_as_before(engine)


def test_the_snapshot_is_in_the_record_before_anything_is_taken(engine: Engine) -> None:
    seen: list[tuple[ScalableTarget, ...]] = []
    original = engine.autoscaling.deregister

    def recording(target: ScalableTarget) -> None:
        saga = engine.store.rollouts.recent(ENDPOINT)[0].scaling
        assert saga is not None
        assert saga.taken_at is None
        seen.append(saga.targets)
        original(target)

    engine.autoscaling.deregister = recording  # type: ignore[method-assign]
    rollout_id = promoted(engine, ScalingMode.DEREGISTER)
    engine.play_until(Phase.WATCHING, rollout_id)
    assert seen == [(TARGET,)]


Steer = Callable[[Engine], None]


def nothing(engine: Engine) -> None:
    """It goes as it goes."""


def playing(*script: Step) -> Steer:
    return lambda engine: engine.endpoints.plays(script)


def refusing(engine: Engine) -> None:
    engine.endpoints.fail("update", REFUSED)


def throttling(engine: Engine) -> None:
    engine.endpoints.fail("update", *always(throttled("UpdateEndpoint")))


def crashing(engine: Engine) -> None:
    engine.endpoints.fail("update", *[RuntimeError("a bug") for _ in range(100)])


def vanishing(engine: Engine) -> None:
    """The answer to the call is lost, and nobody ever sees it at work."""
    engine.endpoints.fail("update", lost("UpdateEndpoint"))
    engine.endpoints.plays((rolled_back(),))


WAYS_OUT = [
    ("success", nothing, Phase.SUCCEEDED),
    ("SageMaker goes back", playing(UPDATING, rolled_back("Insufficient capacity")), Phase.ROLLED_BACK_BY_AWS),
    ("a mixed fleet", playing(UPDATING, MIXED), Phase.NEEDS_HUMAN),
    ("a dead endpoint", playing(UPDATING, FAILED), Phase.NEEDS_HUMAN),
    ("somebody else's config", playing(UPDATING, MOVED_BY_HAND), Phase.NEEDS_HUMAN),
    ("a refused call", refusing, Phase.FAILED),
    ("a call that is throttled for ever", throttling, Phase.FAILED),
    ("a call that always crashes", crashing, Phase.FAILED),
    ("a call whose answer was lost", vanishing, Phase.FAILED),
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("steer", "end"), [w[1:] for w in WAYS_OUT], ids=[w[0] for w in WAYS_OUT])
def test_scaling_comes_back_on_every_way_out(engine: Engine, mode: ScalingMode, steer: Steer, end: Phase) -> None:
    steer(engine)
    rollout_id = promoted(engine, mode)
    assert played_out(engine, rollout_id) is end
    assert engine.autoscaling.count(TAKES[mode]) >= 1
    assert engine.rollout(rollout_id).chore_failures == ()
    assert_as_before(engine)


@pytest.mark.parametrize("mode", MODES)
def test_scaling_comes_back_after_cancel(engine: Engine, mode: ScalingMode) -> None:
    throttling(engine)
    rollout_id = promoted(engine, mode)
    engine.play(lambda: engine.autoscaling.count(TAKES[mode]) == 1)
    engine.press("Cancel", by=ANNA)
    assert played_out(engine, rollout_id) is Phase.CANCELLED
    assert engine.endpoints.updates == []
    assert_as_before(engine)


@pytest.mark.parametrize("mode", MODES)
def test_scaling_comes_back_once_after_a_queued_rollback(engine: Engine, mode: ScalingMode) -> None:
    rollout_id = promoted(engine, mode)
    engine.play(lambda: engine.endpoints.updates != [])
    engine.press("Cancel", by=ANNA)
    assert played_out(engine, rollout_id) is Phase.ROLLED_BACK
    assert engine.endpoints.config == CURRENT
    assert engine.autoscaling.count("restore") == 1
    assert_as_before(engine)


def test_an_endpoint_that_was_deleted_needs_no_scaling(engine: Engine) -> None:
    rollout_id = promoted(engine)
    engine.play(lambda: engine.endpoints.updates != [])
    engine.endpoints.endpoint = "another"
    assert played_out(engine, rollout_id) is Phase.NEEDS_HUMAN
    assert engine.rollout(rollout_id).chore_failures == ()
    assert engine.autoscaling.count("restore") == 0
    assert engine.store.rollouts.lease_of(ENDPOINT) is None


@pytest.mark.parametrize("end", ["success", "failure"])
def test_scaling_that_is_refused_is_told_with_what_to_put_back(engine: Engine, end: str) -> None:
    if end == "failure":
        refusing(engine)
    engine.autoscaling.fail("restore", NOT_TAKEN_BACK)
    rollout_id = promoted(engine, ScalingMode.DEREGISTER)
    assert played_out(engine, rollout_id) is (Phase.SUCCEEDED if end == "success" else Phase.FAILED)
    engine.tell()
    thread = "\n".join(p.words for p in engine.slack.posted)
    assert "Autoscaling could not be restored: AWS refused RegisterScalableTarget" in thread
    assert "Put it back by hand: AllTraffic: 1 to 6 instances, policy keep-70, scheduled action mornings." in thread
    assert engine.store.rollouts.lease_of(ENDPOINT) is None
    assert engine.autoscaling.count("restore") == 1


@pytest.mark.parametrize("steer", [nothing, refusing])
def test_scaling_that_cannot_be_reached_is_tried_until_it_is_back(engine: Engine, steer: Steer) -> None:
    steer(engine)
    engine.autoscaling.fail("restore", *[throttled("RegisterScalableTarget")] * 100)
    rollout_id = promoted(engine, ScalingMode.DEREGISTER)
    played_out(engine, rollout_id)
    assert engine.autoscaling.count("restore") == 101
    assert engine.rollout(rollout_id).chore_failures == ()
    assert_as_before(engine)


def test_a_restore_that_always_crashes_is_given_to_a_person_and_the_rollout_goes_on(engine: Engine) -> None:
    engine.autoscaling.fail("restore", *[RuntimeError("a bug") for _ in range(5)])
    rollout_id = promoted(engine, ScalingMode.DEREGISTER)
    assert played_out(engine, rollout_id) is Phase.SUCCEEDED
    (told,) = engine.rollout(rollout_id).chore_failures
    assert "The bot failed 5 times in a row at this (RuntimeError)" in told
    assert "Put it back by hand: AllTraffic: 1 to 6 instances" in told
    assert engine.store.rollouts.lease_of(ENDPOINT) is None


def test_a_restore_that_crashes_after_the_end_ends_too(engine: Engine) -> None:
    refusing(engine)
    engine.autoscaling.fail("restore", *[RuntimeError("a bug") for _ in range(5)])
    rollout_id = promoted(engine)
    assert played_out(engine, rollout_id) is Phase.FAILED
    assert len(engine.rollout(rollout_id).chore_failures) == 1
    assert engine.store.rollouts.active() == ()


DEATHS = [
    (fake, method, afterwards)
    for fake, method in (("autoscaling", "take"), ("endpoints", "update"), ("autoscaling", "restore"))
    for afterwards in (False, True)
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("steer", [nothing, playing(UPDATING, rolled_back())], ids=["lands", "rolled back"])
@pytest.mark.parametrize(("fake", "method", "afterwards"), DEATHS)
def test_a_killed_process_loses_no_snapshot(
    engine: Engine, mode: ScalingMode, steer: Steer, fake: str, method: str, afterwards: bool
) -> None:
    steer(engine)
    kill_around(getattr(engine, fake), TAKES[mode] if method == "take" else method, afterwards=afterwards)
    try:
        rollout_id = promoted(engine, mode)
    except Killed:
        rollout_id = engine.store.rollouts.recent(ENDPOINT)[0].id
    end = played_out(engine, rollout_id)
    assert end is not Phase.CANCELLED
    assert len(engine.endpoints.updates) == 1
    assert_as_before(engine)


@pytest.mark.parametrize("afterwards", [False, True])
def test_a_killed_process_between_two_variants_loses_neither(engine: Engine, afterwards: bool) -> None:
    second = a_target(ENDPOINT, "Blue")
    variants = a_config().document["ProductionVariants"]
    document = {"ProductionVariants": [*variants, {**variants[0], "VariantName": "Blue"}]}
    engine.endpoints.configs[CURRENT] = a_config().model_copy(update={"document": document})
    engine.endpoints.variants = tuple(
        v.model_copy(update={"name": name}) for v in engine.endpoints.variants for name in ("AllTraffic", "Blue")
    )
    engine.autoscaling.targets["Blue"] = second
    refusing(engine)
    taken, original = [], engine.autoscaling.deregister

    def dies_at_the_second(target: ScalableTarget) -> None:
        taken.append(target.variant)
        if len(taken) == 2 and not afterwards:
            raise Killed
        original(target)
        if len(taken) == 2:
            raise Killed

    engine.autoscaling.deregister = dies_at_the_second  # type: ignore[method-assign]
    with pytest.raises(Killed):
        promoted(engine, ScalingMode.DEREGISTER)
    rollout_id = engine.store.rollouts.recent(ENDPOINT)[0].id
    assert played_out(engine, rollout_id) is Phase.FAILED
    assert engine.autoscaling.targets == {"AllTraffic": TARGET, "Blue": second}


@pytest.mark.parametrize("way", ["button", "command", "approved command"])
@pytest.mark.parametrize("mode", MODES)
def test_a_rollback_that_begins_while_scaling_is_away_puts_the_first_snapshot_back(
    engine: Engine, mode: ScalingMode, way: str
) -> None:
    engine.autoscaling.fail("restore", *[throttled("RegisterScalableTarget")] * 6)
    rollout_id = promoted(engine, mode)
    engine.play(lambda: engine.autoscaling.count("restore") == 2)
    assert engine.phase(rollout_id) is Phase.WATCHING
    landed = len(engine.endpoints.updates)
    if way == "button":
        engine.press("Roll back", by=BEN)
    else:
        engine.type(f"rollback {ENDPOINT}", by=BEN if way == "command" else "U0EVE")
    if way == "approved command":
        engine.press("Approve", by=CARL)
    child = next(r for r in engine.store.rollouts.recent() if r.kind is Kind.ROLLBACK)
    tries = engine.autoscaling.count("restore")
    engine.play(lambda: len(engine.endpoints.updates) > landed)
    assert engine.autoscaling.count("restore") == tries, "the way back waits for nothing"
    assert played_out(engine, child.id) is Phase.ROLLED_BACK
    assert played_out(engine, rollout_id) is Phase.ROLLED_BACK
    assert engine.endpoints.config == CURRENT
    assert_as_before(engine)


def test_a_rollback_that_is_blocked_puts_back_what_it_took_over(engine: Engine) -> None:
    engine.autoscaling.fail("restore", *[throttled("RegisterScalableTarget")] * 3)
    rollout_id = promoted(engine, ScalingMode.DEREGISTER)
    engine.play(lambda: engine.autoscaling.count("restore") == 2)
    asked, describe_config = [], engine.endpoints.describe_config

    def losing_it(name: str) -> ConfigRecord:
        asked.append(name)
        if len(asked) == 2:  # the click has found it; the plan does not
            del engine.endpoints.configs[CURRENT]
        return describe_config(name)

    engine.endpoints.describe_config = losing_it  # type: ignore[method-assign]
    engine.press("Roll back", by=BEN)
    assert played_out(engine, rollout_id) is Phase.NEEDS_HUMAN
    assert_as_before(engine)


@pytest.mark.parametrize("mode", MODES)
def test_the_way_back_takes_scaling_away_as_well_and_puts_it_back(engine: Engine, mode: ScalingMode) -> None:
    rollout_id = promoted(engine, mode)
    assert played_out(engine, rollout_id) is Phase.SUCCEEDED
    engine.press("Roll back", by=BEN)
    assert played_out(engine, rollout_id) is Phase.ROLLED_BACK
    assert engine.autoscaling.count(TAKES[mode]) == 2
    assert engine.autoscaling.count("restore") == 2
    assert_as_before(engine)


@pytest.mark.parametrize("mode", MODES)
def test_a_rollback_that_fails_puts_scaling_back_too(engine: Engine, mode: ScalingMode) -> None:
    rollout_id = promoted(engine, mode)
    played_out(engine, rollout_id)
    engine.endpoints.plays((UPDATING, rolled_back("Insufficient capacity")), (UPDATING, LANDED))
    engine.press("Roll back", by=BEN)
    assert played_out(engine, rollout_id) is Phase.NEEDS_HUMAN
    assert_as_before(engine)


def change_limits(engine: Engine) -> dict[str, ScalableTarget]:
    return {"AllTraffic": a_target(ENDPOINT, maximum=12)}


def remove_it(engine: Engine) -> dict[str, ScalableTarget]:
    return {}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("change", [change_limits, remove_it])
def test_a_change_of_scaling_by_hand_after_the_approval_is_neither_run_over_nor_undone(
    engine: Engine, mode: ScalingMode, change: Callable[[Engine], dict[str, ScalableTarget]]
) -> None:
    engine.endpoints.fail("create_config", throttled("CreateEndpointConfig"))
    rollout_id = promoted(engine, mode)
    assert engine.phase(rollout_id) is Phase.PREPARING
    changed = engine.autoscaling.targets = change(engine)
    engine.play_until(Phase.AWAITING_APPROVAL, rollout_id)
    rollout = engine.rollout(rollout_id)
    assert "Autoscaling of AllTraffic" in {d.path for d in rollout.redraws[0].differences}
    assert rollout.scaling is None
    assert engine.autoscaling.targets == changed
    assert engine.autoscaling.count("restore") == engine.autoscaling.count(TAKES[mode]) == 0


def test_scaling_that_sagemaker_finds_busy_is_taken_once(engine: Engine) -> None:
    busy = ResourceBusy(ENDPOINT, operation="UpdateEndpoint", code="ValidationException")
    engine.endpoints.fail("update", busy, busy)
    rollout_id = promoted(engine)
    assert played_out(engine, rollout_id) is Phase.SUCCEEDED
    assert engine.autoscaling.count("suspend") == 1
    assert_as_before(engine)


def test_a_plan_that_drifted_after_scaling_was_taken_puts_it_back_before_the_fresh_plan(engine: Engine) -> None:
    engine.endpoints.fail("update", throttled("UpdateEndpoint"))
    rollout_id = promoted(engine, ScalingMode.DEREGISTER)
    assert engine.autoscaling.targets == {}
    engine.endpoints.variants = tuple(v.model_copy(update={"weight": 0.5}) for v in engine.endpoints.variants)
    engine.play_until(Phase.AWAITING_APPROVAL, rollout_id)
    assert engine.autoscaling.targets == {"AllTraffic": TARGET}
    plan = engine.rollout(rollout_id).plan
    assert plan is not None
    assert plan.scaling.targets == (TARGET,)
    assert engine.store.rollouts.lease_of(ENDPOINT) is None
    engine.press("Approve", by=BEN)
    assert played_out(engine, rollout_id) is Phase.SUCCEEDED
    assert_as_before(engine)


def test_a_redrawn_plan_that_gives_way_to_a_rollback_leaves_it_the_snapshot(engine: Engine) -> None:
    first = promoted(engine)
    played_out(engine, first)
    engine.endpoints.fail("update", throttled("UpdateEndpoint"))
    engine.autoscaling.fail("restore", *[throttled("RegisterScalableTarget")] * 4)
    engine.type(f"promote {ENDPOINT} --version 5")
    second = engine.store.rollouts.recent(ENDPOINT)[0].id
    engine.press("Approve", by=BEN)
    engine.endpoints.variants = tuple(v.model_copy(update={"weight": 0.5}) for v in engine.endpoints.variants)
    engine.play(lambda: engine.phase(second) is Phase.PLANNING)
    assert engine.rollout(second).scaling is not None
    summary = next(p for p in engine.slack.posted if p.slot == "summary")
    engine.press("Roll back", by=BEN, on=summary)
    assert engine.phase(second) is Phase.CANCELLED
    assert played_out(engine, first) is Phase.ROLLED_BACK
    assert engine.crashes == []
    assert_as_before(engine)


def test_cancel_while_scaling_is_being_taken_gives_that_tick_time_to_end(engine: Engine) -> None:
    """Otherwise another worker would put it back, and the first one take it away after that."""
    kill_around(engine.autoscaling, "suspend", afterwards=False)
    with pytest.raises(Killed):
        promoted(engine)
    rollout_id = engine.store.rollouts.recent(ENDPOINT)[0].id
    engine.type(f"cancel {rollout_id}")
    assert engine.autoscaling.count("restore") == 0
    assert engine.phase(rollout_id) is Phase.UPDATING
    engine.clock.tick(engine.world.lease)
    engine.settle()
    assert engine.phase(rollout_id) is Phase.CANCELLED
    assert engine.endpoints.updates == []
    assert_as_before(engine)


def test_a_tick_that_was_overtaken_takes_nothing_more_away(engine: Engine) -> None:
    rollout_id = engine.promote()
    moved: list[Stored] = []

    def overtaken(revision: Stored) -> bool:
        moved.append(revision)
        return False

    engine.store.rollouts.still_holds, holds = overtaken, engine.store.rollouts.still_holds  # type: ignore[method-assign]
    engine.press("Approve", by=BEN)
    engine.store.rollouts.still_holds = holds  # type: ignore[method-assign]
    assert engine.autoscaling.count("suspend") == 0
    assert len(moved) == 1
    assert played_out(engine, rollout_id) is Phase.SUCCEEDED
    assert_as_before(engine)
