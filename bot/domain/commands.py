"""What a person asks for, as values: one model per command. They travel to the workers as JSON.

A new command is a model here, its place in `Command`, and its click definition in `bot.grammar`; nothing else. What a
command *means* is decided elsewhere; here stands only what can be said.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints, TypeAdapter, ValidationInfo, field_validator

from bot.domain.durations import Wait, format_duration
from bot.domain.model import Value
from bot.domain.names import (
    EndpointWord,
    EnvironmentKey,
    EnvironmentValue,
    ImageUri,
    InstanceType,
    PackageArn,
    PackageGroup,
    RolloutId,
    SageMakerName,
    WaveName,
    quoted,
)
from bot.domain.serverless import ServerlessSize
from bot.domain.states import BoardState, TypedState
from bot.domain.strategy import AskedStrategy

_VERSION = re.compile(r"v?([1-9][0-9]{0,8})", re.ASCII)
_PERSON = re.compile(r"(?:<@)?([UW][A-Z0-9]{2,})(?:\|[^>]*)?>?", re.ASCII)
_SHARE = re.compile(r"(100|[1-9]?[0-9])%?", re.ASCII)
_COUNT = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)


def _read_version(typed: object) -> object:
    if not isinstance(typed, str) or typed == "latest":
        return typed
    if match := _VERSION.fullmatch(typed.casefold()):
        return int(match[1])
    if typed.casefold() == "latest":
        return "latest"
    raise ValueError(f"{quoted(typed)} is no version: give a number such as 4, or the word latest")


def _read_count(typed: object) -> object:
    if not isinstance(typed, str):
        return typed
    if _COUNT.fullmatch(typed):
        return int(typed)
    raise ValueError(f"{quoted(typed)} is no instance count: give a whole number, 1 or more")


def _read_share(typed: object) -> object:
    if not isinstance(typed, str):
        return typed
    if _SHARE.fullmatch(typed):
        return int(typed.removesuffix("%"))
    raise ValueError(f"{quoted(typed)} is no share of the traffic: give a percentage such as 10")


def _read_owner(typed: object) -> object:
    if not isinstance(typed, str):
        return typed
    if typed.lower() == "me":
        return "me"
    if match := _PERSON.fullmatch(typed):
        return match[1]
    raise ValueError(
        f"{quoted(typed)} is nobody: mention somebody, give a Slack user id such as U0ANNA, or the word me"
    )


def _read_lower(typed: object) -> object:
    return typed.lower() if isinstance(typed, str) else typed


def _read_page(typed: object) -> object:
    if not isinstance(typed, str):
        return typed
    if _COUNT.fullmatch(typed):
        return int(typed)
    raise ValueError(f"{quoted(typed)} is no page: give a whole number, 1 or more")


def _is_pattern(endpoint: str) -> bool:
    return "*" in endpoint or "?" in endpoint


def _read_side(typed: object) -> object:
    return typed.upper() if isinstance(typed, str) else typed


Version = Annotated[Annotated[int, Field(strict=True, ge=1)] | Literal["latest"], BeforeValidator(_read_version)]
"""A version of the endpoint's model package group, or the newest one that may follow."""

VersionNumber = Annotated[int, Field(strict=True, ge=1), BeforeValidator(_read_version)]
"""One version of a group, by its number."""

InstanceCount = Annotated[int, Field(strict=True, ge=1), BeforeValidator(_read_count)]
TrafficShare = Annotated[int, Field(strict=True, ge=0, le=100), BeforeValidator(_read_share)]
"""Percent of the requests."""

Owner = Annotated[str, BeforeValidator(_read_owner)]
"""Who answers for endpoints, as Slack writes a mention, or whoever asks."""

PageNumber = Annotated[int, Field(strict=True, ge=1), BeforeValidator(_read_page)]

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
"""A person's own words."""

MOST_HISTORY = timedelta(days=14)

TimeWords = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
"""A point in time as typed; `bot.domain.times` reads it, which takes a clock."""


class Change(Value):
    """What shall be different; whatever is None or empty stays as it is.

    A change that says nothing at all asks for the newest version: see `wants_newest`.
    """

    version: Version | None = None
    package: PackageArn | None = None
    image: ImageUri | None = None
    instance_type: InstanceType | None = None
    count: InstanceCount | None = None
    env: Mapping[EnvironmentKey, EnvironmentValue] = {}
    """Environment variables to set."""
    unset: tuple[EnvironmentKey, ...] = ()
    """Environment variables to remove."""
    serverless: ServerlessSize | None = Field(default=None, exclude_if=lambda size: size is None)
    """Another size of a serverless endpoint. Nobody types it: the manager and `sync` take it from the fleet file. A change that asks
    for none is written without it, so that proposals and waves of before there was such a field are known again by their hashes."""

    @field_validator("package", "image")
    @classmethod
    def _names_one_thing_to_run(cls, value: str | None, info: ValidationInfo) -> str | None:
        others = (info.data.get("version"), info.data.get("package"))
        if value is not None and any(other is not None for other in others):
            raise ValueError("version, package and image each say what shall run: give only one of them")
        return value

    @field_validator("unset")
    @classmethod
    def _does_not_unset_what_it_sets(cls, unset: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        for key in unset:
            if key in info.data.get("env", {}):
                raise ValueError(f"{key} is both set and unset: keep one of the two")
        return tuple(dict.fromkeys(unset))

    @property
    def wants_newest(self) -> bool:
        """Whether the newest version that may follow is meant: by the word `latest`, or by asking for nothing else."""
        return self.version == "latest" or self == Change()


class Help(Value):
    """What there is, or one command in full."""

    name: Literal["help"] = "help"
    command: str | None = None


class Status(Value):
    """The fleet board, or one endpoint in full."""

    name: Literal["status"] = "status"
    endpoint: EndpointWord | None = None
    """One of them, or a pattern such as `sentiment-*` for the rows of the board."""
    states: tuple[TypedState, ...] = ()
    owner: Owner | None = None
    policy: Annotated[Literal["auto", "ask", "manual"], BeforeValidator(_read_lower)] | None = None
    group: PackageGroup | None = None
    page: PageNumber = Field(default=1, validate_default=True)

    @field_validator("states")
    @classmethod
    def _names_each_state_once(cls, states: tuple[BoardState, ...]) -> tuple[BoardState, ...]:
        return tuple(dict.fromkeys(states))

    @field_validator("page")
    @classmethod
    def _asks_for_one_endpoint_or_for_rows(cls, page: int, info: ValidationInfo) -> int:
        endpoint = info.data.get("endpoint")
        chooses = page != 1 or any(info.data.get(name) for name in ("states", "owner", "policy", "group"))
        if endpoint is not None and chooses and not _is_pattern(endpoint):
            raise ValueError("name one endpoint, or choose rows of the board: not both")
        return page

    @property
    def is_board(self) -> bool:
        """Whether rows of the board are asked for, not one endpoint in full."""
        return self.endpoint is None or _is_pattern(self.endpoint)


class Plan(Value):
    """What a promotion would do, without asking for anything."""

    name: Literal["plan"] = "plan"
    endpoint: EndpointWord
    change: Change = Change()
    strategy: AskedStrategy | None = None


class Promote(Value):
    """Plan a change and ask for approval."""

    name: Literal["promote"] = "promote"
    endpoint: EndpointWord
    change: Change = Change()
    strategy: AskedStrategy | None = None
    at: Text | None = None
    """When it shall run, as typed: what it means depends on the requester's time zone."""
    reason: Text | None = None


class Scale(Value):
    """Another number of instances for one variant, live: no new config, no new fleet."""

    name: Literal["scale"] = "scale"
    endpoint: EndpointWord
    count: InstanceCount
    variant: SageMakerName | None = None
    at: Text | None = None
    reason: Text | None = None


class Rollback(Value):
    """Back to the last good config, to a named one, or to where a certain rollout came from.

    At least one of `endpoint` and `rollout_id` says what shall be rolled back.
    """

    name: Literal["rollback"] = "rollback"
    endpoint: EndpointWord | None = None
    to: SageMakerName | None = None
    rollout_id: RolloutId | None = Field(default=None, validate_default=True)

    @field_validator("rollout_id")
    @classmethod
    def _knows_what_to_roll_back(cls, rollout_id: str | None, info: ValidationInfo) -> str | None:
        if rollout_id is None and info.data.get("endpoint", "") is None:
            raise ValueError("name the endpoint, or the rollout, that shall be rolled back")
        return rollout_id


class History(Value):
    """Past rollouts, of one endpoint or of all."""

    name: Literal["history"] = "history"
    endpoint: EndpointWord | None = None


class Cancel(Value):
    """Stop a rollout before its update starts."""

    name: Literal["cancel"] = "cancel"
    rollout_id: RolloutId


class Lock(Value):
    """No change of an endpoint, until it is unlocked or the time is over."""

    name: Literal["lock"] = "lock"
    endpoint: EndpointWord
    until: TimeWords | None = None
    reason: Text


class Unlock(Value):
    """Lift a lock of one's own, or ask for somebody else's to be broken."""

    name: Literal["unlock"] = "unlock"
    endpoint: EndpointWord


class Freeze(Value):
    """No change of any endpoint."""

    name: Literal["freeze"] = "freeze"
    until: TimeWords | None = None
    reason: Text


class Thaw(Value):
    """Lift the freeze, as unlock lifts a lock."""

    name: Literal["thaw"] = "thaw"


class Hold(Value):
    """No automation for an endpoint: no version is brought to it but by a person."""

    name: Literal["hold"] = "hold"
    endpoint: EndpointWord
    reason: Text


class Unhold(Value):
    """Lift what holds an endpoint or a version of it."""

    name: Literal["unhold"] = "unhold"
    endpoint: EndpointWord


class Metrics(Value):
    """Latency, errors and traffic as a chart."""

    name: Literal["metrics"] = "metrics"
    endpoint: EndpointWord
    since: Wait = timedelta(hours=24)
    """How far back the chart reaches."""

    @field_validator("since")
    @classmethod
    def _is_within_what_cloudwatch_keeps(cls, since: timedelta) -> timedelta:
        if since > MOST_HISTORY:
            raise ValueError(f"CloudWatch keeps minutes for 15 days: give {format_duration(MOST_HISTORY)} at most")
        if since < timedelta(minutes=5):
            raise ValueError("is too short for a chart: give 5m or more")
        return since


class Deploy(Value):
    """Create an endpoint that the fleet file declares and that does not exist, or that is Failed."""

    name: Literal["deploy"] = "deploy"
    endpoint: EndpointWord
    version: Version | None = None
    at: Text | None = None
    reason: Text | None = None


class Teardown(Value):
    """Delete an endpoint with its autoscaling; its configs and models stay for a while."""

    name: Literal["teardown"] = "teardown"
    endpoint: EndpointWord
    at: Text | None = None
    reason: Text


class AbStart(Value):
    """Run a second version beside the one that serves, with a share of the traffic, or as its shadow."""

    name: Literal["ab start"] = "ab start"
    endpoint: EndpointWord
    version: Version | None = None
    weight: TrafficShare = 10
    shadow: bool = False
    """It gets a copy of the requests, and nobody sees its answers."""
    reason: Text | None = None


class AbWeight(Value):
    """Another share of the traffic for the version that is tried out."""

    name: Literal["ab weight"] = "ab weight"
    endpoint: EndpointWord
    weight: TrafficShare


class AbFinish(Value):
    """End the test: keep A, which served before, or B, which was tried out."""

    name: Literal["ab finish"] = "ab finish"
    endpoint: EndpointWord
    keep: Annotated[Literal["A", "B"], BeforeValidator(_read_side)]
    reason: Text | None = None


class Versions(Value):
    """What may run on an endpoint: the versions of its group or track, with their approval."""

    name: Literal["versions"] = "versions"
    endpoint: EndpointWord


class Compare(Value):
    """Two versions of an endpoint side by side, by the metrics that the registry and MLflow hold."""

    name: Literal["compare"] = "compare"
    endpoint: EndpointWord
    first: Version
    second: Version


class ApproveVersion(Value):
    """Set a version of a model package group to Approved."""

    name: Literal["approve-version"] = "approve-version"
    group: PackageGroup
    version: VersionNumber
    reason: Text | None = None
    if_pending: bool = False
    """Only while nobody has decided: what a button says that may have been looked at for long."""


class RejectVersion(Value):
    """Set a version of a model package group to Rejected."""

    name: Literal["reject-version"] = "reject-version"
    group: PackageGroup
    version: VersionNumber
    reason: Text | None = None
    """None where a button was pressed: then a form asks for it."""
    if_pending: bool = False
    """As for approve-version."""


class Sync(Value):
    """Make reality match the fleet file now: one endpoint, or all of them."""

    name: Literal["sync"] = "sync"
    endpoint: EndpointWord | None = None
    all: bool = Field(default=False, validate_default=True)

    @field_validator("all")
    @classmethod
    def _says_what(cls, everything: bool, info: ValidationInfo) -> bool:
        if everything == (info.data.get("endpoint") is not None):
            raise ValueError("name one endpoint, or give --all")
        return everything


class WaveStart(Value):
    """Bring one version, or what the fleet file says by now, to the endpoints of a wave, stage by stage."""

    name: Literal["wave start"] = "wave start"
    wave: WaveName
    version: Version | None = None
    reason: Text | None = None


class WaveApprove(Value):
    """Agree to a wave: it begins once enough people did."""

    name: Literal["wave approve"] = "wave approve"
    wave_id: RolloutId
    plan: Text | None = None
    """Fingerprint of the plan that was seen; a button carries it, so that nobody agrees to another one."""


class WaveReject(Value):
    """Say no to a wave."""

    name: Literal["wave reject"] = "wave reject"
    wave_id: RolloutId


class WavePause(Value):
    """Let no further endpoint of a wave begin."""

    name: Literal["wave pause"] = "wave pause"
    wave_id: RolloutId


class WaveResume(Value):
    """Go on with a wave that was paused, or that stopped by itself."""

    name: Literal["wave resume"] = "wave resume"
    wave_id: RolloutId


class WaveAbort(Value):
    """End a wave: what is done stays done, what has not begun never does."""

    name: Literal["wave abort"] = "wave abort"
    wave_id: RolloutId


class Audit(Value):
    """Every decision as JSON lines."""

    name: Literal["audit"] = "audit"
    since: Wait = timedelta(days=7)


class Gc(Value):
    """Configs and models of the bot's own that nothing needs any more: list them, or delete them."""

    name: Literal["gc"] = "gc"
    delete: bool = False


class FleetCheck(Value):
    """Say what is wrong in a fleet file of this machine: terminal only, because Slack has no files of it."""

    name: Literal["fleet check"] = "fleet check"
    file: Text | None = None


class FleetImport(Value):
    """Write a fleet file from the endpoints that exist."""

    name: Literal["fleet import"] = "fleet import"


Command = Annotated[
    Help
    | Status
    | Plan
    | Promote
    | Scale
    | Rollback
    | History
    | Cancel
    | Lock
    | Unlock
    | Freeze
    | Thaw
    | Hold
    | Unhold
    | Metrics
    | Deploy
    | Teardown
    | AbStart
    | AbWeight
    | AbFinish
    | Versions
    | Compare
    | ApproveVersion
    | RejectVersion
    | Sync
    | WaveStart
    | WaveApprove
    | WaveReject
    | WavePause
    | WaveResume
    | WaveAbort
    | Audit
    | Gc
    | FleetCheck
    | FleetImport,
    Field(discriminator="name"),
]

COMMANDS: TypeAdapter[Command] = TypeAdapter(Command)
"""Reads a command of any kind: `COMMANDS.validate_json(command.model_dump_json())` gives it back."""
