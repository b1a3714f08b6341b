"""What comes after what: the place of a version in its group or track."""

import re

from bot.domain.fleet import EndpointSpec

_VERSIONED = re.compile(r".+:model-package/(?P<group>[^/]+)/(?P<version>[0-9]+)")


def rank_of(spec: EndpointSpec, package_arn: str | None) -> int | None:
    """The place of a version among those that may run on an endpoint, higher ones later; None if it is none of them."""
    if package_arn is None:
        return None
    if spec.track is not None:
        return spec.track.index(package_arn) + 1 if package_arn in spec.track else None
    match = _VERSIONED.fullmatch(package_arn)
    group = (spec.model_package_group or "").rpartition("/")[2]
    return int(match["version"]) if match and match["group"].casefold() == group.casefold() else None
