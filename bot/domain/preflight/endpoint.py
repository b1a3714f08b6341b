"""Whether the endpoint can be changed now, and whether the change fits it."""

from bot.domain.endpoint import BUSY_STATUSES, EndpointStatus
from bot.domain.plan import Finding
from bot.domain.preflight.facts import Facts
from bot.domain.preflight.findings import blocker, ok, warning
from bot.domain.rollout import Kind


def something_changes(facts: Facts) -> Finding | None:
    """A change that changes nothing is no change."""
    if facts.differences or facts.kind is Kind.ROLLBACK:
        return None
    return blocker(
        "something_changes",
        "There is nothing to change: the endpoint runs exactly this already.",
        "Name another version, instance type, count or variable.",
    )


def endpoint_is_in_service(facts: Facts) -> Finding:
    """SageMaker changes only what is InService."""
    status = facts.snapshot.status
    if status is EndpointStatus.IN_SERVICE:
        return ok("in_service", "The endpoint is InService.")
    if status is EndpointStatus.UPDATE_ROLLBACK_FAILED and facts.kind is Kind.ROLLBACK:
        return warning("in_service", "The endpoint is UpdateRollbackFailed: instances of two configs serve traffic.")
    if status is EndpointStatus.FAILED:
        return blocker(
            "in_service", "The endpoint is Failed.", "SageMaker allows nothing but to delete it and create it anew."
        )
    if status in BUSY_STATUSES:
        return blocker(
            "in_service", f"The endpoint is {status}: SageMaker is at work on it.", "Ask again when it is InService."
        )
    return blocker("in_service", f"The endpoint is {status}.", "Only an endpoint that is InService can be changed.")


def variant_names_match(facts: Facts) -> Finding | None:
    """SageMaker replaces a fleet in place only under the same variant names."""
    if facts.target_config is None:
        return None
    current = {v["VariantName"] for v in facts.current_config.variants()}
    target = {v["VariantName"] for v in facts.target_config.variants()}
    if current == target:
        return ok("variant_names", f"Variant names match: {', '.join(sorted(target))}.")
    return blocker(
        "variant_names",
        f"Variant names differ: {', '.join(sorted(current))} now, {', '.join(sorted(target))} in the target config.",
        "SageMaker replaces a fleet in place only under the same variant names.",
    )


def declared_variant_exists(facts: Facts) -> Finding | None:
    """The fleet file's variant must be one that the endpoint has."""
    names = {v["VariantName"] for v in facts.current_config.variants()}
    if facts.spec.variant in names:
        return None
    return blocker(
        "declared_variant",
        f"The fleet file names the variant {facts.spec.variant}, but the endpoint has {', '.join(sorted(names))}.",
        "Correct variant in the fleet file.",
    )
