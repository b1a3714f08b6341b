"""What surrounds an endpoint in its account: autoscaling, alarms, quotas, prices, Marketplace, S3. Presettable, and recording."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from bot.domain.alarms import Alarm, AlarmState
from bot.domain.errors import ResourceExists, ResourceMissing
from bot.domain.kept_alarms import kept_for
from bot.domain.scaling import SUSPENDED_SWITCHES, ScalableTarget, Scaling
from bot.domain.track import Release
from fakes.failing import Failing
from workers.ports import Deed, Event


def a_target(
    endpoint: str, variant: str = "AllTraffic", *, minimum: int = 1, maximum: int = 6, **document: Any
) -> ScalableTarget:
    """A target with a target-tracking policy and a scheduled action, as the gateway reads them."""
    resource = {
        "ResourceId": f"endpoint/{endpoint}/variant/{variant}",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    tracking = {
        "TargetValue": 70.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
    }
    policy = {
        **resource,
        "PolicyName": "keep-70",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": tracking,
    }
    action = {
        **resource,
        "ScheduledActionName": "mornings",
        "Schedule": "cron(0 7 * * ? *)",
        "Timezone": "Europe/Berlin",
        "ScalableTargetAction": {"MinCapacity": 3, "MaxCapacity": 6},
    }
    limits = {"MinCapacity": minimum, "MaxCapacity": maximum}
    state = {"SuspendedState": dict.fromkeys(SUSPENDED_SWITCHES, False)}
    return ScalableTarget(
        variant=variant, document={**resource, **limits, **state, **document}, policies=(policy,), scheduled=(action,)
    )


class FakeAutoscaling(Failing):
    """Implements workers.ports.Autoscaling: `targets` is what is registered now, by variant."""

    def __init__(self, *targets: ScalableTarget) -> None:
        super().__init__()
        self.targets = {target.variant: target for target in targets}

    def read(self, endpoint: str, variants: Sequence[str]) -> Scaling:
        with self.called("read", endpoint, *variants):
            return Scaling(targets=tuple(target for name, target in self.targets.items() if name in variants))

    def suspend(self, target: ScalableTarget) -> None:
        with self.called("suspend", target.variant):
            self._set(target.variant, dict.fromkeys(SUSPENDED_SWITCHES, True))

    def deregister(self, target: ScalableTarget) -> None:
        with self.called("deregister", target.variant):
            self.targets.pop(target.variant, None)

    def put(self, target: ScalableTarget) -> None:
        with self.called("put", target.variant):
            self.targets[target.variant] = target

    def restore(self, target: ScalableTarget) -> None:
        with self.called("restore", target.variant):
            self.targets.setdefault(target.variant, target)
            self._set(target.variant, target.document.get("SuspendedState", {}))

    def _set(self, variant: str, suspended: Mapping[str, bool]) -> None:
        known = self.targets[variant]
        document = {**known.document, "SuspendedState": dict(suspended)}
        self.targets[variant] = known.model_copy(update={"document": document})


class FakeAlarms(Failing):
    """Implements workers.ports.Alarms: `known` holds every alarm of the account by name, `tags` those of the created ones."""

    def __init__(self, *alarms: Alarm) -> None:
        super().__init__()
        self.known = {alarm.name: alarm for alarm in alarms}
        self.tags: dict[str, dict[str, str]] = {}

    def sets(self, name: str, state: AlarmState) -> None:
        """CloudWatch finds it in that state from now on."""
        self.known[name] = self.known[name].model_copy(update={"state": state})

    def describe(self, names: Sequence[str]) -> Mapping[str, Alarm]:
        with self.called("describe", *names):
            return {name: self.known[name] for name in names if name in self.known}

    def kept(self) -> tuple[Alarm, ...]:
        with self.called("kept"):
            return tuple(alarm for alarm in self.known.values() if kept_for(alarm) is not None)

    def create(self, alarm: Alarm, tags: Mapping[str, str]) -> None:
        with self.called("create", alarm.name):
            known = self.known.get(alarm.name)
            if known is not None and not known.has_rule_of(alarm):
                raise ResourceExists("alarm", alarm.name, operation="PutMetricAlarm", code="ResourceAlreadyExists")
            self.known.setdefault(alarm.name, alarm)
            self.tags.setdefault(alarm.name, dict(tags))

    def put(self, alarm: Alarm, tags: Mapping[str, str]) -> None:
        with self.called("put", alarm.name):
            known = self.known.get(alarm.name, alarm)
            state = {"state": known.state, "state_reason": known.state_reason, "since": known.since}
            self.known[alarm.name] = alarm.model_copy(update=state)
            self.tags.setdefault(alarm.name, dict(tags))

    def delete(self, names: Sequence[str]) -> None:
        with self.called("delete", *names):
            for name in names:
                self.known.pop(name, None)

    def trip(self, name: str, reason: str) -> None:
        with self.called("trip", name, reason):
            if name not in self.known:
                raise ResourceMissing("alarm", name, operation="SetAlarmState", code="ResourceNotFound")
            self.sets(name, AlarmState.ALARM)


class FakeQuotas(Failing):
    """Implements workers.ports.Quotas: plenty of everything, unless a test says otherwise."""

    def __init__(self, plenty: int | None = 100, **limits: int | None) -> None:
        super().__init__()
        self.plenty = plenty
        self.limits: dict[str, int | None] = dict(limits)
        self.concurrency: int | None = plenty

    def limit(self, instance_type: str, *, wanted: int = 0) -> int | None:
        with self.called("limit", instance_type, str(wanted)):
            return self.limits.get(instance_type, self.plenty)

    def serverless_concurrency(self, *, wanted: int = 0) -> int | None:
        with self.called("serverless_concurrency", str(wanted)):
            return self.concurrency


class FakeUsage(Failing):
    """Implements workers.ports.Usage."""

    def __init__(self, used: Mapping[str, int] | None = None) -> None:
        super().__init__()
        self.used = dict(used or {})
        self.concurrency = 0

    def instances(self) -> Mapping[str, int]:
        with self.called("instances"):
            return dict(self.used)

    def serverless_concurrency(self) -> int:
        with self.called("serverless_concurrency"):
            return self.concurrency


class FakePrices(Failing):
    """Implements workers.ports.Prices: no price is known, unless a test says otherwise."""

    def __init__(self, prices: Mapping[str, Decimal] | None = None) -> None:
        super().__init__()
        self.prices = dict(prices or {})

    def hourly(self, instance_type: str) -> Decimal | None:
        with self.called("hourly", instance_type):
            return self.prices.get(instance_type)


class FakeSubscriptions(Failing):
    """Implements workers.ports.Subscriptions: subscribed to everything, unless a test says otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self.active: dict[str, bool | None] = {}

    def is_active(self, product_id: str) -> bool | None:
        with self.called("is_active", product_id):
            return self.active.get(product_id, True)


class FakeTrail(Failing):
    """Implements workers.ports.Trail: `deeds` is who did what, by endpoint, oldest first."""

    def __init__(self) -> None:
        super().__init__()
        self.deeds: dict[str, list[Deed]] = {}

    def last_change(self, endpoint: str, since: datetime, until: datetime) -> Deed | None:
        with self.called("last_change", endpoint):
            found = [deed for deed in self.deeds.get(endpoint, ()) if since <= deed.at <= until]
            return found[-1] if found else None


class FakeArtifacts(Failing):
    """Implements workers.ports.Artifacts: no size is known, unless a test says otherwise."""

    def __init__(self, sizes: Mapping[str, int] | None = None) -> None:
        super().__init__()
        self.sizes = dict(sizes or {})
        self.texts: dict[str, str] = {}

    def text(self, url: str) -> str | None:
        with self.called("text", url):
            return self.texts.get(url)

    def size(self, url: str) -> int | None:
        with self.called("size", url):
            return self.sizes.get(url)


class FakeCatalog(Failing):
    """Implements workers.ports.Catalog: what is offered may not be read, unless a test says otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self.offered: dict[str, tuple[Release, ...]] = {}

    def releases(self, product_id: str) -> tuple[Release, ...] | None:
        with self.called("releases", product_id):
            return self.offered.get(product_id)


class FakeEvents(Failing):
    """Implements workers.ports.Events: `waiting` is what the queue holds."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[Event] = []

    def receive(self) -> tuple[Event, ...]:
        with self.called("receive"):
            return tuple(self.waiting[:10])

    def strike_off(self, events: Iterable[Event]) -> None:
        with self.called("strike_off"):
            receipts = {event.receipt for event in events}
            self.waiting = [event for event in self.waiting if event.receipt not in receipts]
