"""When an approved change runs: at once, at the time that was asked for, in the quiet hour, or when its window opens."""

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.domain.fleet.windows import ChangeWindow, next_opening
from bot.domain.model import Value
from bot.domain.phases import Reason


class Start(Value):
    """A later start, and why then."""

    at: datetime
    reason: Reason
    is_chosen: bool = False
    """An approver chose the time, and so it holds for the approvals that are still missing."""


def start_of(
    windows: Sequence[ChangeWindow], wanted: datetime | None, now: datetime, *, by_approver: bool
) -> Start | None:
    """When to begin; None for at once.

    Args:
        windows: The endpoint's change windows; none means any time.
        wanted: The time that somebody asked for; None or past means as soon as may be.
        now: The present.
        by_approver: The time is the approver's choice (the Schedule button), not the requester's.
    """
    earliest = max(now, wanted) if wanted is not None else now
    opening = next_opening(windows, earliest)
    if opening > earliest:
        return Start(at=opening, reason=Reason.OUTSIDE_WINDOW, is_chosen=by_approver)
    if earliest <= now:
        return None
    reason = Reason.SCHEDULED_BY_APPROVER if by_approver else Reason.APPROVED
    return Start(at=earliest, reason=reason, is_chosen=by_approver)


def written(at: datetime) -> str:
    """An instant in words, in UTC, for plain text."""
    return f"{at.astimezone(UTC):%a %d %b %H:%M} UTC"
