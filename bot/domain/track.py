"""Tracks of the AWS Marketplace: which packages may follow each other.

In the Marketplace "a higher version" is not "newer": it may be another language, or another product. So a track names its packages,
oldest first, and what is not on it follows nothing. A name pattern beside them says which further packages are of the same product.
"""

import re
from collections.abc import Iterable, Sequence

from bot.domain.model import Value

Number = tuple[int, ...]

_HASH = re.compile(r"-[0-9a-f]{32}$")
_VERSION = re.compile(r"\d{1,9}(?:[.-]\d{1,9})*", re.ASCII)
_NUMBER = re.compile(rf"(?:^|[^0-9a-z])v?(?P<number>{_VERSION.pattern})$", re.ASCII)


class Release(Value):
    """A version that a seller offers. Which model package it is, nobody but the Marketplace's own page tells."""

    version: str
    title: str = ""
    notes: str = ""


def package_name(arn: str) -> str:
    """A package's name without the hash that the Marketplace puts behind it: `acme-stt-en-v2`."""
    return _HASH.sub("", arn.rpartition("/")[2])


def number_in(name: str) -> Number | None:
    """The version that a name ends with, to be compared: (2,) for `acme-stt-en-v2`, `2.0` and `v2`; None if it ends with none."""
    found = _NUMBER.search(name.strip().lower())
    if found is None:
        return None
    number = [int(part) for part in re.split(r"[.-]", found["number"])]
    while len(number) > 1 and number[-1] == 0:
        number.pop()
    return tuple(number)


def matches(pattern: str, arn: str) -> bool:
    """Whether a package is one of those that a pattern such as `acme-stt-en-v*` means: the star stands for a version alone."""
    name, begin = package_name(arn).lower(), pattern.removesuffix("*").lower()
    return name.startswith(begin) and _VERSION.fullmatch(name.removeprefix(begin)) is not None


def is_on_track(arn: str, track: Sequence[str], pattern: str | None = None) -> bool:
    """Whether a package is of the track: listed there, or of a name that its pattern means and of the same seller."""
    if arn.lower() in (known.lower() for known in track):
        return True
    return pattern is not None and matches(pattern, arn) and _seller(arn) in {_seller(known) for known in track}


def in_order(track: Sequence[str]) -> bool:
    """Whether the versions in the names rise; names without a version are taken as they stand."""
    numbers = [number for number in (number_in(package_name(arn)) for arn in track) if number is not None]
    return numbers == sorted(numbers)


def missing_from(track: Sequence[str], releases: Iterable[Release]) -> tuple[Release, ...]:
    """Releases that are newer than everything on a track, oldest first; none where the names on it tell no versions."""
    known = [number for number in (number_in(package_name(arn)) for arn in track) if number is not None]
    if not known:
        return ()
    numbered = [(number, release) for release in releases if (number := number_in(release.version)) is not None]
    newer = {number: release for number, release in numbered if number > max(known)}
    return tuple(newer[number] for number in sorted(newer))


def release_of(arn: str, releases: Iterable[Release]) -> Release | None:
    """The release that a package is, told by the version in its name; None where it tells none."""
    number = number_in(package_name(arn))
    found = (release for release in releases if number is not None and number_in(release.version) == number)
    return next(found, None)


def _seller(arn: str) -> str:
    """The account that a package is in; it tells the region as well."""
    return arn.rpartition(":")[0].lower()
