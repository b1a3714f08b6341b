"""What becomes of what somebody typed or pressed while no worker ran: after long, only what is as right then as it was.

People who got no answer have gone on meanwhile: they asked again, used the console, or thought better of it. So nothing is set in
motion late. What stops something (a freeze, a cancel, a rejection) is wanted all the more, and an answer to a question is only late.
So is the button Roll back: it is about one rollout, and is refused once another one runs. A typed `rollback` is about whatever runs.
"""

from datetime import datetime, timedelta

from bot.domain.commands import (
    AbFinish,
    AbStart,
    AbWeight,
    ApproveVersion,
    Command,
    Deploy,
    Gc,
    Promote,
    Rollback,
    Scale,
    Sync,
    Teardown,
    Thaw,
    Unhold,
    Unlock,
    WaveApprove,
    WaveResume,
    WaveStart,
)
from bot.domain.errand import BreakErrand, Click, ClickErrand, CommandErrand, Errand

BELATED = timedelta(minutes=30)
"""How late an errand may be begun that sets something in motion."""

_MOVING = (
    *(Promote, Scale, Rollback, Deploy, Teardown, Sync, Gc),
    *(AbStart, AbWeight, AbFinish, WaveStart, WaveApprove, WaveResume),
    *(ApproveVersion, Unlock, Thaw, Unhold),
)

_STOPPING_CLICKS = frozenset({Click.REJECT, Click.CANCEL, Click.ABORT, Click.ROLL_BACK, Click.ADD_REASON})


def is_too_late(errand: Errand, now: datetime) -> bool:
    """Whether it is not to be begun any more."""
    return now - errand.at > BELATED and _sets_in_motion(errand)


def _sets_in_motion(errand: Errand) -> bool:
    match errand:
        case CommandErrand(command=command):
            return _moves(command)
        case ClickErrand(click=click):
            return click not in _STOPPING_CLICKS
        case BreakErrand():
            return True
    return False


def _moves(command: Command) -> bool:
    return isinstance(command, _MOVING)
