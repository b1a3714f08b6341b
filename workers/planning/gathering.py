"""Gathers what preflight asks about, from every corner of the account. What cannot be told is None, and never stops a plan."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from bot.domain.alarms import Alarm
from bot.domain.endpoint import ConfigRecord, Document, ModelPackage, Snapshot
from bot.domain.fleet import Approval, EndpointSpec
from bot.domain.fleet.windows import are_open, next_opening
from bot.domain.guardrails import alarms_for
from bot.domain.kept_alarms import AlarmChange, change_of, heeded_alarms, kept_alarm_names
from bot.domain.merits import MeritComparison
from bot.domain.preflight.facts import Facts
from bot.domain.rollout import Rollout
from bot.domain.saga import ScalingMode
from bot.domain.scaling import Scaling
from bot.domain.strategy import Strategy
from bot.domain.traffic import TrafficOutlook, TrafficPoint, outlook
from bot.domain.verdict import Window
from workers.cloning import LiveEndpoint
from workers.planning.asking import if_told, or_unknown
from workers.ports import Subject
from workers.scoring import Scoring
from workers.world import Aws, World

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Gathering:
    """Reads one corner at a time. A refusal makes a fact unknown; what the plan must not be wrong about is asked again later."""

    world: World
    for_people: bool = True
    """Whether what only people ask about is read too: traffic, open streams, prices. A plan does not rest on any of them."""

    def scaling(self, rollout: Rollout, spec: EndpointSpec, snapshot: Snapshot) -> Scaling | None:
        """What scales the endpoint. While we have taken it away ourselves, what we took."""
        if rollout.scaling is not None and rollout.scaling.is_away:
            return Scaling(targets=rollout.scaling.targets)
        variants = [v.name for v in snapshot.variants]
        return or_unknown("autoscaling", lambda: self._aws(spec).autoscaling.read(spec.name, variants))

    def standing_alarms(self, spec: EndpointSpec, strategy: Strategy) -> Mapping[str, Alarm] | None:
        """The existing alarms that SageMaker shall heed."""
        if not strategy.alarms:
            return {}
        return or_unknown("alarms", lambda: self._aws(spec).alarms.describe(strategy.alarms))

    def watch_alarms(self, spec: EndpointSpec) -> Mapping[str, Alarm] | None:
        """The existing alarms that the watch shall heed."""
        names = heeded_alarms(spec)
        if not self.for_people or not names:
            return {}
        return or_unknown("alarms of the watch", lambda: self._aws(spec).alarms.describe(names))

    def alarm_change(self, spec: EndpointSpec) -> AlarmChange | None:
        """What the alarms beside the endpoint need; None where it could not be told which there are."""
        if not self.for_people or spec.alarms is None:
            return AlarmChange()
        there = self._alarms_beside(spec)
        return change_of(spec, there) if there is not None else None

    def alarms_left(self, spec: EndpointSpec) -> AlarmChange | None:
        """The alarms beside the endpoint that would be about nothing once it is gone, declared or not."""
        there = self._alarms_beside(spec) if self.for_people else {}
        return AlarmChange(drop=tuple(there)) if there is not None else None

    def _alarms_beside(self, spec: EndpointSpec) -> Mapping[str, Alarm] | None:
        names = kept_alarm_names(spec.name)
        return if_told("alarms beside the endpoint", lambda: self._aws(spec).alarms.describe(names))

    def is_subscribed(self, spec: EndpointSpec, package: ModelPackage | None) -> bool | None:
        """Whether the account may run a Marketplace package."""
        if package is None or package.product_id is None:
            return None
        product = package.product_id
        return or_unknown("subscription", lambda: self._aws(spec).subscriptions.is_active(product))

    def traffic(self, spec: EndpointSpec, snapshot: Snapshot, now: datetime) -> TrafficOutlook | None:
        """Requests now against the last seven days."""
        if not self.for_people:
            return None
        points = self._week(spec, snapshot, now)
        if points is None:
            return None
        return outlook(points, now, may_change=lambda at: are_open(spec.windows, at))

    def _week(self, spec: EndpointSpec, snapshot: Snapshot, now: datetime) -> tuple[TrafficPoint, ...] | None:
        """Requests hour by hour."""
        subject = Subject.of(spec, (variant.name for variant in snapshot.variants))
        hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        window = Window(start=hour - WEEK - timedelta(hours=1), end=hour)
        metrics = self._aws(spec).metrics
        return if_told("traffic", lambda: metrics.traffic(subject, window, timedelta(hours=1)))

    def requests_of_a_week(self, spec: EndpointSpec, snapshot: Snapshot, now: datetime) -> float | None:
        """How many requests came in the last seven days; None where CloudWatch does not tell."""
        points = self._week(spec, snapshot, now) if self.for_people else None
        return sum(point.requests for point in points) if points is not None else None

    def prices(self, spec: EndpointSpec, types: Sequence[str]) -> Mapping[str, Decimal | None]:
        """US dollars an hour by instance type."""
        if not self.for_people:
            return {}
        prices = self._aws(spec).prices
        return {type_: if_told("prices", functools.partial(prices.hourly, type_)) for type_ in types}

    def connections(self, spec: EndpointSpec, snapshot: Snapshot, now: datetime) -> float | None:
        """Open streams in the last minutes."""
        if spec.kind != "streaming" or not self.for_people:
            return None
        variants = [v.name for v in snapshot.variants]
        minute = now.replace(second=0, microsecond=0)
        window = Window(start=minute - timedelta(minutes=5), end=minute)
        return if_told("connections", lambda: self._aws(spec).metrics.concurrency(spec.name, variants, window))

    def opens_at(self, spec: EndpointSpec, now: datetime) -> datetime | None:
        """When the change window opens; None when it is open."""
        opening = next_opening(spec.windows, now)
        return opening if opening > now else None

    def merits(self, spec: EndpointSpec, live: LiveEndpoint, package: ModelPackage | None) -> MeritComparison | None:
        """What the model that runs is worth, and what the new one; None where no other version comes, or none is known to run."""
        running = [known for known in live.packages.values() if package is not None and known.arn != package.arn]
        if not self.for_people or package is None or len(running) != 1:
            return None
        return Scoring(self.world).compared(spec, running[0], package)

    def approvers(self, rollout: Rollout, policy: Approval) -> int | None:
        """How many people the policy names besides the requester; None with groups."""
        if policy.groups:
            return None
        counted = set(policy.users) - (set() if policy.requester_may_approve else {rollout.requester})
        return len(counted)

    def own_alarms(
        self, rollout: Rollout, spec: EndpointSpec, target: ConfigRecord, strategy: Strategy
    ) -> tuple[Alarm, ...]:
        """The alarms that this rollout would make for itself."""
        return alarms_for(rollout, spec, target, strategy) if strategy.bakes else ()

    def _aws(self, spec: EndpointSpec) -> Aws:
        return self.world.aws(spec)


def scaling_mode(current: ConfigRecord, target: ConfigRecord, scaling: Scaling | None) -> ScalingMode:
    """SageMaker refuses to change the instance type of a variant that is a scalable target, or to remove it."""
    before = {v["VariantName"]: _hardware(v) for v in current.variants()}
    after = {v["VariantName"]: _hardware(v) for v in target.variants()}
    for scaled in scaling.targets if scaling is not None else ():
        if before.get(scaled.variant) != after.get(scaled.variant):
            return ScalingMode.DEREGISTER
    return ScalingMode.SUSPEND


def _hardware(variant: Document) -> tuple[object, ...]:
    pools = tuple(sorted(pool["InstanceType"] for pool in variant.get("InstancePools", ())))
    return variant.get("InstanceType"), pools, "ServerlessConfig" in variant


def alarms_beside(facts: Facts) -> dict[str, Any]:
    """What the plan does about the alarms beside the endpoint; nothing where they could not be read."""
    change = facts.alarm_change or AlarmChange()
    return {"kept_alarms": change.put, "dropped_alarms": change.drop}
