"""GetMetricData at its limits: many statistics in few calls, and every page of the answer."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from typing import Any

from bot.domain.errors import AccessDenied, TransientError
from bot.domain.verdict import Window
from workers.gateways.aws_errors import Subject as ErrorSubject
from workers.gateways.aws_errors import translated
from workers.gateways.cloudwatch.queries import Statistic

OPERATION = "GetMetricData"
NAMESPACE = "AWS/SageMaker"

MOST_QUERIES = 500
"""Of one call."""

MOST_DATAPOINTS = 100_800
"""Of one call: more come in pages, which take as long as calls."""

PAGES_LIMIT = 50
"""Far more than one call needs; a token that never ends must not hold a worker."""

Datapoints = dict[datetime, float]
"""Values of one statistic, by the start of their period."""


@dataclass(frozen=True)
class Asked:
    """A statistic period by period; `id` is how its answer is found again, unique among those that are asked together."""

    id: str
    statistic: Statistic
    window: Window
    period: int
    """Seconds."""

    @property
    def datapoints(self) -> int:
        """How many there are at most."""
        return ceil((self.window.end - self.window.start).total_seconds() / self.period)


class Asking:
    """Asks CloudWatch of one account and region."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def answers(self, asked: Sequence[Asked], endpoints: Iterable[str]) -> Mapping[str, Datapoints]:
        """The datapoints of each, by its id; those that CloudWatch has none of are empty.

        Args:
            asked: What is wanted; what has the same window is asked together, as far as the limits of one call allow.
            endpoints: Whose numbers these are, for the words of an error.
        """
        found: dict[str, Datapoints] = {one.id: {} for one in asked}
        about = ErrorSubject("metrics of endpoint", ", ".join(sorted(set(endpoints))))
        for batch in _batches(asked):
            for query_id, at, value in self._pages(batch, about):
                found[query_id][at] = value
        return found

    def _pages(self, batch: Sequence[Asked], about: ErrorSubject) -> Iterator[tuple[str, datetime, float]]:
        window = batch[0].window
        request = {
            "MetricDataQueries": [_metric_data_query(one) for one in batch],
            "StartTime": window.start,
            "EndTime": window.end,
            "ScanBy": "TimestampAscending",
        }
        token: dict[str, str] = {}
        for _ in range(PAGES_LIMIT):
            with translated(OPERATION, about):
                answer = self._client.get_metric_data(**request, **token)
            token = {"NextToken": answer["NextToken"]} if answer.get("NextToken") else {}
            for result in answer["MetricDataResults"]:
                _check(result, is_last_page=not token)
                for at, value in zip(result.get("Timestamps", ()), result.get("Values", ()), strict=True):
                    yield result["Id"], at.astimezone(UTC), float(value)
            if not token:
                return
        raise TransientError(OPERATION, f"CloudWatch did not come to an end after {PAGES_LIMIT} pages")


def _batches(asked: Sequence[Asked]) -> Iterator[list[Asked]]:
    for window in dict.fromkeys(one.window for one in asked):
        batch: list[Asked] = []
        room = MOST_DATAPOINTS
        for one in (one for one in asked if one.window == window):
            if batch and (len(batch) == MOST_QUERIES or one.datapoints > room):
                yield batch
                batch, room = [], MOST_DATAPOINTS
            batch.append(one)
            room -= one.datapoints
        yield batch


def _metric_data_query(asked: Asked) -> dict[str, Any]:
    statistic = asked.statistic
    dimensions = [{"Name": name, "Value": value} for name, value in statistic.dimensions]
    metric = {"Namespace": NAMESPACE, "MetricName": statistic.metric, "Dimensions": dimensions}
    # No Unit: a wrong one finds nothing, and CloudWatch converts none.
    return {"Id": asked.id, "MetricStat": {"Metric": metric, "Period": asked.period, "Stat": statistic.stat}}


def _check(result: Mapping[str, Any], *, is_last_page: bool) -> None:
    status = result.get("StatusCode", "Complete")
    if status == "Forbidden":
        raise AccessDenied(operation=OPERATION, code=status, message=str(result.get("Messages", "")))
    if status == "InternalError" or (status == "PartialData" and is_last_page):
        # Half of the numbers would look like all of them.
        raise TransientError(OPERATION, f"CloudWatch answered {status}")
