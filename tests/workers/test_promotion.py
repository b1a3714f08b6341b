"""A whole promotion over fakes, and everything that SageMaker can do to it."""

import re

import pytest
from fakes.account import (
    FAILED,
    LANDED,
    MIXED,
    MOVED_BY_HAND,
    SYSTEM_UPDATING,
    UPDATING,
    UPDATING_SILENTLY,
    Step,
    rolled_back,
)
from fakes.engine import Engine, a_config, a_model
from fakes.failing import always, lost, throttled
from fakes.records import ANNA, BEN, CURRENT, ENDPOINT

from bot.domain.endpoint import EndpointStatus
from bot.domain.errors import AccessDenied, GatewayError, QuotaExceeded
from bot.domain.phases import Phase, Reason
from bot.domain.verdict import VerdictKind


def approved(engine: Engine, version: int = 4) -> str:
    rollout_id = engine.promote(version)
    engine.press("Approve", by=BEN)
    return rollout_id


def phases(engine: Engine, rollout_id: str) -> list[Phase]:
    return [t.phase for t in engine.rollout(rollout_id).transitions]


def assert_over(engine: Engine, rollout_id: str) -> None:
    """Nothing is held and nothing is due any more."""
    assert engine.store.rollouts.lease_of(ENDPOINT) is None
    assert engine.store.rollouts.active() == ()
    engine.play(lambda: False)
    assert engine.next_due() is None
    assert engine.slack.slots() == list(dict.fromkeys(engine.slack.slots())), "a message stands there twice"
    assert f"State: {engine.phase(rollout_id).words}" in engine.slack.shown("card").words


def test_a_promotion_is_one_update_and_a_complete_thread(engine: Engine) -> None:
    rollout_id = engine.promoted()
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    assert phases(engine, rollout_id) == [
        Phase.PLANNING,
        Phase.AWAITING_APPROVAL,
        Phase.PREPARING,
        Phase.UPDATING,
        Phase.WATCHING,
        Phase.SUCCEEDED,
    ]
    assert engine.endpoints.updates == [engine.rollout(rollout_id).target_config]
    assert engine.endpoints.count("update") == engine.endpoints.count("create_config") == 1
    assert engine.slack.slots() == ["card", "plan", "progress", "watch", "summary"]
    card = engine.slack.shown("card")
    assert {p.thread_ts for p in engine.slack.posted if p is not card} == {card.ts}
    assert engine.slack.files == [(card.ts, f"{ENDPOINT}-{rollout_id}.png")]
    assert engine.crashes == []
    assert_over(engine, rollout_id)


def test_the_new_config_carries_its_lineage(engine: Engine) -> None:
    rollout_id = approved(engine)
    engine.play_until(Phase.WATCHING, rollout_id)
    config = engine.endpoints.configs[engine.endpoints.config]
    assert config.tags == {
        "rollout:id": rollout_id,
        "rollout:previous-config": CURRENT,
        "rollout:requested-by": ANNA,
        "rollout:thread": f"C0WORK:{engine.slack.shown('card').ts}",
    }


def test_the_summary_judges_the_numbers(engine: Engine) -> None:
    engine.metrics.after_us = 530_000
    rollout_id = engine.promoted()
    verdict = engine.rollout(rollout_id).verdict
    assert verdict is not None
    assert verdict.kind is VerdictKind.REGRESSED
    assert re.search(r"p50 latency 400 → 53\d ms \(\+3\d %, 95 % interval \+", engine.slack.shown("summary").words)


@pytest.mark.parametrize("numbers", [None, 0.0])
def test_no_traffic_is_inconclusive(engine: Engine, numbers: float | None) -> None:
    engine.metrics.before_us = engine.metrics.after_us = None
    engine.metrics.requests = numbers
    verdict = engine.rollout(engine.promoted()).verdict
    assert verdict is not None
    assert verdict.kind is VerdictKind.INCONCLUSIVE


def test_a_cloudwatch_that_is_away_holds_nothing_up(engine: Engine) -> None:
    for method in ("read", "measure"):
        engine.metrics.fail(method, *always(throttled("GetMetricData")))
    rollout_id = engine.promoted()
    assert "no data → no data" in engine.slack.shown("summary").words
    assert "CloudWatch gave no answer" in engine.slack.shown("summary").words
    assert_over(engine, rollout_id)


ENDS = [
    (
        (UPDATING, rolled_back("Insufficient capacity")),
        Phase.ROLLED_BACK_BY_AWS,
        "SageMaker says: Insufficient capacity",
    ),
    ((UPDATING, rolled_back()), Phase.ROLLED_BACK_BY_AWS, "SageMaker gave no reason."),
    ((rolled_back(),), Phase.ROLLED_BACK_BY_AWS, "is InService on sentiment-v3, as before the update."),
    ((UPDATING, FAILED), Phase.NEEDS_HUMAN, "Unable to provision."),
    ((UPDATING, MIXED), Phase.NEEDS_HUMAN, "instances of both configs serve traffic"),
    ((UPDATING, MOVED_BY_HAND), Phase.NEEDS_HUMAN, "neither the config of before nor the one of this rollout"),
    ((UPDATING, Step(EndpointStatus.DELETING)), Phase.NEEDS_HUMAN, "Somebody is deleting the endpoint."),
]


@pytest.mark.parametrize(("script", "end", "words"), ENDS)
def test_every_bad_end_is_told_and_nothing_is_tried_again(
    engine: Engine, script: tuple[Step, ...], end: Phase, words: str
) -> None:
    engine.endpoints.plays(script)
    rollout_id = approved(engine)
    assert engine.play_out(rollout_id) is end
    assert words in engine.slack.shown("ending").words
    assert len(engine.endpoints.updates) == 1
    assert_over(engine, rollout_id)


@pytest.mark.parametrize(
    "script",
    [
        (LANDED,),
        (UPDATING, SYSTEM_UPDATING, UPDATING, LANDED),
        (UPDATING_SILENTLY, LANDED),
        (UPDATING,) * 30 + (LANDED,),
    ],
)
def test_whatever_comes_in_between_the_target_config_is_success(engine: Engine, script: tuple[Step, ...]) -> None:
    engine.endpoints.plays(script)
    rollout_id = approved(engine)
    engine.play_until(Phase.WATCHING, rollout_id)
    assert len(engine.endpoints.updates) == 1


TROUBLE = [
    ("update", (lost("UpdateEndpoint"),)),
    ("update", (throttled("UpdateEndpoint"),) * 3),
    ("create_model", (throttled("CreateModel"), lost("CreateModel"))),
    ("create_config", (lost("CreateEndpointConfig"), throttled("CreateEndpointConfig"))),
    ("describe", (throttled("DescribeEndpoint"),) * 3),
    ("describe_package", (throttled("DescribeModelPackage"),)),
    ("update", (RuntimeError("a bug"),)),
    ("create_config", (RuntimeError("a bug"),) * 4),
    ("describe_config", (RuntimeError("a bug"),)),
]


@pytest.mark.parametrize(("method", "errors"), TROUBLE)
def test_a_rollout_survives_trouble_with_one_update(engine: Engine, method: str, errors: tuple[Exception, ...]) -> None:
    rollout_id = engine.promote()
    failing = engine.registry if method == "describe_package" else engine.endpoints
    failing.fail(method, *errors)
    engine.press("Approve", by=BEN)
    engine.play_until(Phase.WATCHING, rollout_id)
    assert len(engine.endpoints.updates) == 1


@pytest.mark.parametrize(
    "errors",
    [(throttled("DescribeEndpoint"),) * 3, (RuntimeError("a bug"),)],
)
def test_planning_survives_trouble(engine: Engine, errors: tuple[Exception, ...]) -> None:
    engine.endpoints.fail("describe", *errors)
    rollout_id = engine.promote()
    engine.play_until(Phase.AWAITING_APPROVAL, rollout_id)


@pytest.mark.parametrize("method", ["create_model", "create_config", "update"])
def test_a_call_that_is_throttled_for_ever_frees_the_endpoint_at_last(engine: Engine, method: str) -> None:
    engine.endpoints.fail(method, *always(throttled(method)))
    rollout_id = approved(engine)
    assert engine.play_out(rollout_id) is Phase.FAILED
    assert engine.rollout(rollout_id).last.reason is Reason.AWS_UNREACHABLE
    assert engine.endpoints.updates == []
    assert_over(engine, rollout_id)


def test_a_call_that_always_crashes_counts_as_one_whose_answer_was_lost(engine: Engine) -> None:
    rollout_id = engine.promote()
    engine.endpoints.fail("update", *[RuntimeError("a bug") for _ in range(100)])
    engine.press("Approve", by=BEN)
    assert engine.play_out(rollout_id) is Phase.FAILED
    assert engine.rollout(rollout_id).last.reason is Reason.AWS_UNREACHABLE


def test_a_step_that_always_crashes_is_given_to_a_person(engine: Engine) -> None:
    rollout_id = engine.promote()
    engine.endpoints.fail("create_config", *[RuntimeError("a bug") for _ in range(100)])
    engine.press("Approve", by=BEN)
    assert engine.play_out(rollout_id) in (Phase.FAILED, Phase.NEEDS_HUMAN)
    assert engine.rollout(rollout_id).last.reason is Reason.INTERNAL_ERROR
    assert "The bot failed 5 times in a row at this (RuntimeError)" in engine.slack.shown("ending").words
    assert_over(engine, rollout_id)


def test_a_watch_that_always_crashes_is_given_to_a_person(engine: Engine) -> None:
    engine.metrics.fail("measure", *[RuntimeError("a bug") for _ in range(100)])
    rollout_id = approved(engine)
    assert engine.play_out(rollout_id) is Phase.NEEDS_HUMAN
    assert_over(engine, rollout_id)


REFUSALS = [
    ("update", GatewayError("UpdateEndpoint", "ValidationException", "r1", "no such type"), "no such type"),
    ("create_model", AccessDenied(operation="CreateModel", code="AccessDenied"), "not allowed CreateModel"),
    (
        "update",
        QuotaExceeded(
            "ml.m5.xlarge", limit=2, used=2, asked=2, operation="UpdateEndpoint", code="ResourceLimitExceeded"
        ),
        "2 in use, 2 more asked for",
    ),
]


@pytest.mark.parametrize(("method", "error", "words"), REFUSALS)
def test_a_refusal_by_aws_ends_the_rollout_untouched(
    engine: Engine, method: str, error: GatewayError, words: str
) -> None:
    engine.endpoints.fail(method, error)
    rollout_id = approved(engine)
    assert engine.play_out(rollout_id) is Phase.FAILED
    told = engine.slack.shown("ending").words
    assert words in told
    assert "The endpoint was not touched." in told
    assert_over(engine, rollout_id)


def test_an_endpoint_that_somebody_moved_after_the_plan_gets_a_fresh_plan_instead(engine: Engine) -> None:
    rollout_id = engine.promote()
    engine.endpoints.configs["made-by-hand"] = a_config("made-by-hand")
    engine.endpoints.config = "made-by-hand"
    engine.press("Approve", by=BEN)
    engine.play(lambda: engine.phase(rollout_id) is Phase.AWAITING_APPROVAL)
    again = engine.rollout(rollout_id)
    assert again.plan is not None
    assert again.plan.current_config == "made-by-hand"
    moved = {d.path: (d.before, d.after) for d in again.redraws[0].differences}
    assert moved["Endpoint config"] == ("sentiment-v3", "made-by-hand")
    assert again.approvals == ()
    assert engine.endpoints.updates == []


def test_a_model_that_somebody_changed_after_the_plan_is_not_replaced(engine: Engine) -> None:
    rollout_id = engine.promote()
    engine.endpoints.models["model-v3"] = a_model(version=5)
    engine.press("Approve", by=BEN)
    engine.play(lambda: engine.phase(rollout_id) is Phase.AWAITING_APPROVAL)
    assert engine.rollout(rollout_id).redraws[0].differences[0].path == "Content of model model-v3"
    assert engine.endpoints.count("create_model") == 0


def test_an_endpoint_deleted_after_the_plan_is_said_to_be_gone(engine: Engine) -> None:
    rollout_id = engine.promote()
    engine.endpoints.endpoint = "another"
    engine.press("Approve", by=BEN)
    assert engine.play_out(rollout_id) is Phase.BLOCKED
    assert "sentiment-prod" in engine.rollout(rollout_id).last.note


def test_an_endpoint_that_aws_patches_is_waited_for(engine: Engine) -> None:
    rollout_id = engine.promote()
    engine.endpoints.status = EndpointStatus.SYSTEM_UPDATING
    engine.press("Approve", by=BEN)
    engine.play(lambda: engine.endpoints.count("describe") > 6)
    assert engine.phase(rollout_id) is Phase.PREPARING
    engine.endpoints.status = EndpointStatus.IN_SERVICE
    engine.play_until(Phase.WATCHING, rollout_id)


def test_autoscaling_between_look_and_call_costs_only_time(engine: Engine) -> None:
    """SageMaker answers busy; that proves that nothing began."""
    rollout_id = engine.promote()

    def scales(*args: object, **kwargs: object) -> None:
        engine.endpoints.status = EndpointStatus.UPDATING
        engine.endpoints._script = [UPDATING_SILENTLY, rolled_back()]
        engine.endpoints.update = original  # type: ignore[method-assign]
        original(*args, **kwargs)  # type: ignore[arg-type]

    original = engine.endpoints.update
    engine.endpoints.update = scales  # type: ignore[method-assign,assignment]
    engine.press("Approve", by=BEN)
    engine.play_until(Phase.WATCHING, rollout_id)
    assert engine.endpoints.count("update") == 2
    assert len(engine.endpoints.updates) == 1


def test_a_new_count_is_taken_from_the_config_and_nothing_else_is(engine: Engine) -> None:
    engine.type(f"promote {ENDPOINT} --count 4")
    rollout_id = engine.store.rollouts.recent()[0].id
    engine.press("Approve", by=BEN)
    engine.play_until(Phase.WATCHING, rollout_id)
    (call,) = [c for c in engine.endpoints.calls if c[0] == "update"]
    assert call[-1] == "True"
    assert engine.endpoints.count("create_model") == 0


def test_the_next_plan_knows_how_long_the_last_update_took(engine: Engine) -> None:
    engine.promoted()
    second = engine.promote(5)
    plan = engine.rollout(second).plan
    assert plan is not None
    assert plan.expected_duration is not None
    assert "Past updates of it took about" in next(p for p in reversed(engine.slack.posted) if p.slot == "plan").words


def test_a_plan_that_nobody_decides_on_lapses(engine: Engine) -> None:
    rollout_id = engine.promote()
    engine.play(
        lambda: not engine.rollout(rollout_id).is_active,
        limit=engine.world.fleet.endpoints[ENDPOINT].approval.expires_after,
    )
    assert engine.phase(rollout_id) is Phase.EXPIRED
    assert engine.slack.shown("plan").buttons == {}
    assert_over(engine, rollout_id)


BLOCKED = [
    ("--version 7", "sentiment version 7 is Rejected, not Approved."),
    ("--version 6", "is PendingManualApproval, not Approved."),
    ("--version 3", "There is nothing to change"),
    ("--version 9", "There is no version of sentiment “9”."),
    ("--unset NOPE", "NOPE is not set in model"),
    ("--image repo/app:2", "brings its own image"),
]


@pytest.mark.parametrize(("options", "words"), BLOCKED)
def test_what_cannot_be_done_is_never_offered_for_approval(engine: Engine, options: str, words: str) -> None:
    engine.type(f"promote {ENDPOINT} {options}")
    rollout_id = engine.store.rollouts.recent()[0].id
    assert engine.phase(rollout_id) is Phase.BLOCKED
    assert words in engine.slack.shown("ending").words
    assert not any("Approve" in p.buttons for p in engine.slack.posted)
    assert_over(engine, rollout_id)


@pytest.mark.parametrize("status", [s for s in EndpointStatus if s is not EndpointStatus.IN_SERVICE])
def test_an_endpoint_that_is_not_in_service_is_not_promoted(engine: Engine, status: EndpointStatus) -> None:
    engine.endpoints.status = status
    rollout_id = engine.promote()
    assert engine.phase(rollout_id) is Phase.BLOCKED
    assert status.value in engine.slack.shown("ending").words


def test_without_a_version_the_newest_approved_one_is_meant(engine: Engine) -> None:
    engine.type(f"promote {ENDPOINT}")
    plan = engine.rollout(engine.store.rollouts.recent()[0].id).plan
    assert plan is not None
    assert plan.target_label == "sentiment version 5"


def test_a_plan_asks_for_a_quota_with_all_that_there_shall_be_so_that_one_raised_just_now_counts(
    engine: Engine,
) -> None:
    engine.usage.used = {"ml.m5.xlarge": 2}
    assert engine.phase(engine.promote()) is Phase.AWAITING_APPROVAL
    assert {call for call in engine.quotas.calls if call[0] == "limit"} == {("limit", "ml.m5.xlarge", "4")}
