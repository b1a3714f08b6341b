"""Whether the endpoint can be changed now, and whether the change fits it."""

from bot.domain.endpoint import BUSY_STATUSES, EndpointStatus
from bot.domain.phases import Kind
from bot.domain.plan import Finding
from bot.domain.preflight.facts import Facts
from bot.domain.preflight.findings import CheckName, blocker, ok, warning

_ASK_AGAIN = "Ask again when it is InService; status {name} tells."


def something_changes(facts: Facts) -> Finding | None:
    """A change that changes nothing is no change."""
    if facts.differences or facts.kind is not Kind.UPDATE:
        return None
    return blocker(
        CheckName.SOMETHING_CHANGES,
        "There is nothing to change: the endpoint runs exactly this already.",
        "Name another version, instance type, count or variable.",
    )


def endpoint_is_in_service(facts: Facts) -> Finding:
    """SageMaker changes only what is InService; of what is not, it matters why."""
    check, status = CheckName.IN_SERVICE, facts.snapshot.status
    ask_again = _ASK_AGAIN.format(name=facts.snapshot.name)
    match status:
        case EndpointStatus.IN_SERVICE:
            return ok(check, "The endpoint is InService.")
        case EndpointStatus.UPDATE_ROLLBACK_FAILED if facts.kind is Kind.ROLLBACK:
            return warning(
                check,
                "The endpoint is UpdateRollbackFailed: instances of two configs serve traffic.",
                "This update puts one config on all of them again. Look at the endpoint afterwards.",
            )
        case EndpointStatus.UPDATE_ROLLBACK_FAILED:
            return blocker(
                check,
                "The endpoint is UpdateRollbackFailed: an update failed, going back failed too, and instances of two configs "
                "serve traffic.",
                f"A person has to look at it first. Then rollback {facts.snapshot.name} --to CONFIG puts one config on all of it.",
            )
        case EndpointStatus.FAILED:
            return blocker(
                check,
                "The endpoint is Failed, and SageMaker allows nothing but to delete a Failed endpoint.",
                f"deploy {facts.snapshot.name} deletes it and creates it anew; its config {facts.snapshot.config_name} stays.",
            )
        case EndpointStatus.SYSTEM_UPDATING:
            return blocker(
                check,
                "The endpoint is SystemUpdating: AWS does maintenance on it. It goes on serving, none of its settings change, and "
                "nobody can hurry it.",
                ask_again,
            )
        case EndpointStatus.UPDATING if facts.snapshot.pending is not None:
            return blocker(
                check, f"The endpoint is Updating, to the config {facts.snapshot.pending.config_name}.", ask_again
            )
        case _ if status in BUSY_STATUSES:
            return blocker(check, f"The endpoint is {status}: SageMaker is at work on it.", ask_again)
        case _:
            return blocker(check, f"The endpoint is {status}.", "Only an endpoint that is InService can be changed.")


def variant_names_match(facts: Facts) -> Finding | None:
    """SageMaker replaces a fleet in place only under the same variant names."""
    if facts.target_config is None or facts.kind is Kind.SCALE:
        return None
    current = {v["VariantName"] for v in facts.current_config.variants()} - {facts.second_variant}
    target = {v["VariantName"] for v in facts.target_config.variants()} - {facts.second_variant}
    if current == target:
        return ok(CheckName.VARIANT_NAMES, f"Variant names match: {', '.join(sorted(target))}.")
    return blocker(
        CheckName.VARIANT_NAMES,
        f"Variant names differ: {', '.join(sorted(current))} now, {', '.join(sorted(target))} in the target config.",
        "SageMaker replaces a fleet in place only under the same variant names.",
    )


def declared_variant_exists(facts: Facts) -> Finding | None:
    """The fleet file's variant must be one that the endpoint has."""
    names = {v["VariantName"] for v in facts.current_config.variants()}
    if facts.spec.variant in names or facts.kind is Kind.SCALE:
        return None
    return blocker(
        CheckName.DECLARED_VARIANT,
        f"The fleet file names the variant {facts.spec.variant}, but the endpoint has {', '.join(sorted(names))}.",
        "Correct variant in the fleet file.",
    )
