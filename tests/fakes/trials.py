"""Trials of version 4 beside version 3, at every stage."""

from datetime import timedelta
from typing import Any

from bot.domain.phases import Kind, Phase
from bot.domain.plan import Difference
from bot.domain.rollout import Rollout
from bot.domain.signals import Signal
from bot.domain.trial import TrialAsk, TrialEnd, TrialPlan, TrialRelapse, TrialStep, TrialStop, TrialWatch
from bot.domain.verdict import Basis, Standing, Verdict, VerdictKind
from fakes.clock import NOW
from fakes.records import BEN, CURRENT, a_comparison, a_count, a_plan, an_effect, approved_by, at, judged, rollback_at

A, B = "AllTraffic", "AllTraffic-b"
ON_TRIAL = "sentiment-v4-ab"
TRIAL = TrialPlan(a=A, b=B, weight=1.0, share=10)
SHADOW = TRIAL.model_copy(update={"share": 50, "shadow": True})


def side_by_side(kind: VerdictKind, standing: Standing, change: float, **fields: Any) -> Verdict:
    """What the judge says of both at once."""
    effects = (
        an_effect(Signal.P50, standing, change=change, low=change - 0.02, high=change + 0.02, basis=Basis.SIDE_BY_SIDE),
        an_effect(Signal.P90, Standing.AS_GOOD, before=800_000.0, change=0.01, basis=Basis.SIDE_BY_SIDE),
        a_count(0, basis=Basis.SIDE_BY_SIDE),
    )
    return judged(kind, *effects, **fields)


FASTER = side_by_side(VerdictKind.PASS, Standing.AS_GOOD, -0.12, evidence="p50 latency 400 → 352 ms (−12 %).")
WORSE = side_by_side(VerdictKind.REGRESSED, Standing.WORSE, 0.29, evidence="p50 latency 400 → 516 ms (+29 %).")
OPEN = side_by_side(
    VerdictKind.INCONCLUSIVE,
    Standing.UNCLEAR,
    0.08,
    evidence="p50 latency 400 → 432 ms is too unsure to exclude a rise of 20 %; about 24 minutes more would tell.",
    more_needed=timedelta(minutes=24),
)


def a_trial_watch(verdict: Verdict | None = None, **fields: Any) -> TrialWatch:
    """A trial that serves since NOW, with its latest look."""
    seen = {} if verdict is None else {"verdict": verdict, "comparison": a_comparison(), "looked_at": NOW}
    return TrialWatch(**{"since": NOW, "share": 10.0, **seen, **fields})


def starting(phase: Phase = Phase.AWAITING_APPROVAL, *, trial: TrialPlan = TRIAL, **fields: Any) -> Rollout:
    """The rollout that starts it."""
    ask = TrialAsk(step=TrialStep.START, share=round(trial.share), shadow=trial.shadow)
    how = "a shadow of" if trial.shadow else "beside"
    plan = a_plan(
        target_config=ON_TRIAL,
        trial=trial,
        kept=(f"{B} gets 2 instances of its own and is not autoscaled: it could take all of the traffic.",),
        differences=(Difference(path=B, before=None, after=f"a new variant {how} {A}"),),
    )
    return at(phase, plan=plan, trial=ask, comparison=None, verdict=None, **fields)


def on_trial(watch: TrialWatch, *, trial: TrialPlan = TRIAL, **fields: Any) -> Rollout:
    """The same once both serve."""
    begun = starting(Phase.SUCCEEDED, trial=trial, approvals=approved_by(BEN))
    return begun.with_(trial_watch=watch.model_copy(update={"share": watch.share}), **fields)


def weighing(phase: Phase, *, share: float = 50, **fields: Any) -> Rollout:
    """Another share of the traffic for B."""
    plan = a_plan(
        current_config=ON_TRIAL,
        target_config=ON_TRIAL,
        new_models={},
        trial=TRIAL.model_copy(update={"share": share}),
        differences=(Difference(path=f"{B}.Share", before="10 % of the traffic", after=f"{share:.0f} %"),),
    )
    there = {} if phase is Phase.PLANNING else {"plan": plan}
    ask = TrialAsk(step=TrialStep.WEIGHT, share=round(share))
    return at(phase, **there, kind=Kind.WEIGHTS, trial=ask, comparison=None, verdict=None, **fields)


def keeping_b(phase: Phase, **fields: Any) -> Rollout:
    """B alone, under A's name."""
    plan = a_plan(current_config=ON_TRIAL, new_models={}, trial=TRIAL, weights_from_config=True)
    return at(phase, plan=plan, trial=TrialAsk(step=TrialStep.KEEP_B, share=100), **fields)


def keeping_a(phase: Phase, **fields: Any) -> Rollout:
    """Back to A alone."""
    return rollback_at(phase, trial=TrialAsk(step=TrialStep.KEEP_A, towards_a=True), **fields)


STOPPED = TrialStop(decided_at=NOW, why=WORSE.evidence, done_at=NOW + timedelta(seconds=15))
LATER = NOW + timedelta(hours=1)
AGAIN = TrialRelapse(at=LATER, share=50.0, why=WORSE.evidence)
TRIALS = {
    "trial planned": starting(),
    "trial asked for": starting(Phase.PLANNING).with_(plan=None),
    "trial updating": starting(Phase.UPDATING, approvals=approved_by(BEN)),
    "trial without numbers": on_trial(a_trial_watch()),
    "trial faster": on_trial(a_trial_watch(FASTER)),
    "trial open": on_trial(a_trial_watch(OPEN)),
    "trial worse": on_trial(a_trial_watch(WORSE, worse_looks=2, worse_since=NOW)),
    "trial being stopped": on_trial(
        a_trial_watch(WORSE, worse_looks=2, worse_since=NOW, stop=STOPPED.model_copy(update={"done_at": None}))
    ),
    "trial stopped": on_trial(a_trial_watch(WORSE, share=0.0, worse_looks=2, worse_since=NOW, stop=STOPPED)),
    "trial worse again": on_trial(
        a_trial_watch(
            WORSE,
            share=50.0,
            worse_since=NOW,
            worse_why=WORSE.evidence,
            stop=STOPPED,
            resumed_at=LATER,
            relapses=(AGAIN,),
        )
    ),
    "trial over": on_trial(
        a_trial_watch(FASTER, end=TrialEnd(at=NOW + timedelta(hours=3), config="sentiment-v4", kept="B"))
    ),
    "trial led elsewhere": on_trial(a_trial_watch(end=TrialEnd(at=NOW + timedelta(hours=3), config="by-hand"))),
    "trial rolled back": starting(Phase.ROLLED_BACK).with_(trial_watch=a_trial_watch(OPEN)),
    "shadow planned": starting(trial=SHADOW),
    "shadow worse": on_trial(a_trial_watch(WORSE, share=50.0, worse_looks=2, worse_since=NOW), trial=SHADOW),
    "trial restored from tags": on_trial(a_trial_watch(), restored=True),
    "weights planned": weighing(Phase.AWAITING_APPROVAL),
    "weights asked for": weighing(Phase.PLANNING),
    "weights moving": weighing(Phase.UPDATING, snapshot=None),
    "weights moved": weighing(Phase.SUCCEEDED),
    "b is kept": keeping_b(Phase.UPDATING),
    "b was kept": keeping_b(Phase.SUCCEEDED),
    "a is kept": keeping_a(Phase.ROLLING_BACK),
    "a was kept": keeping_a(Phase.ROLLED_BACK),
}
"""Every kind of record of a trial that a thread can have to tell."""

__all__ = ["CURRENT", "TRIALS", "a_trial_watch", "keeping_a", "keeping_b", "on_trial", "starting", "weighing"]
