"""SageMaker and its registry for one account, as far as the ports go: what runs, and what becomes of an update."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.endpoint import (
    BUSY_STATUSES,
    ApprovalStatus,
    ConfigRecord,
    Document,
    EndpointStatus,
    Listed,
    ModelPackage,
    ModelRecord,
    PendingDeployment,
    Snapshot,
    VariantState,
)
from bot.domain.errors import GatewayError, ResourceBusy, ResourceExists, ResourceMissing
from fakes.clock import NOW, FakeClock
from fakes.failing import Failing

ARN = "arn:aws:sagemaker:us-east-1:123456789012"
VARIANT = VariantState(name="AllTraffic", current_count=2, desired_count=2, weight=1.0)


@dataclass(frozen=True)
class Step:
    """What one look at the endpoint shows after UpdateEndpoint."""

    status: EndpointStatus
    lands: bool = False
    """The target config is the current one from now on."""
    shows_pending: bool = True
    failure_reason: str | None = None
    config: str | None = None
    """Another config altogether."""
    is_gone: bool = False
    """The endpoint does not exist any more."""


UPDATING = Step(EndpointStatus.UPDATING)
UPDATING_SILENTLY = Step(EndpointStatus.UPDATING, shows_pending=False)
SYSTEM_UPDATING = Step(EndpointStatus.SYSTEM_UPDATING)
LANDED = Step(EndpointStatus.IN_SERVICE, lands=True)
FAILED = Step(EndpointStatus.FAILED, failure_reason="Unable to provision.")
MIXED = Step(EndpointStatus.UPDATE_ROLLBACK_FAILED)
SETTLED = Step(EndpointStatus.IN_SERVICE)
CREATING = Step(EndpointStatus.CREATING)
DELETING = Step(EndpointStatus.DELETING)
GONE = Step(EndpointStatus.DELETING, is_gone=True)
MOVED_BY_HAND = Step(EndpointStatus.IN_SERVICE, config="made-by-hand")


def rolled_back(reason: str | None = None) -> Step:
    """SageMaker goes back to the current config without a word, or with one."""
    return Step(EndpointStatus.IN_SERVICE, failure_reason=reason)


SUCCESS = (UPDATING, UPDATING, LANDED)


class FakeEndpoints(Failing):
    """Implements workers.ports.Endpoints; plays `scripts`, one for each UpdateEndpoint, then SUCCESS."""

    def __init__(self, clock: FakeClock, endpoint: str, config: ConfigRecord, *models: ModelRecord) -> None:
        super().__init__()
        self.clock = clock
        self.endpoint = endpoint
        self.status = EndpointStatus.IN_SERVICE
        self.config = config.name
        self.configs = {config.name: config}
        self.models = {m.name: m for m in models}
        self.moved_at = clock() - timedelta(days=3)
        self.updated_at: datetime | None = None
        self.failure_reason: str | None = None
        self.pending: str | None = None
        self.scripts: list[Sequence[Step]] = []
        self._script: list[Step] = []
        self.updates: list[str] = []
        self.own_tags: dict[str, str] = {}
        """Of the endpoint itself."""
        self.deployments: list[Document | None] = []
        """The DeploymentConfig of each update."""
        self.variants: tuple[VariantState, ...] = (VARIANT,)
        self.exists = True
        self.creations: list[str] = []
        """The config of each CreateEndpoint that took effect."""
        self.deletions = 0
        self.own_tags: dict[str, str] = {}
        self._taken_from_config: frozenset[str] = frozenset()

    def plays(self, *scripts: Sequence[Step]) -> None:
        """What the next updates come to."""
        self.scripts.extend(scripts)

    def describe(self, name: str) -> Snapshot:
        with self.called("describe", name):
            if name != self.endpoint:
                raise ResourceMissing("endpoint", name, operation="DescribeEndpoint", code="ValidationException")
            step = self._script.pop(0) if self._script else None
            if step is not None:
                self._play(step)
            if not self.exists:
                raise ResourceMissing("endpoint", name, operation="DescribeEndpoint", code="ValidationException")
            shown = self.pending is not None and (step is None or step.shows_pending)
            return Snapshot(
                name=name,
                arn=f"{ARN}:endpoint/{name}",
                status=self.status,
                config_name=self.config,
                last_modified=self.moved_at,
                observed_at=self.clock(),
                failure_reason=self.failure_reason,
                variants=self.variants,
                pending=PendingDeployment(config_name=self.pending, variants=self._arrived(self.pending))
                if shown and self.pending
                else None,
            )

    def _play(self, step: Step) -> None:
        self.status, self.failure_reason, self.moved_at = step.status, step.failure_reason, self.clock()
        self.exists = not step.is_gone
        if step.config is not None:
            self.config, self.pending = step.config, None
        if step.lands and self.pending is not None:
            self.variants = self._arrived(self.pending)
            self.config = self.pending
        if step.status not in (EndpointStatus.UPDATING, EndpointStatus.SYSTEM_UPDATING):
            self.pending = None

    def _arrived(self, config_name: str) -> tuple[VariantState, ...]:
        """The variants of a config: what is live stays for variants of the same name, unless it is taken from the config."""
        if config_name not in self.configs:
            return self.variants
        live = {variant.name: variant for variant in self.variants}
        return tuple(self._variant(d, live.get(d["VariantName"])) for d in self.configs[config_name].variants())

    def _variant(self, document: Document, live: VariantState | None) -> VariantState:
        initial = document.get("InitialInstanceCount")
        variant = live or VariantState(name=document["VariantName"])
        if live is None or "counts" in self._taken_from_config:
            variant = variant.model_copy(update={"current_count": initial, "desired_count": initial})
        if live is None or "weights" in self._taken_from_config:
            variant = variant.model_copy(update={"weight": document.get("InitialVariantWeight", 1.0)})
        return variant

    def list(self) -> tuple[Listed, ...]:
        with self.called("list"):
            arn = f"{ARN}:endpoint/{self.endpoint}"
            created = self.moved_at - timedelta(days=30)
            shown = Listed(
                name=self.endpoint, arn=arn, status=self.status, created=created, last_modified=self.moved_at
            )
            return (shown,) if self.exists else ()

    def list_statuses(self, status: EndpointStatus) -> frozenset[str]:
        with self.called("list_statuses", status):
            return frozenset({self.endpoint} if self.exists and self.status is status else ())

    def describe_config(self, name: str) -> ConfigRecord:
        with self.called("describe_config", name):
            if not name:
                raise GatewayError("DescribeEndpointConfig", "ValidationException", "Value '' at 'endpointConfigName'")
            if name not in self.configs:
                raise ResourceMissing(
                    "endpoint config", name, operation="DescribeEndpointConfig", code="ValidationException"
                )
            return self.configs[name]

    def describe_model(self, name: str, *, with_tags: bool = True) -> ModelRecord:
        with self.called("describe_model", name):
            if name not in self.models:
                raise ResourceMissing("model", name, operation="DescribeModel", code="ValidationException")
            return self.models[name] if with_tags else self.models[name].model_copy(update={"tags": {}})

    def create_model(self, draft: ModelRecord) -> None:
        with self.called("create_model", draft.name):
            self.models[draft.name] = draft.model_copy(update={"arn": f"{ARN}:model/{draft.name}"})

    def create_config(self, draft: ConfigRecord) -> None:
        with self.called("create_config", draft.name):
            known = self.configs.get(draft.name)
            if known is not None and known.document != draft.document:
                raise ResourceExists(
                    "endpoint config", draft.name, operation="CreateEndpointConfig", code="ValidationException"
                )
            self.configs[draft.name] = draft.model_copy(update={"arn": f"{ARN}:endpoint-config/{draft.name}"})

    def update(
        self,
        name: str,
        config_name: str,
        *,
        counts_from_config: bool = False,
        weights_from_config: bool = False,
        deployment: Document | None = None,
    ) -> None:
        with self.called("update", name, config_name, str(counts_from_config)):
            self._refuse_while_busy("UpdateEndpoint")
            self.updates.append(config_name)
            self.deployments.append(deployment)
            taken = {"counts": counts_from_config, "weights": weights_from_config}
            self._taken_from_config = frozenset(what for what, is_taken in taken.items() if is_taken)
            self.status, self.pending, self.failure_reason = EndpointStatus.UPDATING, config_name, None
            self.moved_at = self.updated_at = self.clock()
            self._script = list(self.scripts.pop(0) if self.scripts else SUCCESS)

    def set_weights_and_capacities(
        self, name: str, weights: Mapping[str, float] | None = None, counts: Mapping[str, int] | None = None
    ) -> None:
        """Done after one more look that shows Updating, unless a test laid in another script."""
        weights, counts = weights or {}, counts or {}
        with self.called("set_weights_and_capacities", name, str(dict(weights)), str(dict(counts))):
            self._refuse_while_busy("UpdateEndpointWeightsAndCapacities")
            self.variants = tuple(
                v.model_copy(
                    update={
                        "weight": weights.get(v.name, v.weight),
                        "current_count": counts.get(v.name, v.current_count),
                        "desired_count": counts.get(v.name, v.desired_count),
                    }
                )
                for v in self.variants
            )
            self.status, self.pending, self.failure_reason = EndpointStatus.UPDATING, None, None
            self.moved_at = self.clock()
            self._script = list(self.scripts.pop(0) if self.scripts else (UPDATING_SILENTLY, SETTLED))

    def create(self, name: str, config_name: str, tags: Mapping[str, str]) -> None:
        """In service after two looks that show Creating, unless a test laid in another script."""
        with self.called("create", name, config_name):
            if self.exists:
                raise ResourceExists("endpoint", name, operation="CreateEndpoint", code="ValidationException")
            if config_name not in self.configs:
                raise ResourceMissing(
                    "endpoint config", config_name, operation="CreateEndpoint", code="ValidationException"
                )
            self.exists, self.config, self.own_tags, self.variants = True, config_name, dict(tags), ()
            self.creations.append(config_name)
            self.variants = self._arrived(config_name)
            self.status, self.pending, self.failure_reason = EndpointStatus.CREATING, None, None
            self.moved_at = self.clock()
            self._script = list(self.scripts.pop(0) if self.scripts else (CREATING, CREATING, SETTLED))

    def delete(self, name: str) -> None:
        """Gone after one more look that shows Deleting, unless a test laid in another script."""
        with self.called("delete", name):
            if not self.exists:
                raise ResourceMissing("endpoint", name, operation="DeleteEndpoint", code="ValidationException")
            if self.status in BUSY_STATUSES:
                raise ResourceBusy(self.endpoint, operation="DeleteEndpoint", code="ValidationException")
            self.deletions += 1
            self.status, self.pending, self.moved_at = EndpointStatus.DELETING, None, self.clock()
            self._script = list(self.scripts.pop(0) if self.scripts else (DELETING, GONE))

    def _refuse_while_busy(self, operation: str) -> None:
        if self.status not in (EndpointStatus.IN_SERVICE, EndpointStatus.UPDATE_ROLLBACK_FAILED):
            raise ResourceBusy(self.endpoint, operation=operation, code="ValidationException")

    def change_tags(self, arn: str, put: Mapping[str, str], remove: Sequence[str] = ()) -> None:
        with self.called("change_tags", arn):
            config = next((c for c in self.configs.values() if c.arn == arn), None)
            if config is not None:
                kept = {k: v for k, v in {**config.tags, **put}.items() if k not in remove}
                self.configs[config.name] = config.model_copy(update={"tags": kept})
                return
            assert arn == f"{ARN}:endpoint/{self.endpoint}"
            self.own_tags = {k: v for k, v in {**self.own_tags, **put}.items() if k not in remove}

    def tags(self, arn: str) -> Mapping[str, str]:
        with self.called("tags", arn):
            if arn == f"{ARN}:endpoint/{self.endpoint}":
                return self.own_tags
            known = (*self.configs.values(), *self.models.values())
            return next((found.tags for found in known if found.arn == arn), {})


class FakeRegistry(Failing):
    """Implements workers.ports.Registry."""

    def __init__(self, *packages: ModelPackage) -> None:
        super().__init__()
        self.packages = list(packages)

    def describe_package(self, arn: str) -> ModelPackage:
        with self.called("describe_package", arn):
            for package in self.packages:
                if package.arn == arn:
                    return package
            raise ResourceMissing("model package", arn, operation="DescribeModelPackage", code="ValidationException")

    def set_approval(self, arn: str, status: ApprovalStatus, note: str) -> None:
        with self.called("set_approval", arn, status, note):
            package = next(p for p in self.packages if p.arn == arn)
            self.decides(package, status, note)

    def decides(self, package: ModelPackage, status: ApprovalStatus, note: str = "", by: str = "") -> None:
        """Somebody sets the approval, be it in the console."""
        said = {"approval": status, "approval_note": note or None, "modified_by": by, "modified_at": NOW}
        self.packages[self.packages.index(package)] = package.model_copy(update=said)

    def list_versions(self, group: str, approval: ApprovalStatus | None = None) -> tuple[ModelPackage, ...]:
        with self.called("list_versions", group):
            name = group.rpartition("/")[2]  # given as an ARN or by its name
            found = [p for p in self.packages if p.group == name and approval in (None, p.approval)]
            return tuple(sorted(found, key=lambda p: p.version or 0, reverse=True))
