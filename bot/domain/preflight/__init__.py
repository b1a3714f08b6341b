"""Preflight: facts in, findings out. Ordered, pure, and each check says what to do about what it found.

The facts are gathered elsewhere, before any check runs, so that tables of cases test the checks with no stand-in at all. What is
not known is said to be unknown, never to be well.
"""

from bot.domain.plan import Finding
from bot.domain.preflight import (
    alarms,
    ami,
    capacity,
    concurrency,
    counts,
    endpoint,
    endpoint_alarms,
    history,
    holds,
    images,
    package,
    policy,
    scaling,
    serverless,
    startup,
    strategy,
    traffic,
    watch_alarms,
    way_back,
)
from bot.domain.preflight.facts import Check, Facts
from bot.domain.preflight.findings import MOVING, CheckName
from bot.domain.preflight.way_back import irreversible_reasons, readiness_of

CHECKS: tuple[Check, ...] = (
    endpoint.something_changes,
    endpoint.endpoint_is_in_service,
    endpoint.declared_variant_exists,
    endpoint.variant_names_match,
    counts.live_count_can_be_set,
    serverless.conversion_is_possible,
    serverless.size_is_possible,
    package.version_is_approved,
    package.running_version_is_approved,
    package.package_follows_track,
    package.account_is_subscribed,
    package.instance_types_are_supported,
    holds.version_is_not_held,
    history.was_not_rolled_back_from,
    history.did_not_fail_before,
    policy.quorum_is_reachable,
    capacity.quota_allows,
    concurrency.serverless_quota_allows,
    strategy.strategy_fits,
    alarms.alarms_can_be_relied_on,
    watch_alarms.watch_alarms_can_speak,
    endpoint_alarms.alarms_are_set,
    counts.live_counts_are_kept,
    scaling.scaling_is_put_back,
    scaling.scaling_is_at_work,
    scaling.scaling_pauses_at_a_quiet_time,
    scaling.target_values_fit,
    images.tags_still_mean_the_same,
    ami.ami_fits,
    startup.startup_fits_timeouts,
    policy.change_window_is_open,
    traffic.now_is_a_good_time,
    traffic.streams_go_on,
    way_back.way_back_exists,
)
"""In the order in which an approver wants to read them."""


def run_preflight(facts: Facts) -> tuple[Finding, ...]:
    """Every finding, in the order of `CHECKS`."""
    found = (check(facts) for check in CHECKS)
    return tuple(f for f in found if f is not None)


__all__ = ["CHECKS", "MOVING", "Check", "CheckName", "Facts", "irreversible_reasons", "readiness_of", "run_preflight"]
