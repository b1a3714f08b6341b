"""Whether there is a way back, and for a rollback a way there."""

from collections.abc import Sequence
from datetime import timedelta
from statistics import median

from bot.domain.endpoint import ModelPackage
from bot.domain.phases import Kind
from bot.domain.plan import Finding
from bot.domain.preflight.facts import Facts, QuotaNeed
from bot.domain.preflight.findings import CheckName, blocker, ok, warning
from bot.domain.preflight.serverless import NO_RETURN
from bot.domain.readiness import PackageState, Readiness, ReturnQuota, assess, quota_of_return


def way_back_exists(facts: Facts) -> Finding | None:
    """What was deleted cannot be gone back to."""
    if facts.kind is Kind.SCALE:
        return None  # the same again with the count of before
    if facts.kind is Kind.ROLLBACK:
        return _way_there(facts)
    missing = _missing_models(facts)
    if missing:
        return warning(
            CheckName.WAY_BACK,
            f"No way back: of the present config, {_deleted('the model', missing)}.",
            "After this change the present fleet cannot be made again.",
        )
    return ok(CheckName.WAY_BACK, f"The way back is there: config {facts.current_config.name} and its models exist.")


def irreversible_reasons(facts: Facts) -> tuple[str, ...]:
    """Why a rollback could not undo this change, each in a sentence; empty if it could.

    Going back is such a change too, where it leads to a config of the other kind of capacity.
    """
    if facts.kind is Kind.SCALE:
        return ()
    reasons = list(_one_way(facts))
    if facts.kind is Kind.UPDATE and (missing := _missing_models(facts)):
        reasons.append(f"Of the present config, {_deleted('the model', missing)}, so it cannot be deployed again.")
    return tuple(reasons)


def readiness_of(facts: Facts) -> Readiness | None:
    """How ready the way back from an update is; None for a way back itself and for counts, which are simply set again."""
    if facts.kind is not Kind.UPDATE:
        return None
    past = [duration.total_seconds() for duration in facts.past_durations]
    return assess(
        facts.current_config.name,
        models=facts.models,
        packages=[_package_state(facts, package) for package in facts.running],
        quotas=[_return_quota(facts, need) for need in facts.quota],
        irreversible=_one_way(facts),
        rolled_back_from=facts.rolled_back_from.rollout_id if facts.rolled_back_from is not None else None,
        expected=timedelta(seconds=median(past)) if past else None,
    )


def _package_state(facts: Facts, package: ModelPackage) -> PackageState:
    """A subscription is to a product, so what is known of another version's counts for this one."""
    asked_about = facts.package or package
    is_same_product = asked_about.product_id == package.product_id
    return PackageState(
        label=package.label,
        is_deployable=package.is_deployable,
        is_subscribed=(facts.is_subscribed if is_same_product else None) if package.is_marketplace else True,
    )


def _return_quota(facts: Facts, need: QuotaNeed) -> ReturnQuota:
    """The way back starts the whole present fleet at once, whatever the strategy of the way there."""
    shape = facts.shape
    in_its_place = (
        sum(v.instances or 0 for v in shape.variants if need.instance_type in v.instance_types)
        if shape is not None
        else need.extra
    )
    return quota_of_return(
        need.instance_type,
        limit=need.limit,
        used=need.used,
        current=need.return_extra if need.present is None else need.present,
        target=in_its_place,
        returning=need.return_extra,
    )


def _one_way(facts: Facts) -> tuple[str, ...]:
    return (f"{NO_RETURN}.",) if facts.conversion is not None and facts.conversion.is_one_way else ()


def _way_there(facts: Facts) -> Finding:
    missing = _missing_models(facts)
    if facts.target_config is None:
        return blocker(
            CheckName.WAY_BACK,
            f"The config {facts.target_config_name} was deleted, so there is no way back to it.",
            "Promote the version that it ran.",
        )
    if missing:
        return blocker(
            CheckName.WAY_BACK,
            f"The config {facts.target_config_name} is there, but {_deleted('its model', missing)}.",
            "Promote the version that it ran.",
        )
    if not facts.has_run_here:
        return warning(
            CheckName.WAY_BACK,
            f"As far as the bot knows, {facts.snapshot.name} never ran the config {facts.target_config_name}.",
            "Approve it only if you know what that config holds.",
        )
    return ok(CheckName.WAY_BACK, f"The config {facts.target_config_name} and its models exist.")


def _missing_models(facts: Facts) -> list[str]:
    return sorted(name for name, exists in facts.models.items() if not exists)


def _deleted(what: str, names: Sequence[str]) -> str:
    return f"{what} {names[0]} was deleted" if len(names) == 1 else f"{what}s {', '.join(names)} were deleted"
