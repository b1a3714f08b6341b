"""The board's view of an endpoint, out of what was seen of it and what stands in the store now. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.board import Standing
from bot.domain.endpoint import ApprovalStatus, EndpointStatus, Listed, ModelPackage
from bot.domain.errors import UserError
from bot.domain.fleet import EndpointSpec
from bot.domain.hold import Hold, HoldKind
from bot.domain.kept_alarms import is_about_alarms
from bot.domain.managing.desired import beyond_change
from bot.domain.managing.newest import Following, following
from bot.domain.managing.ranks import is_later
from bot.domain.precedence import Facts, state_of
from bot.domain.sighting import Listing, Shelf, Sighting
from bot.domain.states import BoardState
from bot.domain.version import Version
from workers.drafting import newest_of


@dataclass(frozen=True)
class Known:
    """All that is known of an endpoint."""

    sighting: Sighting | None
    listing: Listing | None
    shelf: Shelf | None
    holds: Sequence[Hold]
    has_rollout: bool
    idle_since: datetime | None


def standing_of(spec: EndpointSpec, known: Known, heard_since: datetime) -> Standing:
    """How the endpoint stands.

    Args:
        spec: The endpoint in the fleet file.
        known: What is known of it.
        heard_since: What was heard before this moment is too old to be believed.
    """
    seen = known.sighting
    if seen is None:
        unseen = "Nobody has looked at it yet; ask again in a minute."
        return Standing(endpoint=spec.name, state=BoardState.UNKNOWN, problem=unseen, holds=tuple(known.holds))
    listed = known.listing.endpoints.get(spec.name) if known.listing is not None else None
    status, seen_at, is_known = _latest(seen, known.listing, listed)
    is_known = is_known and seen_at >= heard_since
    serves = status not in (None, EndpointStatus.FAILED)
    found, problem = _following(spec, known, serves=serves)
    newest, is_approved = found.package, _approval(seen, known.shelf) in (None, ApprovalStatus.APPROVED)
    facts = Facts(
        status=status,
        is_known=is_known,
        is_patchable=seen.is_patchable,
        is_approved=is_approved,
        has_rollout=known.has_rollout,
        is_trial=seen.is_trial,
        is_current=newest is None or _is_current(spec, seen, newest),
        has_drift=bool(seen.drift) or seen.outside is not None,
        held_by=_held_by(known.holds, newest),
    )
    if not is_known and not seen.problem:
        problem = "AWS has not told about it for a while; what is shown is what was seen last."
    standing = _shown(spec, known, seen, exists=status is not None)
    return standing.model_copy(
        update={
            "state": state_of(facts),
            "problem": seen.problem or problem,
            "newest": newest.label if newest is not None else "",
            "newest_package": newest.arn if newest is not None else None,
            "newest_since": newest.created_at if newest is not None else None,
            "passed_over": tuple(package.label for package in found.passed_over),
            "is_approved": is_approved,
            "by_hand": tuple(d.path for d in beyond_change(spec, standing) if not is_about_alarms(d)),
            "seen_at": seen_at,
            "looked_at": seen.at,
        }
    )


def _shown(spec: EndpointSpec, known: Known, seen: Sighting, *, exists: bool) -> Standing:
    """What was seen of it, as far as there still is such an endpoint."""
    return Standing(
        endpoint=spec.name,
        state=BoardState.UNKNOWN,
        running=seen.running if exists else "",
        snapshot=seen.snapshot if exists else None,
        config_lines=seen.config_lines if exists else (),
        scaling=seen.scaling,
        holds=tuple(known.holds),
        running_package=seen.running_package if exists else None,
        running_since=seen.running_since if exists else None,
        pending=_pending(seen, known.shelf),
        drift=seen.drift if exists else (),
        outside=seen.outside if exists else None,
        autoscaling_doubt=seen.autoscaling_doubt if exists else "",
        alarms=seen.alarms if exists else None,
        made_by=seen.made_by if exists else "",
        is_trial=exists and seen.is_trial,
        hourly=seen.hourly if exists else None,
        idle_since=known.idle_since if exists else None,
        registry_at=known.shelf.at if known.shelf is not None else None,
    )


def _latest(
    seen: Sighting, listing: Listing | None, listed: Listed | None
) -> tuple[EndpointStatus | None, datetime, bool]:
    """The status, when it was told, and whether it is known at all: a listing that came after the close look knows better."""
    status = seen.snapshot.status if seen.snapshot is not None else None
    if listing is None or listing.at <= seen.at or not seen.is_known:
        return status, seen.at, seen.is_known
    if seen.still_holds(listed):
        return status, listing.at, True
    if listed is None:
        return None, listing.at, True
    return listed.status, seen.at, listed.status is not None  # that it moved is known; what it runs now is not


def _following(spec: EndpointSpec, known: Known, *, serves: bool) -> tuple[Following, str]:
    """The version that may follow, and what is wrong if none is known."""
    shelf, seen = known.shelf, known.sighting
    if shelf is None or seen is None:
        return Following(None), ""
    if shelf.problem:
        return Following(None), shelf.problem
    found = following(spec, shelf.packages, known.holds, seen.running_package, serves=serves)
    if found.package is not None or spec.model_package_group is None:
        return found, ""
    try:
        newest_of(spec.model_package_group, shelf.packages)
    except UserError as exc:
        return found, exc.user_message
    return found, ""


def _is_current(spec: EndpointSpec, seen: Sighting, newest: ModelPackage) -> bool:
    """Whether it runs that version, or one that comes after it."""
    return _runs(seen, newest) or is_later(spec, newest.arn, than=seen.running_package) is False


def _held_by(holds: Sequence[Hold], newest: ModelPackage | None) -> frozenset[HoldKind]:
    follows = Version(package_arn=newest.arn) if newest is not None else Version()
    return frozenset(hold.kind for hold in holds if hold.is_about(follows))


def _runs(seen: Sighting, package: ModelPackage) -> bool:
    return seen.running_package is not None and seen.running_package.lower() == package.arn.lower()


def _on(shelf: Shelf | None, seen: Sighting) -> ModelPackage | None:
    """The version that runs, as the registry knows it."""
    return next((p for p in shelf.packages if _runs(seen, p)), None) if shelf is not None else None


def _approval(seen: Sighting, shelf: Shelf | None) -> ApprovalStatus | None:
    """Of the version that runs. The registry's list is looked at more often than the endpoint."""
    running = _on(shelf, seen)
    if running is not None and shelf is not None and shelf.at >= seen.at:
        return running.approval
    return seen.approval


def _pending(seen: Sighting, shelf: Shelf | None) -> tuple[str, ...]:
    """Versions that wait for approval and came after the one that runs, newest first."""
    running = _on(shelf, seen)
    since = running.version if running is not None and running.version is not None else 0
    packages = shelf.packages if shelf is not None else ()
    waiting = (p for p in packages if p.approval is ApprovalStatus.PENDING and (p.version or 0) > since)
    return tuple(package.label for package in waiting)
