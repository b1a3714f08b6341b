"""Ceilings of SageMaker's metrics that an alarm can watch: which metric, which statistic, and in which unit."""

from collections.abc import Iterator
from typing import NamedTuple

from bot.domain.signals import EndpointKind, latency_metric

NAMESPACE = "AWS/SageMaker"


class AlarmRule(NamedTuple):
    """One ceiling of one metric, in the metric's own unit."""

    label: str
    metric: str
    statistic: str
    ceiling: float
    meaning: str


def error_rule(ceiling: float) -> AlarmRule:
    """Server-side errors: published with every request as 1 or 0, so their average is a rate."""
    return AlarmRule(
        "errors", "Invocation5XXErrors", "Average", ceiling, f"5XX errors above {100 * ceiling:g} % of the requests"
    )


def mid_stream_rule(most: int) -> AlarmRule:
    """Streams that break. CloudWatch has the metric only when there are any, so no rate can be made of it alone."""
    return AlarmRule("mid-stream", "MidStreamErrors", "Sum", most, f"more than {most} streams broken in the middle")


def latency_rules(
    kind: EndpointKind, p99_ms: float | None, p90_ms: float | None, p50_ms: float | None
) -> Iterator[AlarmRule]:
    """One for each ceiling that there is. SageMaker publishes no ModelLatency for bidirectional streams."""
    metric = latency_metric(kind)
    for percentile, ceiling in (("p99", p99_ms), ("p90", p90_ms), ("p50", p50_ms)):
        if ceiling is not None:
            yield AlarmRule(
                percentile, metric, percentile, ceiling * 1_000, f"{percentile} of {metric} above {ceiling:g} ms"
            )
