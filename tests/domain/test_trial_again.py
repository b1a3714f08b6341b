"""A test that was over and is led back to is judged anew, and what people were told of it before is not forgotten."""

from datetime import timedelta

import pytest
from fakes.clock import NOW
from fakes.records import a_comparison
from fakes.trials import AGAIN, STOPPED, WORSE, a_trial_watch

from bot.domain.trial import TrialEnd, is_confirmed_worse, must_tell_again, taken_up

OVER = TrialEnd(at=NOW + timedelta(hours=1), config="sentiment-v3", kept="A")
LATER = NOW + timedelta(days=1)


@pytest.mark.parametrize("resumed_before", [None, NOW + timedelta(minutes=5)])
def test_only_its_own_numbers_count(resumed_before: object) -> None:
    over = a_trial_watch(WORSE, worse_looks=2, worse_since=NOW, resumed_at=resumed_before, end=OVER)
    again = taken_up(over, LATER)
    assert again.is_running
    assert again.compared_since == LATER
    assert not is_confirmed_worse(again)
    assert (again.comparison, again.worse_looks, again.looked_at) == (None, 0, None)


def test_a_b_that_was_found_worse_before_is_told_of_once_more() -> None:
    over = a_trial_watch(WORSE, worse_looks=2, worse_since=NOW, relapses=(AGAIN,), stop=STOPPED, end=OVER)
    again = taken_up(over, NOW)
    assert (again.worse_since, again.relapses, again.stop) == (NOW, (AGAIN,), STOPPED)
    told_long_ago = again.model_copy(update={"relapses": (AGAIN.model_copy(update={"at": NOW - timedelta(days=1)}),)})
    assert must_tell_again(
        told_long_ago.model_copy(update={"comparison": a_comparison(), "resumed_at": NOW - timedelta(hours=1)})
    )


def test_a_b_that_was_never_found_worse_may_still_be_stopped() -> None:
    again = taken_up(a_trial_watch(WORSE, worse_looks=1, end=OVER), LATER)
    assert (again.worse_since, again.resumed_at, again.worse_looks) == (None, None, 0)


def test_a_stop_that_was_never_carried_out_is_not_carried_out_on_old_numbers() -> None:
    undone = STOPPED.model_copy(update={"done_at": None})
    assert taken_up(a_trial_watch(WORSE, worse_since=NOW, stop=undone, end=OVER), LATER).stop is None
