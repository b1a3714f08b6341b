"""Serverless capacity: what turning it into instances, or back, comes to, and whether another size of it is possible."""

from collections.abc import Iterator

from bot.domain.endpoint import ConfigRecord, Document
from bot.domain.phases import Kind
from bot.domain.plan import Finding
from bot.domain.preflight.facts import Facts
from bot.domain.preflight.findings import CheckName, blocker, warning
from bot.domain.serverless import SERVERLESS

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


def size_is_possible(facts: Facts) -> Finding | None:
    """What another size of a serverless variant runs into, or takes away from the callers."""
    if facts.kind is not Kind.UPDATE or facts.target_config is None:
        return None
    now, then = (_size(config, facts.spec.variant) for config in (facts.current_config, facts.target_config))
    if now is None or then is None or now == then:
        return None
    warm, most = then.get("ProvisionedConcurrency", 0), then["MaxConcurrency"]
    if warm > most:
        return blocker(
            CheckName.SERVERLESS_SIZE,
            f"{warm} at once would be kept warm, of {most} that are served at once: SageMaker refuses that.",
            f"Write a provisioned_concurrency of {most} or less, or a larger max_concurrency, into the fleet file.",
        )
    if less := " ".join(_taken_away(now, then)):
        return warning(CheckName.SERVERLESS_SIZE, less, "If the callers need more, write that into the fleet file.")
    return None


def _size(config: ConfigRecord, variant: str) -> Document | None:
    return next((v.get(SERVERLESS) for v in config.variants() if v["VariantName"] == variant), None)


def _taken_away(now: Document, then: Document) -> Iterator[str]:
    if then["MaxConcurrency"] < now["MaxConcurrency"]:
        yield f"It serves {then['MaxConcurrency']} requests at once, {now['MaxConcurrency']} so far; SageMaker throttles what is more."
    if then["MemorySizeInMB"] < now["MemorySizeInMB"]:
        yield f"It has {then['MemorySizeInMB']} MB of memory, {now['MemorySizeInMB']} so far; a model that needs more fails."
