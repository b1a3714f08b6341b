"""Conversions between instances and serverless capacity: one is refused, and the other cannot be undone."""

from bot.domain.phases import Kind
from bot.domain.plan import Finding
from bot.domain.preflight.facts import Facts
from bot.domain.preflight.findings import CheckName, blocker, warning

NO_RETURN = "SageMaker turns serverless capacity into instances, and never back"


def conversion_is_possible(facts: Facts) -> Finding | None:
    """What turning one kind of capacity into the other means."""
    conversion, name = facts.conversion, facts.snapshot.name
    if conversion is None:
        return None
    if conversion.is_refused and facts.kind is Kind.ROLLBACK:
        return blocker(
            CheckName.CONVERSION,
            f"There is no way back: {facts.target_config_name} is serverless, and SageMaker refuses to turn instances into "
            "serverless capacity.",
            "Create a serverless endpoint from that config under another name, and send the callers there.",
        )
    if conversion.is_refused:
        return blocker(
            CheckName.CONVERSION,
            f"SageMaker refuses to turn the instances of {name} into serverless capacity.",
            "Create a serverless endpoint under another name, and send the callers there.",
        )
    approvals = "1 approval" if facts.quorum == 1 else f"{facts.quorum} approvals"
    return warning(
        CheckName.CONVERSION,
        f"IRREVERSIBLE: {NO_RETURN}. There is no rollback after this.",
        f"It takes {approvals}, and none from the requester. Try it on an endpoint under another name first.",
    )
