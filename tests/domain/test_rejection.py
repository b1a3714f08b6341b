"""Why somebody said no: only they may say it, once, and the rejection stands without it."""

import pytest
from fakes.records import ANNA, BEN, CARL, approved_by, at

from bot.domain.errors import NotAllowed, UserError
from bot.domain.phases import Phase
from bot.domain.rejection import REASON_LIMIT, explain_rejection, refuse_if_may_not_explain, rejection_of
from bot.domain.rollout import Rollout

REJECTED = at(Phase.REJECTED)


def reason_of(rollout: Rollout) -> str:
    rejection = rejection_of(rollout)
    assert rejection is not None
    return rejection.reason


def test_the_rejecter_says_why_and_nothing_else_changes() -> None:
    explained = explain_rejection(REJECTED, BEN, "  too risky today\n")
    assert reason_of(explained) == "too risky today"
    assert explained.with_(approvals=REJECTED.approvals) == REJECTED


def test_approvals_before_the_rejection_are_kept() -> None:
    split = REJECTED.with_(approvals=(*approved_by(CARL), *REJECTED.approvals))
    explained = explain_rejection(split, BEN, "no")
    assert explained.approvals[0] == split.approvals[0]
    assert reason_of(explained) == "no"


@pytest.mark.parametrize("words", ["", "  \n "])
def test_no_words_change_nothing(words: str) -> None:
    assert explain_rejection(REJECTED, BEN, words) is REJECTED


def test_the_same_reason_twice_is_one() -> None:
    once = explain_rejection(REJECTED, BEN, "too risky")
    assert explain_rejection(once, BEN, "too risky") is once


def test_a_reason_that_people_may_have_read_is_not_replaced() -> None:
    once = explain_rejection(REJECTED, BEN, "too risky")
    with pytest.raises(UserError, match="stands in the thread already"):
        explain_rejection(once, BEN, "on second thoughts")


@pytest.mark.parametrize("words", ["no", ""])
def test_nobody_speaks_for_the_rejecter(words: str) -> None:
    with pytest.raises(NotAllowed, match=f"Only <@{BEN}>, who rejected this, can say why"):
        explain_rejection(REJECTED, ANNA, words)


def test_only_the_rejecter_is_asked() -> None:
    refuse_if_may_not_explain(REJECTED, BEN)
    with pytest.raises(NotAllowed, match=f"Only <@{BEN}>, who rejected this"):
        refuse_if_may_not_explain(REJECTED, ANNA)


@pytest.mark.parametrize("phase", [Phase.AWAITING_APPROVAL, Phase.SUCCEEDED, Phase.CANCELLED])
def test_what_was_not_rejected_needs_no_reason(phase: Phase) -> None:
    rollout = at(phase)
    assert rejection_of(rollout) is None
    with pytest.raises(UserError, match=f"was not rejected: it is {phase.words}"):
        explain_rejection(rollout, BEN, "no")


def test_a_reason_is_a_few_sentences_whatever_slack_lets_through() -> None:
    assert len(reason_of(explain_rejection(REJECTED, BEN, "x" * 3000))) == REASON_LIMIT
