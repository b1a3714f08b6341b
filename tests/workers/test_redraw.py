"""What an approver saw must be what runs: whatever the plan rests on may move, at the click and right before the call."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from fakes.clock import NOW
from fakes.engine import FLEET, Engine, a_config, a_model, a_package
from fakes.failing import throttled
from fakes.records import ANNA, BEN, CARL, CURRENT, ENDPOINT
from fakes.surroundings import a_target

from bot.domain.alarms import Alarm, AlarmState
from bot.domain.endpoint import ApprovalStatus, ModelPackage
from bot.domain.errand import Click
from bot.domain.errors import AccessDenied
from bot.domain.fleet import parse_fleet
from bot.domain.phases import Phase, Reason

GUARDED = FLEET.replace(
    "model_package_group: sentiment",
    "model_package_group: sentiment\n    strategy: {type: canary, size: 50%, bake: 10m, alarms: [too-many-errors]}",
)
ALARM = Alarm(
    name="too-many-errors",
    namespace="AWS/SageMaker",
    metric="Invocation5XXErrors",
    dimensions={"EndpointName": ENDPOINT, "VariantName": "AllTraffic"},
    statistic="Sum",
    period=timedelta(minutes=1),
    threshold=5,
    state=AlarmState.OK,
)
TRACK = [f"arn:aws:sagemaker:us-east-1:865070037744:model-package/acme-v{n}-{'0123456789abcdef' * 2}" for n in (1, 2)]
DIGEST = "123456789012.dkr.ecr.us-east-1.amazonaws.com/app@sha256:" + "a" * 64

Hand = Callable[[Engine], None]


def unguarded(engine: Engine) -> None:
    """An endpoint as it comes."""


def guarded(engine: Engine) -> None:
    engine.alarms.known[ALARM.name] = ALARM


def autoscaled(engine: Engine) -> None:
    engine.autoscaling.targets = {"AllTraffic": a_target(ENDPOINT)}


def with_image(engine: Engine) -> None:
    container = {"Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:1.4", "Environment": {"WORKERS": "2"}}
    document = {**a_model().document, "PrimaryContainer": container}
    engine.endpoints.models["model-v3"] = a_model().model_copy(update={"document": document})
    set_variant(engine, image_digest=DIGEST)


def a_product(arn: str) -> ModelPackage:
    facts = {"is_marketplace": True, "product_id": "prod-1", "created_at": NOW}
    return ModelPackage(arn=arn, name=arn.rpartition("/")[2], status="Completed", **facts)


def subscribed(engine: Engine) -> None:
    engine.registry.packages = [a_product(arn) for arn in TRACK]
    document = {"PrimaryContainer": {"ModelPackageName": TRACK[0]}}
    engine.endpoints.models["model-v3"] = a_model().model_copy(update={"document": document})


def set_variant(engine: Engine, **fields: Any) -> None:
    engine.endpoints.variants = tuple(v.model_copy(update=fields) for v in engine.endpoints.variants)


def set_package(engine: Engine, **fields: Any) -> None:
    engine.registry.packages = [p.model_copy(update=fields) if p.version == 4 else p for p in engine.registry.packages]


def moves_to_another_config(engine: Engine) -> None:
    engine.endpoints.configs["made-by-hand"] = a_config("made-by-hand")
    engine.endpoints.config = "made-by-hand"


def makes_the_config_anew(engine: Engine) -> None:
    variants = [{**v, "VolumeSizeInGB": 256} for v in a_config().variants()]
    engine.endpoints.configs[CURRENT] = a_config().model_copy(update={"document": {"ProductionVariants": variants}})


def makes_the_model_anew(engine: Engine) -> None:
    engine.endpoints.models["model-v3"] = a_model(version=5)


def deletes_the_way_back(engine: Engine) -> None:
    del engine.endpoints.models["model-v3"]


def deletes_the_endpoint(engine: Engine) -> None:
    engine.endpoints.endpoint = "another"


def unapproves(engine: Engine) -> None:
    set_package(engine, approval=ApprovalStatus.REJECTED)


def breaks_the_package(engine: Engine) -> None:
    set_package(engine, status="Failed")


def approves_a_newer_version(engine: Engine) -> None:
    engine.registry.packages.append(a_package(8))


def restarts_with_another_image(engine: Engine) -> None:
    set_variant(engine, image_digest=DIGEST.replace("a" * 64, "b" * 64))


def scales_by_hand(engine: Engine) -> None:
    set_variant(engine, desired_count=5, current_count=5)


def weighs_by_hand(engine: Engine) -> None:
    set_variant(engine, weight=0.25)


def changes_scaling_limits(engine: Engine) -> None:
    engine.autoscaling.targets = {"AllTraffic": a_target(ENDPOINT, maximum=12)}


def deletes_a_scaling_policy(engine: Engine) -> None:
    engine.autoscaling.targets = {"AllTraffic": a_target(ENDPOINT).model_copy(update={"policies": ()})}


def deletes_a_scheduled_action(engine: Engine) -> None:
    engine.autoscaling.targets = {"AllTraffic": a_target(ENDPOINT).model_copy(update={"scheduled": ()})}


def suspends_scaling(engine: Engine) -> None:
    engine.autoscaling.suspend(a_target(ENDPOINT))
    engine.autoscaling.calls.clear()


def registers_scaling(engine: Engine) -> None:
    autoscaled(engine)


def hides_scaling(engine: Engine) -> None:
    denied = AccessDenied(operation="DescribeScalableTargets", code="AccessDenied")
    engine.autoscaling.fail("read", denied, denied, denied)


def redefines_the_alarm(engine: Engine) -> None:
    engine.alarms.known[ALARM.name] = ALARM.model_copy(update={"threshold": 5000.0})


def deletes_the_alarm(engine: Engine) -> None:
    del engine.alarms.known[ALARM.name]


def sets_off_the_alarm(engine: Engine) -> None:
    engine.alarms.sets(ALARM.name, AlarmState.ALARM)


def uses_up_the_quota(engine: Engine) -> None:
    engine.usage.used["ml.m5.xlarge"] = 99


def unsubscribes(engine: Engine) -> None:
    engine.subscriptions.active["prod-1"] = False


def edits_the_fleet_file(engine: Engine) -> None:
    strategy = "{type: linear, size: 50%, bake: 10m, alarms: [too-many-errors]}"
    edited = GUARDED.replace("{type: canary, size: 50%, bake: 10m, alarms: [too-many-errors]}", strategy)
    object.__setattr__(engine.world, "fleet", parse_fleet(edited, "fleet.yaml"))


@dataclass(frozen=True)
class Case:
    """What somebody does to an endpoint, and the difference that people read."""

    setup: Hand
    hand: Hand
    path: str
    before: str | None = None
    after: str | None = None
    options: str = "--version 4"
    ends_blocked: bool = False
    fleet: str = FLEET


MARKET = FLEET.replace("model_package_group: sentiment", f"track: [{', '.join(TRACK)}]")
CASES = [
    Case(unguarded, moves_to_another_config, "Endpoint config", CURRENT, "made-by-hand"),
    Case(unguarded, makes_the_config_anew, f"Content of config {CURRENT}"),
    Case(unguarded, makes_the_model_anew, "Content of model model-v3"),
    Case(unguarded, deletes_the_way_back, "Plan", ends_blocked=True),
    Case(unguarded, deletes_the_way_back, "Preflight", options="--count 4"),
    Case(unguarded, deletes_the_endpoint, "Plan", ends_blocked=True),
    Case(unguarded, unapproves, "Approval of sentiment version 4", "Approved", "Rejected", ends_blocked=True),
    Case(unguarded, breaks_the_package, "Status of sentiment version 4", "Completed", "Failed", ends_blocked=True),
    Case(unguarded, approves_a_newer_version, "Model package", options=""),
    Case(with_image, restarts_with_another_image, "Image digest of AllTraffic", options="--env WORKERS=3"),
    Case(unguarded, scales_by_hand, "Instances of AllTraffic", "2", "5"),
    Case(unguarded, weighs_by_hand, "Weight of AllTraffic", "1", "0.25"),
    Case(autoscaled, changes_scaling_limits, "Autoscaling of AllTraffic"),
    Case(autoscaled, deletes_a_scaling_policy, "Autoscaling of AllTraffic"),
    Case(autoscaled, deletes_a_scheduled_action, "Autoscaling of AllTraffic"),
    Case(autoscaled, suspends_scaling, "Autoscaling of AllTraffic"),
    Case(unguarded, registers_scaling, "Autoscaling of AllTraffic", None),
    Case(unguarded, hides_scaling, "Autoscaling", None, "unknown"),
    Case(guarded, redefines_the_alarm, "Alarm too-many-errors", fleet=GUARDED),
    Case(guarded, deletes_the_alarm, "Alarm too-many-errors", after="missing", fleet=GUARDED, ends_blocked=True),
    Case(guarded, sets_off_the_alarm, "Preflight", fleet=GUARDED, ends_blocked=True),
    Case(unguarded, uses_up_the_quota, "Preflight", ends_blocked=True),
    Case(guarded, edits_the_fleet_file, "Strategy", fleet=GUARDED),
    Case(subscribed, unsubscribes, "Preflight", options="--version 2", fleet=MARKET, ends_blocked=True),
]


def named(case: Case) -> str:
    return f"{case.hand.__name__} {case.options}"


def planned(case: Case) -> tuple[Engine, str]:
    engine = Engine(case.fleet)
    case.setup(engine)
    engine.type(f"promote {ENDPOINT} {case.options}")
    rollout_id = engine.store.rollouts.recent(ENDPOINT)[0].id
    assert engine.phase(rollout_id) is Phase.AWAITING_APPROVAL, engine.rollout(rollout_id).last
    return engine, rollout_id


def assert_drawn_up_again(engine: Engine, rollout_id: str, case: Case, approvals_lost: tuple[str, ...]) -> None:
    """Nothing ran, the difference is told, and a fresh plan stands, or says what is in the way."""
    rollout = engine.rollout(rollout_id)
    assert rollout.phase is (Phase.BLOCKED if case.ends_blocked else Phase.AWAITING_APPROVAL)
    assert engine.endpoints.count("update") == 0
    assert engine.autoscaling.count("suspend") == engine.autoscaling.count("deregister") == 0
    (redraw,) = rollout.redraws
    assert redraw.approvals_lost == approvals_lost
    assert rollout.approvals == ()
    told = {d.path: d for d in redraw.differences}
    assert case.path in told, told
    if case.before is not None:
        assert told[case.path].before == case.before
    if case.after is not None:
        assert told[case.path].after == case.after
    plan = engine.slack.shown("plan")
    if rollout.plan is not None:
        assert "This plan was drawn up again" in plan.words
        assert case.path in plan.words
    assert engine.store.rollouts.lease_of(ENDPOINT) is None
    assert engine.crashes == []


@pytest.mark.parametrize("case", CASES, ids=named)
def test_a_plan_that_moved_before_the_click_does_not_run(case: Case) -> None:
    engine, rollout_id = planned(case)
    try:
        seen = engine.slack.shown("plan")
        value = seen.buttons["Approve"]["value"]
        case.hand(engine)
        engine.press("Approve", by=BEN)
        told = dict(engine.slack.whispers)[BEN]
        assert told.startswith("This plan has moved on.")
        assert case.path in told
        assert "Your click changed nothing." in told
        engine.settle()
        assert_drawn_up_again(engine, rollout_id, case, ())
        assert engine.rollout(rollout_id).plan is None or engine.slack.shown("plan").ts == seen.ts
        assert engine.endpoints.count("create_config") == 0
        engine.click(Click.APPROVE, value, by=CARL, on=seen)
        assert "Your click changed nothing" in dict(engine.slack.whispers)[CARL] or case.ends_blocked
        assert engine.rollout(rollout_id).approvals == ()
    finally:
        engine.close()


@pytest.mark.parametrize("case", [c for c in CASES if c.hand is not deletes_the_endpoint], ids=named)
def test_a_plan_that_moved_before_the_call_does_not_run(case: Case) -> None:
    engine, rollout_id = planned(case)
    create = engine.endpoints.create_config

    def at_the_last_moment(draft: Any) -> None:
        create(draft)
        case.hand(engine)

    engine.endpoints.create_config = at_the_last_moment  # type: ignore[method-assign]
    try:
        engine.press("Approve", by=BEN)
        engine.play(lambda: engine.phase(rollout_id) in (Phase.BLOCKED, Phase.AWAITING_APPROVAL))
        assert_drawn_up_again(engine, rollout_id, case, (BEN,))
        assert not any(name.startswith("bot-") for name in engine.alarms.known), "its alarms are cleaned up"
    finally:
        engine.close()


def with_an_alarm_without_data(engine: Engine) -> None:
    guarded(engine)
    engine.alarms.sets(ALARM.name, AlarmState.INSUFFICIENT_DATA)


def with_an_unknown_quota(engine: Engine) -> None:
    guarded(engine)
    engine.quotas.plenty = None


def guarded_and_autoscaled(engine: Engine) -> None:
    guarded(engine)
    autoscaled(engine)


def test_an_endpoint_that_is_deleted_before_the_call_is_said_to_be_gone(engine: Engine) -> None:
    rollout_id = engine.promote()
    engine.endpoints.fail("create_config", throttled("CreateEndpointConfig"))
    engine.press("Approve", by=BEN)
    deletes_the_endpoint(engine)
    assert engine.play_out(rollout_id) is Phase.FAILED
    assert engine.rollout(rollout_id).last.reason is Reason.ENDPOINT_GONE


BETTER_OR_MOVING: list[tuple[str, Hand, Hand]] = [
    ("its alarm gets data", with_an_alarm_without_data, lambda e: e.alarms.sets(ALARM.name, AlarmState.OK)),
    ("its quota gets known", with_an_unknown_quota, lambda e: setattr(e.quotas, "plenty", 100)),
    ("autoscaling does its work", guarded_and_autoscaled, lambda e: set_variant(e, desired_count=4, current_count=4)),
    ("instances arrive", guarded, lambda e: set_variant(e, current_count=1)),
    ("an old failure is mentioned", guarded, lambda e: setattr(e.endpoints, "failure_reason", "an old story")),
]


@pytest.mark.parametrize(("setup", "hand"), [c[1:] for c in BETTER_OR_MOVING], ids=[c[0] for c in BETTER_OR_MOVING])
def test_what_got_better_or_moves_by_nature_voids_no_plan(setup: Hand, hand: Hand) -> None:
    engine, rollout_id = planned(Case(setup, hand, "", fleet=GUARDED))
    try:
        hand(engine)
        engine.press("Approve", by=BEN)
        engine.play_until(Phase.WATCHING, rollout_id)
        assert engine.rollout(rollout_id).redraws == ()
        assert len(engine.endpoints.updates) == 1
    finally:
        engine.close()


def test_the_fresh_plan_can_be_approved_and_runs(engine: Engine) -> None:
    rollout_id = engine.promote()
    scales_by_hand(engine)
    engine.press("Approve", by=BEN)
    engine.press("Approve", by=BEN)
    engine.play_until(Phase.WATCHING, rollout_id)
    assert len(engine.endpoints.updates) == 1
    assert engine.rollout(rollout_id).approvers() == (BEN,)


def test_approvals_of_the_older_plan_do_not_count() -> None:
    engine = Engine(FLEET.replace("quorum: 1", "quorum: 2"))
    try:
        rollout_id = engine.promote()
        engine.press("Approve", by=BEN)
        scales_by_hand(engine)
        engine.press("Approve", by=CARL)
        assert engine.rollout(rollout_id).redraws[0].approvals_lost == (BEN,)
        assert "<@U0BEN>" in str(engine.slack.shown("plan").message.blocks)
        assert "had approved the older plan" in engine.slack.shown("plan").words
        engine.press("Approve", by=CARL)
        assert engine.phase(rollout_id) is Phase.AWAITING_APPROVAL
        assert engine.endpoints.updates == []
        engine.press("Approve", by=BEN)
        engine.play_until(Phase.WATCHING, rollout_id)
        assert engine.rollout(rollout_id).approvers() == (CARL, BEN)
    finally:
        engine.close()


def test_a_plan_is_checked_again_for_each_approval_and_drawn_up_as_often_as_it_takes(engine: Engine) -> None:
    rollout_id = engine.promote()
    for count in (3, 4, 5):
        set_variant(engine, desired_count=count, current_count=count)
        engine.press("Approve", by=BEN)
    assert len(engine.rollout(rollout_id).redraws) == 3
    assert engine.endpoints.count("create_model") == 0
    engine.press("Approve", by=BEN)
    engine.play_until(Phase.WATCHING, rollout_id)


def test_a_fresh_plan_is_given_its_full_time(engine: Engine) -> None:
    rollout_id = engine.promote()
    engine.clock.tick(timedelta(hours=3, minutes=50))
    scales_by_hand(engine)
    engine.press("Approve", by=BEN)
    assert engine.rollout(rollout_id).expires_at == engine.clock() + timedelta(hours=4)


def test_a_busy_aws_at_the_click_approves_nothing_and_forgets_nothing(engine: Engine) -> None:
    rollout_id = engine.promote()
    engine.endpoints.fail("describe", throttled("DescribeEndpoint"), throttled("DescribeEndpoint"))
    engine.press("Approve", by=BEN)
    assert engine.phase(rollout_id) is Phase.AWAITING_APPROVAL
    engine.play(lambda: engine.phase(rollout_id) is not Phase.AWAITING_APPROVAL, limit=timedelta(minutes=2))
    assert engine.rollout(rollout_id).approvers() == (BEN,)


def test_a_call_whose_answer_was_lost_is_not_held_against_the_plan(engine: Engine) -> None:
    """After the call, the endpoint moves because of us."""
    rollout_id = engine.promote()
    engine.endpoints.fail("update", RuntimeError("killed before it went out"))
    engine.press("Approve", by=BEN)
    engine.play_until(Phase.WATCHING, rollout_id)
    assert engine.rollout(rollout_id).redraws == ()


def test_a_count_that_moved_voids_a_plan_to_scale(engine: Engine) -> None:
    engine.type(f"scale {ENDPOINT} --count 4", by=ANNA)
    rollout_id = engine.store.rollouts.recent(ENDPOINT)[0].id
    set_variant(engine, desired_count=3, current_count=3)
    engine.press("Approve", by=BEN)
    rollout = engine.rollout(rollout_id)
    assert rollout.last.reason is Reason.PLAN_READY
    assert {d.path: (d.before, d.after) for d in rollout.redraws[0].differences}["Instances of AllTraffic"] == (
        "2",
        "3",
    )
    assert rollout.plan is not None
    assert rollout.plan.differences[0].before == "3"


def test_a_count_that_somebody_set_already_leaves_nothing_to_scale(engine: Engine) -> None:
    engine.type(f"scale {ENDPOINT} --count 4", by=ANNA)
    rollout_id = engine.store.rollouts.recent(ENDPOINT)[0].id
    set_variant(engine, desired_count=4, current_count=4)
    engine.press("Approve", by=BEN)
    assert engine.phase(rollout_id) is Phase.BLOCKED
    assert engine.rollout(rollout_id).last.reason is Reason.NOTHING_TO_CHANGE
