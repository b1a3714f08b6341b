"""Which of SageMaker's metrics stand for what is wanted, by kind of endpoint, and under which dimensions they are found."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.signals import EndpointKind, latency_metric
from workers.ports import Measure, Subject

Dimensions = tuple[tuple[str, str], ...]


class Key(StrEnum):
    """What is asked of each variant or inference component; the value is part of the query's id."""

    P50 = "p50"
    P90 = "p90"
    P99 = "p99"
    SAMPLES = "samples"  # how many latencies were measured
    REQUESTS = "requests"
    ERRORS_4XX = "errors_4xx"
    ERRORS_5XX = "errors_5xx"
    MID_STREAM = "mid_stream"
    SETUP = "setup"
    SETUP_SAMPLES = "setup_samples"
    CONCURRENCY = "concurrency"


@dataclass(frozen=True)
class Statistic:
    """One statistic of one metric of one thing."""

    metric: str
    stat: str
    dimensions: Dimensions


PERCENTILES: Mapping[Measure, Key] = {Measure.P50: Key.P50, Measure.P90: Key.P90, Measure.P99: Key.P99}

_OF_MEASURE: Mapping[Measure, tuple[Key, ...]] = {
    **{measure: (key,) for measure, key in PERCENTILES.items()},
    Measure.REQUESTS: (),
    Measure.ERRORS_4XX: (Key.ERRORS_4XX,),
    Measure.ERRORS_5XX: (Key.ERRORS_5XX,),
    Measure.MID_STREAM_ERRORS: (Key.MID_STREAM,),
    Measure.SETUP_TIME: (Key.SETUP,),
    Measure.CONCURRENCY: (Key.CONCURRENCY,),
}

_COUNTED = frozenset({Measure.REQUESTS, Measure.ERRORS_4XX, Measure.ERRORS_5XX, Measure.MID_STREAM_ERRORS})
"""Of these a missing datapoint may mean zero, which only the number of requests tells."""


def request_keys(kind: EndpointKind) -> tuple[Key, ...]:
    """What counts requests, the best first.

    Asynchronous endpoints publish no Invocations, and of bidirectional streams none may have been seen: there every latency
    that was measured stands for one request.
    """
    match kind:
        case "async":
            return (Key.SAMPLES,)
        case "streaming":
            return (Key.REQUESTS, Key.SAMPLES)
        case "realtime" | "serverless":
            return (Key.REQUESTS,)


def keys_for(measures: Iterable[Measure], kind: EndpointKind, *, weighted: bool) -> tuple[Key, ...]:
    """What must be asked for those measures; `weighted` where percentiles of several series have to be combined."""
    wanted = set(measures)
    keys = {key for measure in wanted for key in _OF_MEASURE[measure]}
    if wanted & _COUNTED:
        keys |= set(request_keys(kind))
    if weighted and wanted & set(PERCENTILES):
        keys.add(Key.SAMPLES)
    if weighted and Measure.SETUP_TIME in wanted:
        keys.add(Key.SETUP_SAMPLES)
    return tuple(key for key in Key if key in keys)


def owners(subject: Subject) -> tuple[Dimensions, ...]:
    """The dimensions of everything whose numbers make up the subject's. They must match a metric's exactly to find it."""
    if subject.components:
        return tuple((("InferenceComponentName", component),) for component in subject.components)
    fleet = (("EndpointConfigName", subject.config),) if subject.config is not None else ()
    return tuple((("EndpointName", subject.endpoint), ("VariantName", name), *fleet) for name in subject.variants)


def statistic(key: Key, subject: Subject, dimensions: Dimensions) -> Statistic:
    """The statistic behind a key."""
    metric, stat = _metric_and_stat(key, subject)
    return Statistic(metric, stat, dimensions)


def _metric_and_stat(key: Key, subject: Subject) -> tuple[str, str]:
    match key:
        case Key.P50 | Key.P90 | Key.P99:
            return latency_metric(subject.kind), key.value
        case Key.SAMPLES:
            return latency_metric(subject.kind), "SampleCount"
        case Key.REQUESTS:
            return "Invocations", "Sum"
        case Key.ERRORS_4XX:
            return "Invocation4XXErrors", "Sum"
        case Key.ERRORS_5XX:  # InvocationModelErrors are among them: adding those would count a failure twice
            return "Invocation5XXErrors", "Sum"
        case Key.MID_STREAM:
            return "MidStreamErrors", "Sum"
        case Key.SETUP:
            return "ModelSetupTime", "p50"
        case Key.SETUP_SAMPLES:
            return "ModelSetupTime", "SampleCount"
        case Key.CONCURRENCY:  # besides Minimum the only statistic that it has
            return f"ConcurrentRequestsPer{'Copy' if subject.components else 'Model'}", "Maximum"
