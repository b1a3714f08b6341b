"""What changes an endpoint that runs, and what stops a change."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from bot.domain.commands.typed import InstanceCount, Text, Version
from bot.domain.model import Value
from bot.domain.names import (
    EndpointWord,
    EnvironmentKey,
    EnvironmentValue,
    ImageUri,
    InstanceType,
    PackageArn,
    RoleArn,
    RolloutId,
    SageMakerName,
)
from bot.domain.serverless import ServerlessSize
from bot.domain.strategy import AskedStrategy


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

    execution_role: RoleArn | None = Field(default=None, exclude_if=lambda role: role is None)
    """Another role for the model. Nobody types it either."""

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


class Cancel(Value):
    """Stop a rollout before its update starts."""

    name: Literal["cancel"] = "cancel"
    rollout_id: RolloutId
