"""When an approved change begins."""

from datetime import UTC, datetime, timedelta

import pytest
from fakes.clock import NOW
from fakes.records import ANNA, BEN, CARL, ENDPOINT, approved_by, at, rollback_at

from bot.domain.approval import Person, approve, counted, policy_for, run_now
from bot.domain.errand import ButtonValue
from bot.domain.errors import NotAllowed, UserError
from bot.domain.fleet import Approval
from bot.domain.fleet.approving import StrongerApproval
from bot.domain.fleet.windows import parse_window
from bot.domain.phases import Phase, Reason
from bot.domain.starting import Start, start_of, written

HOUR = timedelta(hours=1)
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
WEEKDAYS = (parse_window("Mon-Fri 09:00-17:00 UTC"),)
POLICY = Approval(users=(BEN, CARL))

STARTS = [
    ((), None, None),
    ((), NOW, None),
    ((), NOW - HOUR, None),
    ((), NOW + HOUR, Start(at=NOW + HOUR, reason=Reason.APPROVED)),
    (WEEKDAYS, None, Start(at=MONDAY, reason=Reason.OUTSIDE_WINDOW)),
    (WEEKDAYS, NOW - HOUR, Start(at=MONDAY, reason=Reason.OUTSIDE_WINDOW)),
    (WEEKDAYS, MONDAY + HOUR, Start(at=MONDAY + HOUR, reason=Reason.APPROVED)),
    (WEEKDAYS, MONDAY + 8 * HOUR, Start(at=MONDAY + 24 * HOUR, reason=Reason.OUTSIDE_WINDOW)),
]


@pytest.mark.parametrize(("windows", "wanted", "start"), STARTS)
def test_a_change_begins_when_it_shall_and_when_it_may(
    windows: tuple[object, ...], wanted: datetime | None, start: Start | None
) -> None:
    assert start_of(windows, wanted, NOW, by_approver=False) == start  # type: ignore[arg-type]


def test_inside_its_window_it_begins_at_once() -> None:
    assert start_of(WEEKDAYS, None, MONDAY + HOUR, by_approver=True) is None


def test_who_chose_the_time_is_remembered() -> None:
    chosen = start_of((), NOW + HOUR, NOW, by_approver=True)
    assert chosen is not None
    assert chosen.reason is Reason.SCHEDULED_BY_APPROVER


def test_an_instant_is_written_in_utc() -> None:
    tokyo = datetime.fromisoformat("2026-11-23T18:00:00+09:00")
    assert written(tokyo) == "Mon 23 Nov 09:00 UTC"


def test_run_now_begins_a_scheduled_change() -> None:
    begun = run_now(at(Phase.SCHEDULED), POLICY, Person(CARL), None, NOW, "errand")
    assert (begun.phase, begun.scheduled_for, begun.last.actor) == (Phase.PREPARING, None, CARL)
    assert begun.was_moved_by("errand")


def test_only_an_approver_runs_it_now() -> None:
    with pytest.raises(NotAllowed, match="You may not start changes of this endpoint"):
        run_now(at(Phase.SCHEDULED), POLICY, Person(ANNA), None, NOW)


def test_what_waits_for_nothing_is_not_run_now() -> None:
    with pytest.raises(UserError, match="its state is “watching”"):
        run_now(at(Phase.WATCHING), POLICY, Person(BEN), None, NOW)


def test_a_closed_window_is_not_opened_by_run_now() -> None:
    closed = Start(at=MONDAY, reason=Reason.OUTSIDE_WINDOW)
    with pytest.raises(UserError, match="closed until Mon 23 Nov 09:00 UTC"):
        run_now(at(Phase.SCHEDULED), POLICY, Person(BEN), closed, NOW)


WHY = ("From serverless to instances there is no way back.",)


def test_what_can_be_undone_takes_the_usual_policy() -> None:
    assert policy_for(POLICY, ()) is POLICY


def test_what_cannot_be_undone_takes_two_people_and_never_the_requester() -> None:
    own = POLICY.model_copy(update={"requester_may_approve": True})
    stronger = policy_for(own, WHY)
    assert (stronger.quorum, stronger.requester_may_approve, stronger.users) == (2, False, (BEN, CARL))


def test_the_stronger_policy_names_its_own_people_and_never_fewer_of_them() -> None:
    named = Approval(users=(BEN,), quorum=3, irreversible=StrongerApproval(groups=("S0BOARD",), quorum=2))
    stronger = policy_for(named, WHY)
    assert (stronger.users, stronger.groups, stronger.quorum) == ((), ("S0BOARD",), 3)


SEEN = ButtonValue(rollout_id="rabc2345", endpoint=ENDPOINT, fingerprint="0123456789abcdef")
LATER = Start(at=NOW + HOUR, reason=Reason.SCHEDULED_BY_APPROVER, is_chosen=True)


def test_an_approval_for_later_waits_for_its_time() -> None:
    approved = approve(at(Phase.AWAITING_APPROVAL), POLICY, Person(BEN), SEEN, NOW, start=LATER)
    assert (approved.phase, approved.last.reason) == (Phase.SCHEDULED, Reason.SCHEDULED_BY_APPROVER)
    assert approved.scheduled_for == NOW + HOUR


def test_a_time_that_one_of_two_approvers_chose_is_kept_for_the_other() -> None:
    two = POLICY.model_copy(update={"quorum": 2})
    chosen = approve(at(Phase.AWAITING_APPROVAL), two, Person(BEN), SEEN, NOW, start=LATER)
    assert (chosen.phase, chosen.scheduled_for) == (Phase.AWAITING_APPROVAL, NOW + HOUR)
    not_chosen = LATER.model_copy(update={"is_chosen": False})
    assert approve(at(Phase.AWAITING_APPROVAL), two, Person(BEN), SEEN, NOW, start=not_chosen).scheduled_for is None


def test_an_approved_rollback_is_on_its_way_at_once() -> None:
    approved = approve(rollback_at(Phase.AWAITING_APPROVAL), POLICY, Person(CARL), SEEN, NOW)
    assert approved.phase is Phase.ROLLING_BACK


@pytest.mark.parametrize(("may", "left"), [(True, (ANNA, BEN)), (False, (BEN,))])
def test_approvals_are_counted_by_the_policy_of_now(may: bool, left: tuple[str, ...]) -> None:
    rollout = at(Phase.AWAITING_APPROVAL, approvals=approved_by(ANNA, BEN, CARL))
    policy = Approval(users=(ANNA, BEN), requester_may_approve=may)
    people = [Person(ANNA), Person(BEN), Person(CARL)]
    assert counted(rollout, policy, people).approvers() == left
