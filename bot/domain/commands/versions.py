"""The versions of a model, and what the registry says of them."""

from typing import Literal

from bot.domain.commands.typed import Text, Version, VersionNumber
from bot.domain.model import Value
from bot.domain.names import EndpointWord, PackageGroup


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
