"""Accepting a regression: whoever does so is named, may say why once, and nothing is rolled back by itself any more."""

import pytest
from fakes.clock import NOW
from fakes.records import ANNA, BEN, CARL, a_verdict, at

from bot.domain.acceptance import accept, explain_acceptance, refuse_if_may_not_explain
from bot.domain.errors import NotAllowed, UserError
from bot.domain.phases import Phase
from bot.domain.rejection import REASON_LIMIT
from bot.domain.rollout import Rollout
from bot.domain.verdict import VerdictKind
from bot.domain.watchplan import Acceptance

WORSE = a_verdict(VerdictKind.REGRESSED)
ASKED = at(Phase.WATCHING, worse_since=NOW, last_look=WORSE)
ENDED = at(Phase.SUCCEEDED, verdict=WORSE)


def reason_of(rollout: Rollout) -> str:
    assert rollout.acceptance is not None
    return rollout.acceptance.reason


@pytest.mark.parametrize("rollout", [ASKED, ENDED])
def test_a_regression_is_accepted_at_the_press(rollout: Rollout) -> None:
    accepted = accept(rollout, BEN, NOW, "e1")
    assert accepted.acceptance == Acceptance(actor=BEN, at=NOW, caused_by="e1")
    assert accepted.phase is rollout.phase
    assert accepted.was_moved_by("e1")


def test_it_may_still_be_accepted_when_a_later_look_says_otherwise() -> None:
    assert accept(ASKED.with_(last_look=a_verdict()), BEN, NOW).acceptance is not None


@pytest.mark.parametrize(
    "rollout", [at(Phase.WATCHING), at(Phase.SUCCEEDED), at(Phase.UPDATING), at(Phase.NEEDS_HUMAN, verdict=WORSE)]
)
def test_without_a_regression_there_is_nothing_to_accept(rollout: Rollout) -> None:
    with pytest.raises(UserError, match="Nothing says that this rollout regressed"):
        accept(rollout, BEN, NOW)


@pytest.mark.parametrize(
    ("phase", "words"), [(Phase.ROLLING_BACK, "is being rolled back"), (Phase.ROLLED_BACK, "was rolled back")]
)
def test_what_goes_back_cannot_be_accepted_any_more(phase: Phase, words: str) -> None:
    with pytest.raises(UserError, match=f"It {words} already"):
        accept(at(phase, worse_since=NOW, verdict=WORSE), BEN, NOW)


def test_the_second_is_told_who_was_first() -> None:
    with pytest.raises(UserError, match=f"<@{BEN}> accepted it already"):
        accept(accept(ASKED, BEN, NOW), CARL, NOW)


def test_whoever_accepted_says_why_once() -> None:
    accepted = accept(ASKED, BEN, NOW)
    assert explain_acceptance(accepted, BEN, " \n") is accepted
    told = explain_acceptance(accepted, BEN, "  a known trade-off\n")
    assert reason_of(told) == "a known trade-off"
    assert told.with_(acceptance=accepted.acceptance) == accepted
    assert explain_acceptance(told, BEN, "a known trade-off") is told
    with pytest.raises(UserError, match="stands in the thread already"):
        explain_acceptance(told, BEN, "on second thoughts")


def test_nobody_speaks_for_whoever_accepted() -> None:
    with pytest.raises(NotAllowed, match=f"Only <@{BEN}>, who accepted this, can say why"):
        explain_acceptance(accept(ASKED, BEN, NOW), ANNA, "fine")
    with pytest.raises(NotAllowed):
        refuse_if_may_not_explain(accept(ASKED, BEN, NOW), ANNA)


def test_what_nobody_accepted_needs_no_reason() -> None:
    with pytest.raises(UserError, match="Nobody accepted rollout rabc2345: it is watching"):
        explain_acceptance(ASKED, BEN, "fine")


def test_a_reason_is_a_few_sentences() -> None:
    assert len(reason_of(explain_acceptance(accept(ASKED, BEN, NOW), BEN, "x" * 3000))) == REASON_LIMIT
