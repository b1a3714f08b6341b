"""Checks of a change of nothing but autoscaling: what its limits do to the instances that run, and what goes with it."""

from collections.abc import Iterator

from bot.domain.plan import AutoscalePlan, Finding
from bot.domain.preflight import capacity, holds, policy
from bot.domain.preflight.counts import desired_count
from bot.domain.preflight.endpoint import endpoint_is_in_service
from bot.domain.preflight.facts import Facts
from bot.domain.preflight.findings import CheckName, blocker, ok, warning
from bot.domain.scaling import ScalableTarget, metric_of


def autoscaling_findings(facts: Facts, change: AutoscalePlan) -> tuple[Finding, ...]:
    """Every finding, in the order in which an approver wants to read them."""
    found = (
        _something_changes(facts),
        endpoint_is_in_service(facts),
        _has_instances(facts, change),
        *_limits(facts, change),
        *_given_up(change),
        holds.version_is_not_held(facts),
        policy.quorum_is_reachable(facts),
        capacity.quota_allows(facts),
        policy.change_window_is_open(facts),
    )
    return tuple(finding for finding in found if finding is not None)


def count_within(target: ScalableTarget | None, now: int) -> int:
    """How many instances there are once these limits count: Application Auto Scaling moves a count outside of them at once."""
    return now if target is None else min(max(now, target.minimum), target.maximum)


def _something_changes(facts: Facts) -> Finding | None:
    if facts.differences:
        return None
    return blocker(
        CheckName.SOMETHING_CHANGES,
        "There is nothing to change: its autoscaling is like this already.",
        f"To see how it stands: status {facts.spec.name}",
    )


def _has_instances(facts: Facts, change: AutoscalePlan) -> Finding | None:
    variant = next((v for v in facts.current_config.variants() if v["VariantName"] == change.variant), None)
    if variant is None:
        names = ", ".join(sorted(v["VariantName"] for v in facts.current_config.variants()))
        return blocker(
            CheckName.DECLARED_VARIANT,
            f"The fleet file names the variant {change.variant}, but the endpoint has {names}.",
            "Correct variant in the fleet file.",
        )
    if "ServerlessConfig" in variant:
        return blocker(
            CheckName.AUTOSCALING,
            f"{change.variant} is serverless, so it has no instances to scale.",
            "Leave autoscaling out of the fleet file, or deploy it with instances under another name.",
        )
    return None


def _limits(facts: Facts, change: AutoscalePlan) -> Iterator[Finding]:
    now, after = desired_count(facts, change.variant), change.after
    if after is None:
        yield warning(
            CheckName.AUTOSCALING,
            f"Nothing scales {change.variant} any more; it keeps {_instances(now)}.",
            f"To set another count: scale {facts.spec.name} --count N",
        )
        return
    limits = f"from {after.minimum} to {_instances(after.maximum)}"
    then = count_within(after, now) if now is not None else None
    if now is None or then is None:
        yield ok(CheckName.AUTOSCALING, f"{change.variant} scales {limits}.")
    elif then < now:
        yield warning(
            CheckName.AUTOSCALING,
            f"{change.variant} runs {_instances(now)}, and the new maximum is {after.maximum}: Application Auto Scaling takes "
            f"{now - then} away at once.",
            "Make sure that what is left carries the traffic, or raise max in the fleet file first.",
        )
    elif then > now:
        yield warning(
            CheckName.AUTOSCALING,
            f"{change.variant} runs {_instances(now)}, and the new minimum is {after.minimum}: Application Auto Scaling adds "
            f"{then - now} at once.",
            "They are billed from then on; the cost stands below.",
        )
    else:
        yield ok(CheckName.AUTOSCALING, f"{change.variant} runs {_instances(now)}, which stay, and scales {limits}.")


def _given_up(change: AutoscalePlan) -> Iterator[Finding]:
    """Policies that would hold another metric beside the declared one; the highest of all would count."""
    kept = {policy["PolicyName"] for policy in change.after.policies} if change.after is not None else set()
    before = change.before.policies if change.before is not None else ()
    gone = [policy["PolicyName"] for policy in before if policy["PolicyName"] not in kept and metric_of(policy)]
    if gone and change.after is not None:
        names = " and ".join(gone)
        yield warning(
            CheckName.SCALING_TARGET,
            f"{'The policy' if len(gone) == 1 else 'The policies'} {names} {'holds' if len(gone) == 1 else 'hold'} another metric "
            f"than the fleet file says, and {'is' if len(gone) == 1 else 'are'} deleted.",
            "Roll back puts them back as they were.",
        )


def _instances(number: int | None) -> str:
    return "its instances" if number is None else f"{number} instance{'' if number == 1 else 's'}"
