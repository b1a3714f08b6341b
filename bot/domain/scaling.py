"""Autoscaling of an endpoint's variants as a value that can be kept, compared, and put back.

Documents stay in Application Auto Scaling's own shape (the members that RegisterScalableTarget, PutScalingPolicy and
PutScheduledAction accept), because what was taken away has to come back whole. They hold nothing but JSON, so that a rollout's
record carries them through Redis unchanged; instants are texts in ISO 8601.
"""

from collections.abc import Iterator

from bot.domain.endpoint import Document
from bot.domain.model import Value

SUSPENDED_SWITCHES = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")


class ScalableTarget(Value):
    """One variant's scalable target, with its policies and scheduled actions."""

    variant: str
    document: Document
    """ResourceId, ScalableDimension, MinCapacity, MaxCapacity, SuspendedState."""
    policies: tuple[Document, ...] = ()
    scheduled: tuple[Document, ...] = ()
    step_alarms: tuple[str, ...] = ()
    """Alarms that people made and pointed at step scaling policies. They know a policy by its ARN, and one that was deleted comes
    back under another; alarms of target tracking are made anew by Application Auto Scaling itself."""

    @property
    def minimum(self) -> int:
        """Fewest instances that scaling goes down to."""
        return int(self.document["MinCapacity"])

    @property
    def maximum(self) -> int:
        """Most instances that scaling goes up to."""
        return int(self.document["MaxCapacity"])

    @property
    def words(self) -> str:
        """The limits and what moves the count between them, for somebody who has to put it back by hand."""
        names = [f"policy {policy.get('PolicyName')}" for policy in self.policies]
        names += [f"scheduled action {action.get('ScheduledActionName')}" for action in self.scheduled]
        return ", ".join([f"{self.variant}: {self.minimum} to {self.maximum} instances", *names])

    @property
    def is_suspended(self) -> bool:
        """Whether every kind of scaling stands still."""
        state = self.document.get("SuspendedState", {})
        return all(state.get(switch, False) for switch in SUSPENDED_SWITCHES)

    def is_scheduled(self, member: str, value: int) -> bool:
        """Whether a scheduled action sets that limit (`MinCapacity`, `MaxCapacity`) to this value."""
        return any(action.get("ScalableTargetAction", {}).get(member) == value for action in self.scheduled)

    @property
    def tracked(self) -> tuple[tuple[str, float], ...]:
        """The metrics that target tracking holds, each with the value it is held at."""
        return tuple(_tracked(self.policies))


class Scaling(Value):
    """What scales an endpoint; without targets, nothing does."""

    targets: tuple[ScalableTarget, ...] = ()

    def of(self, variant: str) -> ScalableTarget | None:
        """What scales this variant, if anything does."""
        return next((target for target in self.targets if target.variant == variant), None)


def metric_of(policy: Document) -> str | None:
    """The metric that a policy holds at a value; None for one that holds none, such as step scaling."""
    tracking = policy.get("TargetTrackingScalingPolicyConfiguration")
    if not tracking:
        return None
    predefined = tracking.get("PredefinedMetricSpecification", {}).get("PredefinedMetricType")
    customized = tracking.get("CustomizedMetricSpecification", {}).get("MetricName")
    return str(predefined or customized or "a metric expression")


def _tracked(policies: tuple[Document, ...]) -> Iterator[tuple[str, float]]:
    for policy in policies:
        if (metric := metric_of(policy)) is not None:
            yield metric, float(policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"])
