"""The fleet file changes while rollouts are under way."""

from __future__ import annotations

from datetime import timedelta

from fakes.engine import FLEET, Engine
from fakes.records import BEN, ENDPOINT

from bot.domain.fleet import parse_fleet
from bot.domain.phases import Phase, Reason


def declares(engine: Engine, text: str) -> None:
    """What the fleet file says from now on."""
    object.__setattr__(engine.world, "fleet", parse_fleet(text, "fleet.yaml"))


def test_endpoint_that_vanishes_from_the_file_during_its_update_needs_a_person():
    engine = Engine()
    rollout_id = engine.promote()
    engine.press("Approve", by=BEN)
    engine.play_until(Phase.UPDATING, rollout_id)
    engine.play(lambda: engine.rollout(rollout_id).called_at is not None)
    declares(engine, FLEET.replace(ENDPOINT, "another"))
    engine.play_out(rollout_id)
    ended = engine.rollout(rollout_id)
    assert (ended.phase, ended.last.reason) == (Phase.NEEDS_HUMAN, Reason.NOT_IN_FLEET)


def test_endpoint_that_vanishes_from_the_file_before_its_update_is_not_touched():
    engine = Engine()
    rollout_id = engine.promote()
    declares(engine, FLEET.replace(ENDPOINT, "another"))
    engine.press("Approve", by=BEN)
    assert "There is no endpoint" in engine.slack.whispers[-1][-1]
    engine.play(lambda: not engine.rollout(rollout_id).is_active, limit=timedelta(hours=5))
    assert engine.phase(rollout_id) is Phase.EXPIRED
    assert engine.endpoints.updates == []
