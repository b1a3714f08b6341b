"""What was found again after the store was emptied is never asked for a second time, whatever SageMaker shows; a way back may be."""

from datetime import timedelta

import pytest
from fakes.clock import NOW
from fakes.records import CURRENT, TARGET, a_call, a_plan, a_snapshot, at, rollback_at

from bot.domain.phases import Kind, Phase, Reason
from bot.domain.reconcile import Action, Decision, Observation, decide
from bot.domain.rollout import Rollout
from bot.domain.rollout_parts import CountChange

LATER = NOW + timedelta(minutes=30)
CALLS = {Action.CALL_UPDATE, Action.SET_COUNTS, Action.CREATE_ENDPOINT, Action.DELETE_ENDPOINT}
FORGOTTEN = {"restored": True, "revived_at": NOW, "update": a_call()}


def forgotten(kind: Kind) -> Rollout:
    """Its call was written down, and nobody knows whether it was made."""
    plan = {
        Kind.CREATE: a_plan(current_config=""),
        Kind.TEARDOWN: a_plan(target_config="", new_models={}),
        Kind.SCALE: a_plan(target_config=CURRENT, new_models={}),
    }.get(kind, a_plan())
    change = CountChange(variant="AllTraffic", count=3) if kind is Kind.SCALE else None
    return at(Phase.UPDATING, kind=kind, plan=plan, count_change=change, **FORGOTTEN)


def untouched(config: str = CURRENT) -> Observation:
    return Observation(snapshot=a_snapshot(config=config))


def decided(rollout: Rollout) -> Decision:
    seen = Observation(is_gone=True) if rollout.kind is Kind.CREATE else untouched()
    return decide(rollout, seen, LATER)


@pytest.mark.parametrize("kind", [Kind.UPDATE, Kind.SCALE, Kind.CREATE, Kind.TEARDOWN])
def test_without_a_sign_of_its_call_it_is_called_off(kind: Kind) -> None:
    decision = decided(forgotten(kind))
    assert decision.action not in CALLS
    assert (decision.rollout.phase, decision.rollout.last.reason) == (Phase.CANCELLED, Reason.RESTORED_FROM_TAGS)
    assert "SageMaker shows no sign of it" in decision.rollout.last.note


@pytest.mark.parametrize("kind", [Kind.UPDATE, Kind.SCALE, Kind.CREATE, Kind.TEARDOWN])
def test_what_was_never_forgotten_is_asked_for_anew(kind: Kind) -> None:
    assert decided(forgotten(kind).with_(restored=False)).action in CALLS


def test_a_way_back_is_asked_for_anew() -> None:
    plan = a_plan(current_config=TARGET, target_config=CURRENT, new_models={})
    back = rollback_at(Phase.ROLLING_BACK, plan=plan, **{**FORGOTTEN, "update": a_call(config=CURRENT)})
    assert decide(back, untouched(TARGET), LATER).action is Action.CALL_UPDATE
