"""Rollback readiness: whether this change could be undone once it is made, told before anybody approves it.

Rollbacks are updates to the config from before, all at once: they need that config, its models and what those are made of, a
second fleet's worth of quota, and nothing in the change that SageMaker refuses to undo.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum

from bot.domain.durations import about
from bot.domain.model import Value


class ReadinessLevel(StrEnum):
    """How sure the way back is."""

    GREEN = "green"  # everything that it needs is there
    AMBER = "amber"  # something could not be told, or may be refused
    RED = "red"  # as things are, it is closed


class ReturnQuota(Value):
    """One instance type that the way back needs, while both fleets stand. None means: not known."""

    instance_type: str
    limit: int | None
    used: int | None
    """In use in the account and region once the change is made."""
    needed: int
    """What the way back starts beside them."""

    @property
    def level(self) -> ReadinessLevel:
        """Whether it fits. Even where nobody could count what is in use, a quota can be seen to be too small."""
        if self.limit is not None and (self.used or 0) + self.needed > self.limit:
            return ReadinessLevel.RED
        return ReadinessLevel.AMBER if self.limit is None or self.used is None else ReadinessLevel.GREEN

    def __str__(self) -> str:
        used = "an unknown number" if self.used is None else str(self.used)
        limit = "an unknown quota" if self.limit is None else str(self.limit)
        return f"The way back needs {self.needed} {self.instance_type} beside {used} in use, of {limit}."


class PackageState(Value):
    """A model package that the present fleet runs. None means: not known, or nothing that the package has."""

    label: str
    """What people call it."""
    is_deployable: bool | None = True
    """Whether it is Completed, and Approved if it has an approval state."""
    is_subscribed: bool | None = True
    """Whether the account is subscribed to its AWS Marketplace product; true for packages that need no subscription."""


class Readiness(Value):
    """The way back, as an approver sees it beside Approve."""

    level: ReadinessLevel
    to_config: str
    """Where a rollback would go."""
    reasons: tuple[str, ...] = ()
    """Why it is not green, the worst first."""
    expected: timedelta | None = None
    """How long it would take; None when no update is there to judge by."""
    return_quota: tuple[ReturnQuota, ...] = ()

    @property
    def headline(self) -> str:
        """The way back in a sentence, such as: The way back is open: to sentiment-v3, in about 12 minutes."""
        if self.level is ReadinessLevel.RED:
            return "There is no way back as things are."
        state = "open" if self.level is ReadinessLevel.GREEN else "not certain"
        took = "" if self.expected is None else f", in {about(self.expected)}"
        return f"The way back is {state}: to {self.to_config}{took}."


def quota_of_return(
    instance_type: str, *, limit: int | None, used: int | None, current: int, target: int, returning: int | None = None
) -> ReturnQuota:
    """What the way back needs of an instance type.

    Args:
        instance_type: E.g. `ml.g5.2xlarge`.
        limit: Service Quotas' "<type> for endpoint usage".
        used: In use in the account and region now, the present fleet included.
        current: Of those, how many the present fleet has.
        target: How many the new fleet will have in its place.
        returning: How many the way back starts; None: as many as the present fleet has.
    """
    after = None if used is None else used - current + target
    return ReturnQuota(
        instance_type=instance_type, limit=limit, used=after, needed=current if returning is None else returning
    )


def assess(
    to_config: str,
    *,
    config_exists: bool | None = True,
    models: Mapping[str, bool | None],
    packages: Sequence[PackageState] = (),
    quotas: Sequence[ReturnQuota] = (),
    irreversible: Sequence[str] = (),
    rolled_back_from: str | None = None,
    expected: timedelta | None = None,
) -> Readiness:
    """How ready the way back is.

    Args:
        to_config: The config that a rollback goes to: the one that is live while the change is planned.
        config_exists: Whether it is there; None when that could not be told.
        models: Whether each of its models is there, by name.
        packages: What its models are made of, where that is known.
        quotas: What a second fleet of it needs, by instance type; types of which it needs none are left out.
        irreversible: What in the change SageMaker refuses to undo, as sentences.
        rolled_back_from: The rollout that left this very config by a rollback, if one did: nobody is sent back there.
        expected: Median of the endpoint's past updates.
    """
    needed = tuple(quota for quota in quotas if quota.needed > 0)
    found = [
        *((ReadinessLevel.RED, reason) for reason in irreversible),
        *_about_config(to_config, config_exists, rolled_back_from),
        *_about_models(models),
        *(reason for package in packages for reason in _about_package(package)),
        *((quota.level, str(quota)) for quota in needed if quota.level is not ReadinessLevel.GREEN),
    ]
    ranked = sorted(found, key=lambda reason: _BADNESS.index(reason[0]))
    return Readiness(
        level=ranked[0][0] if ranked else ReadinessLevel.GREEN,
        to_config=to_config,
        reasons=tuple(text for _, text in ranked),
        expected=expected,
        return_quota=needed,
    )


_BADNESS = (ReadinessLevel.RED, ReadinessLevel.AMBER, ReadinessLevel.GREEN)
_Reasons = list[tuple[ReadinessLevel, str]]


def _about_config(name: str, exists: bool | None, rolled_back_from: str | None) -> _Reasons:
    found: _Reasons = []
    if exists is None:
        found.append((ReadinessLevel.AMBER, f"Whether the config {name} is still there could not be told."))
    elif not exists:
        found.append((ReadinessLevel.RED, f"The config {name} was deleted."))
    if rolled_back_from is not None:
        found.append((ReadinessLevel.RED, f"{name} is itself what rollout {rolled_back_from} was rolled back from."))
    return found


def _about_models(models: Mapping[str, bool | None]) -> _Reasons:
    deleted = [
        (ReadinessLevel.RED, f"Its model {name} was deleted.") for name, there in models.items() if there is False
    ]
    unknown = [
        (ReadinessLevel.AMBER, f"Whether its model {name} is still there could not be told.")
        for name, there in models.items()
        if there is None
    ]
    return [*deleted, *unknown]


def _about_package(package: PackageState) -> _Reasons:
    found: _Reasons = []
    if package.is_subscribed is None:
        found.append((ReadinessLevel.AMBER, f"Whether the account is subscribed to {package.label} could not be told."))
    elif not package.is_subscribed:
        found.append((ReadinessLevel.RED, f"The account is not subscribed to {package.label} any more."))
    if package.is_deployable is None:
        found.append((ReadinessLevel.AMBER, f"Whether {package.label} may still be deployed could not be told."))
    elif not package.is_deployable:
        # SageMaker asks for the approval when a model is made of the package; whether it asks again is not documented.
        found.append(
            (ReadinessLevel.AMBER, f"{package.label} is not Approved and Completed, so SageMaker may refuse it.")
        )
    return found
