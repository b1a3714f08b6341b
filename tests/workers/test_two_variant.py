"""Two variants side by side: the whole engine over fakes, on every way over the bridge and back from it."""

from collections.abc import Iterator

import pytest
from fakes.account import SUCCESS, UPDATING, rolled_back
from fakes.engine import CHANNEL, Engine, a_config
from fakes.failing import lost, throttled
from fakes.records import ANNA, BEN, CURRENT, ENDPOINT

from bot.domain.endpoint import VariantState
from bot.domain.errand import ReplyTo
from bot.domain.errors import GatewayError, ResourceBusy
from bot.domain.phases import Kind, Phase, Reason
from bot.domain.plan import Level
from bot.domain.reconcile import bake_ends_at, is_baking
from bot.domain.rollout import Rollout
from bot.domain.scaling import ScalableTarget
from bot.domain.verdict import VerdictKind
from bot.grammar import Context

OLD, NEW = "AllTraffic", "AllTraffic-next"
SLOW_US = 900_000.0


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine()
    yield made
    made.close()


def asked(engine: Engine, options: str = "--size 10% --bake 10m") -> str:
    """A two-variant promotion up to its plan."""
    engine.type(f"promote {ENDPOINT} --version 4 --strategy two-variant {options}")
    rollout_id = engine.store.rollouts.recent(ENDPOINT)[0].id
    return rollout_id


def approved(engine: Engine, options: str = "--size 10% --bake 10m") -> str:
    rollout_id = asked(engine, options)
    engine.press("Approve", by=BEN)
    return rollout_id


def baking(engine: Engine) -> str:
    """A two-variant promotion whose both variants serve."""
    rollout_id = approved(engine)
    engine.play(lambda: is_baking(engine.rollout(rollout_id)))
    return rollout_id


def bridge_of(engine: Engine, rollout_id: str) -> str:
    plan = engine.rollout(rollout_id).plan
    assert plan is not None
    assert plan.bridge is not None
    return plan.bridge.config


def changes(engine: Engine) -> list[str]:
    """What was changed on the endpoint, in order: configs and weights."""
    told = {"update": 2, "set_weights_and_capacities": 2}
    return [call[told[call[0]]] for call in engine.endpoints.calls if call[0] in told]


def weights(engine: Engine) -> dict[str, float | None]:
    return {v.name: v.weight for v in engine.endpoints.variants}


def rollback_of(engine: Engine, rollout_id: str) -> Rollout:
    child = engine.rollout(rollout_id).child_id
    assert child is not None
    return engine.rollout(child)


OVER, BACK = f"{{'{OLD}': 0.0, '{NEW}': 1.0}}", f"{{'{OLD}': 1.0, '{NEW}': 0.0}}"


def test_the_plan_names_the_bridge_and_nothing_is_touched_before_it_is_approved(engine: Engine) -> None:
    rollout_id = asked(engine)
    plan = engine.rollout(rollout_id).plan
    assert plan is not None
    assert plan.bridge is not None
    assert (plan.bridge.variant, plan.bridge.next_variant, plan.bridge.share) == (OLD, NEW, 10)
    assert ("Config in between", plan.bridge.config) in {(fact.name, fact.value) for fact in plan.basis}
    assert changes(engine) == []


def test_a_good_version_goes_over_the_bridge_to_the_target_config(engine: Engine) -> None:
    rollout_id = approved(engine)
    engine.play_until(Phase.SUCCEEDED, rollout_id)
    rollout = engine.rollout(rollout_id)
    assert changes(engine) == [bridge_of(engine, rollout_id), OVER, rollout.target_config]
    assert engine.endpoints.config == rollout.target_config
    assert weights(engine) == {OLD: 1.0}, "the live weight 0 of the old variant must not be kept"
    assert rollout.bridge is not None
    assert rollout.bridge.verdict is not None
    assert rollout.bridge.verdict.kind is VerdictKind.PASS


def test_the_bridge_runs_both_variants_with_the_share_that_was_asked_for(engine: Engine) -> None:
    rollout_id = baking(engine)
    assert weights(engine) == {OLD: 1.0, NEW: pytest.approx(1 / 9)}
    config = engine.endpoints.configs[bridge_of(engine, rollout_id)]
    assert config.tags["rollout:previous-config"] == CURRENT
    assert config.tags["rollout:id"] == rollout_id
    assert len(config.name) <= 63


def test_both_variants_are_measured_over_the_same_time(engine: Engine) -> None:
    rollout_id = baking(engine)
    engine.play(lambda: not is_baking(engine.rollout(rollout_id)))
    rollout = engine.rollout(rollout_id)
    assert rollout.bridge is not None
    comparison = rollout.bridge.comparison
    assert comparison is not None
    assert comparison.before.window == comparison.after.window
    assert comparison.after.window.end <= bake_ends_at(rollout)
    measured = {call[2] for call in engine.metrics.calls if call[0] == "measure"}
    assert measured == {OLD, NEW}


def test_the_watch_compares_with_the_time_before_the_bridge(engine: Engine) -> None:
    rollout_id = approved(engine)
    engine.play_until(Phase.SUCCEEDED, rollout_id)
    rollout = engine.rollout(rollout_id)
    assert rollout.comparison is not None
    assert rollout.called_at is not None
    assert rollout.comparison.before.window.end <= rollout.called_at


def test_a_worse_version_is_sent_back_before_its_bake_is_over(engine: Engine) -> None:
    engine.metrics.by_variant[NEW] = SLOW_US
    rollout_id = baking(engine)
    ends = bake_ends_at(engine.rollout(rollout_id))
    engine.play(lambda: engine.phase(rollout_id) is Phase.ROLLING_BACK)
    turned, poll = engine.clock(), engine.rollout(rollout_id).pace.poll
    assert turned < ends
    assert engine.rollout(rollout_id).last.reason is Reason.BAKE_REGRESSED
    engine.play(lambda: weights(engine).get(NEW) == 0.0)
    assert engine.clock() - turned <= poll
    engine.play_until(Phase.ROLLED_BACK, rollout_id)
    assert changes(engine) == [bridge_of(engine, rollout_id), BACK, CURRENT]
    assert weights(engine) == {OLD: 1.0}
    engine.tell()
    assert any("went back by itself" in posted.words for posted in engine.slack.posted)


def test_what_sagemaker_does_with_the_bridge_is_told_as_its_own_rollback(engine: Engine) -> None:
    engine.endpoints.plays((UPDATING, rolled_back("No capacity.")))
    rollout_id = approved(engine)
    engine.play_until(Phase.ROLLED_BACK_BY_AWS, rollout_id)
    assert engine.endpoints.config == CURRENT
    assert changes(engine) == [bridge_of(engine, rollout_id)]


def test_a_last_update_that_sagemaker_undoes_leads_all_the_way_back(engine: Engine) -> None:
    engine.endpoints.plays(SUCCESS, (rolled_back(),), (UPDATING, rolled_back("No capacity.")))
    rollout_id = approved(engine)
    engine.play_until(Phase.ROLLED_BACK, rollout_id)
    target = engine.rollout(rollout_id).target_config
    assert changes(engine) == [bridge_of(engine, rollout_id), OVER, target, BACK, CURRENT]
    assert weights(engine) == {OLD: 1.0}


def test_cancel_in_the_bake_goes_back_at_once(engine: Engine) -> None:
    rollout_id = baking(engine)
    engine.tell()
    began = engine.clock()
    engine.press("Cancel", by=ANNA)
    assert engine.phase(rollout_id) is Phase.ROLLING_BACK
    assert weights(engine)[NEW] == 0.0
    assert engine.clock() == began
    engine.play_until(Phase.ROLLED_BACK, rollout_id)
    assert rollback_of(engine, rollout_id).requester == ANNA
    assert changes(engine) == [bridge_of(engine, rollout_id), BACK, CURRENT]


def test_cancel_while_the_bridge_is_being_reached_waits_for_sagemaker(engine: Engine) -> None:
    engine.endpoints.plays((UPDATING,) * 3 + SUCCESS)
    rollout_id = approved(engine)
    engine.play(lambda: bool(changes(engine)))
    engine.tell()
    engine.press("Cancel", by=ANNA)
    assert engine.phase(rollout_id) is Phase.UPDATING
    engine.play_until(Phase.ROLLED_BACK, rollout_id)
    assert changes(engine) == [bridge_of(engine, rollout_id), BACK, CURRENT]


def test_a_lock_holds_the_traffic_where_it_is_and_does_not_stop_the_way_back(engine: Engine) -> None:
    rollout_id = baking(engine)
    engine.type(f"lock {ENDPOINT} --reason 'load test'", by=BEN)
    over = bake_ends_at(engine.rollout(rollout_id))
    engine.play(lambda: engine.clock() > over + 20 * engine.rollout(rollout_id).pace.poll)
    assert changes(engine) == [bridge_of(engine, rollout_id)]
    assert "load test" in (engine.rollout(rollout_id).stopped_by or "")
    engine.tell()
    engine.press("Cancel", by=ANNA)
    engine.play_until(Phase.ROLLED_BACK, rollout_id)


def test_a_lock_that_is_lifted_lets_it_go_on(engine: Engine) -> None:
    rollout_id = baking(engine)
    engine.type(f"lock {ENDPOINT} --reason 'load test'", by=BEN)
    over = bake_ends_at(engine.rollout(rollout_id))
    engine.play(lambda: engine.clock() > over + 20 * engine.rollout(rollout_id).pace.poll)
    assert "load test" in (engine.rollout(rollout_id).stopped_by or "")
    engine.type(f"unlock {ENDPOINT}", by=BEN)
    engine.play_until(Phase.SUCCEEDED, rollout_id)


@pytest.mark.parametrize("error", [lost, throttled])
@pytest.mark.parametrize("which", ["bridge", "target"])
def test_a_lost_answer_leads_to_no_second_update(engine: Engine, which: str, error: object) -> None:
    rollout_id = approved_with_errors(engine, which, error)
    engine.play_until(Phase.SUCCEEDED, rollout_id)
    assert engine.endpoints.updates == [bridge_of(engine, rollout_id), engine.rollout(rollout_id).target_config]


def approved_with_errors(engine: Engine, which: str, error: object) -> str:
    assert callable(error)
    if which == "bridge":
        engine.endpoints.fail("update", error("UpdateEndpoint"))
        return approved(engine)
    rollout_id = baking(engine)
    engine.endpoints.fail("update", error("UpdateEndpoint"))
    return rollout_id


@pytest.mark.parametrize("version", ["good", "slow"])
@pytest.mark.parametrize("method", ["create_config", "update", "set_weights_and_capacities", "describe", "measure"])
def test_a_crash_at_any_step_is_lived_through(engine: Engine, method: str, version: str) -> None:
    if version == "slow":
        engine.metrics.by_variant[NEW] = SLOW_US
    rollout_id = baking(engine) if method != "create_config" else asked(engine)
    failing = engine.metrics if method == "measure" else engine.endpoints
    failing.fail(method, RuntimeError("out of memory"))
    if method == "create_config":
        engine.press("Approve", by=BEN)
    end = Phase.SUCCEEDED if version == "good" else Phase.ROLLED_BACK
    engine.play_until(end, rollout_id)
    assert engine.crashes
    last = engine.rollout(rollout_id).target_config if version == "good" else CURRENT
    assert engine.endpoints.updates == [bridge_of(engine, rollout_id), last]
    assert weights(engine) == {OLD: 1.0}


@pytest.mark.parametrize("error", [lost, throttled])
def test_weights_whose_move_got_no_answer_are_looked_at(engine: Engine, error: object) -> None:
    assert callable(error)
    rollout_id = baking(engine)
    engine.endpoints.fail("set_weights_and_capacities", error("UpdateEndpointWeightsAndCapacities"))
    engine.play_until(Phase.SUCCEEDED, rollout_id)
    assert weights(engine) == {OLD: 1.0}


def test_a_busy_endpoint_is_asked_again_to_move_the_weights(engine: Engine) -> None:
    rollout_id = baking(engine)
    busy = ResourceBusy(ENDPOINT, operation="UpdateEndpointWeightsAndCapacities", code="ValidationException")
    engine.endpoints.fail("set_weights_and_capacities", busy)
    engine.play_until(Phase.SUCCEEDED, rollout_id)
    assert engine.endpoints.count("set_weights_and_capacities") == 2


def test_weights_that_sagemaker_refuses_to_move_lead_back(engine: Engine) -> None:
    rollout_id = baking(engine)
    engine.endpoints.fail("set_weights_and_capacities", GatewayError("SetWeights", "AccessDenied"))
    engine.play_until(Phase.ROLLED_BACK, rollout_id)
    assert engine.endpoints.config == CURRENT


def test_a_way_back_whose_weights_cannot_be_moved_takes_them_from_the_config_of_before(engine: Engine) -> None:
    engine.endpoints.plays(SUCCESS, (rolled_back(),), (UPDATING, rolled_back("No capacity.")))
    rollout_id = approved(engine)
    engine.play(lambda: len(changes(engine)) == 3)
    engine.endpoints.fail("set_weights_and_capacities", GatewayError("SetWeights", "AccessDenied"))
    engine.play_until(Phase.ROLLED_BACK, rollout_id)
    assert weights(engine) == {OLD: 1.0}, "the live weight 0 of the old variant must not be kept"


def test_weights_that_were_moved_by_hand_are_kept_over_the_bridge(engine: Engine) -> None:
    config = a_config()
    other = {**config.variants()[0], "VariantName": "Other"}
    two = {"ProductionVariants": [config.variants()[0], other]}
    engine.endpoints.configs[CURRENT] = config.model_copy(update={"document": two})
    engine.endpoints.variants = (
        VariantState(name=OLD, current_count=2, desired_count=2, weight=3.0),
        VariantState(name="Other", current_count=1, desired_count=1, weight=5.0),
    )
    rollout_id = approved(engine, "--size 20% --bake 10m")
    engine.play(lambda: is_baking(engine.rollout(rollout_id)))
    assert weights(engine) == {OLD: 3.0, "Other": 5.0, NEW: 2.0}
    engine.play_until(Phase.SUCCEEDED, rollout_id)
    assert weights(engine) == {OLD: 3.0, "Other": 5.0}
    assert {v.name: v.desired_count for v in engine.endpoints.variants} == {OLD: 2, "Other": 1}


def test_a_variant_without_traffic_has_no_share_to_give(engine: Engine) -> None:
    engine.endpoints.variants = (VariantState(name=OLD, desired_count=2, weight=0.0), VariantState(name="B", weight=1))
    config = a_config()
    two = {"ProductionVariants": [config.variants()[0], {**config.variants()[0], "VariantName": "B"}]}
    engine.endpoints.configs[CURRENT] = config.model_copy(update={"document": two})
    rollout_id = asked(engine)
    assert engine.phase(rollout_id) is Phase.BLOCKED
    assert "its weight is 0" in engine.rollout(rollout_id).last.note
    assert changes(engine) == []


def test_a_share_that_is_none_is_refused_in_the_plan(engine: Engine) -> None:
    rollout_id = asked(engine, "--bake 30s")
    plan = engine.rollout(rollout_id).plan
    assert plan is not None
    assert plan.bridge is None
    assert "strategy" in {finding.check for finding in plan.findings if finding.level is Level.BLOCKER}


def test_weights_that_moved_under_an_approved_plan_make_it_void(engine: Engine) -> None:
    rollout_id = asked(engine)
    engine.endpoints.variants = (VariantState(name=OLD, current_count=2, desired_count=2, weight=2.0),)
    engine.press("Approve", by=BEN)
    assert engine.phase(rollout_id) is Phase.AWAITING_APPROVAL
    assert changes(engine) == []
    moved = engine.rollout(rollout_id).redraws[-1].differences
    assert f"Weight of {OLD}" in {difference.path for difference in moved}


TARGET = ScalableTarget(
    variant=OLD,
    document={"ResourceId": f"endpoint/{ENDPOINT}/variant/{OLD}", "MinCapacity": 1, "MaxCapacity": 4},
)


@pytest.mark.parametrize("version", ["good", "slow"])
def test_autoscaling_is_away_over_the_whole_bridge_and_put_back_on_every_way_out(engine: Engine, version: str) -> None:
    engine.autoscaling.targets = {OLD: TARGET}
    if version == "slow":
        engine.metrics.by_variant[NEW] = SLOW_US
    rollout_id = baking(engine)
    assert engine.autoscaling.count("suspend") == 1
    assert engine.autoscaling.count("restore") == 0
    engine.play_until(Phase.SUCCEEDED if version == "good" else Phase.ROLLED_BACK, rollout_id)
    assert engine.autoscaling.count("restore") >= 1


def test_with_the_store_emptied_in_the_bake_the_rollback_command_moves_the_weights_back_first(engine: Engine) -> None:
    rollout_id = baking(engine)
    bridge = bridge_of(engine, rollout_id)
    engine.redis.flushall()
    engine.type(f"rollback {ENDPOINT}", by=BEN)
    back = next(r for r in engine.store.rollouts.recent(ENDPOINT) if r.kind is Kind.ROLLBACK)
    engine.play_until(Phase.ROLLED_BACK, back.id)
    assert changes(engine) == [bridge, BACK, CURRENT]
    assert weights(engine) == {OLD: 1.0}


def test_the_cancel_command_says_that_the_traffic_goes_back_now(engine: Engine) -> None:
    rollout_id = baking(engine)
    engine.type(
        "cancel",
        context=Context(rollout_id=rollout_id, endpoint=ENDPOINT),
        reply=ReplyTo(user_id=ANNA, channel_id=CHANNEL, response_url="https://respond.example/anna"),
    )
    assert "goes back" in engine.slack.responses[-1][1]


def test_a_change_that_is_left_on_its_bridge_is_rolled_back_by_button(engine: Engine) -> None:
    rollout_id = baking(engine)
    engine.endpoints.fail("describe", *[RuntimeError("out of memory")] * 5)
    engine.play_until(Phase.NEEDS_HUMAN, rollout_id)
    engine.tell()
    engine.press("Roll back", by=BEN)
    engine.play_until(Phase.ROLLED_BACK, rollout_id)
    assert changes(engine) == [bridge_of(engine, rollout_id), BACK, CURRENT]


def test_nothing_is_planned_from_a_bridge(engine: Engine) -> None:
    rollout_id = baking(engine)
    engine.endpoints.fail("describe", *[RuntimeError("out of memory")] * 5)
    engine.play_until(Phase.NEEDS_HUMAN, rollout_id)
    engine.type(f"promote {ENDPOINT} --version 5")
    refused = engine.store.rollouts.recent(ENDPOINT)[0]
    assert refused.phase is Phase.BLOCKED
    assert f"rollback {ENDPOINT}" in refused.last.note
