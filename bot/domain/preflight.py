"""Preflight: facts in, findings out. Ordered, pure, and each check says what to do about what it found.

The facts are gathered elsewhere, before any check runs, so that tables of cases test the checks with no stand-in at all.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.domain.endpoint import BUSY_STATUSES, ApprovalStatus, ConfigRecord, EndpointStatus, ModelPackage, Snapshot
from bot.domain.fleet import EndpointSpec
from bot.domain.plan import Difference, Finding, Level
from bot.domain.rollout import Kind


@dataclass(frozen=True)
class Facts:
    """What was found out about an endpoint and the change that is asked for."""

    spec: EndpointSpec
    kind: Kind
    snapshot: Snapshot
    current_config: ConfigRecord
    target_config: ConfigRecord | None
    """The draft of an update; for a rollback the config as it stands, None if it is gone."""
    target_config_name: str
    differences: tuple[Difference, ...] = ()
    package: ModelPackage | None = None
    """What shall run, where the change names a package."""
    models: Mapping[str, bool] = field(default_factory=dict)
    """Whether each model that the way back needs (for a rollback: the way there) still exists."""
    instance_types: frozenset[str] = frozenset()
    """Of the target config."""


Check = Callable[[Facts], Finding | None]


def run_preflight(facts: Facts) -> tuple[Finding, ...]:
    """Every finding, in the order in which an approver wants to read them."""
    found = (check(facts) for check in CHECKS)
    return tuple(f for f in found if f is not None)


def _ok(check: str, text: str) -> Finding:
    return Finding(check=check, level=Level.OK, text=text)


def _warning(check: str, text: str, next_step: str = "") -> Finding:
    return Finding(check=check, level=Level.WARNING, text=text, next_step=next_step)


def _blocker(check: str, text: str, next_step: str) -> Finding:
    return Finding(check=check, level=Level.BLOCKER, text=text, next_step=next_step)


def _something_changes(facts: Facts) -> Finding | None:
    if facts.differences or facts.kind is Kind.ROLLBACK:
        return None
    return _blocker(
        "something_changes",
        "There is nothing to change: the endpoint runs exactly this already.",
        "Name another version, instance type, count or variable.",
    )


def _endpoint_is_in_service(facts: Facts) -> Finding:
    status = facts.snapshot.status
    if status is EndpointStatus.IN_SERVICE:
        return _ok("in_service", "The endpoint is InService.")
    if status is EndpointStatus.UPDATE_ROLLBACK_FAILED and facts.kind is Kind.ROLLBACK:
        return _warning("in_service", "The endpoint is UpdateRollbackFailed: instances of two configs serve traffic.")
    if status is EndpointStatus.FAILED:
        return _blocker(
            "in_service", "The endpoint is Failed.", "SageMaker allows nothing but to delete it and create it anew."
        )
    if status in BUSY_STATUSES:
        return _blocker(
            "in_service", f"The endpoint is {status}: SageMaker is at work on it.", "Ask again when it is InService."
        )
    return _blocker("in_service", f"The endpoint is {status}.", "Only an endpoint that is InService can be changed.")


def _variant_names_match(facts: Facts) -> Finding | None:
    if facts.target_config is None:
        return None
    current = {v["VariantName"] for v in facts.current_config.variants()}
    target = {v["VariantName"] for v in facts.target_config.variants()}
    if current == target:
        return _ok("variant_names", f"Variant names match: {', '.join(sorted(target))}.")
    return _blocker(
        "variant_names",
        f"Variant names differ: {', '.join(sorted(current))} now, {', '.join(sorted(target))} in the target config.",
        "SageMaker replaces a fleet in place only under the same variant names.",
    )


def _declared_variant_exists(facts: Facts) -> Finding | None:
    names = {v["VariantName"] for v in facts.current_config.variants()}
    if facts.spec.variant in names:
        return None
    return _blocker(
        "declared_variant",
        f"The fleet file names the variant {facts.spec.variant}, but the endpoint has {', '.join(sorted(names))}.",
        "Correct variant in the fleet file.",
    )


def _version_is_approved(facts: Facts) -> Finding | None:
    package = facts.package
    if package is None:
        return None
    if not package.is_completed:
        return _blocker(
            "version_approved",
            f"{package.label} is {package.status}, not Completed.",
            "Wait for it, or name another version.",
        )
    if package.approval is None:
        return _ok("version_approved", f"{package.label} is Completed; Marketplace packages have no approval state.")
    if package.approval is ApprovalStatus.APPROVED:
        return _ok("version_approved", f"{package.label} is Approved and Completed.")
    return _blocker(
        "version_approved",
        f"{package.label} is {package.approval}, not Approved.",
        "Approve it in the model registry first, or name an approved version.",
    )


def _package_follows_track(facts: Facts) -> Finding | None:
    package, track = facts.package, facts.spec.track
    if package is None or track is None or package.arn in track:
        return None
    return _warning(
        "track",
        f"{package.label} is not on this endpoint's track in the fleet file.",
        "In the Marketplace a higher version can be another language or product: make sure that it is meant.",
    )


def _instance_types_are_supported(facts: Facts) -> Finding | None:
    package = facts.package
    if package is None or not package.instance_types or not facts.instance_types:
        return None
    unsupported = sorted(facts.instance_types - set(package.instance_types))
    if not unsupported:
        return _ok("instance_type", f"{package.label} supports {', '.join(sorted(facts.instance_types))}.")
    return _blocker(
        "instance_type",
        f"{package.label} does not support {', '.join(unsupported)}.",
        f"It supports {', '.join(package.instance_types[:6])}.",
    )


def _way_back_exists(facts: Facts) -> Finding:
    missing = sorted(name for name, exists in facts.models.items() if not exists)
    if facts.kind is Kind.ROLLBACK:
        if facts.target_config is None:
            return _blocker(
                "way_back",
                f"The config {facts.target_config_name} was deleted, so there is no way back to it.",
                "Promote the version that it ran.",
            )
        if missing:
            return _blocker(
                "way_back",
                f"The config {facts.target_config_name} is there, but {_deleted('its model', missing)}.",
                "Promote the version that it ran.",
            )
        return _ok("way_back", f"The config {facts.target_config_name} and its models exist.")
    if missing:
        return _warning(
            "way_back",
            f"No way back: of the present config, {_deleted('the model', missing)}.",
            "After this change the present fleet cannot be made again.",
        )
    return _ok("way_back", f"The way back is there: config {facts.current_config.name} and its models exist.")


def _deleted(what: str, names: Sequence[str]) -> str:
    return f"{what} {names[0]} was deleted" if len(names) == 1 else f"{what}s {', '.join(names)} were deleted"


def _declared_strategy_is_used(facts: Facts) -> Finding | None:
    declared = facts.spec.strategy.type
    if declared == "all-at-once" or facts.kind is Kind.ROLLBACK:
        return None
    return _warning(
        "strategy",
        f"The fleet file asks for {declared}, but this bot still updates everything all at once.",
        "Nothing is shifted step by step, and no alarm of SageMaker's is set.",
    )


CHECKS: tuple[Check, ...] = (
    _something_changes,
    _endpoint_is_in_service,
    _declared_variant_exists,
    _variant_names_match,
    _version_is_approved,
    _package_follows_track,
    _instance_types_are_supported,
    _way_back_exists,
    _declared_strategy_is_used,
)
