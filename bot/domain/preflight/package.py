"""Whether what shall run may run, and whether what runs still may: approval, track, subscription, instance types."""

from bot.domain.endpoint import ApprovalStatus, ModelPackage
from bot.domain.phases import Kind
from bot.domain.plan import Finding
from bot.domain.preflight.facts import Facts
from bot.domain.preflight.findings import CheckName, blocker, ok, warning
from bot.domain.track import is_on_track

_MOST_TYPES = 6  # that are listed as an alternative


def version_is_approved(facts: Facts) -> Finding | None:
    """Only Approved and Completed versions may run."""
    package = facts.package
    if package is None:
        return None
    if not package.is_completed:
        return blocker(
            CheckName.VERSION_STATUS,
            f"{package.label} is {package.status}, not Completed.",
            "Wait for it, or name another version.",
        )
    if package.approval is None:
        return ok(
            CheckName.VERSION_STATUS, f"{package.label} is Completed; Marketplace packages have no approval state."
        )
    if package.approval is ApprovalStatus.APPROVED:
        return ok(CheckName.VERSION_STATUS, f"{package.label} is Approved and Completed.")
    return blocker(
        CheckName.VERSION_STATUS,
        f"{package.label} is {package.approval}, not Approved.",
        "Approve it in the model registry first, or name an approved version.",
    )


def running_version_is_approved(facts: Facts) -> Finding | None:
    """Un-approving a version in the registry stops nothing that runs, so somebody has to be told."""
    revoked = [p for p in facts.running if p.approval not in (None, ApprovalStatus.APPROVED)]
    if not revoked or facts.kind is Kind.ROLLBACK:  # a rollback is on its way out of it
        return None
    said = f"What runs now is not approved: {', '.join(f'{p.label} is {p.approval}' for p in revoked)}."
    if _leaves(facts, revoked):
        return warning(
            CheckName.RUNNING_VERSION, said, "This change leaves it; a rollback would bring it back. Keep that in mind."
        )
    return warning(
        CheckName.RUNNING_VERSION, said, "This change keeps it running. Promote an approved version instead."
    )


def _leaves(facts: Facts, revoked: list[ModelPackage]) -> bool:
    if facts.kind is Kind.SCALE or facts.package is None:
        return False
    return all(p.arn != facts.package.arn for p in revoked)


def package_follows_track(facts: Facts) -> Finding | None:
    """In the Marketplace, another package may be another product."""
    package, track, pattern = facts.package, facts.spec.track, facts.spec.track_pattern
    if package is None or track is None or is_on_track(package.arn, track):
        return None
    if is_on_track(package.arn, track, pattern):
        return ok(CheckName.TRACK, f"{package.label} is not listed on the track, but is of its name {pattern}.")
    if pattern is not None:
        return blocker(
            CheckName.TRACK,
            f"{package.label} is not of this endpoint's track, whose packages are called {pattern}.",
            "It is another language, product or seller. If it shall follow nevertheless, change the track in the fleet file.",
        )
    products = {p.product_id for p in facts.running if p.product_id is not None}
    if package.product_id is not None and products and package.product_id not in products:
        return warning(
            CheckName.TRACK,
            f"{package.label} is not on this endpoint's track in the fleet file, and is another Marketplace product than what runs.",
            "It may be another language: make very sure that it is meant.",
        )
    return warning(
        CheckName.TRACK,
        f"{package.label} is not on this endpoint's track in the fleet file.",
        "In the Marketplace a higher version can be another language or product: make sure that it is meant.",
    )


def account_is_subscribed(facts: Facts) -> Finding | None:
    """SageMaker makes no model from a Marketplace package without a subscription."""
    package = facts.package
    if package is None or not package.is_marketplace:
        return None
    if facts.is_subscribed:
        return ok(CheckName.SUBSCRIPTION, f"This AWS account is subscribed to {package.label}.")
    if facts.is_subscribed is None:
        return warning(
            CheckName.SUBSCRIPTION,
            f"Whether this AWS account is subscribed to {package.label} could not be told.",
            "If it is not, SageMaker refuses the new model before the endpoint is touched. To have it checked, allow the bot "
            "aws-marketplace:SearchAgreements.",
        )
    return blocker(
        CheckName.SUBSCRIPTION,
        f"This AWS account is not subscribed to {package.label}.",
        "Subscribe in AWS Marketplace with this account, then ask again with the same command.",
    )


def instance_types_are_supported(facts: Facts) -> Finding | None:
    """The package says which instance types it runs on."""
    package = facts.package
    if package is None or not package.instance_types or not facts.instance_types:
        return None
    unsupported = sorted(facts.instance_types - set(package.instance_types))
    if not unsupported:
        return ok(CheckName.INSTANCE_TYPE, f"{package.label} supports {', '.join(sorted(facts.instance_types))}.")
    more = len(package.instance_types) - _MOST_TYPES
    return blocker(
        CheckName.INSTANCE_TYPE,
        f"{package.label} does not support {', '.join(unsupported)}.",
        f"It supports {', '.join(package.instance_types[:_MOST_TYPES])}{f' and {more} more' if more > 0 else ''}.",
    )
