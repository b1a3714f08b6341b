"""Who may keep automation away from an endpoint, and who lets it back."""

import pytest
from fakes.clock import NOW
from fakes.records import ANNA, BEN, CARL, ENDPOINT

from bot.domain.approval import Person
from bot.domain.errors import NotAllowed, UserError
from bot.domain.fleet import Approval
from bot.domain.hold import Hold, HoldKind
from bot.domain.holding import lifted, put_on

POLICY = Approval(users=(BEN,))
LATER = NOW.replace(hour=11)


def by(actor: str, **fields: object) -> Hold:
    given = {"kind": HoldKind.BY_PERSON, "endpoint": ENDPOINT, "since": NOW, "actor": actor, "reason": "tests"}
    return Hold.model_validate({**given, **fields})


OF_A_VERSION = by("bot", kind=HoldKind.HELD, package_arn="arn:group/4", rollout_id="r4")


def test_anybody_may_hold_also_beside_a_held_version() -> None:
    assert put_on([OF_A_VERSION], by(ANNA)) == by(ANNA)


def test_a_hold_of_ones_own_takes_another_reason_and_keeps_its_age() -> None:
    assert put_on([by(ANNA)], by(ANNA, since=LATER, reason="holidays")) == by(ANNA, reason="holidays")


def test_a_second_hold_would_say_nothing_new() -> None:
    with pytest.raises(UserError, match=rf"<@{ANNA}> holds {ENDPOINT} already \(tests\)\. Nothing was changed"):
        put_on([by(ANNA)], by(CARL))


def test_whoever_held_it_lifts_it() -> None:
    assert lifted([by(ANNA)], POLICY, Person(ANNA), ENDPOINT) == (by(ANNA),)


def test_an_approver_lifts_everything() -> None:
    standing = (by(ANNA), OF_A_VERSION)
    assert lifted(standing, POLICY, Person(BEN), ENDPOINT) == standing


@pytest.mark.parametrize("standing", [[by(ANNA)], [OF_A_VERSION], [by(CARL), OF_A_VERSION]])
def test_others_are_told_who_may(standing: list[Hold]) -> None:
    with pytest.raises(NotAllowed, match=f"lifting it is for an approver: <@{BEN}>"):
        lifted(standing, POLICY, Person(CARL), ENDPOINT)


def test_lifting_nothing_is_said() -> None:
    with pytest.raises(UserError, match=f"Nothing holds {ENDPOINT}"):
        lifted([], POLICY, Person(BEN), ENDPOINT)
