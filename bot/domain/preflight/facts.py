"""What was found out about an endpoint and the change that is asked for. Gathered before any check runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.alarms import Alarm
from bot.domain.conversion import Conversion
from bot.domain.endpoint import ConfigRecord, ModelPackage, Snapshot
from bot.domain.fleet import EndpointSpec
from bot.domain.hold import Hold
from bot.domain.kept_alarms import AlarmChange
from bot.domain.phases import Kind
from bot.domain.plan import Difference, Finding
from bot.domain.rollout_parts import CountChange
from bot.domain.saga import ScalingMode
from bot.domain.scaling import Scaling
from bot.domain.strategy import FleetShape, Strategy
from bot.domain.traffic import TrafficOutlook


@dataclass(frozen=True)
class QuotaNeed:
    """One instance type that the change, or the way back, needs more of while two fleets stand."""

    instance_type: str
    limit: int | None
    """Service Quotas' "<type> for endpoint usage"; None when it could not be read."""
    used: int | None
    """Counted from all live endpoints of the account and region; None when it could not be counted."""
    extra: int
    """Instances on top of that during the update."""
    return_extra: int = 0
    """Instances on top of what will be used then, for the way back."""
    present: int | None = None
    """Instances of it that run now, where the way back starts another number of them."""


@dataclass(frozen=True)
class ConcurrencyNeed:
    """Serverless requests at once that the change needs more of."""

    limit: int | None
    """Service Quotas' total over all serverless endpoints of the account and region; None when it could not be read."""
    used: int | None
    """What their configs allocate now; None when it could not be counted."""
    more: int
    """On top of that, once the change is done."""


@dataclass(frozen=True)
class Artifact:
    """What one variant's instances load before they serve."""

    variant: str
    model: str
    size: int | None
    """Bytes; None when it could not be told."""
    download_timeout: timedelta | None
    """ModelDataDownloadTimeoutInSeconds; None: SageMaker's default."""
    startup_timeout: timedelta | None
    """ContainerStartupHealthCheckTimeoutInSeconds; None: SageMaker's default."""


@dataclass(frozen=True)
class Image:
    """The image that a variant runs, and what its tag meant when it was deployed."""

    variant: str
    specified: str
    digest: str | None
    stays: bool
    """Whether the target config runs the same image reference, which would be resolved anew."""


@dataclass(frozen=True)
class Attempt:
    """An earlier rollout to the very same content, which did not end well."""

    rollout_id: str
    at: datetime
    ended: str
    """Its state in words."""
    why: str
    comes_again: bool = False
    """Whether the endpoint manager, which had opened it, tries the same again by itself."""


@dataclass(frozen=True)
class Facts:
    """What was found out. None always means: it could not be told."""

    spec: EndpointSpec
    kind: Kind
    snapshot: Snapshot
    current_config: ConfigRecord
    target_config: ConfigRecord | None
    """The draft of an update; for a rollback the config as it stands, None if it is gone."""
    target_config_name: str
    differences: tuple[Difference, ...] = ()
    package: ModelPackage | None = None
    """What shall run, where the change names a package."""
    running: tuple[ModelPackage, ...] = ()
    """The packages that run now."""
    models: Mapping[str, bool] = field(default_factory=dict)
    """Whether each model that the way back needs (for a rollback: the way there) still exists."""
    instance_types: frozenset[str] = frozenset()
    """Of the target config."""
    count_change: CountChange | None = None
    """For a change of live counts."""
    is_subscribed: bool | None = None
    """To the Marketplace product of `package`; None also for packages that need no subscription."""
    scaling: Scaling | None = field(default_factory=Scaling)
    scaling_mode: ScalingMode = ScalingMode.SUSPEND
    strategy: Strategy = field(default_factory=Strategy)
    shape: FleetShape | None = None
    own_alarms: tuple[Alarm, ...] = ()
    """The alarms that the rollout would make for itself."""
    standing_alarms: Mapping[str, Alarm] | None = field(default_factory=dict)
    """Those of `strategy.alarms` that exist."""
    watch_alarms: Mapping[str, Alarm] | None = field(default_factory=dict)
    """Those of the alarms that the watch heeds that exist."""
    second_variant: str | None = None
    """The variant that goes away, where a bridge or a trial ends on which two run side by side, or that comes where one begins."""
    conversion: Conversion | None = None
    alarm_change: AlarmChange | None = field(default_factory=AlarmChange)
    """What the alarms beside the endpoint need, so that they are as declared; for a teardown, which of them are deleted."""
    quota: tuple[QuotaNeed, ...] = ()
    concurrency: ConcurrencyNeed | None = None
    """For what is serverless; None for instances."""
    artifacts: tuple[Artifact, ...] = ()
    images: tuple[Image, ...] = ()
    traffic: TrafficOutlook | None = None
    connections: float | None = None
    """Open streams now, for streaming endpoints."""
    opens_at: datetime | None = None
    """When the change window opens; None when it is open, or when there is none."""
    approvers: int | None = None
    """How many people the policy of this change names besides the requester; None with groups, which are looked up at the click."""
    quorum: int = 1
    holds: tuple[Hold, ...] = ()
    """What stands against the version that shall run, newest first."""
    failed_before: Attempt | None = None
    rolled_back_from: Attempt | None = None
    """The rollout that left by a rollback the config that a way back leads to: a rollback's target, an update's present config."""
    has_run_here: bool = True
    """Of the target of a way back: whether this endpoint is known to have run it."""
    past_durations: tuple[timedelta, ...] = ()


Check = Callable[[Facts], Finding | None]
