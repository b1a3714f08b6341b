"""Whether autoscaling was changed behind the bot's back: what the last look saw against what there is now."""

from datetime import timedelta
from typing import Any

import pytest
from fakes.autoscales import autoscaling
from fakes.clock import NOW
from fakes.records import ENDPOINT, a_call, at
from fakes.surroundings import a_target

from bot.domain.phases import Phase
from bot.domain.plan import Difference
from bot.domain.rollout import Rollout
from bot.domain.saga import ScalingMode, ScalingSaga
from bot.domain.scaling import Scaling
from bot.domain.scaling_drift import autoscaling_doubt
from bot.domain.sighting import Sighting

DIFFERS = (Difference(path="autoscaling.max", before="4", after="8"),)
FOUR, SIX = (Scaling(targets=(a_target(ENDPOINT, minimum=1, maximum=n),)) for n in (4, 6))
LOOKED_AT = NOW - timedelta(minutes=1)


def seen(**fields: Any) -> Sighting:
    return Sighting(**{"endpoint": ENDPOINT, "basis": "b", "at": LOOKED_AT, "scaling": FOUR, **fields})


def doubt(
    now: Scaling = FOUR, before: Sighting | None = None, *past: Rollout, drift: tuple[Difference, ...] = DIFFERS
) -> str:
    return autoscaling_doubt(drift, now, past, before, NOW)


def test_where_the_file_changed_nobody_has_to_be_asked() -> None:
    assert doubt(FOUR, seen()) == ""


def test_where_it_moved_since_the_last_look_somebody_did_it() -> None:
    assert doubt(SIX, seen()).startswith("its autoscaling was changed outside the bot, noticed ")


@pytest.mark.parametrize("before", [None, seen(scaling=None)])
def test_what_nobody_saw_before_is_not_known(before: Sighting | None) -> None:
    assert "is not known" in doubt(FOUR, before)


def test_a_doubt_stays_as_long_as_it_differs_and_no_longer() -> None:
    assert doubt(FOUR, seen(autoscaling_doubt="by hand")) == "by hand"
    assert doubt(FOUR, seen(autoscaling_doubt="by hand"), drift=()) == ""


def test_what_a_rollout_of_ours_set_is_no_surprise() -> None:
    back = autoscaling(Phase.SUCCEEDED, update=a_call(), cutover_at=NOW)
    assert doubt(SIX, seen(autoscaling_doubt="by hand"), back) == ""
    long_ago = autoscaling(Phase.SUCCEEDED, update=None, cutover_at=NOW - timedelta(days=1))
    assert doubt(SIX, seen(), long_ago) != ""


def test_what_an_update_took_away_and_put_back_is_no_surprise_and_ends_no_doubt() -> None:
    saga = ScalingSaga(mode=ScalingMode.SUSPEND, targets=FOUR.targets, intended_at=NOW, taken_at=NOW, restored_at=NOW)
    updated = at(Phase.SUCCEEDED, scaling=saga)
    assert doubt(SIX, seen(), updated) == ""
    assert doubt(SIX, seen(autoscaling_doubt="by hand"), updated) == "by hand"
