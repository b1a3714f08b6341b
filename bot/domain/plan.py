"""A plan: what would change, what was found, and the fingerprint that an approval is bound to.

A plan is immutable and holds nothing secret: values that look like secrets are masked in its differences, and the documents
themselves are drafted again from SageMaker when they are needed, then held against the fingerprint.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from bot.domain.alarms import Alarm
from bot.domain.bridge import BridgePlan
from bot.domain.cost import Cost
from bot.domain.merits import MeritComparison
from bot.domain.model import Value
from bot.domain.readiness import Readiness
from bot.domain.saga import ScalingMode
from bot.domain.scaling import ScalableTarget, Scaling
from bot.domain.strategy import Strategy
from bot.domain.traffic import TrafficOutlook
from bot.domain.trial import TrialPlan
from bot.domain.version import Version


class Level(StrEnum):
    """How much a finding weighs."""

    OK = "ok"
    WARNING = "warning"
    BLOCKER = "blocker"


class Finding(Value):
    """One preflight check's answer: what was found, and for anything but `ok` what to do about it."""

    check: str
    level: Level
    text: str
    next_step: str = ""


class Difference(Value):
    """One field that changes. None means "not there"."""

    path: str
    before: str | None
    after: str | None


class Fact(Value):
    """Something that a plan rests on, by name: if its value differs when the plan shall run, the plan does not hold."""

    name: str
    value: str


class AutoscalePlan(Value):
    """What scales one variant before and after a rollout that changes nothing else; None: nothing does."""

    variant: str
    before: ScalableTarget | None
    after: ScalableTarget | None


class Plan(Value):
    """What an approver sees and what then happens, nothing else."""

    fingerprint: str
    made_at: datetime
    current_config: str
    """Of a creation: the config of the Failed endpoint that is deleted first; empty where there is no endpoint."""
    target_config: str
    """Empty for a teardown."""
    returns_to: str | None = None
    """Where a rollback goes, if not to the present config: B of a trial, once kept, must not come back beside A."""
    restore_window: timedelta | None = None
    """Of a teardown: how long what it leaves can be restored; None where it cannot."""
    is_restore: bool = False
    """Whether a creation takes a config that is still there, and so makes no new one."""
    current_label: str
    """What runs now, as people call it, e.g. `sentiment version 3`."""
    target_label: str
    left_package: str | None = None
    """ARN of the version that it leaves for another one, B's where a trial ends in favour of A; None where what runs stays, or is of
    no package."""
    new_models: Mapping[str, str] = {}
    """Model to be created by the name of the model that it replaces; empty when only the config changes."""
    package_arn: str | None = None
    rank: int | None = None
    """As `Version.rank`."""
    differences: tuple[Difference, ...] = ()
    counts_from_config: bool = False
    """UpdateEndpoint shall take instance counts from the target config, because the change, or what it undoes, was about them."""
    weights_from_config: bool = False
    """UpdateEndpoint shall take traffic weights from the target config, because live ones are those of a trial that ends."""
    kept: tuple[str, ...] = ()
    """Sentences about live settings that survive: instance counts, weights."""
    findings: tuple[Finding, ...] = ()
    strategy: Strategy = Strategy()
    steps: tuple[str, ...] = ()
    """What the strategy does, step by step, in words."""
    deployment: Mapping[str, Any] | None = None
    """The DeploymentConfig of UpdateEndpoint; None sends none."""
    bridge: BridgePlan | None = None
    """The config in between, for two-variant and for the way back from it."""
    trial: TrialPlan | None = None
    """Both variants of the trial that it starts, moves or ends."""
    autoscale: AutoscalePlan | None = None
    """What a rollout of kind `autoscale` sets."""
    alarms: tuple[Alarm, ...] = ()
    """Our own alarms on the new fleet, made for this rollout only."""
    kept_alarms: tuple[Alarm, ...] = ()
    """Alarms beside the endpoint that it makes, or brings to what the fleet file says."""
    dropped_alarms: tuple[str, ...] = ()
    """Names of alarms beside the endpoint that it deletes."""
    scaling: Scaling = Scaling()
    """Autoscaling that is taken away for the update and restored after it."""
    scaling_mode: ScalingMode = ScalingMode.SUSPEND
    traffic: TrafficOutlook | None = None
    connections: float | None = None
    """Open streams when the plan was made, for streaming endpoints."""
    opens_at: datetime | None = None
    """When the change window opens; None when it was open, or when there is none."""
    cost: Cost | None = None
    is_marketplace: bool = False
    """Whether an AWS Marketplace package runs or shall run, whose own price is in no price list."""
    readiness: Readiness | None = None
    """Whether this change could be undone; None for what is itself a way back, and for live counts."""
    irreversible: tuple[str, ...] = ()
    """Why this change cannot be undone by a rollback; empty if it can."""
    content_hash: str = ""
    """Over the documents that run and those that would be created; the names of new models and configs carry it."""
    basis: tuple[Fact, ...] = ()
    """What the plan rests on; its fingerprint is made of it."""
    merits: MeritComparison | None = None
    """The metrics of the model that runs against those of the new one; no part of the fingerprint."""
    expected_duration: timedelta | None = None
    """Median of this endpoint's past updates; None before the first."""

    @property
    def version(self) -> Version:
        """What would run, as far as it takes to know it again.

        Where no package is named and what runs keeps its name, the change itself is what may be held, not the version that stays.
        """
        is_same = self.package_arn is None and self.target_label == self.current_label
        label = f"A change of the settings of {self.target_label}" if is_same else self.target_label
        return Version(content_hash=self.content_hash, package_arn=self.package_arn, label=label, rank=self.rank)

    @property
    def way_back(self) -> str:
        """The config that a rollback of this change goes to."""
        return self.returns_to or self.current_config

    @property
    def blockers(self) -> tuple[Finding, ...]:
        """What must be mended before anybody may approve."""
        return tuple(f for f in self.findings if f.level is Level.BLOCKER)

    @property
    def quiet_at(self) -> datetime | None:
        """When the next quiet hour begins; None when that is not known."""
        return self.traffic.next_quiet_at if self.traffic is not None else None

    @property
    def is_blocked(self) -> bool:
        """A blocked plan is never offered with Approve."""
        return bool(self.blockers)
