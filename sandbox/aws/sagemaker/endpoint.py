"""An endpoint and what is happening to it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any

from .. import lifecycle
from ..traffic import Part, TrafficHistory, Traits, split
from ..world import EndpointConfig, Package, Region
from . import lookup, models
from .variant import Variant

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_LOOKS = 100  # at alarms, in one go, when nobody has asked for a long time
BUSY = frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"})


class Kind(Enum):
    """What may be under way."""

    CREATE = "create"
    UPDATE = "update"  # to another config
    RESCALE = "rescale"  # other counts or weights under the same config
    DELETE = "delete"
    MAINTENANCE = "maintenance"
    SCALE_BACK = "scale back"  # what follows other counts or weights that failed


_STATUS_WHILE = {
    Kind.CREATE: "Creating",
    Kind.UPDATE: "Updating",
    Kind.RESCALE: "Updating",
    Kind.DELETE: "Deleting",
    Kind.MAINTENANCE: "SystemUpdating",
    Kind.SCALE_BACK: "RollingBack",
}


@dataclass
class Activity:
    """What is under way on an endpoint: a timeline and how it will end."""

    kind: Kind
    timeline: lifecycle.Timeline
    ending: lifecycle.Ending = field(default_factory=lifecycle.Ending)
    target: EndpointConfig | None = None
    variants: list[Variant] = field(default_factory=list)  # as they will be
    shadows: list[Variant] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)
    shows_stages: bool = True  # excluded endpoints tell counts only
    entered: int = 0  # index of the stage looked at last
    looked_at: datetime | None = None  # when its alarms were heeded last

    @property
    def is_second_fleet(self) -> bool:
        """Its variants run beside those of the endpoint, rather than in their place."""
        return self.kind is Kind.UPDATE


@dataclass
class Endpoint:
    """One endpoint. `settle` brings it up to the present; everything else assumes that this was done."""

    name: str
    arn: str
    created: datetime
    modified: datetime
    config: EndpointConfig
    variants: list[Variant]
    traffic: TrafficHistory
    shadows: list[Variant] = field(default_factory=list)  # they get copies of requests, and metrics of their own
    status: str = "Creating"
    failure_reason: str | None = None
    last_policy: dict[str, Any] | None = None
    activity: Activity | None = None
    maintenance_due: tuple[datetime, float] | None = None  # when it begins by itself, and for how many seconds
    stale_view: tuple[datetime, dict[str, Any]] | None = None  # what DescribeEndpoint still shows, and until when

    @property
    def is_busy(self) -> bool:
        return self.status in BUSY

    def packages(self, region: Region) -> list[Package]:
        """The model packages that its live models were made from."""
        arns = (arn for variant in self.variants for arn in models.packages_of(region, variant.spec.get("ModelName")))
        return [lookup.package(region, arn) for arn in arns]

    def group_versions(self, region: Region) -> dict[int, Package]:
        """Every version in the model package group from which it serves; empty if that is not one of this account."""
        names = {package.group for package in self.packages(region)}
        return {
            number: p for name in names if name in region.groups for number, p in region.groups[name].packages.items()
        }

    def begin(self, activity: Activity) -> None:
        self.activity = activity
        self.status = _STATUS_WHILE[activity.kind]
        self.modified = activity.timeline.started

    def maintain(self, seconds: float, now: datetime) -> None:
        """AWS maintenance begins; its seconds are real ones whatever the speed."""
        stages = [lifecycle.Stage("Updating", "Applying maintenance.", seconds)]
        self.begin(Activity(Kind.MAINTENANCE, lifecycle.Timeline(now, stages, speed=1.0)))

    def settle(self, region: Region) -> None:
        """Let everything happen that was due by now: stages entered, alarms heeded, the end reached."""
        activity = self.activity
        if activity is None:
            self._begin_maintenance(region)
            return
        if activity.kind is Kind.UPDATE:
            self._walk(region, activity)
        if region.now >= activity.timeline.ends_at:
            self._finish(region, activity)

    def _begin_maintenance(self, region: Region) -> None:
        """What was announced begins when it is due, or as soon as the endpoint is free."""
        if self.maintenance_due is None or region.now < self.maintenance_due[0] or self.status != "InService":
            return
        seconds = self.maintenance_due[1]
        self.maintenance_due = None
        self.maintain(seconds, region.now)

    def _walk(self, region: Region, activity: Activity) -> None:
        """Enter every stage that has begun by now, in order; an alarm on the way turns the update round."""
        timeline = activity.timeline
        index = activity.entered
        while index < len(timeline.stages):
            moments = timeline.starts()
            if moments[index] > region.now:
                return
            stage = timeline.stages[index]
            activity.entered = index
            self._route(activity, stage.share, moments[index])
            self._heed_alarms(region, activity, stage, moments[index], min(region.now, moments[index + 1]))
            index += 1

    def _heed_alarms(
        self, region: Region, activity: Activity, stage: lifecycle.Stage, begin: datetime, until: datetime
    ) -> None:
        """Look at the alarms as SageMaker does: once at the start, and throughout every bake, whoever asks and when."""
        alarms = [region.alarms[name] for name in activity.alarms if name in region.alarms]
        if not alarms:
            return
        looks = [activity.timeline.started] if activity.looked_at is None else []
        if stage.is_bake:
            since = max(begin, activity.looked_at or begin)
            step = max(min(alarm.period(region) for alarm in alarms), (until - since) / _MOST_LOOKS)
            looks += [since + step * number for number in range(1, math.ceil((until - since) / step))] + [until]
        for at in looks:
            activity.looked_at = at
            tripped = [alarm.name for alarm in alarms if alarm.state_at(region, at) == "ALARM"]
            if tripped:
                self._turn_round(activity, stage, tripped, at)
                return

    def _turn_round(self, activity: Activity, stage: lifecycle.Stage, alarms: Sequence[str], at: datetime) -> None:
        launch = activity.timeline.stages[0].seconds
        count = sum(variant.desired_count for variant in activity.variants)
        has_begun = at > activity.timeline.started
        activity.timeline.cut(at, lifecycle.way_back(stage if has_begun else None, count, launch))
        activity.alarms = []
        reason = f"The deployment was rolled back because these alarms went into ALARM state: [{', '.join(alarms)}]."
        activity.ending = lifecycle.Ending(landed=False, failure_reason=reason)

    def _finish(self, region: Region, activity: Activity) -> None:
        ending, at = activity.ending, activity.timeline.ends_at
        self.activity = None
        self.modified = at
        if activity.kind is Kind.DELETE:
            region.endpoints.pop(self.name, None)
            region.tags.pop(self.arn, None)
            region.scaling.forget_endpoint(self.name)
            return
        if activity.kind is Kind.RESCALE and not ending.landed:
            back = [lifecycle.Stage("Updating", "Going back to the former capacity.", lifecycle.REWEIGHT_SECONDS)]
            self.begin(Activity(Kind.SCALE_BACK, lifecycle.Timeline(at, back, activity.timeline.speed), ending))
            self.settle(region)
            return
        self.status = ending.status
        if activity.kind is Kind.MAINTENANCE:
            return
        self.failure_reason = ending.failure_reason
        if activity.kind is Kind.CREATE and ending.status == "Failed":
            self.variants = []
            return
        if ending.landed:
            if activity.target is not None:
                self.config = activity.target
                self.shadows = activity.shadows
            self.variants = activity.variants
            for variant in [*self.variants, *self.shadows]:
                variant.arrive()
                model = region.models.get(variant.spec.get("ModelName", ""))
                if model is not None:
                    model.has_served = True
        if ending.mixed:
            self._route(activity, 0.5, at)
        elif ending.status == "Failed":
            self.traffic.record(at, ())
        else:
            self.route_own(at)

    def route_own(self, at: datetime) -> None:
        """All traffic goes to what the endpoint is on now."""
        own = split([(self.config.name, 1.0, _weights(self.variants))])
        self.traffic.record(at, (*own, *self._copied()))

    def _route(self, activity: Activity, share: float, at: datetime) -> None:
        if activity.target is None:
            return
        blue = (self.config.name, 1.0 - share, _weights(self.variants))
        green = (activity.target.name, share, _weights(activity.variants))
        self.traffic.record(at, (*split([blue, green]), *self._copied()))

    def _copied(self) -> tuple[Part, ...]:
        """What the shadow gets copies of: as many requests as its weight is of its production variant's."""
        total = sum(variant.current_weight for variant in self.variants)
        return tuple(
            Part(v.name, self.config.name, 0.0, min(1.0, v.current_weight / total), v.traits, v.current_count)
            for v in self.shadows
            if total and v.current_weight
        )

    def lose_config(self, lost: EndpointConfig, now: datetime) -> None:
        """A config was deleted; an update that leads from it or to it breaks off, and the endpoint with it."""
        activity = self.activity
        if activity is None or activity.kind is not Kind.UPDATE:
            return
        target = activity.target.name if activity.target else None
        if lost.name in {self.config.name, target}:
            reason = f'Could not find endpoint configuration "{lost.arn}".'
            activity.timeline.cut(now, [])
            activity.ending = lifecycle.Ending("Failed", landed=False, failure_reason=reason)

    def force(self, status: str, now: datetime) -> None:
        """Show a status from now on, whatever was under way."""
        self.activity = None
        self.stale_view = None
        self.status = status
        self.modified = now

    def keep_showing(self, seconds: float, view: dict[str, Any], now: datetime) -> None:
        """DescribeEndpoint goes on showing `view` for a while: reads are eventually consistent."""
        if seconds > 0:
            self.stale_view = (now + timedelta(seconds=seconds), view)


def _weights(variants: list[Variant]) -> list[tuple[str, float, Traits, int]]:
    return [(v.name, v.current_weight, v.traits, v.current_count or v.desired_count) for v in variants]
