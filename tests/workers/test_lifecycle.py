"""Endpoints come into being and go: after approval, once, and with a way to have a deleted one back."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from fakes.account import CREATING, SETTLED, Step
from fakes.clock import NOW
from fakes.engine import FLEET, HOME, Engine
from fakes.failing import lost, throttled
from fakes.records import ANNA, BEN, CARL, CURRENT, ENDPOINT
from fakes.surroundings import a_target

from bot.domain.collecting import is_ours
from bot.domain.commands import Change
from bot.domain.endpoint import EndpointStatus
from bot.domain.errors import GatewayError
from bot.domain.hold import HoldKind
from bot.domain.phases import Kind, Phase, Reason
from bot.domain.rollout import Rollout
from bot.domain.rollout_parts import Chore
from bot.domain.traffic import TrafficPoint
from workers.keeping import Keeping
from workers.opening import OpeningUnasked, Unprompted
from workers.rounds import RoundName

ROLE = "arn:aws:iam::123456789012:role/sagemaker"
DECLARED = FLEET.replace(
    "    model_package_group: sentiment\n",
    f"    model_package_group: sentiment\n    execution_role: {ROLE}\n    instance_type: ml.m5.xlarge\n    instance_count: 2\n"
    "    environment: {WORKERS: '2'}\n",
)
SCALED = DECLARED + "    autoscaling: {min: 2, max: 6, target: 200}\n"
STAGING = DECLARED + "    tier: staging\n"
CREATION_FAILED = Step(
    EndpointStatus.FAILED, failure_reason="The primary container did not pass the ping health check."
)


@pytest.fixture
def fleet() -> str:
    return DECLARED


@pytest.fixture
def engine(fleet: str) -> Iterator[Engine]:
    made = Engine(fleet)
    yield made
    assert made.crashes == []
    made.close()


@pytest.fixture
def empty(engine: Engine) -> Engine:
    """There is no endpoint yet."""
    engine.endpoints.exists = False
    return engine


def newest(engine: Engine) -> str:
    return engine.store.rollouts.recent(ENDPOINT)[0].id


def deployed(engine: Engine, words: str = "") -> str:
    engine.type(f"deploy {ENDPOINT} {words}")
    rollout_id = newest(engine)
    engine.press("Approve", by=BEN)
    return rollout_id


def torn_down(engine: Engine) -> str:
    engine.type(f'teardown {ENDPOINT} --reason "no longer used"')
    rollout_id = newest(engine)
    engine.press("Approve", by=BEN)
    if engine.phase(rollout_id) is Phase.AWAITING_APPROVAL:
        engine.press("Approve", by=CARL)
    return rollout_id


def declared(engine: Engine, change: Change) -> Rollout:
    """What automation opens for an endpoint that the fleet file declares and that is not there."""
    wanted = Unprompted(
        id="rbot2345", kind=Kind.CREATE, change=change, channel="C0WORK", reason="declared", approval_needed=False
    )
    return OpeningUnasked(engine.world).open(engine.world.fleet.endpoint(ENDPOINT), wanted)


def assert_over(engine: Engine) -> None:
    assert engine.store.rollouts.lease_of(ENDPOINT) is None
    assert engine.store.rollouts.active() == ()
    engine.play(lambda: False)
    assert engine.next_due() is None


# Deploy


def test_an_endpoint_is_created_as_the_fleet_file_declares_it_on_the_newest_approved_version(empty: Engine) -> None:
    rollout_id = deployed(empty)
    assert empty.play_out(rollout_id) is Phase.SUCCEEDED
    rollout = empty.rollout(rollout_id)
    assert (rollout.kind, rollout.last.reason) == (Kind.CREATE, Reason.CREATED)
    config = empty.endpoints.configs[empty.endpoints.config]
    (variant,) = config.variants()
    assert (variant["InstanceType"], variant["InitialInstanceCount"]) == ("ml.m5.xlarge", 2)
    model = empty.endpoints.models[variant["ModelName"]].document
    assert model["PrimaryContainer"]["ModelPackageName"].endswith("/5")
    assert (model["PrimaryContainer"]["Environment"], model["ExecutionRoleArn"]) == ({"WORKERS": "2"}, ROLE)
    assert empty.endpoints.creations == [config.name]
    assert_over(empty)


def test_what_is_created_bears_its_lineage_and_no_way_back(empty: Engine) -> None:
    rollout_id = deployed(empty)
    empty.play_out(rollout_id)
    config = empty.endpoints.configs[empty.endpoints.config]
    model = empty.endpoints.models[config.variants()[0]["ModelName"]]
    for tags in (empty.endpoints.own_tags, config.tags, model.tags):
        assert tags["rollout:id"] == rollout_id
        assert "rollout:previous-config" not in tags


def test_it_takes_somebody_else_to_approve_it(empty: Engine) -> None:
    empty.type(f"deploy {ENDPOINT}", by=BEN)
    empty.press("Approve", by=BEN)
    assert empty.phase(newest(empty)) is Phase.AWAITING_APPROVAL
    assert empty.endpoints.creations == []


def test_the_plan_says_what_it_adds_to_the_bill(empty: Engine) -> None:
    empty.prices.prices["ml.m5.xlarge"] = Decimal("0.23")
    empty.type(f"deploy {ENDPOINT}")
    plan = next(p for p in reversed(empty.slack.posted) if "Approve" in p.buttons)
    assert "Adds $0.46 an hour." in plan.words


@pytest.mark.parametrize(
    "fleet",
    [
        DECLARED.replace(
            "    instance_type: ml.m5.xlarge\n    instance_count: 2\n",
            "    kind: serverless\n    serverless: {memory_mb: 2048, max_concurrency: 10, provisioned_concurrency: 2}\n",
        )
    ],
)
def test_serverless_capacity_is_planned_without_instances_and_shown_with_what_is_kept_warm(empty: Engine) -> None:
    empty.type(f"deploy {ENDPOINT}")
    plan = next(p for p in reversed(empty.slack.posted) if "Approve" in p.buttons)
    assert (
        "No instances are billed. Serverless capacity is billed by use, and its provisioned concurrency" in plan.words
    )
    assert "How: SageMaker sets up serverless capacity, which has no instances" in plan.words
    empty.press("Approve", by=BEN)
    empty.play_out(newest(empty))
    assert "serverless, 2048 MB, up to 10 at once, 2 of them kept warm" in empty.ask(f"status {ENDPOINT}")
    empty.type(f'teardown {ENDPOINT} --reason "not used"')
    plan = next(p for p in reversed(empty.slack.posted) if "Approve" in p.buttons)
    assert "SageMaker takes its serverless capacity away." in plan.words


def test_an_endpoint_that_exists_is_not_created_and_only_the_asker_is_told(engine: Engine) -> None:
    assert "exists already: it is InService" in engine.ask(f"deploy {ENDPOINT}")
    assert engine.store.rollouts.recent(ENDPOINT) == ()


@pytest.mark.parametrize("fleet", [FLEET])
def test_a_fleet_file_that_says_too_little_is_told_what_is_missing(empty: Engine) -> None:
    empty.type(f"deploy {ENDPOINT}")
    rollout = empty.rollout(newest(empty))
    assert rollout.phase is Phase.BLOCKED
    assert "execution_role and instance_type are missing" in rollout.last.note


def test_a_version_that_is_not_approved_is_not_deployed(empty: Engine) -> None:
    empty.type(f"deploy {ENDPOINT} --version 7")
    rollout = empty.rollout(newest(empty))
    assert rollout.phase is Phase.BLOCKED
    assert "Rejected" in rollout.last.note


@pytest.mark.parametrize("fleet", [SCALED])
def test_its_autoscaling_is_set_up_once_it_is_in_service(empty: Engine) -> None:
    rollout_id = deployed(empty)
    assert empty.play_out(rollout_id) is Phase.SUCCEEDED
    target = empty.autoscaling.targets["AllTraffic"]
    assert (target.minimum, target.maximum, target.tracked) == (
        2,
        6,
        (("SageMakerVariantInvocationsPerInstance", 200.0),),
    )
    assert_over(empty)


@pytest.mark.parametrize("fleet", [SCALED])
def test_autoscaling_that_is_refused_is_left_to_people_and_the_endpoint_serves(empty: Engine) -> None:
    empty.autoscaling.fail("restore", GatewayError("RegisterScalableTarget", "AccessDenied"))
    rollout_id = deployed(empty)
    assert empty.play_out(rollout_id) is Phase.SUCCEEDED
    assert empty.rollout(rollout_id).chore_failures[0].startswith("Autoscaling could not be set up")
    assert_over(empty)


def test_a_creation_that_fails_leaves_a_failed_endpoint_and_quarantines_the_version(empty: Engine) -> None:
    empty.endpoints.plays((CREATING, CREATION_FAILED))
    rollout_id = deployed(empty)
    assert empty.play_out(rollout_id) is Phase.FAILED
    rollout = empty.rollout(rollout_id)
    assert rollout.last.reason is Reason.CREATION_FAILED
    assert "ping health check" in rollout.last.note
    (hold,) = empty.store.holds.on(ENDPOINT)
    assert (hold.kind, hold.rollout_id) == (HoldKind.QUARANTINED, rollout_id)
    assert empty.endpoints.count("create") == 1
    assert_over(empty)


def test_a_failed_endpoint_is_deleted_and_created_anew(empty: Engine) -> None:
    empty.endpoints.plays((CREATION_FAILED,))
    empty.play_out(deployed(empty))
    second = deployed(empty)
    assert empty.play_out(second) is Phase.SUCCEEDED
    assert empty.endpoints.deletions == 1
    assert len(empty.endpoints.creations) == 2
    assert empty.endpoints.config == empty.rollout(second).target_config
    assert empty.store.holds.on(ENDPOINT) == ()


def test_an_endpoint_that_somebody_else_creates_meanwhile_is_left_alone(empty: Engine) -> None:
    empty.type(f"deploy {ENDPOINT}")
    empty.endpoints.exists = True
    empty.press("Approve", by=BEN)
    rollout_id = newest(empty)
    assert empty.play_out(rollout_id) in (Phase.FAILED, Phase.BLOCKED)
    assert empty.endpoints.creations == []
    assert empty.endpoints.deletions == 0
    assert empty.endpoints.config == CURRENT


@pytest.mark.parametrize("shows_at_once", [True, False])
def test_an_answer_to_create_endpoint_that_was_lost_is_found_out_by_looking(empty: Engine, shows_at_once: bool) -> None:
    empty.endpoints.fail("create", lost("CreateEndpoint"))
    if not shows_at_once:
        empty.endpoints.plays((Step(EndpointStatus.CREATING, is_gone=True), CREATING, SETTLED))
    assert empty.play_out(deployed(empty)) is Phase.SUCCEEDED
    assert len(empty.endpoints.creations) == 1
    assert_over(empty)


def test_an_endpoint_that_is_there_with_our_own_tag_is_ours(empty: Engine) -> None:
    """The answer was lost, SageMaker showed nothing for long, and the second call finds the first one's work."""
    empty.endpoints.fail("create", lost("CreateEndpoint"))
    original = empty.endpoints.create

    def hidden(*args: object) -> None:
        empty.endpoints.exists = bool(empty.endpoints.creations)
        original(*args)  # type: ignore[arg-type]

    empty.endpoints.create = hidden  # type: ignore[method-assign]
    unseen = Step(EndpointStatus.CREATING, is_gone=True)
    empty.endpoints.plays((*[unseen] * 6, CREATING, SETTLED))
    rollout_id = deployed(empty)
    assert empty.play_out(rollout_id) is Phase.SUCCEEDED
    assert len(empty.endpoints.creations) == 1
    assert empty.endpoints.count("create") == 2


def test_cancelling_a_creation_under_way_is_answered_with_what_can_be_done(empty: Engine) -> None:
    rollout_id = deployed(empty)
    empty.play(lambda: bool(empty.endpoints.creations))
    assert "has no way to stop that" in empty.ask(f"cancel {rollout_id}")
    assert empty.play_out(rollout_id) is Phase.SUCCEEDED


def test_a_second_deploy_does_not_take_the_place_of_the_first(empty: Engine) -> None:
    empty.type(f"deploy {ENDPOINT}")
    first = newest(empty)
    empty.type(f"deploy {ENDPOINT}", by=CARL)
    assert f"Rollout {first} of" in empty.slack.responses[-1][1]
    assert newest(empty) == first
    assert empty.phase(first) is Phase.AWAITING_APPROVAL


@pytest.mark.parametrize("fleet", [SCALED])
def test_a_deploy_that_is_over_but_for_its_autoscaling_is_not_in_the_way_of_the_next(empty: Engine) -> None:
    empty.autoscaling.fail("restore", throttled("RegisterScalableTarget"))
    first = deployed(empty)
    empty.play_until(Phase.SUCCEEDED, first)
    assert empty.rollout(first).chore is Chore.RESTORE_SCALING
    empty.endpoints.status = EndpointStatus.FAILED
    empty.type(f"deploy {ENDPOINT}")
    second = newest(empty)
    empty.play_until(Phase.AWAITING_APPROVAL, second)
    empty.press("Approve", by=BEN)
    assert empty.play_out(second) is Phase.SUCCEEDED
    assert_over(empty)


def test_a_lock_holds_a_creation_back_until_it_is_lifted(empty: Engine) -> None:
    empty.type(f"deploy {ENDPOINT} --at 14:00")
    rollout_id = newest(empty)
    empty.press("Approve", by=BEN)
    empty.type(f'lock {ENDPOINT} --reason "load test"', by=CARL)
    empty.play(lambda: False, limit=timedelta(hours=8))
    assert empty.endpoints.creations == []
    empty.type(f"unlock {ENDPOINT}", by=CARL)
    assert empty.play_out(rollout_id) is Phase.SUCCEEDED


# Teardown


def test_a_production_endpoint_takes_two_other_people_to_delete(engine: Engine) -> None:
    engine.type(f'teardown {ENDPOINT} --reason "no longer used"')
    rollout_id = newest(engine)
    assert engine.rollout(rollout_id).quorum == 2
    engine.press("Approve", by=ANNA)
    engine.press("Approve", by=BEN)
    engine.press("Approve", by=BEN)
    assert engine.phase(rollout_id) is Phase.AWAITING_APPROVAL
    engine.press("Approve", by=CARL)
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    assert not engine.endpoints.exists
    assert engine.endpoints.deletions == 1
    assert_over(engine)


@pytest.mark.parametrize("fleet", [STAGING])
def test_a_staging_endpoint_takes_one(engine: Engine) -> None:
    engine.type(f'teardown {ENDPOINT} --reason "no longer used"')
    engine.press("Approve", by=BEN)
    assert engine.play_out(newest(engine)) is Phase.SUCCEEDED


def test_autoscaling_is_taken_off_before_the_endpoint_is_deleted(engine: Engine) -> None:
    engine.autoscaling.targets["AllTraffic"] = a_target(ENDPOINT)
    rollout_id = torn_down(engine)
    engine.play(lambda: engine.endpoints.deletions == 1)
    assert engine.autoscaling.targets == {}
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    assert engine.rollout(rollout_id).plan.scaling.targets == (a_target(ENDPOINT),)  # type: ignore[union-attr]
    assert_over(engine)


def test_a_deletion_that_sagemaker_refuses_puts_autoscaling_back(engine: Engine) -> None:
    engine.autoscaling.targets["AllTraffic"] = a_target(ENDPOINT)
    engine.endpoints.fail("delete", GatewayError("DeleteEndpoint", "AccessDenied"))
    rollout_id = torn_down(engine)
    assert engine.play_out(rollout_id) is Phase.FAILED
    assert engine.endpoints.exists
    assert "AllTraffic" in engine.autoscaling.targets
    assert_over(engine)


def test_its_config_and_models_stay_and_bear_since_when(engine: Engine) -> None:
    engine.play_out(torn_down(engine))
    assert CURRENT in engine.endpoints.configs
    assert "model-v3" in engine.endpoints.models
    (copy,) = (c for c in engine.endpoints.configs.values() if "rollout:torn-down" in c.tags)
    assert copy.document == engine.endpoints.configs[CURRENT].document
    assert is_ours(copy.name)
    assert engine.endpoints.configs[CURRENT].tags == {}


def test_a_busy_endpoint_is_told_loudly(engine: Engine) -> None:
    engine.metrics.hourly = (TrafficPoint(at=NOW - timedelta(hours=2), requests=12_000.0),)
    engine.type(f'teardown {ENDPOINT} --reason "no longer used"')
    plan = next(p for p in reversed(engine.slack.posted) if "Approve" in p.buttons)
    assert "IT IS IN USE" in plan.words


def test_an_endpoint_whose_inference_components_are_busy_is_told_just_as_loudly() -> None:
    """They publish their requests under their own names, and nothing under the variant's."""
    engine = Engine(FLEET + "    watch: {inference_components: [sentiment-small]}\n")
    engine.metrics.component = "sentiment-small"
    engine.metrics.hourly = (TrafficPoint(at=NOW - timedelta(hours=2), requests=12_000.0),)
    engine.type(f'teardown {ENDPOINT} --reason "no longer used"')
    plan = next(p for p in reversed(engine.slack.posted) if "Approve" in p.buttons)
    assert "IT IS IN USE" in plan.words
    engine.close()


def test_an_endpoint_that_moved_since_the_plan_is_not_deleted(engine: Engine) -> None:
    engine.type(f'teardown {ENDPOINT} --reason "no longer used"')
    rollout_id = newest(engine)
    engine.press("Approve", by=BEN)
    engine.endpoints.configs["by-hand"] = engine.endpoints.configs[CURRENT].model_copy(update={"name": "by-hand"})
    engine.endpoints.config = "by-hand"
    engine.press("Approve", by=CARL)
    engine.settle()
    assert engine.endpoints.deletions == 0
    assert engine.phase(rollout_id) is Phase.AWAITING_APPROVAL
    assert engine.rollout(rollout_id).approvers() == ()


def test_an_answer_to_delete_endpoint_that_was_lost_is_found_out_by_looking(engine: Engine) -> None:
    engine.endpoints.fail("delete", lost("DeleteEndpoint"))
    assert engine.play_out(torn_down(engine)) is Phase.SUCCEEDED
    assert engine.endpoints.deletions == 1


def test_automation_leaves_a_deleted_endpoint_deleted_until_somebody_deploys_it(engine: Engine) -> None:
    rollout_id = torn_down(engine)
    engine.play_out(rollout_id)
    (hold,) = engine.store.holds.on(ENDPOINT)
    assert (hold.kind, hold.actor, hold.rollout_id) == (HoldKind.BY_PERSON, ANNA, rollout_id)
    assert "torn down" in hold.reason
    assert engine.play_out(deployed(engine)) is Phase.SUCCEEDED
    assert engine.store.holds.on(ENDPOINT) == ()


def test_there_is_nothing_to_delete_where_there_is_no_endpoint(empty: Engine) -> None:
    assert "nothing to delete" in empty.ask(f'teardown {ENDPOINT} --reason "no longer used"')


# Restore


def test_restore_brings_a_deleted_endpoint_back_as_it_was(engine: Engine) -> None:
    engine.autoscaling.targets["AllTraffic"] = a_target(ENDPOINT)
    engine.play_out(torn_down(engine))
    there = dict(engine.endpoints.configs)
    engine.press("Restore", by=ANNA)
    restoring = newest(engine)
    engine.press("Approve", by=BEN)
    assert engine.play_out(restoring) is Phase.SUCCEEDED
    assert engine.endpoints.config == CURRENT
    assert engine.endpoints.configs.keys() == there.keys()
    assert engine.endpoints.count("create_model") == 0
    assert engine.autoscaling.targets["AllTraffic"].policies == a_target(ENDPOINT).policies
    assert_over(engine)


def test_after_the_window_or_for_a_named_version_it_is_created_from_the_fleet_file(engine: Engine) -> None:
    engine.play_out(torn_down(engine))
    engine.play_out(deployed(engine, "--version 4"))
    assert engine.endpoints.config != CURRENT
    engine.play_out(torn_down(engine))
    engine.clock.tick(timedelta(days=8))
    engine.type(f"deploy {ENDPOINT}")
    plan = engine.rollout(newest(engine)).plan
    assert plan is not None
    assert not plan.is_restore


def test_whoever_presses_restore_too_late_is_answered(engine: Engine) -> None:
    engine.play_out(torn_down(engine))
    shown = next(p for p in reversed(engine.slack.posted) if "Restore" in p.buttons)
    engine.play_out(deployed(engine))
    engine.press("Restore", by=CARL, on=shown)
    assert "exists already" in str(engine.slack.whispers[-1])


def test_what_was_torn_down_is_remembered_when_the_store_was_emptied(engine: Engine) -> None:
    """By the note on the config that stayed: it can be restored, and automation leaves it deleted."""
    engine.promoted(4)
    left = engine.endpoints.config
    engine.play_out(torn_down(engine))
    engine.redis.flushall()
    asked = declared(engine, Change(version=5))
    engine.settle()
    assert engine.phase(asked.id) is Phase.BLOCKED
    assert "was torn down" in engine.rollout(asked.id).last.note
    engine.play_out(deployed(engine))
    assert engine.endpoints.config == left


@pytest.mark.parametrize("made_by_the_bot", [True, False])
@pytest.mark.parametrize(
    "fleet",
    [DECLARED.replace("version: 1\n", "version: 1\nmanager: {}\n", 1) + f"    policy: auto\n    channel: {HOME}\n"],
)
def test_a_teardown_holds_its_endpoint_even_when_the_store_was_emptied_and_status_says_how_to_have_it_back(
    engine: Engine, made_by_the_bot: bool
) -> None:
    if made_by_the_bot:
        engine.promoted(4)
    engine.play_out(torn_down(engine))
    (before,) = engine.store.holds.on(ENDPOINT)
    engine.redis.flushall()
    for name in (RoundName.CENSUS, RoundName.MANAGE, RoundName.TAGS, RoundName.MANAGE):
        engine.parts.rounds.rounds[name].run()
    (hold,) = engine.store.holds.on(ENDPOINT)
    assert (hold.kind, hold.actor, hold.rollout_id) == (HoldKind.BY_PERSON, ANNA, before.rollout_id)
    assert engine.store.rollouts.active() == ()
    told = engine.ask(f"status {ENDPOINT}")
    until = f"{hold.since + timedelta(days=7):%Y-%m-%d %H:%M} UTC"
    assert f"Until {until} it can be restored as it was: deploy {ENDPOINT}" in told
    assert engine.play_out(deployed(engine)) is Phase.SUCCEEDED
    assert engine.store.holds.on(ENDPOINT) == ()


def test_a_teardown_is_over_once_the_endpoint_is_created_again_also_for_an_emptied_store(engine: Engine) -> None:
    engine.promoted(4)
    engine.play_out(torn_down(engine))
    engine.play_out(deployed(engine))
    assert not [c for c in engine.endpoints.configs.values() if any("torn-down" in tag for tag in c.tags)]
    engine.redis.flushall()
    engine.endpoints.exists = False
    Keeping(engine.world).round()
    assert engine.store.holds.on(ENDPOINT) == ()


def test_a_note_that_cannot_be_taken_off_keeps_nobody_from_creating_the_endpoint(engine: Engine) -> None:
    engine.promoted(4)
    engine.play_out(torn_down(engine))
    rollout_id = deployed(engine)
    engine.endpoints.fail("change_tags", *[throttled("DeleteTags")] * 3)
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED


def test_a_failed_endpoint_that_is_made_again_gets_its_locks_and_holds_as_tags_again(engine: Engine) -> None:
    engine.type(f'hold {ENDPOINT} --reason "customer tests"', by=BEN)
    keeping = Keeping(engine.world)
    keeping.round()
    engine.endpoints.status = EndpointStatus.FAILED
    assert engine.play_out(deployed(engine)) is Phase.SUCCEEDED
    assert not engine.store.kept.digests([ENDPOINT])
    keeping.round()
    engine.redis.flushall()
    keeping.round()
    (hold,) = engine.store.holds.on(ENDPOINT)
    assert hold.reason == "customer tests"


def test_whether_it_was_torn_down_must_be_known_before_automation_may_create_it(engine: Engine) -> None:
    engine.promoted(4)
    engine.play_out(torn_down(engine))
    engine.redis.flushall()
    keeping = Keeping(engine.world)
    engine.leftovers.fail("configs", throttled("ListEndpointConfigs"))
    keeping.round()
    assert not engine.store.kept.digests([ENDPOINT])
    keeping.round()
    assert engine.store.kept.digests([ENDPOINT])
    assert engine.store.holds.on(ENDPOINT)


def test_automation_creates_what_is_declared_without_a_click_where_the_policy_says_so(empty: Engine) -> None:
    declared(empty, Change(package=empty.registry.packages[2].arn))
    assert empty.play_out("rbot2345") is Phase.SUCCEEDED
    assert empty.rollout("rbot2345").approvers() == ()


def test_a_failed_endpoint_is_never_deleted_without_a_click(empty: Engine) -> None:
    empty.endpoints.plays((CREATION_FAILED,))
    empty.play_out(deployed(empty))
    declared(empty, Change(version=4))
    empty.settle()
    assert empty.phase("rbot2345") is Phase.AWAITING_APPROVAL
    assert empty.endpoints.deletions == 0


# What else the fleet file declares


SERVERLESS = FLEET.replace(
    "    model_package_group: sentiment\n",
    f"    model_package_group: sentiment\n    execution_role: {ROLE}\n    kind: serverless\n"
    "    serverless: {memory_mb: 2048, max_concurrency: 20}\n",
)


@pytest.mark.parametrize("fleet", [DECLARED + "    kind: async\n    async_inference: {output_path: s3://answers/a}\n"])
def test_an_async_endpoint_is_created_with_the_place_for_its_answers(empty: Engine) -> None:
    assert empty.play_out(deployed(empty)) is Phase.SUCCEEDED
    config = empty.endpoints.configs[empty.endpoints.config]
    assert config.document["AsyncInferenceConfig"] == {"OutputConfig": {"S3OutputPath": "s3://answers/a"}}


@pytest.mark.parametrize("fleet", [DECLARED + "    kind: async\n"])
def test_an_async_endpoint_without_a_place_for_its_answers_cannot_be_created(empty: Engine) -> None:
    empty.type(f"deploy {ENDPOINT}")
    blocked = empty.rollout(newest(empty))
    assert blocked.phase is Phase.BLOCKED
    assert "async_inference is missing there" in blocked.last.note


@pytest.mark.parametrize("fleet", [SERVERLESS])
def test_a_serverless_endpoint_beyond_the_accounts_concurrency_is_blocked(empty: Engine) -> None:
    empty.quotas.concurrency, empty.usage.concurrency = 30, 20
    empty.type(f"deploy {ENDPOINT}")
    assert empty.phase(newest(empty)) is Phase.BLOCKED
    assert "20 of 30 are allocated in this region" in empty.rollout(newest(empty)).last.note
