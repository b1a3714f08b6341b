"""CloudWatch for one account, as far as the port goes: numbers that move a little, and change with an update."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from bot.domain.traffic import TrafficPoint
from bot.domain.verdict import Measurement, Point, Window
from fakes.account import FakeEndpoints
from fakes.failing import Failing
from workers.ports import Floats, Measure, Series, Subject, Want


class FakeMetrics(Failing):
    """Implements workers.ports.Metrics: one latency before the update, another after it, each minute a little off."""

    def __init__(
        self, endpoints: FakeEndpoints, *, before_us: float | None = 400_000, after_us: float | None = 410_000
    ) -> None:
        super().__init__()
        self._endpoints = endpoints
        self.before_us = before_us
        self.after_us = after_us
        self.by_variant: dict[str, float] = {}
        """Latency of variants that differ from the others."""
        self.requests: float | None = 60.0
        """Each minute."""
        self.errors = 0.0
        """Of those after the update, how many failed each minute."""
        self.client_errors = 0.0
        """Of those after the update, how many callers got wrong each minute."""
        self.history = timedelta(hours=6)
        """Before the update there is that much, and nothing before it."""
        self.shown_configs: set[str] = set()
        """Configs whose fleets CloudWatch tells apart."""
        self.component: str | None = None
        """The inference component that alone publishes requests; None where variants do."""
        self.asked: list[tuple[Window, bool]] = []
        self.wanted: list[tuple[Want, ...]] = []
        """What each `read` wanted."""
        self.hourly: tuple[TrafficPoint, ...] = ()
        self.open_at_once: float | None = None

    def measure(self, subject: Subject, window: Window) -> Measurement:
        with self.called("measure", subject.endpoint, *subject.variants):
            self.asked.append((window, subject.kind == "streaming"))
            us = self._us(subject, is_after=self._is_after(window.start))
            minutes = (window.end - window.start) / timedelta(minutes=1)
            is_after = self._is_after(window.start)
            return Measurement(
                window=window,
                p50_us=us,
                p90_us=us and us * 2,
                p99_us=us and us * 3,
                requests=None if self.requests is None else self.requests * minutes,
                errors_4xx=self.client_errors * minutes if is_after else 0.0,
                errors_5xx=self.errors * minutes if is_after else 0.0,
                mid_stream_errors=0.0 if subject.kind == "streaming" else None,
            )

    def series(self, subject: Subject, window: Window, period: timedelta) -> tuple[Point, ...]:
        with self.called("series", subject.endpoint):
            if self.before_us is None and self.requests is None:
                return ()
            return (Point(at=window.start, p50_us=self.before_us), Point(at=window.end - period, p50_us=self.after_us))

    def read(self, wants: Sequence[Want]) -> tuple[Series, ...]:
        with self.called("read", *(w.subject.endpoint for w in wants)):
            self.wanted.append(tuple(wants))
            return tuple(self._series(want) for want in wants)

    def _series(self, want: Want) -> Series:
        count = int((want.window.end - want.window.start) / want.period)
        seconds = want.window.start.timestamp() + np.arange(count) * want.period.total_seconds()
        updated = self._endpoints.updated_at
        is_after = np.zeros(count, dtype=bool) if updated is None else seconds >= updated.timestamp()
        sides = [self._us(want.subject, is_after=side) or np.nan for side in (False, True)]
        us = np.where(is_after, sides[1], sides[0])
        minutes = want.period / timedelta(minutes=1)
        is_silent = self.requests is None or not self._publishes(want.subject)
        requests = np.full(count, np.nan if is_silent else (self.requests or 0.0) * minutes)
        own = sum(map(ord, "".join(want.subject.variants)))  # variants that run side by side are slow at other moments
        values = {
            Measure.P50: us * noise(seconds, own + 1),
            Measure.P90: us * 2 * noise(seconds, own + 2),
            Measure.P99: us * 3 * noise(seconds, own + 3),
            Measure.REQUESTS: requests,
            Measure.ERRORS_5XX: np.where(is_after, self.errors * minutes, 0.0) + 0 * requests,
            Measure.ERRORS_4XX: np.where(is_after, self.client_errors * minutes, 0.0) + 0 * requests,
            Measure.MID_STREAM_ERRORS: 0 * requests,
        }
        known_from = (updated or self._endpoints.moved_at) - self.history
        silent = seconds < known_from.timestamp()
        empty = np.full(count, np.nan)
        shown = {m: np.where(silent, np.nan, values.get(m, empty)) for m in want.measures}
        return Series(want.window.start, want.period, shown)

    def _us(self, subject: Subject, *, is_after: bool) -> float | None:
        us = self.after_us if is_after else self.before_us
        return next((self.by_variant[v] for v in subject.variants if v in self.by_variant), us)

    def _publishes(self, subject: Subject) -> bool:
        return self.component is None or self.component in subject.components

    def _is_after(self, at: datetime) -> bool:
        updated = self._endpoints.updated_at
        return updated is not None and at >= updated

    def knows_config(self, endpoint: str, config: str) -> bool:
        with self.called("knows_config", endpoint, config):
            return config in self.shown_configs

    def traffic(self, subject: Subject, window: Window, period: timedelta) -> tuple[TrafficPoint, ...]:
        with self.called("traffic", subject.endpoint, *subject.variants, subject.kind):
            points = self.hourly if self._publishes(subject) else ()
            return tuple(point for point in points if window.start <= point.at < window.end)

    def concurrency(self, endpoint: str, variants: Sequence[str], window: Window) -> float | None:
        with self.called("concurrency", endpoint, *variants):
            return self.open_at_once


def noise(seconds: Floats, seed: int, spread: float = 0.02) -> Floats:
    """A factor for each moment, close to 1; the same one whenever that moment is asked about."""

    def drawn(salt: int) -> Floats:
        mixed = np.sin(seconds / 7.0 * 12.9898 + 78.233 * salt) * 43_758.5453
        return np.asarray(mixed - np.floor(mixed))

    normal = np.sqrt(-2 * np.log(np.clip(drawn(2 * seed), 1e-12, None))) * np.cos(2 * np.pi * drawn(2 * seed + 1))
    return np.asarray(np.exp(spread * normal))
