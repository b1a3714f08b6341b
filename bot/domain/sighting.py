"""What was seen of endpoints and of the registry, kept with its age so that not everybody has to ask AWS again.

A sighting holds no config and no model, and of environment variables only those that differ from the fleet file, masked.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from bot.domain.alarms import Alarm
from bot.domain.board import OutsideChange
from bot.domain.content import content_hash_of
from bot.domain.endpoint import ApprovalStatus, Listed, ModelPackage, Snapshot
from bot.domain.fleet import EndpointSpec
from bot.domain.model import Value
from bot.domain.plan import Difference
from bot.domain.scaling import Scaling


class ReadBack(Value):
    """A change outside the bot that an endpoint's tags told of, after the store was emptied."""

    change: OutsideChange
    at: datetime
    """When the tags were read."""


class Sighting(Value):
    """An endpoint as it was looked at, held against what the fleet file said of it then."""

    endpoint: str
    basis: str
    """What of the fleet file it was held against; see `basis_of`."""
    at: datetime
    snapshot: Snapshot | None = None
    """None: there was no such endpoint, or AWS did not tell."""
    problem: str = ""
    """Why AWS did not tell, or why the endpoint cannot be patched."""
    is_known: bool = True
    """Whether AWS told."""
    is_patchable: bool = True
    """Whether its config and all its models exist."""
    running: str = ""
    running_package: str | None = None
    approval: ApprovalStatus | None = None
    """Of the version that runs; None where nobody approves, or where it is not known."""
    running_since: datetime | None = None
    config_lines: tuple[str, ...] = ()
    scaling: Scaling | None = None
    drift: tuple[Difference, ...] = ()
    outside: OutsideChange | None = None
    autoscaling_doubt: str = ""
    """Why a person is asked before autoscaling is brought back to the fleet file; see `bot.domain.scaling_drift`."""
    alarms: tuple[Alarm, ...] | None = None
    """Those beside the endpoint that exist; None: not asked for, or AWS did not tell."""
    made_by: str = ""
    """The rollout that made its config, as the config's tags say it; empty where somebody else did."""
    is_trial: bool = False
    """Whether its config says that two versions run side by side."""
    hourly: Decimal | None = None

    def still_holds(self, listed: Listed | None) -> bool:
        """Whether a listing shows the endpoint as it was looked at: then what was seen is as fresh as the listing."""
        if not self.is_known or self.snapshot is None or listed is None:
            return self.is_known and self.snapshot is None and listed is None
        return (self.snapshot.status, self.snapshot.last_modified) == (listed.status, listed.last_modified)

    def with_read_back(self, known: ReadBack) -> "Sighting":
        """The sighting with what tags told of after it; whoever looked later knew of that."""
        is_there = self.snapshot is not None and self.snapshot.config_name == known.change.config
        if self.outside is not None or not is_there or self.at > known.at:
            return self
        return self.model_copy(update={"outside": known.change})


class Listing(Value):
    """All endpoints of one account and region."""

    at: datetime
    endpoints: Mapping[str, Listed]


class Shelf(Value):
    """The versions of one model package group or track, newest first."""

    at: datetime
    packages: tuple[ModelPackage, ...] = ()
    problem: str = ""
    """Why the registry did not tell them."""


class Traffic(Value):
    """Since when endpoints of one account and region have been without requests, as far as CloudWatch tells."""

    at: datetime
    """When CloudWatch was asked the last time."""
    answered_at: datetime | None = None
    """When it answered the last time; None: not that anybody knows."""
    idle_since: Mapping[str, datetime] = {}


def basis_of(spec: EndpointSpec) -> str:
    """A hash over everything that the fleet file says of an endpoint: a sighting that was held against something else says nothing."""
    return content_hash_of(spec.model_dump(mode="json"))
