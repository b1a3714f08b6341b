"""Which plan gives way to which: one that waits ends when a newer one for the same endpoint stands, and not before.

Were it ended when the newer one is only asked for, a typing mistake that preflight blocks would take a good plan away.
"""

from datetime import datetime

from bot.domain.phases import Phase, Reason
from bot.domain.rollout import Rollout


def gives_way(older: Rollout, newer: Rollout) -> bool:
    """Whether the older one ends when the plan of the newer one stands.

    What was approved after the newer one had been asked for comes first: whoever approved it had seen no other plan.
    """
    approved_since = older.phase is Phase.SCHEDULED and older.last.at > newer.created_at
    return older.id in newer.instead_of and older.is_waiting and not approved_since


def stands(rollout: Rollout) -> bool:
    """Whether its plan is made and nothing blocks it: it waits for approval, or is on its way."""
    return rollout.is_under_way and rollout.phase is not Phase.PLANNING


def given_up(older: Rollout, newer: Rollout, now: datetime) -> Rollout:
    """The older one, ended by the newer one."""
    return older.to(Phase.CANCELLED, Reason.SUPERSEDED, now, newer.requester, superseded_by=newer.id)
