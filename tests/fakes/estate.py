"""An account with many endpoints: each plays its own part, and all share configs, models and one registry."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from bot.domain.endpoint import (
    ApprovalStatus,
    ConfigRecord,
    EndpointStatus,
    Listed,
    ModelPackage,
    ModelRecord,
    Snapshot,
)
from bot.domain.errors import ResourceExists, ResourceMissing
from fakes.account import ARN, FakeEndpoints
from fakes.clock import NOW, FakeClock
from fakes.engine import Engine

T = TypeVar("T")

ROLE = "arn:aws:iam::123456789012:role/sagemaker"


def package_of(group: str, version: int, approval: ApprovalStatus = ApprovalStatus.APPROVED) -> ModelPackage:
    """A version of a group."""
    return ModelPackage(
        arn=f"{ARN}:model-package/{group}/{version}",
        name=group,
        group=group,
        version=version,
        status="Completed",
        approval=approval,
        created_at=NOW,
    )


def standing_on(
    clock: FakeClock, name: str, package: ModelPackage, *, instance_type: str = "ml.m5.xlarge", count: int = 2
) -> FakeEndpoints:
    """An endpoint that was made by hand and runs that version, on a config called `NAME-made-by-hand`."""
    container = {"ModelPackageName": package.arn, "Environment": {"WORKERS": "2"}}
    model = ModelRecord(
        name=f"{name}-model",
        arn=f"{ARN}:model/{name}-model",
        document={"PrimaryContainer": container, "ExecutionRoleArn": ROLE},
    )
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": model.name,
        "InstanceType": instance_type,
        "InitialInstanceCount": count,
        "InitialVariantWeight": 1.0,
    }
    config = ConfigRecord(
        name=f"{name}-made-by-hand",
        arn=f"{ARN}:endpoint-config/{name}-made-by-hand",
        document={"ProductionVariants": [variant]},
    )
    return FakeEndpoints(clock, name, config, model)


class Estate:
    """Implements workers.ports.Endpoints over many `FakeEndpoints`; each keeps its own scripts, calls and errors."""

    def __init__(self, *endpoints: FakeEndpoints) -> None:
        self.configs: dict[str, ConfigRecord] = {}
        self.models: dict[str, ModelRecord] = {}
        self.by_name: dict[str, FakeEndpoints] = {}
        for endpoint in endpoints:
            self.add(endpoint)

    def add(self, endpoint: FakeEndpoints) -> FakeEndpoints:
        """It exists from now on."""
        self.configs |= endpoint.configs
        self.models |= endpoint.models
        endpoint.configs, endpoint.models = self.configs, self.models
        self.by_name[endpoint.endpoint] = endpoint
        return endpoint

    def __getitem__(self, name: str) -> FakeEndpoints:
        return self.by_name[name]

    def __getattr__(self, method: str) -> object:
        """Whatever is about one endpoint goes to that endpoint, by the name that comes first."""

        def ask(name: str, *args: object, **more: object) -> object:
            return getattr(self._endpoint(name), method)(name, *args, **more)

        if method.startswith("_"):
            raise AttributeError(method)
        return ask

    def updates(self) -> int:
        """How many UpdateEndpoint calls took effect, on all endpoints together."""
        return sum(len(endpoint.updates) for endpoint in self.by_name.values())

    def describe(self, name: str) -> Snapshot:
        return self._endpoint(name).describe(name)

    def list(self) -> tuple[Listed, ...]:
        return tuple(shown for endpoint in self.by_name.values() for shown in endpoint.list())

    def list_statuses(self, status: EndpointStatus) -> frozenset[str]:
        return frozenset(name for each in self.by_name.values() for name in each.list_statuses(status))

    def describe_config(self, name: str) -> ConfigRecord:
        return self._found("endpoint config", self.configs, name)

    def describe_model(self, name: str, *, with_tags: bool = True) -> ModelRecord:
        found = self._found("model", self.models, name)
        return found if with_tags else found.model_copy(update={"tags": {}})

    def create_model(self, draft: ModelRecord) -> None:
        self.models[draft.name] = draft.model_copy(update={"arn": f"{ARN}:model/{draft.name}"})

    def create_config(self, draft: ConfigRecord) -> None:
        known = self.configs.get(draft.name)
        if known is not None and known.document != draft.document:
            raise ResourceExists(
                "endpoint config", draft.name, operation="CreateEndpointConfig", code="ValidationException"
            )
        self.configs[draft.name] = draft.model_copy(update={"arn": f"{ARN}:endpoint-config/{draft.name}"})

    def tags(self, arn: str) -> Mapping[str, str]:
        if ":endpoint/" in arn:
            return self._endpoint(arn.rpartition("/")[2]).tags(arn)
        known: Iterable[ConfigRecord | ModelRecord] = (*self.configs.values(), *self.models.values())
        return next((found.tags for found in known if found.arn == arn), {})

    def change_tags(self, arn: str, put: Mapping[str, str], remove: Sequence[str] = ()) -> None:
        kind, name = arn.rpartition(":")[2].split("/")
        any_of_them = next(iter(self.by_name.values()))  # which share their configs
        (self._endpoint(name) if kind == "endpoint" else any_of_them).change_tags(arn, put, remove)

    def create(self, name: str, config_name: str, tags: Mapping[str, str]) -> None:
        """A name that was never there before gets a part of its own to play."""
        if name not in self.by_name:
            made = FakeEndpoints(next(iter(self.by_name.values())).clock, name, self.describe_config(config_name))
            made.exists = False
            self.add(made)
        self.by_name[name].create(name, config_name, tags)

    def _endpoint(self, name: str) -> FakeEndpoints:
        if name not in self.by_name:
            raise ResourceMissing("endpoint", name, operation="DescribeEndpoint", code="ValidationException")
        return self.by_name[name]

    def _found(self, kind: str, known: Mapping[str, T], name: str) -> T:
        if name not in known:
            raise ResourceMissing(kind, name, operation="Describe", code="ValidationException")
        return known[name]


class EstateEngine(Engine):
    """The engine over an estate. `estate` and `registry` are what AWS says; add endpoints and versions as time goes by."""

    def __init__(self, fleet: str, endpoints: Mapping[str, ModelPackage], versions: Iterable[ModelPackage]) -> None:
        """Make it.

        Args:
            fleet: The fleet file.
            endpoints: What each endpoint runs that exists at the beginning.
            versions: What the registry holds at the beginning.
        """
        super().__init__(fleet)
        self.estate = Estate(*(standing_on(self.clock, name, package) for name, package in endpoints.items()))
        self.registry.packages = list(versions)
        self.lives_in(endpoints=self.estate)
