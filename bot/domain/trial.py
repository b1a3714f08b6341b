"""A trial: two versions of a model side by side on one endpoint, A that served before and B that is tried out.

As an A/B test both take a share of the traffic, and their weights are moved live. As a shadow, B gets a copy of some of the requests
and nobody sees its answers. A trial lasts until a person ends it. Its truth is the endpoint's config, whose tag names B's variant; what
is kept here beside that is what people asked for and what the numbers have said so far.
"""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from bot.domain.endpoint import ConfigRecord, Snapshot
from bot.domain.model import Value
from bot.domain.verdict import Comparison, Effect, Standing, Verdict, VerdictKind
from bot.domain.watchplan import WatchPlan

TRIAL_TAG = "rollout:trial"
"""On a config that runs a trial: the name of B's variant."""

_WEIGHT = "InitialVariantWeight"

LOOKS_TO_CONFIRM = 2
"""So many looks in a row must say REGRESSED, where no limit was crossed: one may be an outlier."""

LONGEST_BETWEEN_LOOKS = timedelta(minutes=15)
_LOOKS_PER_AGE = 20
"""The longer a trial has run, the less a minute adds: a look is due after a twentieth of its age."""

Side = Literal["A", "B"]


class TrialStep(StrEnum):
    """What a rollout does to a trial."""

    START = "start"
    WEIGHT = "weight"
    KEEP_A = "keep_a"
    KEEP_B = "keep_b"


class TrialAsk(Value):
    """What was asked for."""

    step: TrialStep
    share: int = 0
    """Percent of the requests that B shall serve or, as a shadow, get copies of."""
    shadow: bool = False
    towards_a: bool = False
    """Whether it takes traffic away from B, back to what served before: that is as safe as a way back, and as urgent."""


class TrialPlan(Value):
    """Both variants, as the plan of a rollout names them."""

    a: str
    b: str
    weight: float
    """A's weight while both serve."""
    share: float
    """Percent of the requests that B serves or gets copies of, once the rollout is done."""
    shadow: bool = False

    @property
    def weights(self) -> Mapping[str, float]:
        """The weights of both, for that share."""
        return weights_for(self, self.share)


def weights_for(trial: TrialPlan, share: float) -> Mapping[str, float]:
    """The weights with which B serves `share` percent. A keeps its own, so that it has it once more when B is gone."""
    if share >= 100:
        return {trial.a: 0.0, trial.b: trial.weight}
    return {trial.a: trial.weight, trial.b: trial.weight * share / (100 - share)}


def share_of(weights: Mapping[str, float | None], trial: TrialPlan) -> float | None:
    """Percent of the requests that B serves by these live weights; None where SageMaker does not show both."""
    a, b = weights.get(trial.a), weights.get(trial.b)
    if a is None or b is None or a + b <= 0:
        return None
    return 100 * b / (a + b)


def trial_on(config: ConfigRecord, snapshot: Snapshot) -> TrialPlan | None:
    """The trial that an endpoint runs on that config, told from the config alone; None if it runs none of ours."""
    b = config.tags.get(TRIAL_TAG)
    production = {v["VariantName"]: v for v in config.variants()}
    shadows = {v["VariantName"]: v for v in config.document.get("ShadowProductionVariants", ())}
    others = [name for name in production if name != b]
    if b is None or len(others) != 1 or b not in {*production, *shadows}:
        return None
    weight = float(production[others[0]].get(_WEIGHT, 1.0))
    found = TrialPlan(a=others[0], b=b, weight=weight, share=0, shadow=b in shadows)
    if found.shadow:
        copied = float(shadows[b].get(_WEIGHT, 1.0)) / weight if weight else 0.0
        return found.model_copy(update={"share": 100 * min(1.0, copied)})
    share = share_of({v.name: v.weight for v in snapshot.variants}, found)
    return found.model_copy(update={"share": share if share is not None else 0.0})


class TrialStop(Value):
    """B got so much worse that the bot takes its traffic away."""

    decided_at: datetime
    why: str
    done_at: datetime | None = None
    """When its weight was seen to be 0."""


class TrialRelapse(Value):
    """People gave B traffic again after it had been found worse, and it does worse still."""

    at: datetime
    share: float
    """Percent of the requests that it served then."""
    why: str


class TrialEnd(Value):
    """What ended it."""

    at: datetime
    config: str
    """What the endpoint was on then."""
    kept: Side | None = None
    """The version that serves alone now; None where somebody led the endpoint elsewhere."""


class TrialWatch(Value):
    """A trial as it goes, kept with the rollout that started it."""

    since: datetime
    """When both were seen to serve."""
    share: float
    """Percent of the requests that B serves or gets copies of, as last seen."""
    looked_at: datetime | None = None
    comparison: Comparison | None = None
    """A (before) against B (after), over the same time."""
    verdict: Verdict | None = None
    worse_looks: int = 0
    """How many looks in a row said REGRESSED, each with newer numbers than the one before."""
    worse_since: datetime | None = None
    """When people were told of a confirmed REGRESSED."""
    worse_why: str = ""
    """Its evidence then."""
    resumed_at: datetime | None = None
    """When B was last seen to have traffic again after it had been found worse and had none."""
    relapses: tuple[TrialRelapse, ...] = ()
    """What people were told since, once for each time that they gave it traffic again."""
    stop: TrialStop | None = None
    end: TrialEnd | None = None

    @property
    def is_running(self) -> bool:
        """Whether both versions still run side by side."""
        return self.end is None

    @property
    def compared_since(self) -> datetime:
        """From when on the numbers count: since people gave B traffic again, if they did."""
        return self.resumed_at or self.since

    @property
    def worse_because(self) -> str:
        """The evidence of the latest confirmed REGRESSED; empty where there was none."""
        return (
            self.relapses[-1].why
            if self.relapses
            else self.worse_why or (self.stop.why if self.stop is not None else "")
        )


def until_next_look(watch: TrialWatch, period: timedelta, now: datetime) -> timedelta:
    """How long the numbers may rest after the last look: a period at first, longer the longer the trial has run."""
    return min(max(period, (now - watch.since) / _LOOKS_PER_AGE), max(period, LONGEST_BETWEEN_LOOKS))


def is_look_due(watch: TrialWatch, period: timedelta, now: datetime) -> bool:
    """Whether there is more to be learned by looking at the numbers again."""
    return watch.looked_at is None or now >= watch.looked_at + until_next_look(watch, period, now)


def length_to_judge_by(age: timedelta, plan: WatchPlan) -> timedelta:
    """The length that the judge takes the comparison to have in the end.

    A trial has no planned end, and the judge has to know how often it will be asked, so that chance gets no more than its share. It is
    taken to last as long as a watch, or twice, four times, eight times … as long.
    """
    times = max(1.0, age / plan.duration)
    doublings: float = 2 ** math.ceil(math.log2(times))
    return plan.duration * doublings


def looked_at(watch: TrialWatch, comparison: Comparison, verdict: Verdict, now: datetime) -> TrialWatch:
    """The trial after a look at its numbers."""
    is_newer = watch.comparison is None or comparison.after.window.end > watch.comparison.after.window.end
    worse = watch.worse_looks + is_newer if verdict.kind is VerdictKind.REGRESSED else 0
    return watch.model_copy(
        update={"looked_at": now, "comparison": comparison, "verdict": verdict, "worse_looks": worse}
    )


def is_confirmed_worse(watch: TrialWatch) -> bool:
    """Whether B is worse for sure: a limit was crossed, or two looks in a row said so."""
    verdict = watch.verdict
    if verdict is None or verdict.kind is not VerdictKind.REGRESSED:
        return False
    return verdict.is_hard or watch.worse_looks >= LOOKS_TO_CONFIRM


def taken_up(watch: TrialWatch, now: datetime) -> TrialWatch:
    """A trial that was over and to which somebody led back: judged by its own numbers from now on.

    Where B had been found worse before, that is giving it traffic again: people are told once more if it still does worse.
    """
    return TrialWatch(
        since=now,
        share=watch.share,
        worse_since=watch.worse_since,
        worse_why=watch.worse_why,
        resumed_at=now if watch.worse_since is not None else None,
        relapses=watch.relapses,
        stop=watch.stop if watch.stop is not None and watch.stop.done_at is not None else None,
    )


def must_tell_again(watch: TrialWatch) -> bool:
    """Whether a B that is confirmed worse got traffic again, seen by numbers since then, and nobody was told of that yet."""
    if watch.resumed_at is None or watch.share == 0 or watch.comparison is None:
        return False
    if watch.comparison.after.window.start < watch.resumed_at:
        return False
    return not watch.relapses or watch.relapses[-1].at < watch.resumed_at


def was_found_worse(watch: TrialWatch) -> bool:
    """Whether people were told that B does worse, or the latest look says so."""
    says_so = watch.verdict is not None and watch.verdict.kind is VerdictKind.REGRESSED
    return says_so or watch.worse_since is not None


def why_left_to_people(watch: TrialWatch, plan: WatchPlan, *, shadow: bool) -> str | None:
    """Why the bot does not take B's traffic away by itself, as the end of a sentence; None if it does."""
    assert watch.verdict is not None
    if shadow:
        return "nobody sees the answers of a shadow"
    if plan.auto_rollback == "off":
        return "the fleet file says `auto_rollback: off`"
    if not watch.verdict.may_act:
        return "nothing that decides got worse, or A shows the same"
    if plan.auto_rollback == "hard" and not watch.verdict.is_hard:
        return "the fleet file says `auto_rollback: hard`, and no limit was crossed"
    return None


def requests_needed(watch: TrialWatch) -> float | None:
    """About how many more requests B has to get until the numbers can tell; None where more would not help, or is not known."""
    verdict, comparison = watch.verdict, watch.comparison
    if verdict is None or comparison is None or verdict.kind is not VerdictKind.INCONCLUSIVE or not verdict.more_needed:
        return None
    seconds = (comparison.after.window.end - comparison.after.window.start).total_seconds()
    if not comparison.after.requests or seconds <= 0:
        return None
    return comparison.after.requests / seconds * verdict.more_needed.total_seconds()


def is_faster(effect: Effect) -> bool:
    """Whether B is faster by more than chance."""
    return (
        effect.signal.is_latency and effect.standing is Standing.AS_GOOD and effect.high is not None and effect.high < 0
    )
