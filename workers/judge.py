"""A plain judge: ceilings from the fleet file, and differences too large to be luck. Statistics have their place here later.

It says PASS only where it could have said REGRESSED: without numbers on both sides, or with too few, it is INCONCLUSIVE.
"""

from typing import NamedTuple

from bot.domain.verdict import Comparison, Measurement, Verdict, VerdictKind
from bot.domain.watchplan import WatchPlan
from bot.messages.words import amount, before_after_ms, count, percent

FEWEST_REQUESTS = 50
"""Below this many requests after the cutover, a percentile is an anecdote."""

LATENCY_RISE = 0.20
LATENCY_RISE_US = 2_000.0
"""A slower median counts when it is slower by both: relatively, and by something a caller could notice."""

ERROR_RISE = 0.01
FEWEST_ERRORS = 5
"""More errors count when the rate rose by a percentage point and there are several of them."""


class Sides(NamedTuple):
    """What the two sides of a comparison are called."""

    span: str
    old: str
    new: str
    to_old: str


BEFORE_AND_AFTER = Sides(span="the watch", old="before", new="after", to_old="before the update")
SIDE_BY_SIDE = Sides(span="the bake", old="on the old variant", new="on the new one", to_old="to the old variant")


def judge(comparison: Comparison | None, watch: WatchPlan, sides: Sides = BEFORE_AND_AFTER) -> Verdict:
    """The verdict on a comparison, with one sentence of evidence."""
    if comparison is None:
        return _verdict(
            VerdictKind.INCONCLUSIVE, f"CloudWatch gave no answer during {sides.span}, so nothing can be said."
        )
    before, after = comparison.before, comparison.after
    if ceiling := _crossed_ceiling(after, watch):
        return _verdict(VerdictKind.REGRESSED, ceiling)
    if not after.requests:
        return _verdict(
            VerdictKind.INCONCLUSIVE,
            "CloudWatch shows no request to the new fleet, so it was not tried by any traffic.",
        )
    if not before.requests:
        return _verdict(
            VerdictKind.INCONCLUSIVE,
            f"CloudWatch shows no request {sides.to_old}, so there is nothing to compare with.",
        )
    if regression := _more_errors(before, after, sides) or _slower(comparison):
        return _verdict(VerdictKind.REGRESSED, regression)
    if after.requests < FEWEST_REQUESTS:
        seen = count(int(after.requests), "request")
        return _verdict(VerdictKind.INCONCLUSIVE, f"Only {seen} reached the new fleet; {FEWEST_REQUESTS} are needed.")
    if not (before.has_latency and after.has_latency):
        return _verdict(
            VerdictKind.INCONCLUSIVE,
            f"CloudWatch has no {comparison.latency_metric} for both sides; errors are no more than {sides.old}.",
        )
    p50 = before_after_ms(before.p50_us, after.p50_us)
    return _verdict(
        VerdictKind.PASS,
        f"{comparison.latency_metric} p50 {p50}; errors {_errors(before)} {sides.old}, {_errors(after)} {sides.new}.",
    )


def _verdict(kind: VerdictKind, evidence: str) -> Verdict:
    return Verdict(kind=kind, evidence=evidence)


def _crossed_ceiling(after: Measurement, watch: WatchPlan) -> str | None:
    rate = after.error_rate
    if watch.error_rate_ceiling is not None and rate is not None and rate > watch.error_rate_ceiling:
        return f"{percent(rate)} of the requests failed; the fleet file allows {percent(watch.error_rate_ceiling)}."
    if watch.mid_stream_error_rate_ceiling is not None and after.requests and after.mid_stream_errors is not None:
        broken = after.mid_stream_errors / after.requests
        if broken > watch.mid_stream_error_rate_ceiling:
            allowed = percent(watch.mid_stream_error_rate_ceiling)
            return f"{percent(broken)} of the streams broke in the middle; the fleet file allows {allowed}."
    ceilings = (
        ("p50", after.p50_us, watch.p50_ceiling_ms),
        ("p90", after.p90_us, watch.p90_ceiling_ms),
        ("p99", after.p99_us, watch.p99_ceiling_ms),
    )
    for name, value_us, ceiling_ms in ceilings:
        if ceiling_ms is not None and value_us is not None and value_us > ceiling_ms * 1000:
            return f"{name} is {value_us / 1000:,.0f} ms; the fleet file allows {ceiling_ms:,.0f} ms."
    return None


def _more_errors(before: Measurement, after: Measurement, sides: Sides) -> str | None:
    if before.error_rate is None or after.error_rate is None or after.requests is None:
        return None
    errors = after.error_rate * after.requests
    if errors < FEWEST_ERRORS or after.error_rate - before.error_rate < ERROR_RISE:
        return None
    return f"Errors {_errors(before)} {sides.old}, {_errors(after)} {sides.new}."


def _slower(comparison: Comparison) -> str | None:
    before, after = comparison.before.p50_us, comparison.after.p50_us
    if before is None or after is None or (comparison.after.requests or 0) < FEWEST_REQUESTS:
        return None
    if after - before < LATENCY_RISE_US or after < before * (1 + LATENCY_RISE):
        return None
    return f"{comparison.latency_metric} p50 {before_after_ms(before, after)}."


def _errors(measured: Measurement) -> str:
    errors = (
        None if measured.error_rate is None or measured.requests is None else measured.error_rate * measured.requests
    )
    return f"{amount(errors)} of {amount(measured.requests)} ({percent(measured.error_rate)})"
