"""The bake on a bridge: the new variant against the old one, over the same time, under the same traffic."""

import logging
from datetime import datetime, timedelta

from bot.domain.errors import GatewayError, TransientError
from bot.domain.reconcile import bake_ends_at, bake_verdict_due_at
from bot.domain.rollout import Rollout
from bot.domain.signals import latency_metric
from bot.domain.verdict import Comparison, Verdict, Window
from workers.judge import SIDE_BY_SIDE, judge
from workers.ports import Metrics, Subject
from workers.watch import whole_periods

log = logging.getLogger(__name__)

METRICS_PATIENCE = timedelta(minutes=5)
"""How long after the bake CloudWatch may fail to answer before it is INCONCLUSIVE; never longer than the bake was."""


def bake_window(rollout: Rollout, now: datetime) -> Window | None:
    """The bake so far, without its beginning: instances that have just started are slow. None while that lasts."""
    assert rollout.bridge is not None
    assert rollout.bridge.crossed_at is not None
    over = bake_ends_at(rollout)
    warm_up = min(rollout.watch.warm_up, (over - rollout.bridge.crossed_at) / 4)
    return whole_periods(rollout.bridge.crossed_at + warm_up, over, now, rollout.watch.metric_period)


def judge_bake(rollout: Rollout, metrics: Metrics, now: datetime) -> tuple[Comparison | None, Verdict | None]:
    """What the bake shows so far, and what follows from it; no verdict while CloudWatch may still tell.

    That CloudWatch does not answer must not stop a rollout: at the end the bake is INCONCLUSIVE.
    """
    waits_until = bake_verdict_due_at(rollout)
    comparison: Comparison | None = None
    try:
        comparison = _compare(rollout, metrics, now)
    except TransientError as exc:
        assert rollout.plan is not None
        waits_until += min(METRICS_PATIENCE, rollout.plan.strategy.bake)
        log.warning("rollout %s: no metrics of its bake: %s", rollout.id, exc)
    except GatewayError as exc:
        log.warning("rollout %s: no metrics of its bake: %s", rollout.id, exc)
    if comparison is None and now < waits_until:
        return None, None
    return comparison, judge(comparison, rollout.watch, SIDE_BY_SIDE)


def _compare(rollout: Rollout, metrics: Metrics, now: datetime) -> Comparison | None:
    assert rollout.plan is not None
    assert rollout.plan.bridge is not None
    window, bridge, kind = bake_window(rollout, now), rollout.plan.bridge, rollout.watch.kind
    if window is None:
        return None
    return Comparison(
        latency_metric=latency_metric(kind),
        before=metrics.measure(Subject(rollout.endpoint, (bridge.variant,), kind), window),
        after=metrics.measure(Subject(rollout.endpoint, (bridge.next_variant,), kind), window),
    )
