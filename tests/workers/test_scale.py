"""Another instance count, live: approved like any change, asked for once, and told as what SageMaker made of it."""

from datetime import timedelta

import pytest
from fakes.account import FAILED, SETTLED, UPDATING_SILENTLY, rolled_back
from fakes.engine import FLEET, Engine, a_config
from fakes.failing import always, lost, throttled
from fakes.records import ANNA, BEN, CARL, CURRENT, ENDPOINT
from fakes.surroundings import a_target

from bot.domain.endpoint import EndpointStatus
from bot.domain.errors import GatewayError, QuotaExceeded
from bot.domain.phases import Phase, Reason

METHOD = "set_weights_and_capacities"


def asked(engine: Engine, count: int = 4, *, by: str = ANNA) -> str:
    engine.type(f"scale {ENDPOINT} --count {count}", by=by)
    return engine.store.rollouts.recent(ENDPOINT)[0].id


def scaled(engine: Engine, count: int = 4) -> str:
    rollout_id = asked(engine, count)
    engine.press("Approve", by=BEN)
    return rollout_id


def counts(engine: Engine) -> list[int | None]:
    return [v.desired_count for v in engine.endpoints.variants]


def assert_over(engine: Engine) -> None:
    assert engine.store.rollouts.lease_of(ENDPOINT) is None
    assert engine.store.rollouts.active() == ()
    engine.play(lambda: False)
    assert engine.next_due() is None


def test_another_count_is_one_call_without_a_new_config(engine: Engine) -> None:
    rollout_id = scaled(engine)
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    assert engine.rollout(rollout_id).last.reason is Reason.SCALED
    assert [t.phase for t in engine.rollout(rollout_id).transitions][2:] == [
        Phase.PREPARING,
        Phase.UPDATING,
        Phase.SUCCEEDED,
    ]
    assert counts(engine) == [4]
    assert engine.endpoints.config == CURRENT
    assert engine.endpoints.count(METHOD) == 1
    assert engine.endpoints.count("update") == engine.endpoints.count("create_config") == 0
    assert engine.crashes == []
    assert_over(engine)


def test_it_takes_an_approval_by_somebody_else(engine: Engine) -> None:
    rollout_id = asked(engine, by=BEN)
    engine.press("Approve", by=BEN)
    assert engine.phase(rollout_id) is Phase.AWAITING_APPROVAL
    engine.press("Approve", by=CARL)
    assert engine.phase(rollout_id) is not Phase.AWAITING_APPROVAL


def test_a_count_that_sagemaker_took_back_is_told(engine: Engine) -> None:
    """Its fleet is InService with the count of before: SageMaker found no capacity."""
    rollout_id = asked(engine)
    original = engine.endpoints.set_weights_and_capacities

    def without_effect(*args: object, **kwargs: object) -> None:
        before = engine.endpoints.variants
        engine.endpoints.plays((UPDATING_SILENTLY, rolled_back("Insufficient capacity")))
        original(*args, **kwargs)  # type: ignore[arg-type]
        engine.endpoints.variants = before

    engine.endpoints.set_weights_and_capacities = without_effect  # type: ignore[method-assign]
    engine.press("Approve", by=BEN)
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK_BY_AWS
    note = engine.rollout(rollout_id).last.note
    assert note == "SageMaker ended with AllTraffic at 2 instead of 4. SageMaker says: Insufficient capacity"
    assert engine.endpoints.count(METHOD) == 1
    assert_over(engine)


def test_an_endpoint_that_fails_while_it_scales_is_given_to_a_person(engine: Engine) -> None:
    engine.endpoints.plays((UPDATING_SILENTLY, FAILED))
    rollout_id = scaled(engine)
    assert engine.play_out(rollout_id) is Phase.NEEDS_HUMAN
    assert "The endpoint became Failed." in engine.rollout(rollout_id).last.note
    assert_over(engine)


def test_an_endpoint_that_is_deleted_while_it_scales_is_told(engine: Engine) -> None:
    engine.endpoints.plays([UPDATING_SILENTLY] * 50)
    rollout_id = scaled(engine)
    engine.play(lambda: engine.endpoints.count(METHOD) == 1)
    engine.endpoints.endpoint = "another"
    assert engine.play_out(rollout_id) is Phase.NEEDS_HUMAN
    assert engine.rollout(rollout_id).last.reason is Reason.ENDPOINT_GONE


TROUBLE = [
    (lost(METHOD),),
    (throttled(METHOD),) * 3,
    (RuntimeError("a bug"),),
]


@pytest.mark.parametrize("errors", TROUBLE)
def test_it_survives_trouble_with_one_change(engine: Engine, errors: tuple[Exception, ...]) -> None:
    engine.endpoints.fail(METHOD, *errors)
    rollout_id = scaled(engine)
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    assert counts(engine) == [4]
    assert_over(engine)


def test_a_call_that_is_throttled_for_ever_ends_untouched(engine: Engine) -> None:
    engine.endpoints.fail(METHOD, *always(throttled(METHOD)))
    rollout_id = scaled(engine)
    assert engine.play_out(rollout_id) is Phase.FAILED
    assert counts(engine) == [2]
    assert_over(engine)


def test_a_refusal_is_told_in_the_words_of_aws(engine: Engine) -> None:
    call = {"operation": "UpdateEndpointWeightsAndCapacities", "code": "ResourceLimitExceeded"}
    engine.endpoints.fail(METHOD, QuotaExceeded("ml.m5.xlarge", limit=2, used=2, asked=2, **call))
    rollout_id = scaled(engine)
    assert engine.play_out(rollout_id) is Phase.FAILED
    assert "2 in use, 2 more asked for" in engine.slack.shown("ending").words
    assert_over(engine)


def test_a_call_that_never_takes_effect_is_made_anew_only_a_few_times(engine: Engine) -> None:
    engine.endpoints.fail(METHOD, *[RuntimeError("killed before it went out") for _ in range(9)])
    rollout_id = scaled(engine)
    assert engine.play_out(rollout_id) in (Phase.FAILED, Phase.NEEDS_HUMAN)
    assert engine.endpoints.count(METHOD) == 5
    assert_over(engine)


def test_a_busy_endpoint_is_waited_for(engine: Engine) -> None:
    rollout_id = asked(engine)
    engine.endpoints.status = EndpointStatus.SYSTEM_UPDATING
    engine.press("Approve", by=BEN)
    engine.play(lambda: False, limit=timedelta(minutes=5))
    assert engine.phase(rollout_id) is Phase.PREPARING
    engine.endpoints.status = EndpointStatus.IN_SERVICE
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED


def test_a_config_that_moved_voids_the_plan(engine: Engine) -> None:
    rollout_id = asked(engine)
    engine.endpoints.fail(METHOD, throttled(METHOD))
    engine.press("Approve", by=BEN)
    engine.endpoints.configs["made-by-hand"] = a_config("made-by-hand")
    engine.endpoints.config = "made-by-hand"
    engine.play_until(Phase.AWAITING_APPROVAL, rollout_id)
    assert engine.rollout(rollout_id).approvals == ()
    assert counts(engine) == [2]


def test_cancel_before_the_call_changes_nothing(engine: Engine) -> None:
    engine.endpoints.fail(METHOD, *always(throttled(METHOD), 20))
    rollout_id = scaled(engine)
    engine.press("Cancel", by=ANNA)
    assert engine.play_out(rollout_id) is Phase.CANCELLED
    assert counts(engine) == [2]
    assert_over(engine)


def test_cancel_after_the_call_promises_nothing_that_it_does_not_do(engine: Engine) -> None:
    engine.endpoints.plays([UPDATING_SILENTLY] * 4 + [SETTLED])
    rollout_id = scaled(engine)
    engine.play(lambda: engine.endpoints.count(METHOD) == 1)
    answer = engine.ask(f"cancel {rollout_id}")
    assert "SageMaker was asked for the new count already, and has no way to stop that." in answer
    assert f"scale {ENDPOINT} --count N" in answer
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED


def test_it_is_not_taken_for_something_to_roll_back(engine: Engine) -> None:
    """The last change of the config stays what rollback means."""
    promoted = engine.promoted()
    assert engine.play_out(scaled(engine)) is Phase.SUCCEEDED
    engine.type(f"rollback {ENDPOINT}", by=BEN)
    assert engine.play_out(promoted) is Phase.ROLLED_BACK
    assert counts(engine) == [4], "live counts survive the way back"


def test_autoscaling_stays_as_it_is_and_its_limits_are_respected(engine: Engine) -> None:
    target = a_target(ENDPOINT, minimum=1, maximum=6)
    engine.autoscaling.targets = {"AllTraffic": target}
    rollout_id = asked(engine, 9)
    assert engine.phase(rollout_id) is Phase.BLOCKED
    assert "Autoscaling keeps AllTraffic between 1 and 6 instances" in engine.slack.shown("ending").words
    assert engine.play_out(scaled(engine, 4)) is Phase.SUCCEEDED
    assert engine.autoscaling.targets == {"AllTraffic": target}
    assert {c[0] for c in engine.autoscaling.calls} == {"read"}


def test_a_variant_that_does_not_exist_is_refused(engine: Engine) -> None:
    engine.type(f"scale {ENDPOINT} --count 4 --variant Nope")
    assert "The endpoint has no variant Nope." in engine.slack.shown("ending").words


def test_it_waits_for_its_turn_its_window_and_a_lock() -> None:
    windows = 'windows: ["Mon-Fri 09:00-17:00 UTC"]\n    model_package_group'
    engine = Engine(FLEET.replace("model_package_group", windows))
    try:
        rollout_id = scaled(engine)
        assert engine.phase(rollout_id) is Phase.SCHEDULED
        engine.type(f"lock {ENDPOINT} --reason x", by=BEN)
        engine.play(lambda: engine.rollout(rollout_id).stopped_by is not None, limit=timedelta(days=2))
        assert counts(engine) == [2]
        engine.type(f"unlock {ENDPOINT}", by=BEN)
        assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    finally:
        engine.close()


def test_an_update_refused_by_aws_is_no_scaling(engine: Engine) -> None:
    engine.endpoints.fail(METHOD, GatewayError(METHOD, "ValidationException", message="no such variant"))
    rollout_id = scaled(engine)
    assert engine.play_out(rollout_id) is Phase.FAILED
    assert engine.rollout(rollout_id).last.reason is Reason.AWS_REFUSED
