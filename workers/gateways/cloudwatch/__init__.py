"""CloudWatch: an endpoint's latency, traffic and errors.

Absence is not zero. CloudWatch leaves out periods in which nothing was published, and so does this package, with two exceptions
that SageMaker's own way of publishing allows; see `combining.or_none_happened`.
"""

from workers.gateways.cloudwatch.metrics import CloudWatchMetrics, whole_window_period

__all__ = ["CloudWatchMetrics", "whole_window_period"]
