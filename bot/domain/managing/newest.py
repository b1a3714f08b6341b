"""Which version may follow: the newest approved one or, where that is held, the next that comes after what runs and is not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain.endpoint import ModelPackage
from bot.domain.fleet import EndpointSpec
from bot.domain.hold import Hold
from bot.domain.managing.ranks import is_later
from bot.domain.version import Version


@dataclass(frozen=True)
class Following:
    """What an endpoint may be brought to."""

    package: ModelPackage | None
    passed_over: tuple[ModelPackage, ...] = ()
    """Newer ones that are held or quarantined there, newest first."""


def following(
    spec: EndpointSpec,
    packages: Iterable[ModelPackage],
    holds: Sequence[Hold],
    running_package: str | None,
    *,
    serves: bool,
) -> Following:
    """The version that may follow. Never one that comes before what runs because of a hold.

    Args:
        spec: The endpoint.
        packages: The versions of its group or track, newest first.
        holds: What stands against versions of it.
        running_package: What runs; None where that is not known, or is of no version.
        serves: Whether anything runs at all: where nothing does, an older version takes nothing away.
    """
    approved = [package for package in packages if package.is_deployable or spec.model_package_group is None]
    if not approved:
        return Following(None)
    for place, package in enumerate(approved):
        if place > 0 and serves and not is_later(spec, package.arn, than=running_package):
            break
        if not any(hold.is_about(Version(package_arn=package.arn)) for hold in holds):
            return Following(package, tuple(approved[:place]))
    return Following(approved[0])  # the hold is what is to be told
