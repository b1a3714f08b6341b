"""Weeks of percentiles and errors cost no single request, and look like those that were drawn."""

from __future__ import annotations

from datetime import datetime, timedelta
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from sandbox.aws.demand import BLOCK_SECONDS, Block, BlockCache

from .local import LocalAws
from .test_metrics import data, query

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Values = dict[datetime, float]


def whole_minute(aws: LocalAws) -> datetime:
    return aws.clock.now().replace(second=0, microsecond=0)


def at_once(aws: LocalAws, start: datetime, end: datetime, *asked: Any, **more: Any) -> Values:
    (result,) = data(aws, start, end, query(*asked, **more), ScanBy="TimestampAscending")
    assert result["Timestamps"] == sorted(result["Timestamps"])
    return dict(zip(result["Timestamps"], result["Values"], strict=True))


def hour_by_hour(aws: LocalAws, start: datetime, end: datetime, *asked: Any, **more: Any) -> Values:
    """The same from single requests, because each question is short."""
    found: Values = {}
    while start < end:
        found |= at_once(aws, start, start + HOUR, *asked, **more)
        start += HOUR
    return found


def logs(values: Values) -> Any:
    return np.log(list(values.values()))


class Sparing(BlockCache):
    """Demand of which few single requests are had."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn: set[int] = set()

    def get(self, endpoint: str, seed: int, number: int, requests_per_second: float) -> Block:
        self.drawn.add(number)
        return super().get(endpoint, seed, number, requests_per_second)


PERCENTILES = [
    ("sentiment-prod", "ModelLatency", "p50", 0.005),
    ("sentiment-prod", "ModelLatency", "p99", 0.02),
    ("stt-prod", "FirstChunkLatency", "p90", 0.01),
    ("credibility", "ModelSetupTime", "p50", 0.05),
]


@pytest.mark.parametrize(("endpoint", "metric", "stat", "close"), PERCENTILES)
def test_minutes_scatter_as_those_of_single_requests_do(endpoint: str, metric: str, stat: str, close: float) -> None:
    aws = LocalAws(traffic=4.0)
    end = whole_minute(aws)
    summed, drawn = (get(aws, end - 12 * HOUR, end, metric, stat, 60, endpoint) for get in (at_once, hour_by_hour))
    assert len(summed) == pytest.approx(len(drawn), abs=10)
    assert np.mean(logs(summed)) == pytest.approx(np.mean(logs(drawn)), abs=close)
    assert np.std(logs(summed)) == pytest.approx(np.std(logs(drawn)), rel=0.25)


@pytest.mark.parametrize("metric", ["Invocation5XXErrors", "Invocation4XXErrors"])
def test_errors_are_as_many_and_as_scattered(metric: str) -> None:
    aws = LocalAws(traffic=4.0)
    end = whole_minute(aws)
    summed, drawn = (get(aws, end - 12 * HOUR, end, metric) for get in (at_once, hour_by_hour))
    assert list(summed) == list(drawn), "none at all is zero, for every minute with requests"
    assert sum(summed.values()) == pytest.approx(sum(drawn.values()), rel=0.1)
    assert np.var(list(summed.values())) == pytest.approx(np.var(list(drawn.values())), rel=0.25)


def test_two_weeks_of_minutes_are_answered_without_drawing_requests(aws: LocalAws) -> None:
    aws.stand_in.world.demand = demand = Sparing()
    end = whole_minute(aws)
    for metric, stat in (("ModelLatency", "p50"), ("ModelLatency", "p99"), ("Invocation5XXErrors", "Sum")):
        assert len(at_once(aws, end - 14 * DAY, end, metric, stat)) == 14 * 1440
    assert len(demand.drawn) <= 1


def test_the_same_minute_is_the_same_whichever_weeks_are_asked_for(aws: LocalAws) -> None:
    end = whole_minute(aws)
    long, longer = (at_once(aws, end - days * DAY, end - HOUR, "ModelLatency", "p90") for days in (2, 5))
    assert long == {at: value for at, value in longer.items() if at in long}


def test_percentiles_are_in_their_order(aws: LocalAws) -> None:
    end = whole_minute(aws)
    p50, p90, p99 = (at_once(aws, end - DAY, end, "ModelLatency", stat) for stat in ("p50", "p90", "p99"))
    assert all(p50[at] < p90[at] < p99[at] for at in p50)
    spread = np.mean(logs(p90)) - np.mean(logs(p50))
    assert spread / NormalDist().inv_cdf(0.9) == pytest.approx(0.40, rel=0.02)


def test_a_week_in_long_periods_agrees_with_its_minutes(aws: LocalAws) -> None:
    end = whole_minute(aws)
    minutes = at_once(aws, end - 7 * DAY, end, "ModelLatency", "p50")
    hours = at_once(aws, end - 7 * DAY, end, "ModelLatency", "p50", 3600)
    assert len(hours) == 7 * 24
    assert np.mean(logs(hours)) == pytest.approx(np.mean(logs(minutes)), abs=0.003)
    assert np.std(logs(hours)) < np.std(logs(minutes)) / 3


def test_a_fleet_that_is_slow_in_its_tail_alone_is_drawn_from_requests(aws: LocalAws) -> None:
    aws.scenario("slower-tail")
    aws.update(RetainAllVariantProperties=True)
    aws.until_settled()
    aws.clock.advance(2 * BLOCK_SECONDS)
    end = whole_minute(aws)
    since = end - timedelta(minutes=15)
    day = at_once(aws, end - DAY, end, "ModelLatency", "p99")
    recent = {at: value for at, value in day.items() if at >= since}
    assert recent == at_once(aws, since, end, "ModelLatency", "p99")
    assert np.mean(logs(recent)) - np.median(logs(day)) > 0.4


def test_fleets_keep_their_own_weeks(aws: LocalAws) -> None:
    aws.update(RetainAllVariantProperties=True)
    aws.until_settled()
    aws.clock.advance(8 * 3600)
    end = whole_minute(aws)
    new = at_once(aws, end - DAY, end, "ModelLatency", "p50", EndpointConfigName="next")
    whole = at_once(aws, end - DAY, end, "ModelLatency", "p50")
    assert len(new) < len(whole)
    assert 480 <= len(new) <= 500


@pytest.mark.parametrize(
    ("metric", "stat"), [("ModelLatency", "p50"), ("ModelLatency", "p99"), ("Invocation5XXErrors", "Sum")]
)
def test_two_weeks_as_one_period_draw_few_requests_and_agree_with_their_minutes(
    aws: LocalAws, metric: str, stat: str
) -> None:
    aws.stand_in.world.demand = demand = Sparing()
    end = whole_minute(aws)
    (whole,) = at_once(aws, end - 14 * DAY, end, metric, stat, 14 * 86_400).values()
    assert len(demand.drawn) <= 80, "a sixth of a day at most: each stretch may touch two blocks"
    minutes = list(at_once(aws, end - 14 * DAY, end, metric, stat).values())
    if stat == "Sum":
        assert whole == sum(minutes)
    else:
        assert whole == pytest.approx(np.mean(minutes), rel=0.06)


@pytest.mark.parametrize(("metric", "stat"), [("ModelLatency", "p50"), ("Invocation5XXErrors", "Sum")])
def test_two_weeks_with_a_cutover_in_them_are_as_cheap(aws: LocalAws, metric: str, stat: str) -> None:
    aws.update(RetainAllVariantProperties=True)
    aws.until_settled()
    aws.clock.advance(8 * 3600)
    aws.stand_in.world.demand = demand = Sparing()
    end = whole_minute(aws)
    assert len(at_once(aws, end - 14 * DAY, end, metric, stat, 14 * 86_400)) == 1
    assert 1 <= len(demand.drawn) <= 80
