"""What is begun however late, and what is not begun any more."""

from datetime import timedelta
from typing import get_args

import pytest
from fakes.clock import NOW
from fakes.records import ANNA, ENDPOINT

from bot.domain.belated import BELATED, is_too_late
from bot.domain.commands import COMMANDS, Command
from bot.domain.errand import (
    BreakErrand,
    BreakValue,
    ButtonValue,
    Click,
    ClickErrand,
    CommandErrand,
    Errand,
    HomeErrand,
    ReplyTo,
)

REPLY = ReplyTo(user_id=ANNA)
LATE = NOW + BELATED + timedelta(seconds=1)

MOVING = {
    *("promote", "scale", "rollback", "deploy", "teardown", "sync", "gc"),
    *("ab start", "ab weight", "ab finish", "wave start", "wave approve", "wave resume"),
    *("approve-version", "unlock", "thaw", "unhold"),
}
STOPPING = {"cancel", "lock", "freeze", "hold", "reject-version", "wave reject", "wave pause", "wave abort"}
LOOKING = {
    *("help", "status", "plan", "history", "metrics", "versions", "compare", "audit"),
    *("fleet check", "fleet import"),
}


def commands() -> dict[str, Command]:
    """One of each, with nothing in it but its name."""
    union, *_ = get_args(Command)
    return {kind.model_fields["name"].default: kind.model_construct() for kind in get_args(union)}


def typed(name: str) -> CommandErrand:
    return CommandErrand.model_construct(id="e", command=commands()[name], actor=ANNA, reply=REPLY, at=NOW)


def pressed(click: Click) -> ClickErrand:
    value = ButtonValue(rollout_id="rabc2345", endpoint=ENDPOINT)
    return ClickErrand(id="e", click=click, value=value, actor=ANNA, message_ts="1.1", reply=REPLY, at=NOW)


def test_every_command_moves_something_or_stops_something_or_looks() -> None:
    assert COMMANDS is not None
    assert sorted([*MOVING, *STOPPING, *LOOKING]) == sorted(commands())


@pytest.mark.parametrize("name", sorted(MOVING))
def test_what_sets_something_in_motion_is_not_begun_half_an_hour_late(name: str) -> None:
    assert not is_too_late(typed(name), NOW + BELATED)
    assert is_too_late(typed(name), LATE)


@pytest.mark.parametrize("name", sorted(STOPPING | LOOKING))
def test_what_stops_something_or_only_looks_is_done_however_late(name: str) -> None:
    assert not is_too_late(typed(name), NOW + timedelta(hours=20))


@pytest.mark.parametrize("click", list(Click))
def test_a_late_click_stops_something_or_does_nothing(click: Click) -> None:
    is_kept = click in (Click.REJECT, Click.CANCEL, Click.ABORT, Click.ROLL_BACK, Click.ADD_REASON)
    assert is_too_late(pressed(click), LATE) is not is_kept


@pytest.mark.parametrize(
    ("errand", "too_late"),
    [
        (BreakErrand(id="e", value=BreakValue(request_id="q"), actor=ANNA, reply=REPLY, at=NOW), True),
        (HomeErrand(id="e", look=None, actor=ANNA, reply=REPLY, at=NOW), False),
    ],
)
def test_a_lock_is_not_broken_late_and_a_home_tab_is_drawn(errand: Errand, too_late: bool) -> None:
    assert is_too_late(errand, LATE) is too_late
