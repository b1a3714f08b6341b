"""One look at a watch: what CloudWatch knows of it by now, and what the judge says of that.

That CloudWatch does not answer must not stop a rollout: the watch goes on without its numbers, and ends INCONCLUSIVE.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.endpoint import Snapshot
from bot.domain.errors import GatewayError, TransientError
from bot.domain.fleet import EndpointSpec
from bot.domain.reconcile import verdict_due_at, watch_ends_at
from bot.domain.rollout import Rollout
from bot.domain.verdict import Comparison, Measurement, Verdict, VerdictKind, Window
from bot.domain.yardstick import Yardsticks
from workers.judging import judge, make_yardsticks, measures_of
from workers.ports import Metrics, Want
from workers.watching.comparing import in_full, in_short, nothing_measured
from workers.watching.sampler import Sample, Sampler
from workers.watching.subjects import whole_endpoint
from workers.watching.windows import baseline_of, ended, history_before, settled
from workers.world import Aws, World

log = logging.getLogger(__name__)

METRICS_PATIENCE = timedelta(minutes=5)
"""How long after the watch CloudWatch may fail to answer before the verdict is INCONCLUSIVE; never longer than the watch was."""

SILENT = Verdict(
    kind=VerdictKind.INCONCLUSIVE, evidence="CloudWatch gave no answer during the watch, so nothing can be said."
)
NO_BASELINE = Verdict(
    kind=VerdictKind.INCONCLUSIVE,
    evidence="CloudWatch gave no answer about the time before the update, so there is nothing to compare with.",
)


@dataclass(frozen=True)
class Look:
    """What one look found; None for what there is nothing to say about."""

    yardsticks: Yardsticks | None = None
    """Made at this look, to be kept with the rollout: every later look measures with them."""
    comparison: Comparison | None = None
    verdict: Verdict | None = None


def look(world: World, aws: Aws, spec: EndpointSpec, rollout: Rollout, snapshot: Snapshot, now: datetime) -> Look:
    """Look at a rollout in its watch.

    Args:
        world: The store, for numbers that other looks have read.
        aws: The gateways of the endpoint's account and region.
        spec: The endpoint, in the fleet file.
        rollout: In its watch.
        snapshot: The endpoint as it is now.
        now: The time.
    """
    window = ended(rollout, now)
    if window is None:
        return Look()
    return _Looking(rollout, snapshot, aws.metrics, window, now).look(Sampler(world, aws, spec))


@dataclass(frozen=True)
class _Looking:
    """What a look is about."""

    rollout: Rollout
    snapshot: Snapshot
    metrics: Metrics
    window: Window
    """The judged window so far."""
    now: datetime

    def look(self, sampler: Sampler) -> Look:
        sample, made = self._sampled(sampler), self._yardsticks()
        yardsticks = self.rollout.yardsticks or made
        is_complete = sample is not None and yardsticks is not None and self._settled(sample) == self._settled(None)
        is_last = self._is_last(is_complete=is_complete)
        if sample is None:
            if not is_last:
                return Look(made)
            return Look(made, nothing_measured(self.rollout, self.window), SILENT)
        verdict = self._judged(sample, yardsticks, is_last=is_last)
        if verdict is None:
            return Look(made)
        return Look(made, self._comparison(sample, verdict, is_last=is_last), verdict)

    def _is_last(self, *, is_complete: bool) -> bool:
        """Whether the verdict of this look ends the watch: numbers that are still missing are waited for, but not for long."""
        if is_complete:
            return self.now >= verdict_due_at(self.rollout)
        patience = min(METRICS_PATIENCE, self.rollout.watch.duration)
        return self.now >= max(verdict_due_at(self.rollout), watch_ends_at(self.rollout) + patience)

    def _sampled(self, sampler: Sampler) -> Sample | None:
        try:
            return sampler.sample(self.rollout, self.snapshot, self.now)
        except (TransientError, GatewayError) as exc:
            log.warning("rollout %s: no metrics: %s", self.rollout.id, exc)
            return None

    def _yardsticks(self) -> Yardsticks | None:
        """Made at the first look at which CloudWatch tells of the past; None before that, and when there are some already."""
        if self.rollout.yardsticks is not None:
            return None
        watch, baseline = self.rollout.watch, baseline_of(self.rollout)
        past = history_before(baseline, watch.metric_period, self.now)
        subject = whole_endpoint(self.rollout, self.snapshot)
        try:
            (history,) = self.metrics.read([Want(subject, past, watch.metric_period, measures_of(watch))])
        except (TransientError, GatewayError) as exc:
            log.warning("rollout %s: no metrics of the past: %s", self.rollout.id, exc)
            return None
        looks = max(1, watch.duration // watch.metric_period)
        return make_yardsticks(history, watch, baseline, self.window.start, looks, self.now)

    def _settled(self, sample: Sample | None) -> Window | None:
        """What was settled when that was read; without it, what is settled by now."""
        return settled(self.rollout, sample.read_at if sample is not None else self.now)

    def _judged(self, sample: Sample, yardsticks: Yardsticks | None, *, is_last: bool) -> Verdict | None:
        """What the judge says; None while that is nothing that counts."""
        done, start = self._settled(sample), self.window.start
        until = done.end if done is not None else start
        after, fresh = sample.series.between(start, until), sample.series.between(until, self.window.end)
        known = yardsticks or Yardsticks(made_at=self.now, starts_at=start)
        verdict = judge(known, after, self.rollout.watch, fresh=fresh, is_over=is_last)
        if verdict.kind is VerdictKind.REGRESSED and verdict.is_hard:
            return verdict
        if yardsticks is None:
            return NO_BASELINE if is_last else None
        is_waited_for = self.now >= verdict_due_at(self.rollout) and not is_last
        return None if done is None or is_waited_for else verdict

    def _comparison(self, sample: Sample, verdict: Verdict, *, is_last: bool) -> Comparison | None:
        rollout, window = self.rollout, self._settled(sample) or self.window
        is_shown = is_last or verdict.kind is VerdictKind.REGRESSED
        try:
            before = self._before(is_shown=is_shown)
        except (TransientError, GatewayError) as exc:
            log.warning("rollout %s: no numbers of before: %s", rollout.id, exc)
            if not is_last:
                return None
            before = Measurement(window=baseline_of(rollout))
        short = in_short(rollout, sample, before, window)
        return in_full(rollout, self.snapshot, self.metrics, short) if is_shown else short

    def _before(self, *, is_shown: bool) -> Measurement:
        """The baseline as a whole, measured once; where that found nothing, once more when it is to be shown."""
        known = self.rollout.comparison.before if self.rollout.comparison is not None else None
        if known is not None and not (is_shown and known.requests is None and not known.has_latency):
            return known
        return self.metrics.measure(whole_endpoint(self.rollout, self.snapshot), baseline_of(self.rollout))
