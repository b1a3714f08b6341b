"""Preflight: facts in, findings out. Ordered, pure, and each check says what to do about what it found.

The facts are gathered elsewhere, before any check runs, so that tables of cases test the checks with no stand-in at all. What is
not known is said to be unknown, never to be well.
"""

from bot.domain.plan import Finding
from bot.domain.preflight import endpoint, package, strategy, way_back
from bot.domain.preflight.facts import Check, Facts
from bot.domain.preflight.findings import MOVING

CHECKS: tuple[Check, ...] = (
    endpoint.something_changes,
    endpoint.endpoint_is_in_service,
    endpoint.declared_variant_exists,
    endpoint.variant_names_match,
    package.version_is_approved,
    package.package_follows_track,
    package.instance_types_are_supported,
    way_back.way_back_exists,
    strategy.declared_strategy_is_used,
)
"""In the order in which an approver wants to read them."""


def run_preflight(facts: Facts) -> tuple[Finding, ...]:
    """Every finding, in the order of `CHECKS`."""
    found = (check(facts) for check in CHECKS)
    return tuple(f for f in found if f is not None)


__all__ = ["CHECKS", "MOVING", "Check", "Facts", "run_preflight"]
