"""The plan of an endpoint that is created: from the fleet file, or restored from what a teardown left."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.domain.basis import fingerprint_of, scaling_facts
from bot.domain.commands import Change
from bot.domain.content import content_hash_of
from bot.domain.cost import Cost, billed_variants, cost_of, instance_types_of
from bot.domain.declared import declared_scaling
from bot.domain.endpoint import ConfigRecord, EndpointStatus, ModelPackage, ModelRecord, Snapshot
from bot.domain.errors import PlanDrifted, ResourceMissing, UserError
from bot.domain.fleet import EndpointSpec
from bot.domain.kept_alarms import AlarmChange, kept_alarms
from bot.domain.managing.ranks import rank_of
from bot.domain.phases import BOT_ACTOR, Kind
from bot.domain.plan import Difference, Fact, Plan
from bot.domain.preflight.creation import creation_findings
from bot.domain.preflight.facts import Facts
from bot.domain.rollout import Rollout
from bot.domain.scaling import Scaling
from bot.domain.starting import written
from bot.domain.strategy import Strategy
from workers.cloning import Creation, DraftNames, creation, creation_tags
from workers.cloning.differences import differences
from workers.drafting import Drafting
from workers.planning.gathering import Gathering, alarms_beside
from workers.planning.loading import artifacts_of
from workers.planning.past import holds_against
from workers.planning.quotas import concurrency_need, quota_needs
from workers.planning.restoring import Remains, remains_of
from workers.planning.updates import instance_types
from workers.world import World

NOTHING = ConfigRecord(name="", arn="", document={})
"""What runs before there is an endpoint."""

_INSTANCES = "SageMaker starts the instances, and the endpoint takes requests when all of them are well."
_SERVERLESS = "SageMaker sets up serverless capacity, which has no instances, and the endpoint takes requests when it is InService."
_NO_WATCH = "There are no numbers of before to compare it with, so there is no watch, and no rollback but a teardown."


@dataclass(frozen=True)
class _Target:
    """What shall run, be it new or restored."""

    config: ConfigRecord
    model: ModelRecord | None
    """The model that is still to be created."""
    package: ModelPackage | None
    label: str
    scaling: Scaling
    differences: tuple[Difference, ...]
    content_hash: str
    restored: str = ""


@dataclass(frozen=True)
class CreatePlans:
    """Plans for `deploy`."""

    world: World
    drafting: Drafting
    gathering: Gathering

    def make(self, rollout: Rollout, spec: EndpointSpec) -> Plan:
        """What would be created. Raises UserError or ResourceMissing when there is nothing to plan with."""
        failed = self._failed_config(spec)
        target = self._target(rollout, spec, is_there=bool(failed))
        facts = self._facts(rollout, spec, target)
        findings = creation_findings(facts, failed_config=failed)
        basis = tuple(Fact(name=name, value=value) for name, value in _basis(spec, target))
        return Plan(
            fingerprint=fingerprint_of(basis, findings),
            content_hash=target.content_hash,
            basis=basis,
            made_at=self.world.clock(),
            current_config=failed,
            target_config=target.config.name,
            is_restore=bool(target.restored),
            current_label="nothing",
            target_label=target.label,
            new_models={"": target.model.name} if target.model is not None else {},
            package_arn=target.package.arn if target.package is not None else None,
            rank=rank_of(spec, target.package.arn) if target.package is not None else None,
            differences=target.differences,
            kept=(target.restored,) if target.restored else (),
            findings=findings,
            strategy=Strategy(reason=_how(target.config)),
            scaling=target.scaling,
            **alarms_beside(facts),
            opens_at=facts.opens_at,
            cost=self._cost(spec, target.config),
            is_marketplace=target.package is not None and target.package.is_marketplace,
        )

    def drafted(self, rollout: Rollout, spec: EndpointSpec) -> Creation:
        """The documents that were approved, made again. Raises PlanDrifted if they would be others by now."""
        assert rollout.plan is not None
        assert rollout.plan.package_arn is not None
        package = self.world.aws(spec).registry.describe_package(rollout.plan.package_arn)
        made = creation(spec, package, _names(rollout))
        if made.fingerprint != rollout.plan.content_hash:
            raise PlanDrifted(
                [Difference(path="What would be created", before=None, after="the fleet file or the package moved")]
            )
        return made

    def _failed_config(self, spec: EndpointSpec) -> str:
        """The config of a Failed endpoint that has the name; empty if nothing has it."""
        try:
            snapshot = self.world.aws(spec).endpoints.describe(spec.name)
        except ResourceMissing:
            return ""
        if snapshot.status is EndpointStatus.FAILED:
            return snapshot.config_name
        raise UserError(exists_already(snapshot))

    def _target(self, rollout: Rollout, spec: EndpointSpec, *, is_there: bool) -> _Target:
        """What would be created; `is_there`: a Failed endpoint has the name, so that nobody tore it down for good."""
        asks_for_a_version = rollout.change is not None and rollout.change != Change()
        is_alone = rollout.requester == BOT_ACTOR
        remains = remains_of(self.world, spec) if is_alone or not asks_for_a_version else None
        if remains is not None and is_alone and remains.teardown_id is None and not is_there:
            raise UserError(
                f"{spec.name} was torn down {written(remains.torn_down_at)}, so automation leaves it deleted. Nothing was started. "
                f"When it is wanted again: deploy {spec.name}"
            )
        if remains is not None and not asks_for_a_version:
            return _restored(spec, remains)
        package = self.drafting.resolve_package(rollout.change or Change(), spec)
        if package is None:
            raise UserError(
                f"{spec.name} does not exist, so there is nothing whose settings could be changed. Nothing was started. "
                f"Create it with a version: deploy {spec.name} --version latest"
            )
        made = creation(spec, package, _names(rollout))
        return _Target(
            config=made.config,
            model=made.model,
            package=package,
            label=package.label,
            scaling=declared_scaling(spec),
            differences=made.differences,
            content_hash=made.fingerprint,
        )

    def _facts(self, rollout: Rollout, spec: EndpointSpec, target: _Target) -> Facts:
        gather, now = self.gathering, self.world.clock()
        aws = self.world.aws(spec)
        package = target.package
        models = {target.model.name: target.model} if target.model is not None else {}
        return Facts(
            spec=spec,
            kind=Kind.CREATE,
            snapshot=_no_fleet(spec, now),
            current_config=NOTHING,
            target_config=target.config,
            target_config_name=target.config.name,
            package=package,
            instance_types=instance_types(target.config),
            is_subscribed=gather.is_subscribed(spec, package),
            scaling=target.scaling,
            watch_alarms=gather.watch_alarms(spec),
            alarm_change=_alarms_of_new(spec, gather.alarm_change(spec)),
            concurrency=concurrency_need(aws, NOTHING, target.config),
            quota=quota_needs(aws, NOTHING, target.config, Strategy(), {}, {}),
            artifacts=artifacts_of(aws, target.config, models, {package.arn: package} if package else {}),
            opens_at=gather.opens_at(spec, now),
            approvers=gather.approvers(rollout, spec.approval),
            quorum=spec.approval.quorum,
            holds=holds_against(self.world.store, spec.name, target.content_hash, package),
        )

    def _cost(self, spec: EndpointSpec, config: ConfigRecord) -> Cost:
        then = billed_variants(config.document)
        return cost_of((), then, None, None, self.gathering.prices(spec, instance_types_of(then)))


def _how(config: ConfigRecord) -> str:
    return f"{_INSTANCES if instance_types(config) else _SERVERLESS} {_NO_WATCH}"


def exists_already(snapshot: Snapshot) -> str:
    """Why an endpoint is not created."""
    if snapshot.status is EndpointStatus.DELETING:
        return f"{snapshot.name} is being deleted at this moment. Nothing was started. Ask again in a few minutes, when it is gone."
    return (
        f"{snapshot.name} exists already: it is {snapshot.status}, on {snapshot.config_name}. Nothing was started. "
        f"To bring another version to it: promote {snapshot.name}"
    )


def _restored(spec: EndpointSpec, remains: Remains) -> _Target:
    document = remains.config.document
    variants = (*document.get("ProductionVariants", ()), *document.get("ShadowProductionVariants", ()))
    where = f" in rollout {remains.teardown_id}" if remains.teardown_id is not None else ""
    return _Target(
        config=remains.config,
        model=None,
        package=remains.package(spec),
        label=remains.label,
        scaling=remains.scaling,
        differences=tuple(d for v in variants for d in differences({}, v, v["VariantName"])),
        content_hash=content_hash_of({"endpoint": spec.name, "config": document}),
        restored=(
            f"The config that it ran, {remains.config.name}, and its models: it was torn down {written(remains.torn_down_at)}{where}."
        ),
    )


def _basis(spec: EndpointSpec, target: _Target) -> Iterator[tuple[str, str]]:
    yield "Endpoint", spec.name
    yield "What would be created", target.content_hash
    if target.restored:
        yield "Endpoint config", target.config.name
    if target.package is not None:
        yield "Model package", target.package.arn.lower()
        yield f"Approval of {target.package.label}", str(target.package.approval or "none needed")
        yield f"Status of {target.package.label}", target.package.status
    yield from scaling_facts(target.scaling)


def _alarms_of_new(spec: EndpointSpec, change: AlarmChange | None) -> AlarmChange:
    """All of them, where it could not be told which are left from an endpoint of before."""
    return change if change is not None else AlarmChange(put=kept_alarms(spec))


def _names(rollout: Rollout) -> DraftNames:
    return DraftNames(rollout.id, creation_tags(rollout))


def _no_fleet(spec: EndpointSpec, at: datetime) -> Snapshot:
    """What a look shows where there is no fleet: the checks of a creation ask nothing of it but the name."""
    return Snapshot(
        name=spec.name,
        arn="",
        status=EndpointStatus.OUT_OF_SERVICE,
        config_name="",
        last_modified=at,
        observed_at=at,
    )
