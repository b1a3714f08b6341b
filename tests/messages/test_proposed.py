"""What is said after a plan of the manager's own: whether it comes again, and how to have it at once."""

import pytest
from fakes.beginnings import LIFE_STORIES
from fakes.records import BEN, ENDPOINT, a_plan, at

from bot.domain.hold import hold_left_by
from bot.domain.phases import BOT_ACTOR, Kind, Phase, Reason
from bot.domain.rollout import Rollout
from bot.messages.card import render_card
from bot.messages.decision import outcome
from bot.messages.ending import render_ending
from bot.messages.plain import plain
from bot.messages.proposed import what_the_manager_does


def ended(phase: Phase, reason: Reason | None = None, **fields: object) -> Rollout:
    rollout = at(phase, requester=BOT_ACTOR)
    if reason is not None:
        last = rollout.last.model_copy(update={"reason": reason})
        rollout = rollout.with_(transitions=(*rollout.transitions[:-1], last))
    return rollout.with_(**fields)


@pytest.mark.parametrize(
    ("phase", "reason", "says"),
    [
        (Phase.REJECTED, None, "The same is not proposed again."),
        (Phase.CANCELLED, Reason.CANCELLED_BY_PERSON, "The same is not proposed again."),
        (Phase.EXPIRED, None, "If it is still wanted in a day, it is proposed again."),
        (Phase.BLOCKED, None, "It is tried again by itself, in an hour at first and then less often."),
        (Phase.FAILED, Reason.AWS_UNREACHABLE, "It is tried again by itself, in an hour at first and then less often."),
        (Phase.ROLLED_BACK_BY_AWS, Reason.ABORTED, "The same is not proposed again."),
    ],
)
def test_it_says_when_the_same_comes_again_and_how_to_have_it_now(phase: Phase, reason: Reason | None, says: str):
    assert what_the_manager_does(ended(phase, reason)) == f"{says} To have it at once: `sync {ENDPOINT}`"


def test_what_was_taken_back_comes_again_when_it_is_wanted():
    taken_back = ended(Phase.CANCELLED, Reason.NO_LONGER_WANTED)
    assert what_the_manager_does(taken_back) == "If it is wanted again, it is proposed again."


def test_an_update_that_failed_for_want_of_instances_says_that_it_comes_again_behind_the_cause():
    unlucky = ended(Phase.ROLLED_BACK_BY_AWS)
    last = unlucky.last.model_copy(update={"note": "InsufficientInstanceCapacity"})
    told = plain(render_ending(unlucky.with_(transitions=(*unlucky.transitions[:-1], last))))
    assert "AWS has no free instances of this type at the moment." in told
    assert (
        f"It is tried again by itself, in an hour at first and then less often. To have it at once: sync {ENDPOINT}"
        in told
    )
    assert "before you try this version again" not in told


def test_what_is_held_for_it_is_not_said_to_come_again():
    refused = ended(Phase.ROLLED_BACK_BY_AWS, plan=a_plan(content_hash="bad"))
    assert hold_left_by(refused) is not None
    assert what_the_manager_does(refused) == ""


def test_a_plan_that_was_overtaken_says_that_another_one_follows_if_need_be():
    overtaken = ended(Phase.FAILED, Reason.ENDPOINT_DRIFTED)
    assert what_the_manager_does(overtaken) == "If it is wanted again, it is proposed again."
    assert "same command" not in plain(render_ending(overtaken))


@pytest.mark.parametrize(
    "rollout",
    [
        at(Phase.EXPIRED),
        at(Phase.FAILED),
        ended(Phase.FAILED, Reason.NOT_IN_FLEET),
        ended(Phase.EXPIRED, wave_id="w1"),
        ended(Phase.EXPIRED, kind=Kind.ROLLBACK),
        ended(Phase.SUCCEEDED),
        ended(Phase.BLOCKED, Reason.NOTHING_TO_CHANGE),
    ],
)
def test_of_everything_else_it_says_nothing(rollout: Rollout):
    assert what_the_manager_does(rollout) == ""


def test_the_thread_of_such_a_plan_does_not_send_people_to_a_command_that_nobody_typed():
    message = render_ending(ended(Phase.EXPIRED))
    assert message is not None
    assert "sync" in plain(message)
    assert "same command" not in plain(message)


def test_its_plan_that_is_blocked_says_once_what_comes_next():
    assert outcome(ended(Phase.BLOCKED)) == "Cannot be approved until the blockers above are mended."
    assert outcome(at(Phase.BLOCKED)).endswith("Then ask again with the same command.")


def test_the_card_of_a_broken_endpoint_says_that_it_is_deleted_first():
    assert "delete the broken endpoint and create it with" in plain(
        render_card(LIFE_STORIES["creation of a failed one"])
    )
    assert "broken" not in plain(render_card(LIFE_STORIES["creation planning"]))


def test_what_was_taken_back_says_why_on_the_card_and_in_the_thread():
    taken_back = ended(Phase.CANCELLED, Reason.NO_LONGER_WANTED)
    last = taken_back.last.model_copy(update={"note": f"<@{BEN}> holds it: month end"})
    taken_back = taken_back.with_(transitions=(*taken_back.transitions[:-1], last))
    assert f"The bot took it back: @{BEN} holds it: month end." in plain(render_card(taken_back))
    told = render_ending(taken_back)
    assert told is not None
    assert f"Cancelled: the bot took it back, because @{BEN} holds it: month end." in plain(told)


def test_what_the_bot_may_do_by_itself_is_not_said_to_be_asked_for():
    assert outcome(at(Phase.WATCHING, requester=BOT_ACTOR, approval_needed=False, approvals=())) == (
        "Needed no further approval: here the bot may do this by itself"
    )
