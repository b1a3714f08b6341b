"""Application Auto Scaling of an endpoint's variants."""

from collections.abc import Sequence
from typing import Protocol

from bot.domain.scaling import ScalableTarget, Scaling


class Autoscaling(Protocol):
    """Application Auto Scaling for one account and region. Every method may be repeated."""

    def read(self, endpoint: str, variants: Sequence[str]) -> Scaling:
        """What scales these variants: targets, policies and scheduled actions, complete enough to put them back."""
        ...

    def suspend(self, target: ScalableTarget) -> None:
        """Stop scaling in, scaling out and scheduled scaling; nothing is deleted."""
        ...

    def deregister(self, target: ScalableTarget) -> None:
        """Take the target away, which deletes its policies and scheduled actions too. Gone already is fine."""
        ...

    def put(self, target: ScalableTarget) -> None:
        """Make it so: limits, suspended state, policies. Target tracking that is not among its policies is deleted.

        Scheduled actions and step policies that are there stay; those that are missing are put back.
        """
        ...

    def restore(self, target: ScalableTarget) -> None:
        """Put back what was read: limits, suspended state, policies, scheduled actions.

        What is there is left as it is, so that a change made by hand meanwhile survives; only the suspended state is set. Scheduled
        actions whose time has gone by are left out. One that is refused does not keep the rest from being put back: its
        GatewayError is raised at the end.
        """
        ...
