"""The mix of requests: when callers suddenly make far more mistakes of their own, they send something else than before."""

from bot.domain.signals import Signal
from workers.judging.counts import rate_of
from workers.judging.looking import Look
from workers.judging.rates import FEWEST_EVENTS, both_known
from workers.ports import Measure

JUMP = 0.05
"""Points of the share of 4XX that make it a jump."""

CERTAIN = 0.001
"""Chance does as much less often than this."""


def has_changed(look: Look) -> bool:
    """Whether the share of client errors jumped. That alone never speaks against the fleet."""
    yardstick = look.yardsticks.count_of(Signal.CLIENT_ERRORS)
    failed, asked = both_known(look.after.of(Measure.ERRORS_4XX), look.after.of(Measure.REQUESTS))
    events, requests = float(failed.sum()), float(asked.sum())
    if yardstick is None or events < FEWEST_EVENTS:
        return False
    rate = rate_of(yardstick)
    return events / requests - rate.share >= JUMP and rate.chance(events, requests) < CERTAIN
