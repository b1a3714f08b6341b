"""The fleet file's `approval`: who may say yes, and how many of them it takes. The docstrings are the schema's."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from bot.domain.durations import Wait
from bot.domain.fleet.values import Block, Switch, WholeNumber
from bot.domain.names import GroupReference, UserReference


class StrongerApproval(Block):
    """Who must agree to a change that no rollback can undo. The requester never counts."""

    users: tuple[UserReference, ...] = ()
    """Slack user ids (U…) or @handles; with no groups either, the same people as for any change."""
    groups: tuple[GroupReference, ...] = ()
    """Slack user group ids (S…) or @handles."""
    quorum: Annotated[WholeNumber, Field(ge=1)] = 2
    """How many different approvers must agree."""


class Approval(Block):
    """Who may approve, and how many of them it takes."""

    users: tuple[UserReference, ...] = ()
    """Slack user ids (U…) or @handles."""
    groups: tuple[GroupReference, ...] = ()
    """Slack user group ids (S…) or @handles; every member may approve."""
    quorum: Annotated[WholeNumber, Field(ge=1)] = 1
    """How many different approvers must agree."""
    requester_may_approve: Switch = False
    """Whether the requester counts as an approver of their own plan."""
    expires_after: Wait = timedelta(hours=4)
    """How long a plan waits for a decision."""
    irreversible: StrongerApproval = StrongerApproval()
    """What it takes when the change cannot be undone, such as from serverless to instances."""
