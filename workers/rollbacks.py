"""A rollback is a rollout in the other direction: how one is opened."""

from datetime import datetime

from bot.domain.checks import CheckPlan
from bot.domain.errand import rollout_id_for
from bot.domain.fleet import EndpointSpec
from bot.domain.kept_alarms import heeded_alarms
from bot.domain.lock import Lock, in_words
from bot.domain.phases import BOT_ACTOR, Kind, Phase
from bot.domain.rollout import Rollout, open_rollout
from bot.domain.rollout_parts import Pace, Terms
from bot.domain.saga import ScalingSaga
from bot.domain.watchplan import WatchPlan


def pace_of(spec: EndpointSpec) -> Pace:
    """How often its rollouts are looked at."""
    return Pace(poll=spec.timing.poll, settle=spec.timing.settle)


def watch_of(spec: EndpointSpec) -> WatchPlan:
    """How its watch is held."""
    watch, ceilings = spec.watch, spec.watch.thresholds
    check = watch.check
    return WatchPlan(
        duration=watch.duration,
        warm_up=watch.warm_up,
        metric_period=watch.metric_period,
        baseline=watch.baseline,
        kind=spec.kind,
        inference_components=watch.inference_components,
        roles=watch.metrics,
        tolerance=watch.tolerance.relative,
        tolerance_ms=watch.tolerance.absolute_ms,
        auto_rollback=watch.auto_rollback,
        alarms=heeded_alarms(spec),
        check=CheckPlan(command=check.command, timeout=check.timeout, pass_environment=check.pass_environment)
        if check is not None
        else None,
        error_rate_ceiling=ceilings.error_rate,
        mid_stream_error_rate_ceiling=ceilings.mid_stream_error_rate,
        p50_ceiling_ms=ceilings.p50_ms,
        p90_ceiling_ms=ceilings.p90_ms,
        p99_ceiling_ms=ceilings.p99_ms,
    )


def terms_of(spec: EndpointSpec) -> Terms:
    """What a rollout of it goes by."""
    return Terms(
        endpoint=spec.name,
        region=spec.region,
        pace=pace_of(spec),
        watch=watch_of(spec),
        expires_after=spec.approval.expires_after,
    )


def child_of(parent: Rollout, spec: EndpointSpec, actor: str, now: datetime, over: Lock | None) -> Rollout:
    """The rollback that undoes `parent`, told in its thread. The same attempt always has the same id.

    Its confirmation was its only gate, so no approval is needed; `over` is a lock that it goes past.
    """
    attempt = sum(t.phase is Phase.ROLLING_BACK for t in parent.transitions)
    return open_rollout(
        id=rollout_id_for(f"{parent.id} rollback {attempt}"),
        kind=Kind.ROLLBACK,
        terms=terms_of(spec).model_copy(update={"region": parent.region}),  # where it is, whatever the file says since
        requester=actor,
        thread=parent.thread,
        now=now,
        rollback_to=parent.plan.way_back if parent.plan is not None else None,
        parent_id=parent.id,
        leaves_unknown=not holds_something(parent),
        reason=parent.last.note if actor == BOT_ACTOR else "",
        approval_needed=False,
        in_parent_thread=True,
        passed_locks=passed(over),
        scaling=inherited_scaling(parent),
    )


def holds_something(parent: Rollout) -> bool:
    """Whether the version that a rollout brought could be known again, which a hold of it takes."""
    return parent.plan is not None and bool(parent.plan.package_arn or parent.plan.content_hash)


def inherited_scaling(parent: Rollout) -> ScalingSaga | None:
    """Autoscaling that the rollout still had to put back: its rollback does it, from the same snapshot.

    It counts as not taken away, because the parent may have begun to put it back at this moment.
    """
    if parent.scaling is None or not parent.scaling.is_away:
        return None
    return parent.scaling.model_copy(update={"taken_at": None})


def settled_scaling(parent: Rollout) -> ScalingSaga | None:
    """What stays with a rollout that gives way to its rollback: only that it had put everything back, which its thread tells."""
    return parent.scaling if parent.scaling is not None and parent.scaling.restored_at is not None else None


def passed(over: Lock | None) -> tuple[str, ...]:
    """The way back is stopped by no lock; its thread says which one it went past."""
    return (in_words(over),) if over is not None else ()
