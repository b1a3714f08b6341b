"""Checks of an endpoint that shall be gone: who still calls it, what stays, and until when."""

from collections.abc import Iterator
from datetime import timedelta

from bot.domain.durations import span
from bot.domain.endpoint import BUSY_STATUSES
from bot.domain.fleet import EndpointSpec
from bot.domain.plan import Finding
from bot.domain.preflight import endpoint_alarms, policy
from bot.domain.preflight.ab_test import RunningTrial, ends_with_endpoint
from bot.domain.preflight.facts import Facts
from bot.domain.preflight.findings import CheckName, ok, warning
from bot.domain.traffic import open_connections


def irreversible_teardown(spec: EndpointSpec) -> tuple[str, ...]:
    """Why it takes two people; empty for what is not production."""
    if spec.tier == "staging":
        return ()
    return (f"{spec.name} is a production endpoint: its callers get errors until somebody creates it again.",)


def teardown_findings(
    facts: Facts, *, requests: float | None, is_restorable: bool, running: RunningTrial | None = None
) -> tuple[Finding, ...]:
    """Every finding, in the order in which an approver wants to read them.

    Args:
        facts: What was found out.
        requests: How many came in the last 7 days; None where that could not be told.
        is_restorable: Whether its config exists, without which it cannot be had back as it was.
        running: The A/B test that it runs.
    """
    found = (*_in_order(facts, requests, is_restorable, running), policy.quorum_is_reachable(facts))
    return tuple(f for f in (*found, policy.change_window_is_open(facts)) if f is not None)


def _in_order(
    facts: Facts, requests: float | None, is_restorable: bool, running: RunningTrial | None
) -> Iterator[Finding | None]:
    yield _callers(requests)
    yield ends_with_endpoint(running)
    yield _streams(facts)
    yield _at_work(facts)
    yield _scaling(facts)
    yield endpoint_alarms.alarms_are_set(facts)
    yield _restorable(facts, is_restorable)


def _callers(requests: float | None) -> Finding:
    check = CheckName.TRAFFIC
    if requests is None:
        return warning(check, "Whether anybody calls it could not be told.", "Ask its owner before you approve this.")
    if requests >= 1:
        number = f"{requests:,.0f} request{'' if round(requests) == 1 else 's'}"
        return warning(
            check,
            f"IT IS IN USE: {number} came in the last 7 days.",
            "Whoever sends them gets errors as soon as it is gone. Make sure that they know.",
        )
    return ok(check, "CloudWatch shows no request in the last 7 days.")


def _streams(facts: Facts) -> Finding | None:
    if not facts.connections:
        return None
    return warning(CheckName.CONNECTIONS, open_connections(facts.connections), "They break off.")


def _at_work(facts: Facts) -> Finding | None:
    if facts.snapshot.status not in BUSY_STATUSES:
        return ok(CheckName.IN_SERVICE, f"The endpoint is {facts.snapshot.status}.")
    return warning(
        CheckName.IN_SERVICE,
        f"The endpoint is {facts.snapshot.status}: SageMaker is at work on it.",
        "It is deleted when SageMaker is done with that.",
    )


def _scaling(facts: Facts) -> Finding | None:
    if facts.scaling is None:
        return warning(
            CheckName.AUTOSCALING,
            "What scales it could not be read, so it could not be restored with the endpoint.",
            "Allow the bot application-autoscaling:DescribeScalableTargets.",
        )
    if not facts.scaling.targets:
        return None
    words = "; ".join(t.words for t in facts.scaling.targets)
    return ok(CheckName.AUTOSCALING, f"Autoscaling is taken off first, and kept for a restore: {words}.")


def what_stays(spec: EndpointSpec, config: str, window: timedelta) -> str:
    """What a teardown leaves, until when, and what automation makes of the gap."""
    return (
        f"Its config {config} and its models. For {span(window)}, deploy {spec.name} restores it as it is now. The fleet file still "
        "declares it; automation leaves it deleted until somebody deploys it."
    )


def _restorable(facts: Facts, is_restorable: bool) -> Finding | None:
    if is_restorable:
        return None
    return warning(
        CheckName.WHAT_STAYS,
        f"Its config {facts.snapshot.config_name} was deleted, so it cannot be restored as it is.",
        f"deploy {facts.spec.name} creates it from the fleet file.",
    )
