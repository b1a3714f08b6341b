"""Gathers what preflight asks about, from every corner of the account. What cannot be told is None, and never stops a plan."""

import functools
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from bot.domain.alarms import Alarm
from bot.domain.endpoint import ConfigRecord, Document, ModelPackage, ModelRecord, Snapshot
from bot.domain.errors import GatewayError, TransientError
from bot.domain.fleet import Approval, EndpointSpec
from bot.domain.fleet.windows import are_open, next_opening
from bot.domain.guardrails import alarms_for
from bot.domain.hold import Hold
from bot.domain.merits import MeritComparison
from bot.domain.phases import Kind, Phase
from bot.domain.preflight.facts import Artifact, Attempt, Image, QuotaNeed
from bot.domain.rollout import Rollout
from bot.domain.saga import ScalingMode
from bot.domain.scaling import Scaling
from bot.domain.strategy import Strategy, extra_instances
from bot.domain.traffic import TrafficOutlook, TrafficPoint, outlook
from bot.domain.verdict import Window
from bot.domain.version import Version
from workers.cloning import LiveEndpoint
from workers.scoring import Scoring
from workers.world import Aws, World

log = logging.getLogger(__name__)

T = TypeVar("T")

WEEK = timedelta(days=7)
BAD_ENDS = frozenset({Phase.FAILED, Phase.ROLLED_BACK_BY_AWS, Phase.ROLLED_BACK, Phase.NEEDS_HUMAN})
"""Ends after which the same content is worth a warning when it is asked for again."""


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
        return _or_unknown("autoscaling", lambda: self._aws(spec).autoscaling.read(spec.name, variants))

    def standing_alarms(self, spec: EndpointSpec, strategy: Strategy) -> Mapping[str, Alarm] | None:
        """The existing alarms that SageMaker shall heed."""
        if not strategy.alarms:
            return {}
        return _or_unknown("alarms", lambda: self._aws(spec).alarms.describe(strategy.alarms))

    def watch_alarms(self, spec: EndpointSpec) -> Mapping[str, Alarm] | None:
        """The existing alarms that the watch shall heed."""
        names = spec.watch.alarms
        if not self.for_people or not names:
            return {}
        return _or_unknown("alarms of the watch", lambda: self._aws(spec).alarms.describe(names))

    def is_subscribed(self, spec: EndpointSpec, package: ModelPackage | None) -> bool | None:
        """Whether the account may run a Marketplace package."""
        if package is None or package.product_id is None:
            return None
        product = package.product_id
        return _or_unknown("subscription", lambda: self._aws(spec).subscriptions.is_active(product))

    def quota(
        self,
        spec: EndpointSpec,
        current: ConfigRecord,
        target: ConfigRecord,
        strategy: Strategy,
        wanted: Mapping[str, int],
        live: Mapping[str, int],
    ) -> tuple[QuotaNeed, ...]:
        """What two fleets at once need of each instance type, now and on the way back.

        `wanted` holds the counts that the target's variants get where they are not the config's own; `live` those of now.
        """
        there = _by_type(target, wanted, lambda n: extra_instances(strategy, n))
        back = _by_type(current, live, lambda n: n)
        if not there and not back:
            return ()
        aws = self._aws(spec)
        used = _or_unknown("instances in use", aws.usage.instances)
        return tuple(
            QuotaNeed(
                instance_type=type_,
                limit=_or_unknown("quotas", lambda t=type_: aws.quotas.limit(t)),  # type: ignore[misc]
                used=used.get(type_, 0) if used is not None else None,
                extra=there.get(type_, 0),
                return_extra=back.get(type_, 0),
            )
            for type_ in sorted({*there, *back})
        )

    def quota_for_more(
        self, spec: EndpointSpec, config: ConfigRecord, variant: str, more: int
    ) -> tuple[QuotaNeed, ...]:
        """What more instances of one variant need."""
        if more <= 0:
            return ()
        only = ConfigRecord(
            name=config.name,
            arn=config.arn,
            document={"ProductionVariants": [v for v in config.variants() if v["VariantName"] == variant]},
        )
        return self.quota(spec, only, only, Strategy(), {variant: more}, {variant: more})

    def artifacts(
        self,
        spec: EndpointSpec,
        target: ConfigRecord,
        models: Mapping[str, ModelRecord],
        packages: Mapping[str, ModelPackage],
    ) -> tuple[Artifact, ...]:
        """What instances load before they serve.

        `models` holds those that run and the drafts, by name; `packages` those that they are made of, by ARN.
        """
        found = []
        for variant in target.variants():
            name = variant.get("ModelName")
            model = models.get(name or "")
            if name is None or model is None:
                continue
            sizes = [self._size(spec, urls) for c in model.containers() if (urls := _urls(c, packages))]
            known = [s for s in sizes if s is not None]
            found.append(
                Artifact(
                    variant=variant["VariantName"],
                    model=name,
                    size=sum(known) if known and len(known) == len(sizes) else None,
                    download_timeout=_seconds(variant, "ModelDataDownloadTimeoutInSeconds"),
                    startup_timeout=_seconds(variant, "ContainerStartupHealthCheckTimeoutInSeconds"),
                )
            )
        return tuple(found)

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
        variants = [v.name for v in snapshot.variants]
        hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        window = Window(start=hour - WEEK - timedelta(hours=1), end=hour)
        metrics = self._aws(spec).metrics
        return _if_told(
            "traffic", lambda: metrics.traffic(spec.name, variants, window, timedelta(hours=1), kind=spec.kind)
        )

    def requests_of_a_week(self, spec: EndpointSpec, snapshot: Snapshot, now: datetime) -> float | None:
        """How many requests came in the last seven days; None where CloudWatch does not tell."""
        points = self._week(spec, snapshot, now) if self.for_people else None
        return sum(point.requests for point in points) if points is not None else None

    def prices(self, spec: EndpointSpec, types: Sequence[str]) -> Mapping[str, Decimal | None]:
        """US dollars an hour by instance type."""
        if not self.for_people:
            return {}
        prices = self._aws(spec).prices
        return {type_: _if_told("prices", functools.partial(prices.hourly, type_)) for type_ in types}

    def connections(self, spec: EndpointSpec, snapshot: Snapshot, now: datetime) -> float | None:
        """Open streams in the last minutes."""
        if spec.kind != "streaming" or not self.for_people:
            return None
        variants = [v.name for v in snapshot.variants]
        minute = now.replace(second=0, microsecond=0)
        window = Window(start=minute - timedelta(minutes=5), end=minute)
        return _if_told("connections", lambda: self._aws(spec).metrics.concurrency(spec.name, variants, window))

    def failed_before(self, spec: EndpointSpec, content_hash: str, but: str) -> Attempt | None:
        """The last rollout to the same content, if it ended badly and none has succeeded since."""
        for past in self.world.store.rollouts.recent(spec.name, limit=50):
            if past.id == but or past.plan is None or past.plan.content_hash != content_hash:
                continue
            if past.phase is Phase.SUCCEEDED:
                return None
            if past.phase in BAD_ENDS:
                return _attempt(past)
        return None

    def holds(self, spec: EndpointSpec, content_hash: str, package: ModelPackage | None) -> tuple[Hold, ...]:
        """What stands against the version that shall run."""
        version = Version(content_hash=content_hash, package_arn=package.arn if package is not None else None)
        return tuple(hold for hold in self.world.store.holds.on(spec.name) if hold.is_about(version))

    def rolled_back_from(self, spec: EndpointSpec, target: str, but: str | None) -> Attempt | None:
        """The rollout that brought the endpoint to this config and was rolled back."""
        for past in self.world.store.rollouts.recent(spec.name, limit=50):
            went_there = past.kind is Kind.UPDATE and past.plan is not None and past.plan.target_config == target
            if went_there and past.id != but and past.phase in (Phase.ROLLED_BACK, Phase.ROLLED_BACK_BY_AWS):
                return _attempt(past)
        return None

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

    def _size(self, spec: EndpointSpec, urls: Sequence[str]) -> int | None:
        sizes = [_if_told("artifact", lambda u=url: self._aws(spec).artifacts.size(u)) for url in urls]  # type: ignore[misc]
        known = [s for s in sizes if s is not None]
        return sum(known) if len(known) == len(sizes) else None

    def _aws(self, spec: EndpointSpec) -> Aws:
        return self.world.aws(spec)


def _or_unknown(what: str, ask: Callable[[], T]) -> T | None:
    """Nothing when AWS refuses to say. What may only be asked again later raises, because a plan rests on it."""
    try:
        return ask()
    except GatewayError as exc:
        log.warning("%s cannot be told: %s", what, exc)
        return None


def _if_told(what: str, ask: Callable[[], T]) -> T | None:
    """Nothing also when AWS does not answer: no plan waits for what is only good to know."""
    try:
        return _or_unknown(what, ask)
    except TransientError as exc:
        log.info("%s cannot be told now: %s", what, exc)
        return None


def scaling_mode(current: ConfigRecord, target: ConfigRecord, scaling: Scaling | None) -> ScalingMode:
    """SageMaker refuses to change the instance type of a variant that is a scalable target, or to remove it."""
    before = {v["VariantName"]: _hardware(v) for v in current.variants()}
    after = {v["VariantName"]: _hardware(v) for v in target.variants()}
    for scaled in scaling.targets if scaling is not None else ():
        if before.get(scaled.variant) != after.get(scaled.variant):
            return ScalingMode.DEREGISTER
    return ScalingMode.SUSPEND


def images_of(
    snapshot: Snapshot, current: ConfigRecord, target: ConfigRecord, models: Mapping[str, ModelRecord]
) -> tuple[Image, ...]:
    """The images that run, and whether the target config names the same ones again."""
    wanted = {v["VariantName"]: _references(models.get(v.get("ModelName", ""))) for v in target.variants()}
    running = {v["VariantName"]: _references(models.get(v.get("ModelName", ""))) for v in current.variants()}
    digests = {v.name: v.image_digest for v in snapshot.variants}
    return tuple(
        Image(variant=name, specified=image, digest=digests.get(name), stays=image in wanted.get(name, ()))
        for name, images in running.items()
        for image in images[:1]
    )


def _hardware(variant: Document) -> tuple[object, ...]:
    pools = tuple(sorted(pool["InstanceType"] for pool in variant.get("InstancePools", ())))
    return variant.get("InstanceType"), pools, "ServerlessConfig" in variant


def _references(model: ModelRecord | None) -> tuple[str, ...]:
    return tuple(str(c["Image"]) for c in model.containers() if c.get("Image")) if model is not None else ()


def _by_type(config: ConfigRecord, live: Mapping[str, int], share: Callable[[int], int]) -> dict[str, int]:
    """Instances by type. Of a pool, any type may be the one that is used, so each counts in full."""
    wanted: dict[str, int] = {}
    for variant in config.variants():
        if "ServerlessConfig" in variant:
            continue
        count = live.get(variant["VariantName"], int(variant.get("InitialInstanceCount", 1)))
        types = [pool["InstanceType"] for pool in variant.get("InstancePools", ())] or [variant.get("InstanceType")]
        for type_ in types:
            if type_ is not None:
                wanted[type_] = wanted.get(type_, 0) + share(count)
    return wanted


def _urls(container: Document, packages: Mapping[str, ModelPackage]) -> list[str]:
    """What a container loads: a container by package names the package and leaves the rest to it."""
    if (package := packages.get(container.get("ModelPackageName", ""))) is not None:
        return list(package.model_data)
    urls = [container.get("ModelDataUrl"), container.get("ModelDataSource", {}).get("S3DataSource", {}).get("S3Uri")]
    return [str(url) for url in urls if url]


def _seconds(variant: Document, member: str) -> timedelta | None:
    value = variant.get(member)
    return timedelta(seconds=int(value)) if value is not None else None


def _attempt(past: Rollout) -> Attempt:
    return Attempt(rollout_id=past.id, at=past.last.at, ended=past.phase.words, why=past.last.note)
