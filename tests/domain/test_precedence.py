"""The state of the board, when several things are true of an endpoint at once."""

import itertools
from dataclasses import fields, replace

import pytest

from bot.domain.endpoint import EndpointStatus
from bot.domain.hold import HoldKind
from bot.domain.precedence import RULES, Facts, state_of
from bot.domain.states import BoardState

SERVES = Facts(status=EndpointStatus.IN_SERVICE)
NOTABLE = {
    BoardState.UNMANAGED: {"is_declared": False},
    BoardState.UNKNOWN: {"is_known": False},
    BoardState.FAILED: {"status": EndpointStatus.FAILED},
    BoardState.UNPATCHABLE: {"is_patchable": False},
    BoardState.UPDATING: {"has_rollout": True},
    BoardState.NOT_DEPLOYED: {"status": None},
    BoardState.REVOKED: {"is_approved": False},
    BoardState.TESTING: {"is_trial": True},
    BoardState.DRIFTED: {"has_drift": True},
    BoardState.OUT_OF_DATE: {"is_current": False},
}
"""What makes a state, alone; in the order in which one hides another."""


@pytest.mark.parametrize(("state", "facts"), NOTABLE.items(), ids=str)
def test_each_fact_alone_makes_its_state(state: BoardState, facts: dict[str, object]) -> None:
    assert state_of(replace(SERVES, **facts)) is state


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(NOTABLE, 2)), ids=str)
def test_of_two_that_are_true_the_graver_is_shown(first: BoardState, second: BoardState) -> None:
    both = {**NOTABLE[second], **NOTABLE[first]}
    assert state_of(replace(SERVES, **both)) is first


def test_nothing_of_note_is_up_to_date() -> None:
    assert state_of(SERVES) is BoardState.UP_TO_DATE


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ({"held_by": {HoldKind.BY_PERSON}}, BoardState.HELD),
        ({"held_by": {HoldKind.HELD}}, BoardState.UP_TO_DATE),
        ({"held_by": {HoldKind.HELD}, "is_current": False}, BoardState.HELD),
        ({"held_by": {HoldKind.QUARANTINED}, "is_current": False}, BoardState.QUARANTINED),
        ({"held_by": {HoldKind.QUARANTINED, HoldKind.HELD}, "is_current": False}, BoardState.QUARANTINED),
        ({"held_by": {HoldKind.QUARANTINED, HoldKind.BY_PERSON}, "is_current": False}, BoardState.HELD),
        ({"held_by": {HoldKind.BY_PERSON}, "has_drift": True}, BoardState.HELD),
        ({"held_by": {HoldKind.HELD}, "has_drift": True}, BoardState.DRIFTED),
        ({"held_by": {HoldKind.BY_PERSON}, "is_trial": True}, BoardState.TESTING),
        ({"held_by": {HoldKind.BY_PERSON}, "is_approved": False}, BoardState.REVOKED),
        ({"status": EndpointStatus.CREATING, "is_current": False}, BoardState.UPDATING),
        ({"status": None, "has_rollout": True}, BoardState.UPDATING),
        ({"status": EndpointStatus.UPDATE_ROLLBACK_FAILED, "has_rollout": True}, BoardState.FAILED),
        ({"status": EndpointStatus.OUT_OF_SERVICE}, BoardState.FAILED),
    ],
)
def test_what_holds_automation_back_and_what_is_under_way(facts: dict[str, object], state: BoardState) -> None:
    assert state_of(replace(SERVES, **facts)) is state


def test_every_state_can_be_shown() -> None:
    assert {state for state, _ in RULES} == set(BoardState)


@pytest.mark.parametrize("status", [None, *EndpointStatus])
def test_whatever_is_true_there_is_a_state(status: EndpointStatus | None) -> None:
    switches = [f.name for f in fields(Facts) if f.type == "bool" or f.type is bool]
    for values in itertools.product([False, True], repeat=len(switches)):
        assert state_of(Facts(status=status, **dict(zip(switches, values, strict=True)))) in BoardState


@pytest.mark.parametrize("status", list(EndpointStatus))
def test_the_board_shows_how_each_status_stands(status: EndpointStatus) -> None:
    broken = {EndpointStatus.FAILED, EndpointStatus.OUT_OF_SERVICE, EndpointStatus.UPDATE_ROLLBACK_FAILED}
    whole = BoardState.UP_TO_DATE if status is EndpointStatus.IN_SERVICE else BoardState.UPDATING
    assert state_of(Facts(status=status)) is (BoardState.FAILED if status in broken else whole)
