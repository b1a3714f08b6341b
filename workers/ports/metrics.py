"""CloudWatch's numbers about an endpoint."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal, Protocol

from bot.domain.traffic import TrafficPoint
from bot.domain.verdict import Measurement, Point, Window

EndpointKind = Literal["realtime", "streaming", "async", "serverless"]
"""How an endpoint is invoked, which decides what SageMaker counts of it; as in the fleet file."""


class Metrics(Protocol):
    """CloudWatch, asked for one endpoint's traffic."""

    def measure(self, endpoint: str, variants: Sequence[str], window: Window, *, streaming: bool) -> Measurement:
        """One window as a whole: percentiles are asked for over the whole window, never merged from minutes."""
        ...

    def series(
        self, endpoint: str, variants: Sequence[str], window: Window, period: timedelta, *, streaming: bool
    ) -> tuple[Point, ...]:
        """The window period by period, oldest first; periods without any datapoint are left out."""
        ...

    def traffic(
        self, endpoint: str, variants: Sequence[str], window: Window, period: timedelta, *, kind: EndpointKind
    ) -> tuple[TrafficPoint, ...]:
        """Requests period by period, oldest first; periods without a datapoint are left out, and are not known to be quiet.

        Give a window that begins and ends on whole periods: CloudWatch begins its periods there.
        """
        ...

    def concurrency(self, endpoint: str, variants: Sequence[str], window: Window) -> float | None:
        """The most requests (for streams: connections) that were open at once, waiting ones included; None without data.

        SageMaker publishes it per model copy, so for a fleet it is a lower bound. Variants are summed up.
        """
        ...
