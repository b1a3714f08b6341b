"""Which endpoints deserve a close look now: what moved, what nobody saw yet, and what was not looked at for long."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from bot.domain.endpoint import BUSY_STATUSES
from bot.domain.fleet import EndpointSpec
from bot.domain.sighting import Listing, Sighting, basis_of

FULL_LOOK = timedelta(minutes=10)
"""A listing tells of every update, but not of a deleted config or model, nor of changed autoscaling."""


def moved(
    specs: Iterable[EndpointSpec],
    seen: Mapping[str, Sighting],
    listing: Listing | None,
    touched: Mapping[str, datetime],
) -> list[EndpointSpec]:
    """Those that are not as they were seen, or that nobody saw; the latter come first, for the board knows nothing of them.

    Args:
        specs: The endpoints in question.
        seen: What was seen of them.
        listing: All endpoints there are; None where AWS does not tell.
        touched: When a rollout last got on, by endpoint.
    """
    found = [spec for spec in specs if _has_moved(spec, seen.get(spec.name), listing, touched.get(spec.name))]
    return sorted(found, key=lambda spec: spec.name in seen)


def _has_moved(
    spec: EndpointSpec, sighting: Sighting | None, listing: Listing | None, touched: datetime | None
) -> bool:
    if sighting is None or not sighting.is_known or sighting.basis != basis_of(spec):
        return True
    if sighting.snapshot is not None and sighting.snapshot.status in BUSY_STATUSES:
        return True  # its variants get on, and LastModifiedTime does not tell
    if touched is not None and touched > sighting.at:
        return True
    # A listing that was there before the look has nothing to add.
    is_newer = listing is not None and listing.at >= sighting.at
    return is_newer and listing is not None and not sighting.still_holds(listing.endpoints.get(spec.name))


def old(
    specs: Iterable[EndpointSpec], seen: Mapping[str, Sighting], now: datetime, age: timedelta, most: int
) -> list[EndpointSpec]:
    """Those that were last looked at about that long ago, the oldest first; each has its own moment, so they come spread out."""
    ages = [
        (now - sighting.at, spec)
        for spec in specs
        if (sighting := seen.get(spec.name)) is not None and sighting.snapshot is not None
    ]
    due = [(passed, spec) for passed, spec in ages if passed >= age * _jitter(spec.name)]
    return [spec for _, spec in sorted(due, key=lambda pair: pair[0], reverse=True)[:most]]


def _jitter(name: str) -> float:
    """From 0.75 to 1.25, always the same for a name."""
    return 0.75 + hashlib.sha256(name.encode()).digest()[0] / 510
