"""What the watch judges, by kind of endpoint: the signals, and how much each of them weighs."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

EndpointKind = Literal["realtime", "streaming", "async", "serverless"]
"""How an endpoint is invoked, which decides what SageMaker counts of it; as in the fleet file."""


class Signal(StrEnum):
    """One thing that can get worse. The value is its name in the fleet file."""

    P50 = "p50"  # median latency of a minute; of a stream, the time to its first chunk
    P90 = "p90"
    P99 = "p99"
    SPREAD = "spread"  # how far the minutes' medians lie apart: a fleet may be as fast on average and far less steady
    ERRORS = "errors"  # requests that failed on the server's side: 5XX
    MID_STREAM_ERRORS = "mid_stream_errors"  # streams that broke in the middle
    SETUP_TIME = "setup_time"  # cold starts of serverless endpoints
    CLIENT_ERRORS = "client_errors"  # 4XX: what callers did wrong

    @property
    def is_latency(self) -> bool:
        """Whether it is measured in microseconds."""
        return self in _LATENCIES

    @property
    def is_count(self) -> bool:
        """Whether it is a number of requests out of all of them."""
        return self in (Signal.ERRORS, Signal.MID_STREAM_ERRORS, Signal.CLIENT_ERRORS)


_LATENCIES = frozenset({Signal.P50, Signal.P90, Signal.P99, Signal.SETUP_TIME})


class Role(StrEnum):
    """How much a signal weighs in the verdict."""

    CRITICAL = "critical"  # worse means REGRESSED; not measurable means INCONCLUSIVE
    NORMAL = "normal"  # worse means REGRESSED, but nothing is rolled back for it by itself; may be missing
    MUTED = "muted"  # shown, never judged


_EVERY: Mapping[Signal, Role] = {
    Signal.P50: Role.CRITICAL,
    Signal.P90: Role.CRITICAL,
    Signal.P99: Role.NORMAL,
    Signal.SPREAD: Role.NORMAL,
    Signal.ERRORS: Role.CRITICAL,
    Signal.CLIENT_ERRORS: Role.MUTED,
}

PROFILES: Mapping[EndpointKind, Mapping[Signal, Role]] = {
    "realtime": _EVERY,
    "async": _EVERY,
    "streaming": {**_EVERY, Signal.MID_STREAM_ERRORS: Role.CRITICAL},
    "serverless": {**_EVERY, Signal.SETUP_TIME: Role.NORMAL},
}
"""The signals that SageMaker publishes for each kind, and their roles unless the fleet file says otherwise."""


def roles_of(kind: EndpointKind, said: Mapping[Signal, Role]) -> Mapping[Signal, Role]:
    """The signals of that kind with the roles that the fleet file gives them."""
    return {signal: said.get(signal, role) for signal, role in PROFILES[kind].items()}


def latency_metric(kind: EndpointKind) -> str:
    """SageMaker publishes no ModelLatency for bidirectional streams; their first chunk is what a caller waits for."""
    return "FirstChunkLatency" if kind == "streaming" else "ModelLatency"
