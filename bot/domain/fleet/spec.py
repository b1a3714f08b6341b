"""What the fleet file declares: its defaults and its endpoints, checked across their fields.

Checks that look at several fields are validators of the *last* field involved and skip what is itself wrong, so that one
mistake never hides another.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from bot.domain.errors import UnknownName
from bot.domain.fleet.alarming import KeptAlarms
from bot.domain.fleet.approving import Approval
from bot.domain.fleet.changing import Follows, Strategy, WavePlan
from bot.domain.fleet.rhythm import Manager, Retry, Timing, WorkerTiming
from bot.domain.fleet.serving import AsyncInference, Autoscaling, DataCapture, Serverless, Vpc
from bot.domain.fleet.values import Block, WholeNumber
from bot.domain.fleet.watching import Watch
from bot.domain.fleet.windows import Window
from bot.domain.names import (
    ChannelId,
    EnvironmentKey,
    EnvironmentValue,
    IncludedFile,
    InstanceType,
    KmsKey,
    PackageArn,
    PackageGroup,
    PackagePattern,
    Region,
    RoleArn,
    SageMakerName,
    UserId,
    WaveName,
)
from bot.domain.nearest import nearest
from bot.domain.track import in_order, matches, package_name

GUARDRAIL_STRATEGIES = ("canary", "linear", "rolling")
"""SageMaker's deployment guardrails."""


class _Common(Block):
    """What may stand under `defaults` and be overridden per endpoint."""

    owner: UserId | None = None
    """Slack user id of the person who answers for it."""
    region: Region | None = None
    """AWS region; without it, the workers' own."""
    role_to_assume: RoleArn | None = None
    """Role in another account, assumed for everything about this endpoint."""
    execution_role: RoleArn | None = None
    """The role that SageMaker runs new models with."""
    channel: ChannelId | None = None
    """Slack channel id that hears of every change."""
    policy: Literal["auto", "ask", "manual"] = "ask"
    """What a newly approved version leads to: a promotion, a plan with buttons, or a line on the board."""
    approval: Approval = Approval()
    watch: Watch = Watch()
    timing: Timing = Timing()
    retry: Retry = Retry()
    model_metrics: Mapping[Annotated[str, Field(min_length=1, max_length=250)], Literal["higher", "lower"]] = {}
    """Metrics of the registry or MLflow, and which way each is better; common names such as accuracy and wer are known."""
    windows: tuple[Window, ...] = ()
    """When changes may happen, e.g. Mon-Fri 09:00-17:00 Europe/Berlin; empty: any time."""
    variant: SageMakerName = "AllTraffic"
    """Name of the production variant."""
    other_variants: tuple[SageMakerName, ...] = ()
    """Further variants that are meant to be there; rollouts carry them along as they are."""
    tier: Literal["production", "staging"] = "production"
    """Deleting a production endpoint takes two people."""
    environment: Mapping[EnvironmentKey, EnvironmentValue] = {}
    """Environment variables of the model; no secrets, because SageMaker shows them to everybody who may look."""
    alarms: KeptAlarms | None = None
    """CloudWatch alarms that the bot keeps for the endpoint; left out, it keeps none."""


class Defaults(_Common):
    """What every endpoint has unless it says otherwise."""

    timing: WorkerTiming = WorkerTiming()
    strategy: Strategy = Strategy()
    vpc: Vpc | None = None
    """Network of the models that deploy creates; left out, whatever they have is right."""
    kms_key: KmsKey | None = None
    """KMS key of the instances' storage volumes, for what deploy creates; left out, whatever they have is right."""
    data_capture: DataCapture | None = None
    """What SageMaker copies to S3, for what deploy creates; left out, whatever is copied is right."""


class EndpointSpec(_Common):
    """One endpoint as the fleet file declares it, defaults included."""

    name: SageMakerName
    description: str = ""
    """What it is for, in a sentence."""
    kind: Literal["realtime", "streaming", "async", "serverless"] = "realtime"
    """How it is invoked; streaming endpoints are judged by their first chunk and by errors in the middle of a stream."""
    track: tuple[PackageArn, ...] | None = None
    """AWS Marketplace packages that may follow each other, oldest first."""
    track_pattern: PackagePattern | None = None
    """Names that packages of the track have, such as acme-stt-en-v*: what has another name is another language or product."""
    model_package_group: PackageGroup | None = Field(default=None, validate_default=True)
    """The registry's group whose approved versions it runs."""
    approval: Approval = Field(default=Approval(), validate_default=True)
    instance_type: InstanceType | None = None
    """Left out: whatever runs is right."""
    instance_count: WholeNumber | None = Field(default=None, ge=1)
    """Left out: whatever runs is right."""
    serverless: Serverless | None = Field(default=None, validate_default=True)
    """Memory and concurrency, for kind serverless only."""
    async_inference: AsyncInference | None = None
    """Where answers go, for kind async only; deploy needs it, and left out, whatever is set is right."""
    vpc: Vpc | None = None
    """Network of the models that deploy creates; left out, whatever they have is right."""
    kms_key: KmsKey | None = None
    """KMS key of the instances' storage volumes, for what deploy creates; left out, whatever they have is right."""
    data_capture: DataCapture | None = None
    """What SageMaker copies to S3, for what deploy creates; left out, whatever is copied is right."""
    autoscaling: Autoscaling | None = None
    """Left out: whatever autoscaling the endpoint has is right."""
    strategy: Strategy = Strategy()
    follows: Follows | None = None
    """The endpoint that has to run a version first."""

    @property
    def is_marketplace(self) -> bool:
        """Whether it runs AWS Marketplace packages, which SageMaker updates all at once and without alarms."""
        return self.track is not None

    @field_validator("track")
    @classmethod
    def _track_is_usable(cls, track: tuple[str, ...] | None, info: ValidationInfo) -> tuple[str, ...] | None:
        if track is None:
            return None
        if not track:
            raise ValueError("is empty: list the packages that may follow each other, oldest first")
        if len(set(track)) < len(track):
            raise ValueError("lists a package twice: it could never be told what follows it")
        if info.data.get("kind") == "serverless":
            raise ValueError("AWS Marketplace packages cannot run on a serverless endpoint")
        region = info.data.get("region")
        for arn in track:
            package_region = arn.split(":")[3]
            if region is not None and package_region != region:
                raise ValueError(f"a package is of {package_region}, but the endpoint is in {region}")
        return track

    @field_validator("track_pattern")
    @classmethod
    def _pattern_fits_the_track(cls, pattern: str | None, info: ValidationInfo) -> str | None:
        if pattern is None or "track" not in info.data:
            return pattern
        track = info.data["track"]
        if track is None:
            raise ValueError("stands without track: list the packages that it is about")
        for arn in track:
            if not matches(pattern, arn):
                raise ValueError(f"{package_name(arn)} of the track is not of {pattern}: another language or product?")
        if not in_order(track):
            raise ValueError("the versions in the names of the track do not rise: list the oldest first")
        return pattern

    @field_validator("model_package_group")
    @classmethod
    def _has_one_source_of_versions(cls, group: str | None, info: ValidationInfo) -> str | None:
        if "track" in info.data:
            track = info.data["track"]
            if group is None and track is None:
                raise ValueError("is missing: give model_package_group, or track for AWS Marketplace packages")
            if group is not None and track is not None:
                raise ValueError("stands beside track: give only one of the two")
        region = info.data.get("region")
        if group is not None and region is not None and group.startswith("arn:") and group.split(":")[3] != region:
            raise ValueError(f"the group is in {group.split(':')[3]}, but the endpoint is in {region}")
        return group

    @field_validator("approval")
    @classmethod
    def _can_be_approved(cls, approval: Approval) -> Approval:
        if not approval.users and not approval.groups:
            raise ValueError("nobody may approve: list users, groups or both")
        possible = len(set(approval.users))
        if not approval.groups and approval.quorum > possible:
            people = "1 user is" if possible == 1 else f"{possible} users are"
            raise ValueError(f"the quorum is {approval.quorum}, but only {people} listed")
        return approval

    @field_validator("instance_type", "instance_count", "autoscaling")
    @classmethod
    def _serverless_has_no_instances(cls, value: object, info: ValidationInfo) -> object:
        if value is not None and info.data.get("kind") == "serverless":
            raise ValueError("a serverless endpoint has no instances: leave it out")
        return value

    @field_validator("serverless")
    @classmethod
    def _serverless_block_belongs_to_kind(cls, block: Serverless | None, info: ValidationInfo) -> Serverless | None:
        kind = info.data.get("kind")
        if kind == "serverless" and block is None:
            raise ValueError("is missing: kind serverless needs memory_mb and max_concurrency")
        if kind not in (None, "serverless") and block is not None:
            raise ValueError(f"belongs to kind serverless only, and this endpoint is {kind}")
        return block

    @field_validator("async_inference")
    @classmethod
    def _async_block_belongs_to_kind(cls, block: AsyncInference | None, info: ValidationInfo) -> AsyncInference | None:
        kind = info.data.get("kind")
        if kind not in (None, "async") and block is not None:
            raise ValueError(f"belongs to kind async only, and this endpoint is {kind}")
        return block

    @field_validator("vpc", "kms_key", "data_capture")
    @classmethod
    def _serverless_offers_it(cls, value: object, info: ValidationInfo) -> object:
        if value is not None and info.data.get("kind") == "serverless":
            raise ValueError(
                f"SageMaker offers none for serverless endpoints: leave it out, or write {info.field_name}: null where the defaults "
                "have one"
            )
        return value

    @field_validator("alarms")
    @classmethod
    def _topics_are_near(cls, alarms: KeptAlarms | None, info: ValidationInfo) -> KeptAlarms | None:
        region = info.data.get("region")
        for topic in alarms.notify if alarms is not None and region is not None else ():
            if topic.split(":")[3] != region:
                raise ValueError(
                    f"notify names a topic in {topic.split(':')[3]}, but the endpoint is in {region}: CloudWatch tells topics of its "
                    "own region only"
                )
        return alarms

    @field_validator("autoscaling")
    @classmethod
    def _autoscaling_holds_the_count(cls, autoscaling: Autoscaling | None, info: ValidationInfo) -> Autoscaling | None:
        if autoscaling is None:
            return None
        if autoscaling.min == 0 and info.data.get("kind", "async") != "async":
            raise ValueError("min is 0, which only kind async can scale to")
        count = info.data.get("instance_count")
        if count is not None and not autoscaling.min <= count <= autoscaling.max:
            raise ValueError(f"instance_count is {count}, which is not from {autoscaling.min} to {autoscaling.max}")
        return autoscaling

    @field_validator("strategy")
    @classmethod
    def _strategy_is_not_ignored_by_sagemaker(cls, strategy: Strategy, info: ValidationInfo) -> Strategy:
        if strategy.type == "two-variant":
            if info.data.get("kind") in ("serverless", "async"):
                raise ValueError("two-variant needs instances that share requests by weight: real-time endpoints only")
            return strategy
        if strategy.type not in GUARDRAIL_STRATEGIES and not strategy.bake:
            return strategy
        if info.data.get("track") is not None:
            raise ValueError(
                "SageMaker updates AWS Marketplace endpoints all at once, without bake and without a word about it: "
                "leave strategy out; the bot watches after the cutover"
            )
        wanted = strategy.type if strategy.type in GUARDRAIL_STRATEGIES else "a bake"
        if info.data.get("kind") == "serverless":
            raise ValueError(f"SageMaker offers {wanted} for real-time and async endpoints only")
        if (info.data.get("instance_type") or "").startswith("ml.inf1."):
            raise ValueError(f"SageMaker ignores {wanted} on Inf1 instances and updates all at once")
        return strategy


class Fleet(Block):
    """Which endpoints should exist, and how they may change."""

    version: Literal[1]
    include: tuple[IncludedFile, ...] = ()
    """Other files, by their path from this one, with more endpoints and waves: teams/*.yaml. Their defaults go over this file's."""
    defaults: Defaults = Defaults()
    """Used where an endpoint does not say otherwise."""
    endpoints: Mapping[SageMakerName, EndpointSpec]
    """By the name of the SageMaker endpoint."""
    waves: Mapping[WaveName, WavePlan] = {}
    """Endpoints that change one after another."""
    manager: Manager | None = None
    """Left out: the bot does nothing that nobody asked for."""

    def endpoint(self, name: str) -> EndpointSpec:
        """The endpoint of that name.

        Raises:
            UnknownName: it is not in the fleet file; carries the nearest names.
        """
        if name not in self.endpoints:
            raise UnknownName(
                "endpoint", name, nearest(name, self.endpoints), hint="`status` lists all that are in the fleet file."
            )
        return self.endpoints[name]
