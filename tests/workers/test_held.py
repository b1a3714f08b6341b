"""What is held, where people read it, and who lifts it: over the whole engine."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from fakes.account import ARN, UPDATING, Step, rolled_back
from fakes.engine import Engine
from fakes.records import ANNA, BEN, CARL, CURRENT, ENDPOINT

from bot.domain.board import BoardState
from bot.domain.endpoint import EndpointStatus
from bot.domain.errors import GatewayError, TransientError
from bot.domain.hold import Hold, HoldKind
from bot.domain.phases import Kind, Phase
from bot.domain.plan import Finding, Level

EVE = "U0EVE"
UNHEALTHY = "The container did not pass the ping health check."
NO_CAPACITY = "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error."


def holds(engine: Engine) -> tuple[Hold, ...]:
    return engine.store.holds.on(ENDPOINT)


def kinds(engine: Engine) -> list[HoldKind]:
    return [hold.kind for hold in holds(engine)]


def told(engine: Engine, who: str) -> str:
    return dict(engine.slack.whispers).get(who, "")


def answered(engine: Engine, text: str, *, by: str) -> str:
    """What a slash command of that person answers."""
    before = len(engine.slack.responses)
    engine.type(text, by=by)
    (answer,) = engine.slack.responses[before:]
    return answer[1]


def findings(engine: Engine, version: int) -> dict[str, Finding]:
    engine.clock.tick(timedelta(seconds=1))
    plan = engine.rollout(engine.promote(version)).plan
    assert plan is not None
    return {finding.check: finding for finding in plan.findings}


def gone_back(engine: Engine, version: int = 4) -> str:
    rollout_id = engine.promoted(version)
    engine.press("Roll back", by=BEN)
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK
    return rollout_id


def refused(engine: Engine, script: Sequence[Step]) -> str:
    engine.endpoints.plays(script)
    rollout_id = engine.promote()
    engine.press("Approve", by=BEN)
    engine.play_out(rollout_id)
    return rollout_id


def test_a_version_that_was_rolled_back_is_held_and_its_next_plan_says_so(engine: Engine) -> None:
    rollout_id = gone_back(engine)
    (hold,) = holds(engine)
    assert (hold.kind, hold.actor, hold.rollout_id, hold.rank) == (HoldKind.HELD, BEN, rollout_id, 4)
    found = findings(engine, 4)
    assert found["holds"].level is Level.WARNING
    assert f"<@{BEN}> rolled it back in rollout {rollout_id}" in found["holds"].text
    assert "failed_before" not in found
    plan = [posted for posted in engine.slack.posted if posted.slot == "plan"][-1]
    assert "Approve" in plan.buttons, "a person may"
    assert f"@{BEN} rolled it back" in plan.words


def test_a_version_that_was_rolled_back_from_tags_alone_is_held_too(engine: Engine) -> None:
    rollout_id = engine.promoted(4)
    engine.redis.flushall()
    engine.type(f"rollback {ENDPOINT}", by=BEN)
    (child,) = (r for r in engine.store.rollouts.recent() if r.kind is Kind.ROLLBACK)
    assert engine.play_out(child.id) is Phase.ROLLED_BACK
    engine.settle()
    (hold,) = holds(engine)
    assert (hold.kind, hold.actor, hold.rollout_id) == (HoldKind.HELD, BEN, rollout_id)
    assert (hold.package_arn, hold.rank, hold.label) == (f"{ARN}:model-package/sentiment/4", 4, "sentiment version 4")
    assert "is held now" in engine.slack.shown("ending").words
    assert "holds" in findings(engine, 4)


def test_nothing_is_said_to_be_held_where_the_tags_do_not_tell_the_version(engine: Engine) -> None:
    engine.promoted(4)
    engine.redis.flushall()
    model = engine.endpoints.configs[engine.endpoints.config].variants()[0]["ModelName"]
    document = {k: v for k, v in engine.endpoints.models[model].document.items() if k != "Containers"}
    by_image = document | {"PrimaryContainer": {"Image": "image:1"}}
    engine.endpoints.models[model] = engine.endpoints.models[model].model_copy(update={"document": by_image})
    engine.type(f"rollback {ENDPOINT}", by=BEN)
    (child,) = (r for r in engine.store.rollouts.recent() if r.kind is Kind.ROLLBACK)
    assert engine.play_out(child.id) is Phase.ROLLED_BACK
    engine.settle()
    assert holds(engine) == ()
    assert "held" not in engine.slack.shown("ending").words


def test_another_version_is_not_warned_of_and_lifts_the_hold_when_it_ends_well(engine: Engine) -> None:
    gone_back(engine)
    assert "holds" not in findings(engine, 5)
    engine.press("Approve", by=BEN)
    engine.play_until(Phase.SUCCEEDED, engine.store.rollouts.recent(ENDPOINT)[0].id)
    assert holds(engine) == ()


def test_a_person_may_bring_a_held_version_back_and_it_is_held_no_more_when_it_ends_well(engine: Engine) -> None:
    gone_back(engine)
    engine.promoted(4)
    assert holds(engine) == ()


def test_the_same_version_rolled_back_twice_is_held_once(engine: Engine) -> None:
    gone_back(engine)
    again = gone_back(engine)
    assert [hold.rollout_id for hold in holds(engine)] == [again]


@pytest.mark.parametrize(
    "script", [(UPDATING, rolled_back(UNHEALTHY)), (UPDATING, Step(EndpointStatus.UPDATE_ROLLBACK_FAILED))]
)
def test_what_sagemaker_does_not_bring_up_is_quarantined(engine: Engine, script: Sequence[Step]) -> None:
    refused(engine, script)
    assert kinds(engine) == [HoldKind.QUARANTINED]


def test_a_config_that_sagemaker_refuses_is_quarantined_and_the_board_says_so(engine: Engine) -> None:
    engine.endpoints.fail(
        "update", GatewayError("UpdateEndpoint", "ValidationException", "This value is not supported.")
    )
    rollout_id = refused(engine, ())
    assert engine.phase(rollout_id) is Phase.FAILED
    (hold,) = holds(engine)
    assert (hold.kind, hold.actor) == (HoldKind.QUARANTINED, "aws")


def test_a_lack_of_instances_holds_nothing(engine: Engine) -> None:
    assert engine.phase(refused(engine, (UPDATING, rolled_back(NO_CAPACITY)))) is Phase.ROLLED_BACK_BY_AWS
    assert holds(engine) == ()


def test_a_call_that_never_got_through_holds_nothing(engine: Engine) -> None:
    for _ in range(40):
        engine.endpoints.fail("create_config", TransientError("CreateEndpointConfig", "throttled"))
    assert engine.phase(refused(engine, ())) is Phase.FAILED
    assert holds(engine) == ()


def test_the_board_shows_what_automation_leaves_alone_and_why(engine: Engine) -> None:
    engine.registry.packages = [p for p in engine.registry.packages if p.version in (3, 4)]
    gone_back(engine)
    board = engine.ask("status").replace("*", "")
    assert f"{ENDPOINT}: {BoardState.HELD}" in board
    in_full = engine.ask(f"status {ENDPOINT}")
    assert "sentiment version 4" in in_full
    assert f"unhold {ENDPOINT}" in in_full


def test_a_held_version_that_a_newer_one_follows_is_no_state_of_the_endpoint(engine: Engine) -> None:
    gone_back(engine)
    assert f"{ENDPOINT}: {BoardState.OUT_OF_DATE}" in engine.ask("status").replace("*", "")


def test_anybody_may_hold_an_endpoint_and_nobody_is_kept_from_it(engine: Engine) -> None:
    answer = answered(engine, f'hold {ENDPOINT} --reason "tests until Friday"', by=EVE)
    assert "tests until Friday" in answer
    assert f"{ENDPOINT}: {BoardState.HELD}" in engine.ask("status").replace("*", "")
    found = findings(engine, 4)["holds"]
    assert f"<@{EVE}> holds this endpoint since" in found.text
    assert "tests until Friday" in found.text
    assert found.next_step == f"Ask <@{EVE}> before you approve it."
    engine.press("Approve", by=BEN)
    engine.play_until(Phase.SUCCEEDED, engine.store.rollouts.recent(ENDPOINT)[0].id)
    assert kinds(engine) == [HoldKind.BY_PERSON], "a success does not lift what a person holds"


def test_a_second_hold_names_who_was_first(engine: Engine) -> None:
    engine.type(f"hold {ENDPOINT} --reason tests", by=EVE)
    assert f"@{EVE} holds {ENDPOINT} already" in answered(engine, f"hold {ENDPOINT} --reason more", by=ANNA)


def test_whoever_held_it_or_an_approver_lifts_it(engine: Engine) -> None:
    engine.type(f"hold {ENDPOINT} --reason tests", by=EVE)
    assert "lifting it is for an approver" in answered(engine, f"unhold {ENDPOINT}", by=ANNA)
    assert "lifted 1 hold" in answered(engine, f"unhold {ENDPOINT}", by=EVE)
    engine.type(f"hold {ENDPOINT} --reason tests", by=EVE)
    assert "lifted 1 hold" in answered(engine, f"unhold {ENDPOINT}", by=CARL)
    assert f"Nothing holds {ENDPOINT}" in answered(engine, f"unhold {ENDPOINT}", by=CARL)


def test_a_quarantine_is_lifted_by_an_approver_and_the_plan_is_silent_again(engine: Engine) -> None:
    rollout_id = refused(engine, (UPDATING, rolled_back(UNHEALTHY)))
    assert "holds" in findings(engine, 4)
    answer = answered(engine, f"unhold {ENDPOINT}", by=BEN)
    assert "quarantined" in answer
    assert rollout_id in answer
    assert holds(engine) == ()
    found = findings(engine, 4)
    assert "holds" not in found
    assert f"rollout {rollout_id} ended as" in found["failed_before"].text, "what is not held any more is still history"


def test_a_command_that_is_delivered_twice_is_answered_with_what_it_did(engine: Engine) -> None:
    for _ in range(2):
        engine.type(f"hold {ENDPOINT} --reason tests", by=EVE, delivery="trigger hold")
        engine.type(f"unhold {ENDPOINT}", by=EVE, delivery="trigger unhold")
    assert holds(engine) == ()
    assert not any("Nothing holds" in text for _, text in engine.slack.responses)


def test_a_way_back_past_its_rollout_holds_the_version_that_it_leaves(engine: Engine) -> None:
    engine.promoted(4)
    last = engine.promoted(5)
    engine.type(f"rollback {ENDPOINT} --to {CURRENT}", by=BEN)
    back = engine.store.rollouts.recent(ENDPOINT)[0].id
    assert engine.play_out(back) is Phase.ROLLED_BACK
    (hold,) = holds(engine)
    assert (hold.kind, hold.label, hold.actor, hold.rollout_id) == (HoldKind.HELD, "sentiment version 5", BEN, back)
    assert engine.phase(last) is Phase.SUCCEEDED


def test_a_hold_between_plan_and_approval_draws_a_fresh_plan(engine: Engine) -> None:
    rollout_id = engine.promote()
    engine.type(f"hold {ENDPOINT} --reason tests", by=EVE)
    engine.press("Approve", by=BEN)
    assert "a fresh plan takes its place" in told(engine, BEN)
    rollout = engine.rollout(rollout_id)
    assert rollout.phase is Phase.AWAITING_APPROVAL
    assert rollout.plan is not None
    assert "holds" in {finding.check for finding in rollout.plan.findings}
