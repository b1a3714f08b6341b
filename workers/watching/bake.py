"""The bake on a bridge: the new variant against the old one, over the same time, under the same traffic."""

import logging
from datetime import datetime, timedelta

from bot.domain.errors import GatewayError, TransientError
from bot.domain.reconcile import bake_ends_at, bake_verdict_due_at
from bot.domain.rollout import Rollout
from bot.domain.signals import latency_metric
from bot.domain.verdict import Comparison, Verdict, VerdictKind, Window
from workers.judging import judge_side_by_side, measures_of
from workers.ports import Metrics, Subject, Want
from workers.watching.comparing import summed_up
from workers.watching.windows import whole_periods

log = logging.getLogger(__name__)

METRICS_PATIENCE = timedelta(minutes=5)
"""How long after the bake CloudWatch may fail to answer before it is INCONCLUSIVE; never longer than the bake was."""

SILENT = Verdict(
    kind=VerdictKind.INCONCLUSIVE, evidence="CloudWatch gave no answer during the bake, so nothing can be said."
)


def bake_window(rollout: Rollout, now: datetime) -> Window | None:
    """The bake so far, without its beginning: instances that have just started are slow. None while that lasts."""
    assert rollout.bridge is not None
    assert rollout.bridge.crossed_at is not None
    over = bake_ends_at(rollout)
    warm_up = min(rollout.watch.warm_up, (over - rollout.bridge.crossed_at) / 4)
    return whole_periods(rollout.bridge.crossed_at + warm_up, over, now, rollout.watch.metric_period)


def judge_bake(rollout: Rollout, metrics: Metrics, now: datetime) -> tuple[Comparison | None, Verdict | None]:
    """What the bake shows so far, and what follows from it; no verdict while CloudWatch may still tell.

    Only what CloudWatch has had the time to publish is looked at. That it does not answer must not stop a rollout: at the end the
    bake is INCONCLUSIVE.
    """
    waits_until, lateness = bake_verdict_due_at(rollout), bake_verdict_due_at(rollout) - bake_ends_at(rollout)
    window = bake_window(rollout, now - lateness)
    try:
        if window is not None:
            return _judged(rollout, metrics, window, is_over=now >= waits_until)
    except TransientError as exc:
        assert rollout.plan is not None
        waits_until += min(METRICS_PATIENCE, rollout.plan.strategy.bake)
        log.warning("rollout %s: no metrics of its bake: %s", rollout.id, exc)
    except GatewayError as exc:
        log.warning("rollout %s: no metrics of its bake: %s", rollout.id, exc)
    return None, SILENT if now >= waits_until else None


def _judged(rollout: Rollout, metrics: Metrics, window: Window, *, is_over: bool) -> tuple[Comparison, Verdict]:
    assert rollout.plan is not None
    assert rollout.plan.bridge is not None
    bridge, watch = rollout.plan.bridge, rollout.watch
    subjects = [Subject(rollout.endpoint, (variant,), watch.kind) for variant in (bridge.variant, bridge.next_variant)]
    measures, period = measures_of(watch), watch.metric_period
    old, new = metrics.read([Want(subject, window, period, measures) for subject in subjects])
    verdict = judge_side_by_side(
        old, new, watch.model_copy(update={"duration": rollout.plan.strategy.bake}), is_over=is_over
    )
    is_shown = is_over or verdict.kind is VerdictKind.REGRESSED
    before, after = (
        metrics.measure(subject, window) if is_shown else summed_up(series, window, watch.kind)
        for subject, series in zip(subjects, (old, new), strict=True)
    )
    return Comparison(latency_metric=latency_metric(watch.kind), before=before, after=after), verdict
