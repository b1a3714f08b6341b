"""Our judge, replayed as the watch uses it.

Yardsticks are made once, at the cutover; a look follows every period; a soft verdict is confirmed by a second look. The plan is what
an endpoint gets whose fleet file says nothing, with the trace's step in place of a minute.
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import chain

from bench.judging.judges import Judgement, Numbers
from bench.judging.traces import Trace
from bench.judging.watches import BASELINE, HISTORY, LOOKS, WARM_UP, Cut
from bot.domain.verdict import Verdict, VerdictKind, Window
from bot.domain.watchplan import WatchPlan
from bot.domain.yardstick import Yardsticks
from workers.judging import judge, make_yardsticks
from workers.ports.metrics import Series

CONFIRMING_LOOKS = 2


def plan_of(trace: Trace) -> WatchPlan:
    """The default watch, on the trace's clock."""
    return WatchPlan(
        duration=LOOKS * trace.step,
        warm_up=WARM_UP * trace.step,
        metric_period=trace.step,
        baseline=BASELINE * trace.step,
    )


def yardsticks_of(trace: Trace, cut: Cut, numbers: Numbers) -> Yardsticks:
    """What the watch works out at the cutover, from two weeks of minutes at most.

    Args:
        trace: Gives the clock.
        cut: The moment of the cutover.
        numbers: Of the whole trace with nothing injected; only what lies before the cut is used.
    """
    first = max(0, cut.place - HISTORY)
    known = {measure: values[first : cut.place] for measure, values in numbers.items()}
    return make_yardsticks(
        Series(trace.at(first), trace.step, known),
        plan_of(trace),
        Window(start=trace.at(cut.place - BASELINE), end=trace.at(cut.place)),
        trace.at(cut.judged),
        LOOKS,
        trace.at(cut.place),
    )


def judge_like_us(yardsticks: Yardsticks, after: Numbers, plan: WatchPlan, starts_at: datetime) -> Judgement:
    """One watch, up to its first confirmed alarm; and what a single look at its end would have said."""

    def look(periods: int) -> Verdict:
        seen = {measure: values[:periods] for measure, values in after.items()}
        return judge(yardsticks, Series(starts_at, plan.metric_period, seen), plan, is_over=periods == LOOKS)

    last = look(LOOKS)
    alarm_at = first_alarm(chain((look(n) for n in range(1, LOOKS)), [last]))
    return Judgement(
        alarm_at=alarm_at,
        alarm_at_end=last.kind is VerdictKind.REGRESSED,
        inconclusive=alarm_at is None and last.kind is VerdictKind.INCONCLUSIVE,
    )


def first_alarm(looks: Iterable[Verdict]) -> int | None:
    """After which look the bot would act: at once on a crossed limit, else on the second look in a row or the last one.

    Takes no more looks than it needs.
    """
    in_a_row = 0
    for n, verdict in enumerate(looks, start=1):
        in_a_row = in_a_row + 1 if verdict.kind is VerdictKind.REGRESSED else 0
        if in_a_row and (verdict.is_hard or in_a_row >= CONFIRMING_LOOKS or n == LOOKS):
            return n
    return None
