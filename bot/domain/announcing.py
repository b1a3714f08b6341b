"""Versions of the model registry as people hear of them: which are announced, where, and what became of them.

An announcement is a message that stays true: it is edited once what it says is over, and then left alone.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.endpoint import ApprovalStatus, ModelPackage
from bot.domain.fleet import EndpointSpec, Fleet
from bot.domain.model import Value
from bot.domain.names import mention

Running = Mapping[str, str | None]
"""ARN of the version that runs, by endpoint; endpoints of which nothing is known are left out."""

MOST_AT_ONCE = 3
"""New versions of one group that are announced after one look; a pipeline that registers dozens shall not bury a channel."""


class AnnouncementKind(StrEnum):
    """What an announcement is about."""

    PENDING = "pending"  # a version waits for somebody to approve it
    REVOKED = "revoked"  # an endpoint runs a version that is not Approved, no longer or not yet


class Announcement(Value):
    """One message about one version in one channel, while what it says may still change."""

    kind: AnnouncementKind
    package_arn: str
    label: str
    """The version as people call it."""
    lane: str
    """Its group, and the account and region in which that is looked at, in words."""
    channel_id: str
    message_ts: str = ""
    at: datetime
    endpoints: tuple[str, ...] = ()
    """The endpoints that run it, for REVOKED."""
    approval: ApprovalStatus | None = None
    """How the version stood when the message was written, for REVOKED."""

    @property
    def key(self) -> str:
        """By this it is known, and said once."""
        return f"{self.kind} {self.package_arn} {self.channel_id}"


class VersionDecision(Value):
    """Somebody approved or rejected a version from here."""

    group: str
    version: int
    package_arn: str
    approval: ApprovalStatus
    before: ApprovalStatus | None
    actor: str
    at: datetime
    reason: str = ""


@dataclass(frozen=True)
class WatchedGroup:
    """A model package group, and the endpoints of the fleet file that run versions of it."""

    name: str
    """As the fleet file spells it: a name, or an ARN."""
    specs: tuple[EndpointSpec, ...]
    """Of one account and region where the group is given by its name; of several where they share one that is given by its ARN."""
    is_ambiguous: bool = False
    """Whether another account or region of the fleet file has a group of the same name."""

    @property
    def short_name(self) -> str:
        """Without its account and region."""
        return self.name.rpartition("/")[2]

    def address(self, package_arn: str) -> str:
        """What a command calls the group of that version: its name, or its ARN where the name would not be enough."""
        return group_arn(package_arn) if self.is_ambiguous else self.short_name

    def by_channel(self) -> Mapping[str, tuple[EndpointSpec, ...]]:
        """Its endpoints by the channel that hears of them; those without one are left out."""
        channels = dict.fromkeys(spec.channel for spec in self.specs if spec.channel is not None)
        return {channel: tuple(s for s in self.specs if s.channel == channel) for channel in channels}


def watched_groups(fleet: Fleet) -> tuple[WatchedGroup, ...]:
    """Every group that the fleet file names: by its name, once for each account and region; by its ARN, once."""
    found: dict[tuple[str | None, ...], list[EndpointSpec]] = {}
    for spec in fleet.endpoints.values():
        group = spec.model_package_group
        if group is not None:
            is_arn = group.startswith("arn:")
            key = (group.lower(),) if is_arn else (group, spec.role_to_assume, spec.region)
            found.setdefault(key, []).append(spec)
    named = [(specs[0].model_package_group or "", tuple(specs)) for specs in found.values()]
    names = [group.rpartition("/")[2] for group, _ in named]
    return tuple(WatchedGroup(group, specs, names.count(group.rpartition("/")[2]) > 1) for group, specs in named)


def waves_by_endpoint(fleet: Fleet) -> Mapping[str, str]:
    """The wave of the fleet file that each endpoint is part of; none is part of several."""
    return {endpoint: name for name, wave in fleet.waves.items() for endpoint in wave.endpoints}


def group_arn(package_arn: str) -> str:
    """The ARN of the group that a version belongs to."""
    return package_arn.rpartition("/")[0].replace(":model-package/", ":model-package-group/")


def version_of(package_arn: str | None, versions: Iterable[ModelPackage]) -> ModelPackage | None:
    """The one of those versions that has this ARN. SageMaker writes names in ARNs in lower case, people do not."""
    wanted = (package_arn or "").lower()
    return next((package for package in versions if package.arn.lower() == wanted), None)


def awaiting(group: WatchedGroup, versions: Sequence[ModelPackage], running: Running) -> tuple[ModelPackage, ...]:
    """Versions that wait for approval and are newer than what some endpoint of the group runs, newest first.

    Args:
        group: The group.
        versions: All of its versions.
        running: ARN of what runs, by endpoint; endpoints that are not known are left out.
    """
    pending = (p for p in versions if p.approval is ApprovalStatus.PENDING and p.is_completed)
    found = [p for p in pending if would_get(p, group.specs, versions, running)]
    return tuple(sorted(found, key=lambda p: p.version or 0, reverse=True))


def would_get(
    package: ModelPackage,
    specs: Iterable[EndpointSpec],
    versions: Sequence[ModelPackage],
    running: Running,
) -> tuple[EndpointSpec, ...]:
    """The endpoints for which a version would be newer than what runs; what is of no version of the group is older than any."""

    def is_newer(spec: EndpointSpec) -> bool:
        runs = version_of(running[spec.name], versions)
        return runs is None or (package.version or 0) > (runs.version or 0)

    return tuple(spec for spec in specs if spec.name in running and is_newer(spec))


def revoked(
    specs: Iterable[EndpointSpec], versions: Sequence[ModelPackage], running: Running
) -> tuple[tuple[ModelPackage, tuple[EndpointSpec, ...]], ...]:
    """Versions that run and are not approved, no longer or not yet, each with the endpoints that run it."""
    found: dict[str, tuple[ModelPackage, list[EndpointSpec]]] = {}
    for spec in specs:
        package = version_of(running.get(spec.name), versions)
        if package is not None and package.approval not in (None, ApprovalStatus.APPROVED):
            found.setdefault(package.arn, (package, []))[1].append(spec)
    return tuple((package, tuple(concerned)) for package, concerned in found.values())


def newest_allowed(versions: Iterable[ModelPackage], held: Iterable[str]) -> ModelPackage | None:
    """The newest version that may run and is not held or quarantined; None if there is none."""
    kept_away = {arn.lower() for arn in held}
    may = [p for p in versions if p.is_deployable and p.arn.lower() not in kept_away]
    return max(may, key=lambda p: p.version or 0, default=None)


_WORDS = {ApprovalStatus.APPROVED: "approved", ApprovalStatus.REJECTED: "rejected"}
_NOTE = re.compile(
    r"(?P<verb>approved|rejected) from (?:Slack by [^:]*\((?P<user>[UW][A-Z0-9]+)\)|a terminal by (?P<terminal>[^\s:]+))"
    r"(?:: (?P<reason>.*))?",
    re.DOTALL,
)


def approval_note(approval: ApprovalStatus, actor: str, handle: str, reason: str | None) -> str:
    """What SageMaker keeps as ApprovalDescription: who decided it here, by handle and id, and why."""
    terminal = actor.startswith("terminal:")
    who = (
        f"a terminal by {actor.removeprefix('terminal:')}" if terminal else f"Slack by {handle or 'a person'} ({actor})"
    )
    return f"{_WORDS[approval]} from {who}{f': {reason}' if reason else ''}"


def decided_by(package: ModelPackage) -> str:
    """Who set a version's approval, as people read it: a Slack user as a mention, anybody else as AWS names them; "" if not told."""
    note = _own_note(package)
    if note is None:
        return package.modified_by.rpartition("/")[2]
    return mention(note["user"] or f"terminal:{note['terminal']}")


def decided_why(package: ModelPackage) -> str:
    """Why, in the words of whoever did it; "" if they gave none."""
    note = _own_note(package)
    return (note["reason"] or "") if note is not None else _foreign_note(package)


def _own_note(package: ModelPackage) -> re.Match[str] | None:
    """The note of a decision from here, unless somebody decided otherwise since and left it standing."""
    note = _NOTE.fullmatch(package.approval_note or "")
    is_current = note is not None and package.approval is not None and _WORDS.get(package.approval) == note["verb"]
    return note if is_current else None


def _foreign_note(package: ModelPackage) -> str:
    note = package.approval_note or ""
    return "" if _NOTE.fullmatch(note) else note
