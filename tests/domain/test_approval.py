"""Who may decide about a plan, and what the unauthorised, the late and the second clicker read."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from fakes.clock import NOW
from fakes.records import ANNA, BEN, CARL, approved_by, at, rollback_at

from bot.domain.approval import (
    Person,
    already_decided,
    approve,
    describe_approvers,
    is_approver,
    refuse_if_may_not_steer,
    reject,
)
from bot.domain.errand import ButtonValue
from bot.domain.errors import NotAllowed, StalePlan, UserError
from bot.domain.fleet import Approval
from bot.domain.phases import Phase, Reason
from bot.domain.rollout import Rollout
from bot.domain.rollout_parts import ApprovalChoice

POLICY = Approval(users=(ANNA, BEN, CARL, "@dora"), groups=("S0MLOPS", "@on-call"))
TWO = POLICY.model_copy(update={"quorum": 2})
SEEN = ButtonValue(rollout_id="rabc2345", endpoint="sentiment-prod", fingerprint="0123456789abcdef")
ASK_AGAIN = "Ask again with the same command if it is still wanted."
Decide = Callable[..., Rollout]


def waiting(**fields: object) -> Rollout:
    return at(Phase.AWAITING_APPROVAL, **fields)


@pytest.mark.parametrize(
    "person",
    [
        Person(BEN),
        Person("U0X", handle="dora"),
        Person("U0X", groups=frozenset({"S0MLOPS"})),
        Person("U0X", groups=frozenset({"@on-call"})),
    ],
)
def test_the_policy_names_people_by_id_by_handle_and_through_groups(person: Person) -> None:
    assert is_approver(POLICY, person)
    assert approve(waiting(), POLICY, person, SEEN, NOW).phase is Phase.PREPARING


@pytest.mark.parametrize(
    "person", [Person("U0X"), Person("U0X", "eve"), Person("dora"), Person("U0X", groups=frozenset({"S1"}))]
)
def test_nobody_else_is_an_approver(person: Person) -> None:
    assert not is_approver(POLICY, person)


def test_requester_cannot_approve_own_plan() -> None:
    with pytest.raises(NotAllowed, match=f"somebody else has to approve it: <@{ANNA}>.*Nothing was changed"):
        approve(waiting(), POLICY, Person(ANNA), SEEN, NOW)


def test_requester_may_approve_where_the_fleet_file_says_so() -> None:
    own = POLICY.model_copy(update={"requester_may_approve": True})
    assert approve(waiting(), own, Person(ANNA), SEEN, NOW).phase is Phase.PREPARING


def test_a_requester_who_is_no_approver_never_approves() -> None:
    only_ben = Approval(users=(BEN,), requester_may_approve=True)
    with pytest.raises(NotAllowed, match=f"Ask <@{BEN}>"):
        approve(waiting(), only_ben, Person(ANNA), SEEN, NOW)


@pytest.mark.parametrize("decide", [approve, reject])
def test_an_outsider_decides_nothing_and_reads_whom_to_ask(decide: Decide) -> None:
    with pytest.raises(NotAllowed) as refused:
        decide(waiting(), POLICY, Person("U0X"), SEEN, NOW)
    assert refused.value.user_message == (
        f"You may not {decide.__name__} changes of this endpoint. "
        f"Ask <@{ANNA}>, <@{BEN}>, <@{CARL}>, @dora, <!subteam^S0MLOPS> or @on-call. Nothing was changed."
    )


def test_approval_moves_the_plan_on_in_the_approvers_name() -> None:
    approved = approve(waiting(), POLICY, Person(BEN), SEEN, NOW, "errand-1")
    assert (approved.last.reason, approved.last.actor, approved.last.at) == (Reason.APPROVED, BEN, NOW)
    assert approved.was_moved_by("errand-1")
    assert approved.approvers() == (BEN,)


def test_an_approved_rollback_begins_at_once() -> None:
    assert (
        approve(rollback_at(Phase.AWAITING_APPROVAL, requester=ANNA), POLICY, Person(BEN), SEEN, NOW).phase
        is Phase.ROLLING_BACK
    )


def test_a_quorum_of_two_needs_two_different_people() -> None:
    once = approve(waiting(), TWO, Person(BEN), SEEN, NOW, "errand-1")
    assert once.phase is Phase.AWAITING_APPROVAL
    assert once.was_moved_by("errand-1")
    with pytest.raises(UserError, match="You approved this already; 1 more approval is needed, from somebody else"):
        approve(once, TWO, Person(BEN), SEEN, NOW)
    three = POLICY.model_copy(update={"quorum": 3})
    with pytest.raises(UserError, match="2 more approvals are needed"):
        approve(once, three, Person(BEN), SEEN, NOW)
    assert approve(once, TWO, Person(CARL), SEEN, NOW).approvers() == (BEN, CARL)


def test_an_approval_counts_only_for_the_plan_that_was_seen() -> None:
    old = SEEN.model_copy(update={"fingerprint": "an older plan"})
    with pytest.raises(StalePlan, match="A newer plan took its place"):
        approve(waiting(), POLICY, Person(BEN), old, NOW)
    with pytest.raises(StalePlan):
        approve(waiting(), POLICY, Person(BEN), SEEN.model_copy(update={"fingerprint": ""}), NOW)


@pytest.mark.parametrize("decide", [approve, reject])
def test_nobody_decides_after_the_plan_lapsed(decide: Decide) -> None:
    rollout = waiting(approvals=approved_by(CARL))
    assert decide(rollout, TWO, Person(BEN), SEEN, rollout.expires_at - timedelta(microseconds=1))
    with pytest.raises(UserError, match="the time to approve it is over"):
        decide(rollout, TWO, Person(BEN), SEEN, rollout.expires_at)


@pytest.mark.parametrize("person", [Person(BEN), Person(ANNA)])
def test_an_approver_and_the_requester_may_reject(person: Person) -> None:
    rejected = reject(waiting(), POLICY, person, SEEN, NOW, "errand-1")
    assert (rejected.phase, rejected.last.actor) == (Phase.REJECTED, person.id)
    assert rejected.approvals[-1].choice is ApprovalChoice.REJECT
    assert rejected.approvers() == ()
    assert rejected.was_moved_by("errand-1")


@pytest.mark.parametrize(
    ("phase", "words"),
    [
        (Phase.PLANNING, "the plan is still being made. Decide on it when it stands in the thread."),
        (Phase.AWAITING_APPROVAL, f"the time to approve it is over. {ASK_AGAIN}"),
        (Phase.SCHEDULED, "it is approved, and waits for its time. Cancel stands below the plan."),
        (Phase.REJECTED, f"it was rejected by <@{BEN}>. {ASK_AGAIN}"),
        (Phase.EXPIRED, f"nobody approved it in time, so it expired. {ASK_AGAIN}"),
        (Phase.CANCELLED, f"it was cancelled. {ASK_AGAIN}"),
        (Phase.BLOCKED, f"preflight found something that must be mended first. {ASK_AGAIN}"),
    ],
)
def test_the_late_clicker_reads_what_became_of_the_plan(phase: Phase, words: str) -> None:
    text = already_decided(at(phase, approvals=approved_by(CARL)))
    assert text == f"This changed nothing: {words}"


@pytest.mark.parametrize("phase", [Phase.PREPARING, Phase.UPDATING, Phase.WATCHING, Phase.SUCCEEDED, Phase.NEEDS_HUMAN])
def test_the_second_approver_reads_who_was_first_and_where_it_stands(phase: Phase) -> None:
    text = already_decided(at(phase, approvals=approved_by(BEN, CARL)))
    assert text == (
        f"It was approved by <@{BEN}> and <@{CARL}> already, and its state is “{phase.words}”. This changed nothing."
    )


def test_a_rollback_that_needed_no_approval_says_where_it_stands() -> None:
    assert "its state is “rolling back”" in already_decided(rollback_at(Phase.ROLLING_BACK))


@pytest.mark.parametrize("person", [Person(ANNA), Person("U0X", handle="dora")])
def test_requester_and_approvers_may_cancel_and_roll_back(person: Person) -> None:
    refuse_if_may_not_steer(at(Phase.SUCCEEDED), Approval(users=("@dora",)), person, "roll it back")


def test_others_may_not_steer_and_read_who_may() -> None:
    with pytest.raises(NotAllowed) as refused:
        refuse_if_may_not_steer(at(Phase.SUCCEEDED), Approval(users=(BEN,)), Person(CARL), "roll it back")
    assert refused.value.user_message == (
        f"Only <@{ANNA}>, who asked for this, or an approver may roll it back: <@{BEN}>. Nothing was changed."
    )


def test_a_policy_without_approvers_says_so() -> None:
    assert describe_approvers(Approval()) == "nobody: the fleet file names no approver"
