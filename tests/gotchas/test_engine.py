"""Failures of others that the engine prevents, detects or tells: whole rollouts, over fakes and over botocore's own model."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from contract.clients import clock, scripted
from fakes.account import LANDED, MIXED, UPDATING, UPDATING_SILENTLY, rolled_back
from fakes.engine import FLEET, Engine
from fakes.failing import throttled
from fakes.records import ANNA, BEN, CARL, CURRENT, ENDPOINT
from fakes.surroundings import a_target
from iam_policy import allows

import workers
from bot.domain.errors import GatewayError, ResourceMissing
from bot.domain.phases import Kind, Phase, Reason
from workers.gateways.sagemaker import SageMakerEndpoints

NO_CAPACITY = "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error."
RETRYING = FLEET.replace(
    "model_package_group: sentiment", "model_package_group: sentiment\n    retry: {capacity_attempts: 1, wait: 5m}"
)
TARGET = a_target(ENDPOINT)


def approved(engine: Engine, options: str = "--version 4") -> str:
    engine.type(f"promote {ENDPOINT} {options}")
    engine.press("Approve", by=BEN)
    return engine.store.rollouts.recent(ENDPOINT)[0].id


@pytest.mark.parametrize("reason", [None, "One or more alarms went off."])
def test_gotcha_01_a_silent_rollback_is_not_taken_for_success(engine: Engine, reason: str | None) -> None:
    engine.endpoints.plays((UPDATING, UPDATING, rolled_back(reason)))
    rollout_id = approved(engine)
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK_BY_AWS
    told = engine.slack.shown("ending").words
    assert f"SageMaker ended the update on {CURRENT}." in told
    assert (reason or "SageMaker gave no reason.") in told
    assert "rolled back by AWS" in engine.slack.shown("card").words


def test_gotcha_01_it_is_noticed_even_between_two_looks(engine: Engine) -> None:
    """SageMaker was done, and back, before anybody looked."""
    engine.endpoints.plays((rolled_back(),))
    assert engine.play_out(approved(engine)) is Phase.ROLLED_BACK_BY_AWS


def test_gotcha_02_configs_and_models_are_deleted_in_one_place_and_never_those_of_people() -> None:
    """Only `gc` deletes them, which looks at the whole account before each (test_gc); and the role allows no others' names."""
    folder = Path(workers.__file__).parent
    deleting = {
        str(path.relative_to(folder)): set(re.findall(r"\.(delete_config|delete_model)\b", path.read_text()))
        for path in folder.rglob("*.py")
    }
    assert {path for path, found in deleting.items() if found} == {"gateways/leftovers.py", "lifecycle/collecting.py"}
    for action, kind in (("DeleteEndpointConfig", "endpoint-config"), ("DeleteModel", "model")):
        assert not allows(f"sagemaker:{action}", f"arn:aws:sagemaker:us-east-1:123456789012:{kind}/stt-prod-config-v1")


def test_gotcha_02_every_config_of_a_long_story_is_still_there_at_its_end(engine: Engine) -> None:
    engine.endpoints.plays((UPDATING, LANDED), (UPDATING, rolled_back("No.")), (UPDATING, LANDED), (UPDATING, LANDED))
    first = approved(engine)
    engine.play_out(first)
    engine.play_out(approved(engine, "--version 5"))
    second = approved(engine, "--count 3")
    engine.play_out(second)
    engine.press("Roll back", by=BEN)
    assert engine.play_out(second) is Phase.ROLLED_BACK
    assert engine.endpoints.config == engine.rollout(first).target_config
    assert {CURRENT, *engine.endpoints.updates} <= set(engine.endpoints.configs)
    assert "model-v3" in engine.endpoints.models
    assert not [c for c in engine.endpoints.calls if c[0].startswith("delete")]


KEEP = {"EndpointName": ENDPOINT, "EndpointConfigName": "v4", "RetainAllVariantProperties": True}
ARGUMENTS = [
    ({}, KEEP),
    (
        {"counts_from_config": True},
        {**KEEP, "ExcludeRetainedVariantProperties": [{"VariantPropertyType": "DesiredInstanceCount"}]},
    ),
    (
        {"weights_from_config": True},
        {**KEEP, "ExcludeRetainedVariantProperties": [{"VariantPropertyType": "DesiredWeight"}]},
    ),
]


@pytest.mark.parametrize(("asked", "sent"), ARGUMENTS)
def test_gotcha_04_live_counts_are_retained_unless_another_count_was_asked_for(
    asked: dict[str, bool], sent: dict[str, object]
) -> None:
    with scripted("sagemaker") as (client, script):
        script.add_response("update_endpoint", {"EndpointArn": "arn:aws:sagemaker:us-east-1:1:endpoint/x"}, sent)
        SageMakerEndpoints(client, clock).update(ENDPOINT, "v4", **asked)


@pytest.mark.parametrize(("options", "counts_from_config"), [("--version 4", "False"), ("--count 4", "True")])
def test_gotcha_04_a_promotion_asks_for_that(engine: Engine, options: str, counts_from_config: str) -> None:
    engine.play_until(Phase.WATCHING, approved(engine, options))
    (call,) = [c for c in engine.endpoints.calls if c[0] == "update"]
    assert call[-1] == counts_from_config


def test_gotcha_05_autoscaling_blocks_no_change_of_the_instance_type(engine: Engine) -> None:
    """SageMaker refuses the update as long as the variant is registered."""
    engine.autoscaling.targets = {"AllTraffic": TARGET}
    update = engine.endpoints.update

    def refusing(*args: object, **kwargs: object) -> None:
        if engine.autoscaling.targets:
            raise GatewayError("UpdateEndpoint", "ValidationException", message="variant is a scalable target")
        update(*args, **kwargs)  # type: ignore[arg-type]

    engine.endpoints.update = refusing  # type: ignore[method-assign]
    rollout_id = approved(engine, "--instance-type ml.m5.2xlarge")
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    engine.press("Roll back", by=BEN)
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK
    assert engine.autoscaling.targets == {"AllTraffic": TARGET}


@pytest.mark.parametrize("script", [(UPDATING, LANDED), (UPDATING, rolled_back("No.")), (UPDATING, MIXED)])
def test_gotcha_06_policies_and_scheduled_actions_come_back_however_it_ends(
    engine: Engine, script: tuple[object, ...]
) -> None:
    engine.autoscaling.targets = {"AllTraffic": TARGET}
    engine.endpoints.plays(script)  # type: ignore[arg-type]
    rollout_id = approved(engine, "--instance-type ml.m5.2xlarge")
    engine.play(lambda: engine.endpoints.updates != [])
    assert engine.autoscaling.targets == {}, "deregistering deleted it all"
    engine.play_out(rollout_id)
    assert engine.autoscaling.targets == {"AllTraffic": TARGET}


def test_gotcha_11_a_lack_of_capacity_is_tried_again_where_the_fleet_file_says_so_and_nothing_else_is() -> None:
    engine = Engine(RETRYING)
    try:
        engine.endpoints.plays((UPDATING, rolled_back(NO_CAPACITY)), (UPDATING, LANDED))
        engine.play_until(Phase.SUCCEEDED, approved(engine))
        assert len(engine.endpoints.updates) == 2
        engine.endpoints.plays((UPDATING, rolled_back("The container did not pass the ping health check.")))
        assert engine.play_out(approved(engine, "--version 5")) is Phase.ROLLED_BACK_BY_AWS
        assert len(engine.endpoints.updates) == 3
    finally:
        engine.close()


def test_gotcha_13_an_update_cannot_be_cancelled_and_the_bot_does_not_say_so(engine: Engine) -> None:
    """An update that hangs for an hour; whoever cancels gets a way back at its end, and nothing is called meanwhile."""
    engine.endpoints.plays([UPDATING] * 240 + [LANDED])
    rollout_id = approved(engine)
    engine.play(lambda: engine.endpoints.updates != [])
    answer = engine.ask(f"cancel {rollout_id}")
    assert "SageMaker has no way to stop the update" in answer
    assert "queued for the moment it settles" in answer
    engine.play(lambda: False, limit=timedelta(minutes=50))
    assert len(engine.endpoints.updates) == 1
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK
    assert engine.endpoints.config == CURRENT


def test_gotcha_13_what_sagemaker_still_has_to_be_asked_for_is_really_cancelled(engine: Engine) -> None:
    engine.endpoints.fail("update", *[throttled("UpdateEndpoint")] * 20)
    rollout_id = approved(engine)
    engine.press("Cancel", by=ANNA)
    assert engine.play_out(rollout_id) is Phase.CANCELLED
    assert engine.endpoints.updates == []


def test_gotcha_17_an_update_that_cannot_see_its_new_config_yet_is_asked_for_again(engine: Engine) -> None:
    call = {"operation": "UpdateEndpoint", "code": "ValidationException"}
    engine.endpoints.fail("update", *[ResourceMissing("endpoint config", "the new one", **call)] * 3)
    rollout_id = approved(engine)
    engine.play_until(Phase.WATCHING, rollout_id)
    assert len(engine.endpoints.updates) == 1


def test_gotcha_24_a_mixed_fleet_is_given_to_a_person_and_left_alone(engine: Engine) -> None:
    engine.endpoints.plays((UPDATING, MIXED), (UPDATING, LANDED))
    rollout_id = approved(engine)
    assert engine.play_out(rollout_id) is Phase.NEEDS_HUMAN
    told = engine.slack.shown("ending").words
    assert "instances of both configs serve traffic" in told
    assert "needs human" in engine.slack.shown("card").words
    engine.play(lambda: False)
    assert len(engine.endpoints.updates) == 1
    another = engine.promote(5)
    assert engine.phase(another) is Phase.BLOCKED
    engine.endpoints.config = engine.rollout(rollout_id).target_config
    engine.press("Roll back", by=CARL)
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK


def test_gotcha_25_what_aws_refuses_is_not_tried_in_a_loop(engine: Engine) -> None:
    engine.endpoints.plays((UPDATING, rolled_back("The container did not pass the ping health check.")))
    rollout_id = approved(engine)
    engine.play_out(rollout_id)
    engine.play(lambda: False)
    assert engine.next_due() is None
    assert len(engine.endpoints.updates) == 1
    again = engine.promote(4)
    plan = engine.rollout(again).plan
    assert plan is not None
    warned = next(f for f in plan.findings if f.check == "holds")
    assert "This version is quarantined since" in warned.text
    assert f"rollout {rollout_id} failed at it: SageMaker ended the update" in warned.text
    assert "failed_before" not in {f.check for f in plan.findings}, "the same is not said twice"
    assert engine.phase(again) is Phase.AWAITING_APPROVAL, "a person may, the bot never does by itself"


def test_gotcha_25_a_rollback_that_fails_is_not_tried_in_a_loop(engine: Engine) -> None:
    rollout_id = engine.promoted()
    engine.endpoints.plays((UPDATING, rolled_back("No.")))
    engine.press("Roll back", by=BEN)
    assert engine.play_out(rollout_id) is Phase.NEEDS_HUMAN
    engine.play(lambda: False)
    assert len(engine.endpoints.updates) == 2
    assert [r.kind for r in engine.store.rollouts.recent()].count(Kind.ROLLBACK) == 1


def test_gotcha_26_no_event_is_needed_because_every_state_is_found_by_looking(engine: Engine) -> None:
    """An endpoint that shows no pending deployment and sends no event; only the manager's hints read any."""
    engine.endpoints.plays((UPDATING_SILENTLY, UPDATING_SILENTLY, LANDED))
    assert engine.play_out(approved(engine)) is Phase.SUCCEEDED
    sources = [(p.name, p.read_text()) for p in Path(workers.__file__).parent.rglob("*.py")]
    assert {name for name, source in sources if "receive_message" in source} == {"events.py"}
    assert {name for name, source in sources if ".events(" in source} == {"hints.py"}


def test_gotcha_26_the_same_tick_delivered_again_and_again_has_one_effect(engine: Engine) -> None:
    rollout_id = engine.promote()
    engine.press("Approve", by=BEN)
    for _ in range(60):
        stored = engine.store.rollouts.load(rollout_id)
        assert stored is not None
        for revision in (stored.revision, stored.revision, stored.revision - 1):
            engine.parts.reconciler.tick(rollout_id, revision)
    assert engine.endpoints.count("update") == 1
    assert engine.endpoints.count("create_config") == engine.endpoints.count("create_model") == 1
    assert engine.rollout(rollout_id).last.reason in (Reason.UPDATE_REQUESTED, Reason.LANDED)
