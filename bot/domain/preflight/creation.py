"""Checks of an endpoint that is still to be created: of what would run, and of the name that it would have."""

from bot.domain.plan import Finding
from bot.domain.preflight import capacity, concurrency, endpoint_alarms, holds, package, policy, startup, watch_alarms
from bot.domain.preflight.facts import Check, Facts
from bot.domain.preflight.findings import CheckName, ok, warning

CREATION_CHECKS: tuple[Check, ...] = (
    package.version_is_approved,
    package.package_follows_track,
    package.account_is_subscribed,
    package.instance_types_are_supported,
    holds.version_is_not_held,
    policy.quorum_is_reachable,
    capacity.quota_allows,
    concurrency.serverless_quota_allows,
    watch_alarms.watch_alarms_can_speak,
    startup.startup_fits_timeouts,
    policy.change_window_is_open,
)
"""Those of an update that ask nothing about a fleet that runs."""


def creation_findings(facts: Facts, *, failed_config: str) -> tuple[Finding, ...]:
    """Every finding, in the order in which an approver wants to read them.

    Args:
        facts: What was found out. `snapshot` and `current_config` say nothing here: there is no fleet yet.
        failed_config: The config of a Failed endpoint of that name; empty if there is none.
    """
    found = (*(check(facts) for check in CREATION_CHECKS), _scaling(facts), endpoint_alarms.alarms_are_set(facts))
    return (_name(facts, failed_config), *(f for f in found if f is not None))


def _name(facts: Facts, failed_config: str) -> Finding:
    name = facts.spec.name
    if failed_config:
        return warning(
            CheckName.NAME_IS_FREE,
            f"{name} is Failed, on {failed_config}, and takes no traffic.",
            "It is deleted first, because SageMaker lets nothing else be done with it; its config and models stay.",
        )
    return ok(CheckName.NAME_IS_FREE, f"There is no {name} yet.")


def _scaling(facts: Facts) -> Finding | None:
    targets = facts.scaling.targets if facts.scaling is not None else ()
    words = "; ".join(f"{t.variant} from {t.minimum} to {t.maximum} instances" for t in targets)
    if not words:
        return None
    return ok(CheckName.AUTOSCALING, f"Autoscaling is set up as soon as it is InService: {words}.")
