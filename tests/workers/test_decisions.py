"""Buttons and commands of people: every one of them has its effect once, or an answer that says why not."""

import pytest
from fakes.engine import CHANNEL, FLEET, Engine
from fakes.failing import throttled
from fakes.records import ANNA, BEN, CARL, ENDPOINT

from bot.domain.errand import Click
from bot.domain.errors import RevisionConflict, SlackRefused, TransientError
from bot.domain.phases import Phase, Reason
from bot.grammar import Context

EVE = "U0EVE"


def told(engine: Engine, who: str) -> str:
    """The one thing that was said to that person alone."""
    ((_, text),) = [w for w in engine.slack.whispers if w[0] == who]
    return text


def test_an_approval_is_told_and_takes_the_buttons_away(engine: Engine) -> None:
    rollout_id = engine.promote()
    assert set(engine.slack.shown("plan").buttons) == {"Approve", "Reject", "Cancel"}
    engine.press("Approve", by=BEN)
    plan = engine.slack.shown("plan")
    assert plan.buttons == {}
    assert "Approved by @U0BEN" in plan.words
    assert engine.rollout(rollout_id).approvers() == (BEN,)


def test_the_same_click_delivered_twice_is_one_approval(engine: Engine) -> None:
    rollout_id = engine.promote()
    plan = engine.slack.shown("plan")
    value = plan.buttons["Approve"]["value"]
    for _ in range(2):
        engine.click(Click.APPROVE, value, by=BEN, on=plan, delivery="trigger x")
    assert engine.rollout(rollout_id).approvers() == (BEN,)
    assert engine.slack.whispers == []


def test_an_approval_of_somebody_who_may_approve_no_more_does_not_count_towards_the_quorum() -> None:
    engine = Engine(
        FLEET.replace(f"users: [{BEN}, {CARL}], quorum: 1", f"users: [{CARL}], groups: [S0MLOPS], quorum: 2")
    )
    try:
        engine.slack.groups = {"S0MLOPS": frozenset({BEN, EVE})}
        rollout_id = engine.promote()
        engine.press("Approve", by=BEN)
        engine.slack.groups = {"S0MLOPS": frozenset({EVE})}
        engine.press("Approve", by=CARL)
        assert engine.phase(rollout_id) is Phase.AWAITING_APPROVAL
        assert engine.rollout(rollout_id).approvers() == (CARL,)
        engine.press("Approve", by=EVE)
        assert engine.rollout(rollout_id).approvers() == (CARL, EVE)
        engine.play_until(Phase.WATCHING, rollout_id)
    finally:
        engine.close()


def test_an_errand_that_is_run_again_after_a_crash_has_no_second_effect(engine: Engine) -> None:
    rollout_id = engine.promote()
    plan = engine.slack.shown("plan")
    errands = engine.store.errands
    finish = errands.finish
    object.__setattr__(errands, "finish", lambda errand_id: None)  # the worker dies before it strikes the errand off
    engine.press("Approve", by=BEN, on=plan)
    object.__setattr__(errands, "finish", finish)
    approved = engine.rollout(rollout_id).approvals
    engine.play(lambda: engine.phase(rollout_id) is Phase.WATCHING)
    assert engine.rollout(rollout_id).approvals == approved
    assert engine.slack.whispers == []


def test_the_second_clicker_reads_who_was_first(engine: Engine) -> None:
    engine.promote()
    plan = engine.slack.shown("plan")
    value = plan.buttons["Approve"]["value"]
    engine.press("Approve", by=BEN)
    engine.click(Click.APPROVE, value, by=CARL, on=plan)
    assert told(engine, CARL).startswith("It was approved by <@U0BEN> already")
    assert "This changed nothing." in told(engine, CARL)


@pytest.mark.parametrize(("who", "words"), [(ANNA, "somebody else has to approve it"), (EVE, "You may not approve")])
def test_the_unauthorised_clicker_gets_an_answer_that_nobody_else_sees(engine: Engine, who: str, words: str) -> None:
    rollout_id = engine.promote()
    engine.press("Approve", by=who)
    assert words in told(engine, who)
    assert engine.phase(rollout_id) is Phase.AWAITING_APPROVAL


def test_approvers_are_found_through_handles_and_groups() -> None:
    engine = Engine(FLEET.replace(f"users: [{BEN}, {CARL}]", 'users: ["@dora"], groups: [S0MLOPS]'))
    engine.slack.handles["U0DORA"] = "dora"
    engine.slack.groups["S0MLOPS"] = frozenset({BEN})
    try:
        for approver in ("U0DORA", BEN):
            rollout_id = engine.promote()
            engine.press("Approve", by=EVE)
            assert engine.phase(rollout_id) is Phase.AWAITING_APPROVAL
            engine.press("Approve", by=approver)
            assert engine.phase(rollout_id) is not Phase.AWAITING_APPROVAL
            engine.play_out(rollout_id)
            engine.endpoints.config = "sentiment-v3"
    finally:
        engine.close()


def test_nobody_is_an_approver_by_accident() -> None:
    engine = Engine(FLEET.replace(f"users: [{BEN}, {CARL}]", "groups: [S0MLOPS]"))
    try:
        rollout_id = engine.promote()
        engine.slack.fail("group_members", SlackRefused("usergroups.users.list", "no_such_subteam"))
        engine.press("Approve", by=BEN)
        assert "cannot be looked up" in told(engine, BEN)
        assert engine.phase(rollout_id) is Phase.AWAITING_APPROVAL
    finally:
        engine.close()


def test_a_quorum_of_two_shows_who_is_missing() -> None:
    engine = Engine(FLEET.replace("quorum: 1", "quorum: 2"))
    try:
        rollout_id = engine.promote()
        engine.press("Approve", by=BEN)
        engine.tell()
        assert "Approved by @U0BEN so far. Needs 1 more approval" in engine.slack.shown("plan").words
        assert "1 more needed" in engine.slack.shown("card").words
        engine.press("Approve", by=BEN)
        assert "1 more approval is needed, from somebody else" in told(engine, BEN)
        engine.press("Approve", by=CARL)
        assert engine.rollout(rollout_id).approvers() == (BEN, CARL)
        assert engine.phase(rollout_id) is not Phase.AWAITING_APPROVAL
    finally:
        engine.close()


def test_two_people_at_once_are_both_heard() -> None:
    """The record moved between the look and the write of a click: the click looks again."""
    engine = Engine(FLEET.replace("quorum: 1", "quorum: 2"))
    commit, rollouts = engine.store.rollouts.commit, engine.store.rollouts
    try:
        rollout_id = engine.promote()
        plan = engine.slack.shown("plan")
        value = plan.buttons["Approve"]["value"]

        def overtaken(*args: object) -> object:
            object.__setattr__(rollouts, "commit", commit)
            raise RevisionConflict("somebody was faster")

        object.__setattr__(rollouts, "commit", overtaken)
        engine.click(Click.APPROVE, value, by=BEN, on=plan)
        engine.click(Click.APPROVE, value, by=CARL, on=plan)
        assert engine.rollout(rollout_id).approvers() == (BEN, CARL)
    finally:
        engine.close()


@pytest.mark.parametrize("who", [BEN, ANNA])
def test_a_rejected_plan_is_over(engine: Engine, who: str) -> None:
    rollout_id = engine.promote()
    engine.press("Reject", by=who)
    assert engine.play_out(rollout_id) is Phase.REJECTED
    assert f"Rejected by @{who}" in engine.slack.shown("plan").words
    assert engine.slack.shown("ending").words.startswith(f"Rejected by @{who}.")
    assert engine.endpoints.updates == []


def test_a_newer_plan_takes_the_place_of_one_that_waits(engine: Engine) -> None:
    first = engine.promote(4)
    old_plan = engine.slack.shown("plan")
    value = old_plan.buttons["Approve"]["value"]
    engine.clock.tick(engine.world.lease)
    second = engine.promote(5)
    assert engine.rollout(first).last.reason is Reason.SUPERSEDED
    assert engine.rollout(first).superseded_by == second
    assert old_plan.buttons == {}
    assert f"Replaced by rollout {second}" in old_plan.words
    engine.click(Click.APPROVE, value, by=BEN, on=old_plan)
    assert "it was cancelled" in told(engine, BEN)
    assert engine.phase(second) is Phase.AWAITING_APPROVAL


def test_a_change_of_an_endpoint_that_is_being_changed_waits_for_its_turn(engine: Engine) -> None:
    rollout_id = engine.promote()
    engine.press("Approve", by=BEN)
    engine.play(lambda: engine.phase(rollout_id) is Phase.UPDATING)
    engine.type(f"promote {ENDPOINT} --version 5")
    second = engine.store.rollouts.recent()[0]
    assert second.phase is Phase.PLANNING
    assert second.queued_behind == rollout_id
    engine.play(lambda: engine.phase(rollout_id) is Phase.SUCCEEDED)
    engine.play(lambda: engine.phase(second.id) is Phase.AWAITING_APPROVAL)
    assert engine.rollout(second.id).queued_behind is None


def test_the_same_command_delivered_twice_is_one_rollout(engine: Engine) -> None:
    first = engine.type(f"promote {ENDPOINT}", delivery="trigger x")
    second = engine.type(f"promote {ENDPOINT}", delivery="trigger x")
    assert first.message is not None
    assert second.message is None
    assert len(engine.store.rollouts.recent()) == 1
    assert engine.slack.slots() == ["card", "plan"]


def test_a_promote_errand_that_is_run_again_opens_nothing_new(engine: Engine) -> None:
    taken = engine.type(f"promote {ENDPOINT}")
    assert taken.errand_id is not None
    engine.redis.hdel(f"endpoint-bot:errand:{taken.errand_id}", "done")
    engine.parts.desk.run(taken.errand_id)
    engine.settle()
    assert len(engine.store.rollouts.recent()) == 1


@pytest.mark.parametrize("by", [ANNA, BEN])
@pytest.mark.parametrize("way", ["button", "command"])
def test_a_waiting_plan_is_cancelled_by_requester_or_approver(engine: Engine, by: str, way: str) -> None:
    rollout_id = engine.promote()
    if way == "button":
        engine.press("Cancel", by=by)
    else:
        engine.type(f"cancel {rollout_id}", by=by)
        assert engine.slack.responses[-1][1] == f"Rollout {rollout_id} is cancelled. {ENDPOINT} was not touched."
    assert engine.play_out(rollout_id) is Phase.CANCELLED
    assert engine.rollout(rollout_id).last.actor == by
    assert engine.store.rollouts.lease_of(ENDPOINT) is None


def test_others_may_not_cancel(engine: Engine) -> None:
    rollout_id = engine.promote()
    engine.press("Cancel", by=EVE)
    assert "may cancel it" in told(engine, EVE)
    engine.type(f"cancel {rollout_id}", by=EVE)
    assert "Only @U0ANNA, who asked for this, or an approver may cancel it" in engine.slack.responses[-1][1]
    assert engine.phase(rollout_id) is Phase.AWAITING_APPROVAL


def test_cancel_while_the_config_is_being_made_touches_nothing(engine: Engine) -> None:
    rollout_id = engine.promote()
    engine.endpoints.fail("create_model", *[throttled("CreateModel")] * 3)
    engine.press("Approve", by=BEN)
    assert engine.phase(rollout_id) is Phase.PREPARING
    engine.press("Cancel", by=ANNA)
    assert engine.play_out(rollout_id) is Phase.CANCELLED
    assert engine.endpoints.updates == []
    assert engine.slack.shown("progress").buttons == {}


@pytest.mark.parametrize("way", ["button", "command"])
def test_cancel_before_sagemaker_took_the_update_calls_nothing(engine: Engine, way: str) -> None:
    rollout_id = engine.promote()
    engine.endpoints.fail("update", *[throttled("UpdateEndpoint")] * 50)
    engine.press("Approve", by=BEN)
    assert engine.phase(rollout_id) is Phase.UPDATING
    if way == "button":
        engine.press("Cancel", by=ANNA)
    else:
        assert "stops before its update: SageMaker is not asked" in engine.ask(f"cancel {rollout_id}")
    assert engine.play_out(rollout_id) is Phase.CANCELLED
    assert engine.endpoints.updates == []


@pytest.mark.parametrize("way", ["button", "command"])
def test_cancel_during_the_update_queues_the_way_back(engine: Engine, way: str) -> None:
    rollout_id = engine.promote()
    engine.press("Approve", by=BEN)
    engine.play(lambda: engine.endpoints.updates != [])
    if way == "button":
        engine.press("Cancel", by=ANNA)
        engine.tell()
        assert "A rollback is queued by @U0ANNA" in engine.slack.shown("progress").words
    else:
        engine.type(f"cancel {rollout_id}")
        assert "A rollback of" in engine.slack.responses[-1][1]
        assert "is queued for the moment it settles" in engine.slack.responses[-1][1]
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK
    assert engine.endpoints.config == "sentiment-v3"
    assert len(engine.endpoints.updates) == 2


LATE = [
    (Phase.WATCHING, "so there is nothing to cancel. Nothing was changed. Press Roll back to undo it."),
    (Phase.SUCCEEDED, "It was approved by @U0BEN already, and its state is “succeeded”."),
]


@pytest.mark.parametrize(("phase", "words"), LATE)
def test_cancel_comes_too_late(engine: Engine, phase: Phase, words: str) -> None:
    rollout_id = engine.promote()
    engine.press("Approve", by=BEN)
    engine.play_until(phase, rollout_id)
    assert words in engine.ask(f"cancel {rollout_id}")
    assert engine.phase(rollout_id) is phase


def test_in_a_rollouts_thread_a_command_needs_no_id(engine: Engine) -> None:
    rollout_id = engine.promote()
    card = engine.slack.shown("card")
    context = engine.intake.context_of(CHANNEL, card.ts)
    assert context == Context(endpoint=ENDPOINT, rollout_id=rollout_id)
    assert engine.intake.context_of(CHANNEL, "9.9") is None
    assert engine.intake.context_of(CHANNEL, None) is None
    engine.type("cancel", context=context)
    assert engine.phase(rollout_id) is Phase.CANCELLED


def test_a_plan_that_the_store_forgot_says_so_and_loses_its_buttons(engine: Engine) -> None:
    rollout_id = engine.promote()
    card, plan = engine.slack.shown("card"), engine.slack.shown("plan")
    assert plan.buttons
    engine.redis.flushall()
    engine.press("Approve", by=BEN, on=plan)
    unknown = f"Rollout {rollout_id} is not known any more: the store was emptied since."
    assert told(engine, BEN) == f"{unknown} Nothing was changed. If the change is still wanted, type its command again."
    for message in (card, plan):
        assert message.words.startswith(f"{unknown} Nobody can decide on its plan.")
        assert not message.buttons


def test_a_forgotten_plan_names_the_one_that_is_open_by_now(engine: Engine) -> None:
    engine.promote()
    plan = engine.slack.shown("plan")
    engine.redis.flushall()
    newer = engine.promote()
    engine.press("Reject", by=BEN, on=plan)
    assert f"Rollout {newer} of {ENDPOINT} is awaiting approval; its own card tells the rest." in told(engine, BEN)
    assert engine.phase(newer) is Phase.AWAITING_APPROVAL


def test_a_forgotten_plan_keeps_its_buttons_while_slack_does_not_answer(engine: Engine) -> None:
    engine.promote()
    plan = engine.slack.shown("plan")
    engine.redis.flushall()
    engine.slack.fail("find_own", TransientError("conversations.history", "no answer"))
    engine.press("Approve", by=BEN, on=plan)
    assert "is not known any more" in told(engine, BEN)
    assert plan.buttons


def test_an_unknown_rollout_cannot_be_cancelled(engine: Engine) -> None:
    assert "There is no rollout “rxxxxxxx”." in engine.ask("cancel rxxxxxxx")


def test_temporary_trouble_is_tried_again_and_then_told(engine: Engine) -> None:
    engine.promote()
    engine.endpoints.fail("describe", *[throttled("DescribeEndpoint")] * 3)
    engine.type(f"plan {ENDPOINT}")
    engine.play(lambda: bool(engine.slack.responses))
    assert engine.slack.responses[-1][1].startswith("Plan for")
    engine.slack.responses.clear()
    engine.endpoints.fail("describe", *[throttled("DescribeEndpoint")] * 50)
    engine.type(f"plan {ENDPOINT}")
    engine.play(lambda: bool(engine.slack.responses))
    assert "Nothing was changed; try again in a minute." in engine.slack.responses[-1][1]


def test_an_errand_that_always_crashes_ends_with_an_answer(engine: Engine) -> None:
    engine.registry.fail("list_versions", *[RuntimeError("a bug") for _ in range(50)])
    engine.type(f"plan {ENDPOINT}")
    engine.play(lambda: bool(engine.slack.responses))
    told_at_last = engine.slack.responses[-1][1]
    assert "The bot failed at this; its log has the particulars" in told_at_last
    assert told_at_last.endswith("look at status before you try again.")
    engine.play(lambda: False)
    assert engine.next_due() is None
