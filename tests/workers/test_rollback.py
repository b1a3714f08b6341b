"""The way back: by button, by command, queued, from tags alone, and when it does not work."""

import pytest
from fakes.account import LANDED, MIXED, UPDATING, rolled_back
from fakes.engine import FLEET, Engine, a_config
from fakes.records import ANNA, BEN, CARL, CURRENT, ENDPOINT

from bot.domain.errand import ReplyTo
from bot.domain.errors import SlackRefused
from bot.domain.phases import Kind, Phase, Reason
from bot.domain.rollout import Rollout
from bot.grammar import Context

EVE = "U0EVE"


def rollbacks(engine: Engine) -> list[Rollout]:
    return [r for r in engine.store.rollouts.recent() if r.kind is Kind.ROLLBACK]


@pytest.fixture
def promoted(engine: Engine) -> str:
    return engine.promoted()


@pytest.mark.parametrize("by", [ANNA, CARL])
def test_the_button_brings_the_old_config_back_in_the_same_thread(engine: Engine, promoted: str, by: str) -> None:
    card = engine.slack.shown("card")
    engine.press("Roll back", by=by)
    assert "State: rolling back" in card.words
    assert engine.play_out(promoted) is Phase.ROLLED_BACK
    (child,) = rollbacks(engine)
    assert (child.phase, child.requester, child.parent_id) == (Phase.ROLLED_BACK, by, promoted)
    assert engine.endpoints.config == CURRENT
    assert engine.slack.slots() == ["card", "plan", "progress", "watch", "summary", "progress", "ending"]
    assert {p.thread_ts for p in engine.slack.posted if p is not card} == {card.ts}
    assert "State: rolled back" in card.words
    assert engine.slack.shown("summary").buttons == {}
    assert f"Rolled back to {CURRENT} by @{by}" in engine.slack.shown("summary").words
    assert engine.store.rollouts.lease_of(ENDPOINT) is None


def test_pressed_twice_it_is_one_rollback_and_an_answer(engine: Engine, promoted: str) -> None:
    summary = engine.slack.shown("summary")
    button = summary.buttons["Roll back"]
    engine.press("Roll back", by=ANNA)
    for who, words in ((CARL, "is being rolled back"), (BEN, "was rolled back")):
        summary.message.blocks[-1].update({"type": "actions", "elements": [button]})
        engine.press("Roll back", by=who, on=summary)
        assert f"It {words} already; <@U0ANNA> asked for it." in dict(engine.slack.whispers)[who]
        engine.play_out(promoted)
    assert len(rollbacks(engine)) == 1


def test_the_requester_goes_back_although_slack_does_not_say_who_is_in_a_group() -> None:
    engine = Engine(FLEET.replace(f"users: [{BEN}, {CARL}]", "groups: [S0MLOPS]"))
    try:
        engine.slack.groups = {"S0MLOPS": frozenset({BEN})}
        promoted = engine.promoted()
        engine.slack.fail("group_members", SlackRefused("usergroups.users.list", "missing_scope"))
        engine.press("Roll back", by=ANNA)
        assert engine.play_out(promoted) is Phase.ROLLED_BACK
    finally:
        engine.close()


def test_outsiders_may_not_roll_back(engine: Engine, promoted: str) -> None:
    engine.press("Roll back", by=EVE)
    assert "or an approver may roll it back" in dict(engine.slack.whispers)[EVE]
    assert engine.phase(promoted) is Phase.SUCCEEDED


def test_it_works_during_the_watch(engine: Engine) -> None:
    rollout_id = engine.promote()
    engine.press("Approve", by=BEN)
    engine.play_until(Phase.WATCHING, rollout_id)
    engine.settle()
    engine.press("Roll back", by=BEN)
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK
    assert "Watch ended early" in engine.slack.shown("watch").words


def test_a_rollout_that_a_newer_one_replaced_is_not_rolled_back(engine: Engine, promoted: str) -> None:
    old_summary = engine.slack.shown("summary")
    newer = engine.promote(5)
    engine.press("Approve", by=BEN)
    engine.play_until(Phase.SUCCEEDED, newer)
    engine.press("Roll back", by=BEN, on=old_summary)
    answer = dict(engine.slack.whispers)[BEN]
    assert f"Rollout {promoted} is superseded by rollout {newer} of <@{ANNA}>" in answer
    assert f"rollback {ENDPOINT}" in answer
    assert engine.endpoints.config == engine.rollout(newer).target_config


def test_the_button_works_from_tags_alone(engine: Engine, promoted: str) -> None:
    summary = engine.slack.shown("summary")
    engine.redis.flushall()
    engine.press("Roll back", by=BEN, on=summary)
    assert engine.play_out(promoted) is Phase.ROLLED_BACK
    assert engine.endpoints.config == CURRENT
    assert engine.slack.slots().count("card") == 1
    assert "State: rolled back" in engine.slack.shown("card").words


def test_the_requester_may_roll_back_from_tags_alone(engine: Engine, promoted: str) -> None:
    summary = engine.slack.shown("summary")
    engine.redis.flushall()
    engine.press("Roll back", by=EVE, on=summary)
    assert "may roll it back" in dict(engine.slack.whispers)[EVE]
    engine.press("Roll back", by=ANNA, on=summary)
    assert engine.play_out(promoted) is Phase.ROLLED_BACK


def test_the_command_works_from_tags_alone(engine: Engine, promoted: str) -> None:
    engine.redis.flushall()
    engine.type(f"rollback {ENDPOINT}", by=BEN)
    (child,) = rollbacks(engine)
    assert engine.play_out(child.id) is Phase.ROLLED_BACK
    engine.settle()
    assert engine.endpoints.config == CURRENT
    assert engine.phase(promoted) is Phase.ROLLED_BACK


@pytest.mark.parametrize("by", [ANNA, CARL])
def test_the_command_opens_a_card_and_needs_no_approval_of_those_who_may(
    engine: Engine, promoted: str, by: str
) -> None:
    engine.type(f"rollback {ENDPOINT}", by=by)
    (child,) = rollbacks(engine)
    assert engine.play_out(child.id) is Phase.ROLLED_BACK
    engine.play_out(promoted)
    cards = [p for p in engine.slack.posted if p.slot == "card"]
    assert ["State: rolled back" in c.words for c in cards] == [True, True]
    assert not any("Approve" in p.buttons for p in engine.slack.posted)
    assert engine.phase(promoted) is Phase.ROLLED_BACK


def test_the_command_of_an_outsider_asks_for_approval(engine: Engine, promoted: str) -> None:
    engine.type(f"rollback {ENDPOINT}", by=EVE)
    (child,) = rollbacks(engine)
    assert child.phase is Phase.AWAITING_APPROVAL
    assert engine.phase(promoted) is Phase.SUCCEEDED
    engine.press("Approve", by=BEN)
    assert engine.play_out(child.id) is Phase.ROLLED_BACK
    assert engine.play_out(promoted) is Phase.ROLLED_BACK


@pytest.mark.parametrize("is_forgotten", [False, True])
def test_an_approver_goes_back_to_a_named_config_that_the_endpoint_has_run(
    engine: Engine, promoted: str, is_forgotten: bool
) -> None:
    newer = engine.promoted(5)
    if is_forgotten:
        engine.redis.flushall()
    engine.type(f"rollback {ENDPOINT} --to {CURRENT}", by=BEN)
    (child,) = rollbacks(engine)
    assert engine.play_out(child.id) is Phase.ROLLED_BACK
    assert engine.endpoints.config == CURRENT
    assert engine.phase(newer) is Phase.SUCCEEDED


@pytest.mark.parametrize("by", [ANNA, BEN])
def test_nobody_alone_brings_a_config_to_an_endpoint_that_it_never_ran(engine: Engine, promoted: str, by: str) -> None:
    engine.endpoints.configs["of-another-endpoint"] = a_config("of-another-endpoint")
    engine.type(f"rollback {ENDPOINT} --to of-another-endpoint", by=by)
    (child,) = rollbacks(engine)
    assert child.phase is Phase.AWAITING_APPROVAL
    plan = next(p for p in reversed(engine.slack.posted) if p.slot == "plan")
    assert f"{ENDPOINT} never ran the config of-another-endpoint" in plan.words
    if by is BEN:
        engine.press("Approve", by=BEN)
        assert "somebody else has to approve it" in dict(engine.slack.whispers)[BEN]
    engine.press("Approve", by=CARL)
    assert engine.play_out(child.id) is Phase.ROLLED_BACK
    assert engine.phase(promoted) is Phase.SUCCEEDED


def test_a_requester_undoes_only_their_own_change_without_an_approver(engine: Engine, promoted: str) -> None:
    engine.promoted(5)
    engine.type(f"rollback {ENDPOINT} --to {CURRENT}", by=ANNA)
    (child,) = rollbacks(engine)
    assert child.phase is Phase.AWAITING_APPROVAL


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--to sentiment-v3", "sentiment-prod is on sentiment-v3 already, so there is nothing to roll back."),
        ("", "carries no tag that says what sentiment-prod ran before"),
    ],
)
def test_a_way_back_that_is_not_there_is_said(engine: Engine, options: str, words: str) -> None:
    engine.type(f"rollback {ENDPOINT} {options}", by=BEN)
    (child,) = rollbacks(engine)
    assert child.phase is Phase.BLOCKED
    assert words in engine.slack.shown("ending").words
    assert engine.store.rollouts.lease_of(ENDPOINT) is None


def test_a_deleted_config_is_no_way_back_and_nothing_moves(engine: Engine, promoted: str) -> None:
    del engine.endpoints.configs[CURRENT]
    engine.press("Roll back", by=BEN)
    assert "There is no way back to sentiment-v3" in dict(engine.slack.whispers)[BEN]
    assert engine.phase(promoted) is Phase.SUCCEEDED
    assert rollbacks(engine) == []
    assert engine.store.rollouts.lease_of(ENDPOINT) is None


def test_a_named_config_that_was_deleted_is_no_way_back(engine: Engine) -> None:
    engine.type(f"rollback {ENDPOINT} --to sentiment-v1", by=BEN)
    assert "There is no way back to sentiment-v1" in engine.slack.responses[-1][1]
    assert rollbacks(engine) == []


def test_a_rollback_that_aws_undid_can_be_tried_again(engine: Engine, promoted: str) -> None:
    engine.endpoints.plays((UPDATING, rolled_back("Insufficient capacity")))
    engine.press("Roll back", by=BEN)
    assert engine.play_out(promoted) is Phase.NEEDS_HUMAN
    (first,) = rollbacks(engine)
    assert (first.phase, first.last.reason) == (Phase.FAILED, Reason.ROLLBACK_FAILED)
    engine.press("Roll back", by=CARL)
    assert engine.play_out(promoted) is Phase.ROLLED_BACK
    assert len(rollbacks(engine)) == 2
    assert engine.endpoints.config == CURRENT


def test_a_mixed_fleet_is_repaired_by_the_button(engine: Engine) -> None:
    engine.endpoints.plays((UPDATING, MIXED), (UPDATING, LANDED))
    rollout_id = engine.promote()
    engine.press("Approve", by=BEN)
    assert engine.play_out(rollout_id) is Phase.NEEDS_HUMAN
    engine.endpoints.config = engine.rollout(rollout_id).target_config
    engine.press("Roll back", by=BEN)
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK
    assert engine.endpoints.config == CURRENT


def test_a_typed_rollback_during_an_update_says_what_can_be_done(engine: Engine) -> None:
    engine.endpoints.plays([UPDATING] * 50)
    rollout_id = engine.promote()
    engine.press("Approve", by=BEN)
    engine.play(lambda: engine.endpoints.updates != [])
    answer = engine.ask(f"rollback {ENDPOINT}")
    assert "SageMaker has no way to stop an update; cancel queues a rollback" in answer
    assert engine.phase(rollout_id) is Phase.UPDATING


def test_in_a_rollouts_thread_rollback_means_that_rollout(engine: Engine, promoted: str) -> None:
    context = engine.intake.context_of("C0WORK", engine.slack.shown("card").ts)
    newer = engine.promoted(5)
    engine.type("rollback", by=BEN, context=context)
    assert f"Rollout {promoted} is superseded by rollout {newer}" in engine.slack.responses[-1][1]
    assert rollbacks(engine) == []
    engine.type("rollback", by=BEN, context=Context(endpoint=ENDPOINT, rollout_id=newer))
    (child,) = rollbacks(engine)
    assert child.parent_id == newer
    engine.play_out(child.id)
    engine.type("rollback", by=BEN, context=Context(endpoint=ENDPOINT, rollout_id="rxxxxxxx"))
    assert "superseded" in engine.slack.responses[-1][1]


def test_a_plan_that_waits_gives_way_to_a_rollback(engine: Engine, promoted: str) -> None:
    waiting = engine.promote(5)
    engine.press("Roll back", by=BEN, on=engine.slack.shown("summary"))
    assert engine.rollout(waiting).last.reason is Reason.SUPERSEDED
    assert engine.play_out(promoted) is Phase.ROLLED_BACK


def test_a_terminal_asks_for_approval_because_it_is_nobody(engine: Engine, promoted: str) -> None:
    engine.type(
        f"rollback {ENDPOINT}", by="terminal:ops", reply=ReplyTo(user_id="terminal:ops", terminal="k", channel_id="C1")
    )
    (child,) = rollbacks(engine)
    assert child.phase is Phase.AWAITING_APPROVAL


def test_an_endpoint_whose_model_was_deleted_can_go_to_an_earlier_config(engine: Engine) -> None:
    rollout_id = engine.promoted()
    (gone,) = engine.rollout(rollout_id).plan.new_models.values()  # type: ignore[union-attr]
    del engine.endpoints.models[gone]
    assert "Name an earlier config whose models exist (rollback --to CONFIG)" in engine.ask(f"status {ENDPOINT}")
    engine.type(f"promote {ENDPOINT} --version 5")
    assert f"(rollback {ENDPOINT} --to CONFIG)" in engine.slack.shown("ending").words
    engine.type(f"rollback {ENDPOINT} --to {CURRENT}", by=BEN)
    (back,) = rollbacks(engine)
    assert engine.play_out(back.id) is Phase.ROLLED_BACK
    assert engine.endpoints.config == CURRENT


def test_a_plan_says_beforehand_that_nobody_is_sent_back_to_what_was_rolled_back_from(engine: Engine) -> None:
    rollout_id = engine.promoted()
    bad = engine.endpoints.config
    engine.press("Roll back", by=ANNA)
    engine.play_until(Phase.ROLLED_BACK, rollout_id)
    engine.endpoints.config = bad  # somebody brought it back in the console
    plan = engine.rollout(engine.promote(3)).plan
    assert plan is not None
    assert plan.readiness is not None
    assert f"{bad} is itself what rollout {rollout_id} was rolled back from." in plan.readiness.reasons
