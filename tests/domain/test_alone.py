"""What may begin without a click."""

import pytest
from fakes.records import ANNA, BEN, a_plan, at

from bot.domain.alone import may_begin_alone
from bot.domain.fleet import Approval
from bot.domain.phases import Kind, Phase
from bot.domain.plan import Finding, Level
from bot.domain.rollout import Rollout

POLICY = Approval(users=(BEN,))
HELD = a_plan(findings=(Finding(check="holds", level=Level.WARNING, text="Somebody holds this endpoint."),))


def waiting(**fields: object) -> Rollout:
    return at(Phase.AWAITING_APPROVAL, approval_needed=False).with_(**fields)


def test_what_the_policy_brings_needs_no_click():
    assert may_begin_alone(waiting(), POLICY)


@pytest.mark.parametrize(
    "fields",
    [
        {"approval_needed": True},
        {"plan": None},
        {"plan": a_plan(irreversible=("The model model-v3 was deleted.",))},
        {"kind": Kind.TEARDOWN},
        {"plan": HELD},
    ],
)
def test_what_was_asked_for_cannot_be_undone_deletes_or_is_held_needs_people(fields: dict[str, object]):
    assert not may_begin_alone(waiting(**fields), POLICY)


def test_the_approvers_of_a_wave_vouch_for_what_takes_no_more_of_them():
    assert may_begin_alone(waiting(vouched_by=(ANNA,)), POLICY)
    assert may_begin_alone(waiting(vouched_by=(ANNA,), plan=HELD), POLICY)
    assert not may_begin_alone(waiting(vouched_by=(ANNA,)), POLICY.model_copy(update={"quorum": 2}))
