"""The state of the pretended cloud: regions of accounts, what stands in them, and who is calling."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .clock import Clock, WallClock
from .demand import BlockCache
from .mailbox import Mailbox
from .scaling_state import ScalingState
from .traffic import Traits

if TYPE_CHECKING:
    from .alarms import Alarm
    from .sagemaker.endpoint import Endpoint
    from .scenarios import ScenarioBook
    from .trail import TrailEvent

HOME_ACCOUNT = "123456789012"
HOME_REGION = "us-east-1"
PERSONAL_KEY = "AKIAUSER"
"""Access keys that begin so belong to the person whose name follows: changes made with them are made by hand."""


@dataclass
class Settings:
    """What the command line sets; scenarios may change some of it while running."""

    speed: float = 1.0  # divides every duration of a lifecycle; 1 is as slow as AWS
    seed: int = 7  # of the traffic
    traffic: float = 1.0  # multiplies the requests, so that short windows hold enough of them
    metric_delay_seconds: float = 0.0  # CloudWatch's datapoints are usually one to three minutes late
    config_lag_seconds: float = 0.0  # a new endpoint config stays unknown to Create/UpdateEndpoint for so long
    status_lag_seconds: float = 0.0  # DescribeEndpoint shows the former status for so long after UpdateEndpoint
    estate: str = "sample"  # what stands there at the beginning: `sample`, `company` or `thousand`
    per_config_metrics: bool = True  # publish {EndpointName, VariantName, EndpointConfigName} too


@dataclass
class Model:
    """A SageMaker model: what CreateModel was given, plus its identity."""

    name: str
    arn: str
    created: datetime
    spec: dict[str, Any]
    traits: Traits = field(default_factory=Traits)  # beyond those of its packages
    has_served: bool = False  # an endpoint has been InService with it


@dataclass
class EndpointConfig:
    """An endpoint config: what CreateEndpointConfig was given, plus its identity. Never changes."""

    name: str
    arn: str
    created: datetime
    spec: dict[str, Any]

    def variants(self) -> list[dict[str, Any]]:
        return list(self.spec["ProductionVariants"])

    def shadows(self) -> list[dict[str, Any]]:
        return list(self.spec.get("ShadowProductionVariants", []))


@dataclass
class PackageGroup:
    name: str
    arn: str
    created: datetime
    description: str | None = None
    packages: dict[int, Package] = field(default_factory=dict)


@dataclass
class Package:
    """A model package; `version` is None for unversioned ones, as in AWS Marketplace."""

    name: str
    arn: str
    created: datetime
    spec: dict[str, Any]  # members of DescribeModelPackage that came from the registration or from updates
    group: str | None = None
    version: int | None = None
    status: str = "Completed"
    subscribed: bool = True  # Marketplace only: whether callers may make models from it

    @property
    def approval_status(self) -> str | None:
        return self.spec.get("ModelApprovalStatus")

    @property
    def containers(self) -> list[dict[str, Any]]:
        return list(self.spec.get("InferenceSpecification", {}).get("Containers", []))

    @property
    def product_id(self) -> str | None:
        """AWS Marketplace's id of the product; None for packages that are not from there."""
        return next((container["ProductId"] for container in self.containers if "ProductId" in container), None)

    @property
    def is_marketplace(self) -> bool:
        return self.product_id is not None


@dataclass
class Region:
    """Everything of one account in one region."""

    world: World
    account: str
    name: str
    models: dict[str, Model] = field(default_factory=dict)
    configs: dict[str, EndpointConfig] = field(default_factory=dict)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    groups: dict[str, PackageGroup] = field(default_factory=dict)
    packages: dict[str, Package] = field(default_factory=dict)  # unversioned, by name
    tags: dict[str, dict[str, str]] = field(default_factory=dict)  # by ARN
    alarms: dict[str, Alarm] = field(default_factory=dict)
    quotas: dict[str, float] = field(default_factory=dict)  # applied values that differ from the default, by code
    scaling: ScalingState = field(default_factory=ScalingState)
    trail: list[TrailEvent] = field(default_factory=list)  # who changed what, oldest first

    @property
    def now(self) -> datetime:
        return self.world.clock.now()

    def arn(self, kind: str, name: str) -> str:
        """An ARN as SageMaker writes it: the resource's name in lower case."""
        return f"arn:aws:sagemaker:{self.name}:{self.account}:{kind}/{name.lower()}"


@dataclass(frozen=True)
class Caller:
    """Who signed a request."""

    account: str
    arn: str
    user_id: str


@dataclass(frozen=True)
class Call:
    """One request in the hands of an operation."""

    region: Region
    caller: Caller
    params: dict[str, Any]

    @property
    def now(self) -> datetime:
        return self.region.now


Operation = Callable[[Call], dict[str, Any]]
OPERATIONS: dict[tuple[str, str], Operation] = {}


def operation(service: str, name: str) -> Callable[[Operation], Operation]:
    """Register a function as the implementation of an operation, by botocore's names."""

    def register(function: Operation) -> Operation:
        OPERATIONS[service, name] = function
        return function

    return register


@dataclass
class World:
    """All accounts and regions, the clock, and the scenarios that are switched on."""

    settings: Settings = field(default_factory=Settings)
    clock: Clock = field(default_factory=WallClock)
    scenarios: ScenarioBook = field(init=False)  # set by whoever builds the world
    regions: dict[tuple[str, str], Region] = field(default_factory=dict)
    sessions: dict[str, Caller] = field(default_factory=dict)  # by access key, from AssumeRole
    pushes: Counter[str] = field(default_factory=Counter)  # how often somebody moved an image's tag to another digest
    lost_artifacts: set[str] = field(default_factory=set)  # S3 URLs of model data that somebody deleted
    mailbox: Mailbox = field(default_factory=Mailbox)  # of the queue that EventBridge tells of changes
    demand: BlockCache = field(default_factory=BlockCache)
    serial: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def region(self, account: str, name: str) -> Region:
        return self.regions.setdefault((account, name), Region(self, account, name))

    def home(self) -> Region:
        return self.region(HOME_ACCOUNT, HOME_REGION)

    def caller(self, access_key: str) -> Caller:
        """Any key is accepted; those that AssumeRole gave out lead to the role's account, AKIAUSERCARL is carl's."""
        if access_key.startswith(PERSONAL_KEY):
            name = access_key.removeprefix(PERSONAL_KEY).lower()
            return Caller(HOME_ACCOUNT, f"arn:aws:iam::{HOME_ACCOUNT}:user/{name}", f"AIDASANDBOX{name.upper()}")
        root = Caller(HOME_ACCOUNT, f"arn:aws:iam::{HOME_ACCOUNT}:user/endpoint-bot", "AIDASANDBOXENDPOINTBOT")
        return self.sessions.get(access_key, root)

    def settle(self) -> None:
        """Let everything that was due by now have happened."""
        for region in self.regions.values():
            for endpoint in list(region.endpoints.values()):
                endpoint.settle(region)
