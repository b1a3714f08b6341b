"""Which of CloudWatch's numbers each signal is judged by."""

from collections.abc import Mapping

from bot.domain.signals import Signal
from bot.domain.watchplan import WatchPlan
from workers.ports import Measure

MEASURE_OF: Mapping[Signal, Measure] = {
    Signal.P50: Measure.P50,
    Signal.P90: Measure.P90,
    Signal.P99: Measure.P99,
    Signal.SPREAD: Measure.P50,
    Signal.ERRORS: Measure.ERRORS_5XX,
    Signal.MID_STREAM_ERRORS: Measure.MID_STREAM_ERRORS,
    Signal.SETUP_TIME: Measure.SETUP_TIME,
    Signal.CLIENT_ERRORS: Measure.ERRORS_4XX,
}


def measures_of(plan: WatchPlan) -> tuple[Measure, ...]:
    """What has to be read to judge such a watch: requests always, because they say how much the rest is worth."""
    open_at_once = (Measure.CONCURRENCY,) if plan.streaming else ()
    return tuple(dict.fromkeys((Measure.REQUESTS, *open_at_once, *(MEASURE_OF[signal] for signal in plan.judged))))
