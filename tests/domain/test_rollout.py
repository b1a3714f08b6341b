"""The record: phases move along TRANSITIONS only, and everything survives JSON."""

from itertools import product

import pytest
from fakes.clock import NOW
from fakes.records import ANNA, BEN, LONG_AGO, approved_by, at, opened, rollback_at

from bot.domain.errors import IllegalTransition
from bot.domain.phases import ACTIVE_PHASES, TRANSITIONS, WAITING_PHASES, Phase, Reason
from bot.domain.rollout import Rollout


@pytest.mark.parametrize(("before", "after"), list(product(Phase, Phase)))
def test_only_listed_transitions_are_possible(before: Phase, after: Phase) -> None:
    rollout = at(before)
    if after in TRANSITIONS[before]:
        assert rollout.to(after, Reason.REQUESTED, NOW, ANNA).phase is after
    else:
        with pytest.raises(IllegalTransition, match=f"{before} → {after}"):
            rollout.to(after, Reason.REQUESTED, NOW, ANNA)


def test_every_phase_reads_as_words() -> None:
    assert Phase.ROLLED_BACK_BY_AWS.words == "rolled back by AWS"
    assert Phase.AWAITING_APPROVAL.words == "awaiting approval"
    assert all("_" not in phase.words for phase in Phase)


@pytest.mark.parametrize("phase", list(Phase))
def test_a_rollout_survives_the_store(phase: Phase) -> None:
    rollout = at(phase, note="why")
    assert Rollout.model_validate_json(rollout.model_dump_json()) == rollout
    assert rollout.is_active is (phase in ACTIVE_PHASES)
    assert rollout.is_waiting is (phase in WAITING_PHASES)


def test_a_rollout_begins_with_the_request() -> None:
    rollout = opened()
    assert (rollout.phase, rollout.last.reason, rollout.last.actor) == (Phase.PLANNING, Reason.REQUESTED, ANNA)
    assert rollout.expires_at > rollout.created_at


def test_it_remembers_when_it_first_came_into_a_phase() -> None:
    rollout = at(Phase.UPDATING)
    assert rollout.entered(Phase.UPDATING) == NOW
    assert rollout.entered(Phase.WATCHING) is None
    assert rollout.entered(Phase.PLANNING) != LONG_AGO


def test_it_knows_which_errands_moved_it() -> None:
    moved = at(Phase.SUCCEEDED).to(Phase.ROLLING_BACK, Reason.ROLLBACK_REQUESTED, NOW, BEN, caused_by="errand-1")
    assert moved.was_moved_by("errand-1")
    assert not moved.was_moved_by("errand-2")


def test_rejections_are_no_approvals() -> None:
    assert at(Phase.REJECTED).approvers() == ()
    assert at(Phase.PREPARING, approvals=approved_by(BEN)).approvers() == (BEN,)


def test_the_target_is_that_of_the_plan() -> None:
    assert rollback_at(Phase.ROLLING_BACK).target_config == "sentiment-v3"
