"""A change that needs no click: the fleet file's policy `auto` brings it, or the approvers of its wave vouched for it."""

from datetime import datetime

from bot.domain.fleet import Approval
from bot.domain.phases import BOT_ACTOR, Kind, Phase, Reason
from bot.domain.preflight.findings import CheckName
from bot.domain.rollout import Rollout
from bot.domain.starting import Start


def may_begin_alone(rollout: Rollout, policy: Approval) -> bool:
    """Whether its plan needs no click.

    What cannot be undone always needs people, and so does whatever takes more of them than vouched for it. A hold keeps the bot's own
    away, also one that was put on after it was opened; a wave's approvers saw what is held.

    Args:
        rollout: Waits for approval.
        policy: The policy that its plan falls under.
    """
    if rollout.approval_needed or rollout.plan is None or rollout.plan.irreversible or rollout.kind is Kind.TEARDOWN:
        return False
    if not rollout.vouched_by and any(f.check == CheckName.HOLDS for f in rollout.plan.findings):
        return False
    if rollout.kind is Kind.CREATE and rollout.plan.current_config:  # a Failed endpoint is deleted first
        return False
    return not rollout.vouched_by or len(rollout.vouched_by) >= policy.quorum


def begun_alone(rollout: Rollout, start: Start | None, now: datetime) -> Rollout:
    """On its way, or waiting for its change window."""
    actor = rollout.vouched_by[-1] if rollout.vouched_by else BOT_ACTOR
    if start is not None:
        return rollout.to(Phase.SCHEDULED, start.reason, now, actor, scheduled_for=start.at)
    return rollout.to(Phase.PREPARING, Reason.NO_APPROVAL_NEEDED, now, actor)
