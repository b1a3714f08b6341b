"""Two variants at the same time: whatever moves both of them cancels out, so no past is needed.

What is judged is the difference of the logarithms, minute by minute (pairs). How far such differences go wrong by themselves is seen in
their own scatter; minutes that resemble each other prove less each, which `model` allows for. A short bake has too few pairs to see how
much they resemble each other: there it is Student's comparison of pairs (Student 1908, The Probable Error of a Mean).
"""

import math
from collections.abc import Iterable

import numpy as np

from bot.domain.signals import Signal
from bot.domain.verdict import Basis, Verdict
from bot.domain.watchplan import WatchPlan
from bot.domain.yardstick import CountYardstick, Yardstick, Yardsticks
from workers.judging.deciding import Findings, decide, findings_of, with_limits
from workers.judging.evidence import Wording
from workers.judging.limits import crossing
from workers.judging.looking import Look
from workers.judging.measures import MEASURE_OF
from workers.judging.model import Memory, error_of_middle, error_of_unsteadiness, memory_of
from workers.judging.rates import both_known
from workers.judging.robust import logs, middles, unsteadiness
from workers.judging.tails import FEWEST_PERIODS, INTERVAL_ALPHA, alpha_of, student
from workers.judging.yardsticks import NARROWEST
from workers.ports import Floats, Measure, Series

MODEST_LIKENESS = 0.3
"""How much few pairs are assumed to resemble the ones before. What moves both variants has cancelled out, so it is little; in simulated
bakes of up to 28 pairs, false alarms and intervals keep what they promise up to a real likeness of 0.2, and at 0.3 nearly."""

FEWEST_TO_TELL_LIKENESS = 30
"""Of fewer pairs, what `model` makes of their likeness is mostly its allowance for how little can be seen of it."""


def judge_side_by_side(old: Series, new: Series, plan: WatchPlan, *, is_over: bool = False) -> Verdict:
    """The verdict on the new variant against the old one, over the same periods, valid however often one looks."""
    yardsticks = _yardsticks(old, new, plan)
    look = Look(yardsticks, new, plan)
    findings = findings_of(look)
    wording = Wording(plan.streaming, is_over, new.period, side_by_side=True)
    # The weights say how much traffic each gets: there is no load to be expected, and no cap for it.
    found = decide(look, Findings(findings.effects, findings.bursts, findings.cap, None), wording)
    return with_limits(found, crossing(yardsticks, new, None, plan))


def _yardsticks(old: Series, new: Series, plan: WatchPlan) -> Yardsticks:
    looks = max(1, -(-plan.duration // new.period))
    metrics: list[Yardstick] = []
    counts: list[CountYardstick] = []
    for signal, role in plan.judged.items():
        measure = MEASURE_OF[signal]
        if signal.is_count:
            counts.extend(_count(signal, old.of(measure), old.of(Measure.REQUESTS)))
        else:
            metrics.extend(
                _pairs(
                    signal, logs(old.of(measure)), logs(new.of(measure)), looks, alpha_of(role, plan.judged.values())
                )
            )
    return Yardsticks(made_at=new.start, starts_at=new.start, metrics=tuple(metrics), counts=tuple(counts))


def _pairs(signal: Signal, old: Floats, new: Floats, looks: int, alpha: float) -> Iterable[Yardstick]:
    both = ~np.isnan(old) & ~np.isnan(new)
    n = int(both.sum())
    if n < 2:
        return
    before, after = np.where(both, old, np.nan)[None, :], np.where(both, new, np.nan)[None, :]
    memory = _memory_of_pairs((new - old)[both])
    if signal is Signal.SPREAD:
        expected = float(unsteadiness(before)[0])
        spread = error_of_unsteadiness(memory, n, n)
    else:
        # The middle of the differences is what is new; whatever both have in common is in the old one's middle.
        expected = float(middles(new[None, :])[0] - middles(after - before)[0])
        spread = error_of_middle(memory, n)
    yield Yardstick(
        signal=signal,
        basis=Basis.SIDE_BY_SIDE,
        # Of few pairs the old one's own middle lies a little elsewhere; told beside the change, it would not add up.
        before=math.exp(expected),
        expected=(expected,),
        spread=(max(spread, NARROWEST),),
        alarm_at=student(alpha, looks, memory.freedom),
        interval_at=student(INTERVAL_ALPHA, looks, memory.freedom),
        tried=0,
    )


def _memory_of_pairs(apart: Floats) -> Memory:
    if apart.size < FEWEST_PERIODS:
        return Memory(deviation=1.0, likeness=0.0, freedom=2.0)  # proves nothing: any two variants may lie so far apart
    known = memory_of(apart) if apart.size >= FEWEST_TO_TELL_LIKENESS else None
    return known or Memory(float(np.std(apart, ddof=1)), MODEST_LIKENESS, freedom=apart.size - 1)


def _count(signal: Signal, events: Floats, requests: Floats) -> Iterable[CountYardstick]:
    failed, asked = both_known(events, requests)
    if asked.sum() > 0:
        total, base = float(failed.sum()), float(asked.sum())
        yield CountYardstick(
            signal=signal, events=total, requests=base, past_events=total, past_requests=base, clumping=1.0, tried=0
        )
