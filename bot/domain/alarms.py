"""CloudWatch alarms as values: the ones people name for a rollback, and the ones a rollout makes for itself."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from bot.domain.model import Value

_ORDINARY, _HIGH_RESOLUTION = Decimal("0.10"), Decimal("0.30")
"""US dollars a month for an alarm on one metric, by CloudWatch's price list of us-east-1; the second for periods below a minute."""


class AlarmState(StrEnum):
    """CloudWatch's StateValue."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class AlarmKind(StrEnum):
    """What an alarm looks at."""

    METRIC = "metric"  # one metric
    EXPRESSION = "expression"  # several metrics, or a query
    COMPOSITE = "composite"  # other alarms; about which endpoint cannot be told
    LOG = "log"  # a query over logs; about which endpoint cannot be told


class Alarm(Value):
    """An alarm: its rule, and when it was read, its state."""

    name: str
    kind: AlarmKind = AlarmKind.METRIC
    namespace: str | None = None
    metric: str | None = None
    dimensions: Mapping[str, str] = {}
    """Of an expression, those that all of its metrics share."""
    statistic: str | None = None
    """`Average`, `Sum`, … or a percentile such as `p99`."""
    period: timedelta | None = None
    """Of an expression, the longest of its metrics' periods."""
    evaluation_periods: int = 1
    datapoints_to_alarm: int | None = None
    """How many of the evaluation periods have to breach; None for all of them."""
    threshold: float | None = None
    """In the metric's own unit; latencies of SageMaker are microseconds."""
    comparison: str = "GreaterThanThreshold"
    missing_data: str = "missing"
    """How CloudWatch takes a period without data: breaching, notBreaching, ignore or missing."""
    notify: tuple[str, ...] = ()
    """ARNs of whom CloudWatch tells when it goes off; none while its actions are switched off."""
    description: str = ""
    state: AlarmState = AlarmState.INSUFFICIENT_DATA
    state_reason: str = ""
    since: datetime | None = None
    """Since when it has been in that state; None when CloudWatch does not tell."""

    @property
    def span(self) -> timedelta | None:
        """How much time one evaluation looks at; None when it cannot be told."""
        return self.period * self.evaluation_periods if self.period is not None else None

    @property
    def endpoint(self) -> str | None:
        """The endpoint that the alarm is about; None when it is about none, about several, or it cannot be told."""
        return self.dimensions.get("EndpointName")

    @property
    def monthly_cost(self) -> Decimal:
        """What an alarm on one metric costs a month, in US dollars; other regions ask about the same."""
        is_fine = self.period is not None and self.period < timedelta(minutes=1)
        return _HIGH_RESOLUTION if is_fine else _ORDINARY

    def has_rule_of(self, other: "Alarm") -> bool:
        """Whether both would go off at the same time, whatever state they are in now."""
        return self._rule() == other._rule()

    def _rule(self) -> "Alarm":
        needed = self.datapoints_to_alarm or self.evaluation_periods
        return self.model_copy(
            update={
                "datapoints_to_alarm": needed,
                "notify": (),
                "description": "",
                "state": AlarmState.INSUFFICIENT_DATA,
                "state_reason": "",
                "since": None,
            }
        )
