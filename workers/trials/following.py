"""Looks after trials that run: how B does beside A, live in the thread, until a person ends the test or somebody leads it elsewhere.

A round for all of them. What is found is kept with the rollout that started the trial, whose thread follows from it. The bot does one
thing by itself: where B got so much worse that a watch would roll back, its traffic goes back to A by weight.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.bridge import has_weights
from bot.domain.endpoint import EndpointStatus, Snapshot
from bot.domain.errors import GatewayError, ResourceBusy, ResourceMissing, RevisionConflict, TransientError, UserError
from bot.domain.fleet import EndpointSpec
from bot.domain.reconcile import lateness
from bot.domain.rollout import Rollout
from bot.domain.signals import latency_metric
from bot.domain.trial import (
    TrialEnd,
    TrialPlan,
    TrialRelapse,
    TrialStep,
    TrialStop,
    TrialWatch,
    is_confirmed_worse,
    is_look_due,
    length_to_judge_by,
    looked_at,
    must_tell_again,
    share_of,
    taken_up,
    weights_for,
    why_left_to_people,
)
from bot.domain.verdict import Comparison, Verdict, Window
from bot.store.rollouts import Stored, Write
from workers.drafting import Drafting, label_of
from workers.judging import judge_side_by_side, measures_of
from workers.opening import last_on
from workers.ports import Subject, Want
from workers.watching.comparing import summed_up
from workers.watching.windows import whole_periods
from workers.world import World

log = logging.getLogger(__name__)

LONGEST_WINDOW = timedelta(hours=24)
"""A trial of days is judged by its last day: CloudWatch is asked for no more, and a version that got better or worse shows."""

LONGEST_FINE_WINDOW = timedelta(hours=2, minutes=50)
"""CloudWatch keeps periods under a minute for three hours."""

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class TrialLooks:
    """Looks at every trial that runs, one after the other; one that cannot be looked at does not keep the others waiting."""

    world: World

    def round(self) -> None:
        """Look at each once."""
        self._take_up_forgotten()
        for stored in self.world.store.rollouts.on_trial():
            spec = self.world.fleet.endpoints.get(stored.rollout.endpoint)
            if spec is None or not stored.rollout.has_running_trial:
                continue
            try:
                self._look(stored, spec)
            except RevisionConflict:
                log.info("trial %s was written meanwhile", stored.rollout.id)
            except (TransientError, GatewayError) as exc:
                log.warning("trial %s could not be looked at: %s", stored.rollout.id, exc)

    def _take_up_forgotten(self) -> None:
        """Trials that the census saw and nobody follows: Redis was emptied, or a rollback led back to both versions."""
        followed = {stored.rollout.endpoint for stored in self.world.store.rollouts.on_trial()}
        endpoints = self.world.fleet.endpoints
        for name, seen in self.world.store.standings.sightings(endpoints).items():
            if not seen.is_trial or name in followed:
                continue
            try:
                self._take_up(endpoints[name])
            except (TransientError, GatewayError, UserError, RevisionConflict) as exc:
                log.warning("the trial on %s could not be taken up: %s", name, exc)

    def _take_up(self, spec: EndpointSpec) -> None:
        stored = last_on(self.world, spec, self.world.clock())
        if stored is None or stored.rollout.trial_watch is None or stored.rollout.has_running_trial:
            return
        again = taken_up(stored.rollout.trial_watch, self.world.clock())
        if stored.rollout.with_(trial_watch=again).has_running_trial:
            log.info("the trial on %s goes on", spec.name)
            self._save(stored, again)

    def _look(self, stored: Stored, spec: EndpointSpec) -> None:
        rollout, now = stored.rollout, self.world.clock()
        assert rollout.plan is not None
        assert rollout.trial_watch is not None
        trial, before = rollout.plan.trial, rollout.trial_watch
        assert trial is not None
        try:
            snapshot = self.world.aws(spec).endpoints.describe(spec.name)
        except ResourceMissing:
            self._save(stored, _ended(before, TrialEnd(at=now, config="")))
            return
        if snapshot.status is not EndpointStatus.IN_SERVICE:
            return  # on its way to something; where it ends is what counts
        if snapshot.config_name != rollout.target_config:
            self._save(stored, _ended(before, self._end(rollout, snapshot, now)))
            return
        if rollout.restored and rollout.plan.current_label == rollout.plan.current_config:
            stored = self._named(stored, trial, snapshot, spec)
            rollout = stored.rollout
        watch = before if trial.shadow else _weighed(before, trial, snapshot, now)
        if is_look_due(watch, rollout.watch.metric_period, now):
            watch = self._judged(rollout, trial, watch, spec, now)
        watch = _decided(rollout, watch, now, shadow=trial.shadow)
        if watch != before:
            stored = self._save(stored, watch)
        if watch.stop is not None and watch.stop.done_at is None:
            self._take_traffic_away(stored, trial, spec, snapshot)

    def _named(self, stored: Stored, trial: TrialPlan, snapshot: Snapshot, spec: EndpointSpec) -> Stored:
        """With its versions by name again: the tags that it was made from name only configs."""
        assert stored.rollout.plan is not None
        live = Drafting(self.world).behind(snapshot, spec)
        labels = {"current_label": label_of(live, trial.a)}
        if not trial.shadow:
            labels["target_label"] = label_of(live, trial.b)
        changed = stored.rollout.with_(plan=stored.rollout.plan.model_copy(update=labels))
        (saved,) = self.world.store.rollouts.commit([Write(changed, stored.revision)], self.world.clock())
        return saved

    def _judged(
        self, rollout: Rollout, trial: TrialPlan, watch: TrialWatch, spec: EndpointSpec, now: datetime
    ) -> TrialWatch:
        """The trial with what the numbers say by now; as it was while they say nothing."""
        plan, period = rollout.watch, rollout.watch.metric_period
        longest = LONGEST_WINDOW if period >= MINUTE else LONGEST_FINE_WINDOW
        until = now - lateness(plan)
        begin = max(watch.compared_since + plan.warm_up, until - longest)
        window = whole_periods(begin, until, until, period) if until > begin + period else None
        if window is None:
            return watch
        comparison, verdict = self._compared(rollout, trial, spec, window, now - watch.compared_since)
        return looked_at(watch, comparison, verdict, now)

    def _compared(
        self, rollout: Rollout, trial: TrialPlan, spec: EndpointSpec, window: Window, age: timedelta
    ) -> tuple[Comparison, Verdict]:
        plan = rollout.watch
        subjects = [Subject(rollout.endpoint, (variant,), plan.kind) for variant in (trial.a, trial.b)]
        measures = measures_of(plan)
        metrics = self.world.aws(spec).metrics
        a, b = metrics.read([Want(subject, window, plan.metric_period, measures) for subject in subjects])
        length = length_to_judge_by(age, plan)
        verdict = judge_side_by_side(a, b, plan.model_copy(update={"duration": length}))
        before, after = (summed_up(series, window, plan.kind) for series in (a, b))
        return Comparison(latency_metric=latency_metric(plan.kind), before=before, after=after), verdict

    def _take_traffic_away(self, stored: Stored, trial: TrialPlan, spec: EndpointSpec, snapshot: Snapshot) -> None:
        """B's weight to 0. It is asked for again until it is seen; a rollout that changes the endpoint comes first."""
        watch, now = stored.rollout.trial_watch, self.world.clock()
        assert watch is not None
        assert watch.stop is not None
        wanted = weights_for(trial, 0)
        if has_weights(snapshot, wanted):
            done = watch.stop.model_copy(update={"done_at": now})
            self._save(stored, watch.model_copy(update={"stop": done, "share": 0.0}))
            return
        if self._is_being_changed(spec.name) or not self.world.store.rollouts.still_holds(stored):
            return
        try:
            self.world.aws(spec).endpoints.set_weights_and_capacities(spec.name, weights=wanted)
        except ResourceBusy:
            log.info("trial %s: SageMaker is busy; its traffic is taken away at the next look", stored.rollout.id)

    def _is_being_changed(self, endpoint: str) -> bool:
        """Whether a rollout moves its traffic. One that only waits to be carried out does not, and finds out what moved meanwhile."""
        held = self.world.store.rollouts.lease_of(endpoint)
        holder = self.world.store.rollouts.load(held.rollout_id) if held is not None else None
        return holder is not None and (holder.rollout.called_at is not None or holder.rollout.is_way_back)

    def _end(self, rollout: Rollout, snapshot: Snapshot, now: datetime) -> TrialEnd:
        """Which version serves alone now, by what led the endpoint there."""
        assert rollout.plan is not None
        config = snapshot.config_name
        if config == rollout.plan.current_config:
            return TrialEnd(at=now, config=config, kept="A")
        recent = self.world.store.rollouts.recent(rollout.endpoint, limit=20)
        led = next((r for r in recent if r.plan is not None and r.plan.target_config == config), None)
        kept_b = led is not None and led.trial is not None and led.trial.step is TrialStep.KEEP_B
        return TrialEnd(at=now, config=config, kept="B" if kept_b else None)

    def _save(self, stored: Stored, watch: TrialWatch) -> Stored:
        now = self.world.clock()
        changed = stored.rollout.with_(trial_watch=watch)
        (saved,) = self.world.store.rollouts.commit([Write(changed, stored.revision)], now)
        return saved


def _weighed(watch: TrialWatch, trial: TrialPlan, snapshot: Snapshot, now: datetime) -> TrialWatch:
    """With B's share of the traffic as the live weights say; what was found worse, and gets traffic again, is compared anew."""
    share = share_of({v.name: v.weight for v in snapshot.variants}, trial)
    if share is None or abs(share - watch.share) < 0.01:  # a hundredth of a percent is what single precision may lose
        return watch
    weighed = watch.model_copy(update={"share": round(share, 2)})
    if watch.share > 0 or watch.worse_since is None:
        return weighed
    return weighed.model_copy(update={"resumed_at": now, "worse_looks": 0})


def _decided(rollout: Rollout, watch: TrialWatch, now: datetime, *, shadow: bool) -> TrialWatch:
    """What follows from the latest look: people are told of a worse B once, and its traffic is taken away once, if at all.

    Who gives it traffic again has read that it does worse. They are told once more if it still does, and their decision stands: the
    bot and people must not pull at the same weight in turns.
    """
    if not is_confirmed_worse(watch):
        return watch
    assert watch.verdict is not None
    if watch.worse_since is not None:
        return _relapsed(watch, now) if must_tell_again(watch) else watch
    told = watch.model_copy(update={"worse_since": now, "worse_why": watch.verdict.evidence})
    if why_left_to_people(watch, rollout.watch, shadow=shadow) is not None or watch.share == 0:
        return told
    return told.model_copy(update={"stop": TrialStop(decided_at=now, why=watch.verdict.evidence)})


def _relapsed(watch: TrialWatch, now: datetime) -> TrialWatch:
    assert watch.verdict is not None
    relapse = TrialRelapse(at=now, share=watch.share, why=watch.verdict.evidence)
    return watch.model_copy(update={"relapses": (*watch.relapses, relapse)})


def _ended(watch: TrialWatch, end: TrialEnd) -> TrialWatch:
    return watch.model_copy(update={"end": end})
