"""What comes after what: the place of a version in its group or track."""

import re

from bot.domain.fleet import EndpointSpec
from bot.domain.groups import is_same_group
from bot.domain.track import Number, is_on_track, number_in, package_name

_VERSIONED = re.compile(r".+:model-package/(?P<group>[^/]+)/(?P<version>[0-9]+)")

Place = tuple[int, Number]
"""To be compared. Of two versions between the same neighbours on a track, the number in the name tells which comes later."""


def rank_of(spec: EndpointSpec, package_arn: str | None) -> int | None:
    """The place of a version in the group or on the list of the track, higher ones later; None if it is in neither.

    A package that only the track's pattern means has no number of its own: once it is listed, it may get any.
    """
    if spec.track is not None:
        track = [arn.lower() for arn in spec.track]
        wanted = (package_arn or "").lower()
        return track.index(wanted) + 1 if wanted in track else None
    match = _VERSIONED.fullmatch(package_arn or "")
    return int(match["version"]) if match and is_same_group(match["group"], spec.model_package_group or "") else None


def belongs(spec: EndpointSpec, package_arn: str) -> bool:
    """Whether a package is of the declared group or track."""
    return _place_of(spec, package_arn) is not None


def is_later(spec: EndpointSpec, package_arn: str | None, *, than: str | None) -> bool | None:
    """Whether a version comes after another one on an endpoint; None where that cannot be told."""
    place, other = _place_of(spec, package_arn), _place_of(spec, than)
    return place > other if place is not None and other is not None else None


def _place_of(spec: EndpointSpec, package_arn: str | None) -> Place | None:
    """As `rank_of`, and between or behind the listed ones where the track's pattern alone means it."""
    rank = rank_of(spec, package_arn)
    if rank is not None:
        return rank, ()
    if package_arn is None or spec.track is None or not is_on_track(package_arn, spec.track, spec.track_pattern):
        return None
    number = number_in(package_name(package_arn))
    if number is None:
        return None
    listed = (number_in(package_name(arn)) for arn in spec.track)  # they rise, because they are of the pattern, too
    return sum(known is not None and known <= number for known in listed), number
