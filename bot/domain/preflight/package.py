"""Whether what shall run may run: approval, track, instance types."""

from bot.domain.endpoint import ApprovalStatus
from bot.domain.plan import Finding
from bot.domain.preflight.facts import Facts
from bot.domain.preflight.findings import blocker, ok, warning


def version_is_approved(facts: Facts) -> Finding | None:
    """Only Approved and Completed versions may run."""
    package = facts.package
    if package is None:
        return None
    if not package.is_completed:
        return blocker(
            "version_approved",
            f"{package.label} is {package.status}, not Completed.",
            "Wait for it, or name another version.",
        )
    if package.approval is None:
        return ok("version_approved", f"{package.label} is Completed; Marketplace packages have no approval state.")
    if package.approval is ApprovalStatus.APPROVED:
        return ok("version_approved", f"{package.label} is Approved and Completed.")
    return blocker(
        "version_approved",
        f"{package.label} is {package.approval}, not Approved.",
        "Approve it in the model registry first, or name an approved version.",
    )


def package_follows_track(facts: Facts) -> Finding | None:
    """In the Marketplace, another package may be another product."""
    package, track = facts.package, facts.spec.track
    if package is None or track is None or package.arn in track:
        return None
    return warning(
        "track",
        f"{package.label} is not on this endpoint's track in the fleet file.",
        "In the Marketplace a higher version can be another language or product: make sure that it is meant.",
    )


def instance_types_are_supported(facts: Facts) -> Finding | None:
    """The package says which instance types it runs on."""
    package = facts.package
    if package is None or not package.instance_types or not facts.instance_types:
        return None
    unsupported = sorted(facts.instance_types - set(package.instance_types))
    if not unsupported:
        return ok("instance_type", f"{package.label} supports {', '.join(sorted(facts.instance_types))}.")
    return blocker(
        "instance_type",
        f"{package.label} does not support {', '.join(unsupported)}.",
        f"It supports {', '.join(package.instance_types[:6])}.",
    )
