"""How a number of failed requests stands."""

from datetime import timedelta

from bot.domain.signals import Role, Signal
from bot.domain.verdict import Effect, Standing
from workers.judging.counts import Burst, rate_of, worst_burst
from workers.judging.looking import FEWEST_REQUESTS, Look
from workers.judging.measures import MEASURE_OF
from workers.judging.rates import FEWEST_EVENTS, Rate, both_known
from workers.judging.tails import INTERVAL_ALPHA
from workers.ports import Measure

A_RISE_THAT_MATTERS = 0.01
"""One request in a hundred more than before: what PASS has to exclude, once there is any hint of it."""

NO_HINT = 0.1
"""As many failures happen by chance once in ten watches."""


def judge_count(look: Look, signal: Signal, role: Role) -> tuple[Effect, Burst | None]:
    """How one count stands, and the stretch of the watch that speaks most against it."""
    yardstick = look.yardsticks.count_of(signal)
    requests = look.after.of(Measure.REQUESTS)
    failed, asked = both_known(look.after.of(MEASURE_OF[signal]), requests)
    if yardstick is None or asked.sum() <= 0:
        return Effect(signal=signal, role=role, standing=Standing.MISSING), None
    rate = rate_of(yardstick)
    burst = worst_burst(rate, failed, asked, look.alpha(role), look.planned_looks)
    events, base = float(failed.sum()), float(asked.sum())
    high = rate.highest_share(events, base, INTERVAL_ALPHA)
    standing = _standing(look, burst, rate, high)
    return (
        Effect(
            signal=signal,
            role=role,
            standing=standing,
            before=yardstick.events / yardstick.requests if yardstick.requests > 0 else rate.share,
            expected=rate.share,
            after=events / base,
            low=rate.lowest_share(events, base, INTERVAL_ALPHA),
            high=high,
            events=(yardstick.events, events) if yardstick.requests > 0 else (yardstick.past_events, events),
            requests=(yardstick.requests, base) if yardstick.requests > 0 else (yardstick.past_requests, base),
            more_needed=_more_needed(look, burst, rate, look.alpha(role)) if standing is Standing.UNCLEAR else None,
        ),
        burst,
    )


def _standing(look: Look, burst: Burst, rate: Rate, high: float) -> Standing:
    if look.requests < FEWEST_REQUESTS:
        return Standing.UNCLEAR
    if burst.is_worse:
        return Standing.WORSE
    if burst.chance > NO_HINT or high - rate.share < A_RISE_THAT_MATTERS:
        return Standing.AS_GOOD
    return Standing.UNCLEAR


def _more_needed(look: Look, burst: Burst, rate: Rate, alpha: float) -> timedelta | None:
    """Until there is traffic enough to exclude a rise that matters, or failures enough to prove one."""
    if look.requests < FEWEST_REQUESTS or burst.requests <= 0:
        return look.enough_after
    for times in (1.25, 1.5, 2.0, 3.0, 4.0):
        events, base = burst.events * times, burst.requests * times
        if rate.highest_share(events, base, INTERVAL_ALPHA) - rate.share < A_RISE_THAT_MATTERS:
            return _longer(look, times)
        if events >= FEWEST_EVENTS and rate.chance(events, base) < alpha / 10:
            return _longer(look, times)
    return None


def _longer(look: Look, times: float) -> timedelta:
    return look.after.period * max(1, round((times - 1) * look.after.length))
