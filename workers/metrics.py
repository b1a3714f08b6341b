"""`/metrics` and `/healthz` of the workers, for Prometheus and for whoever restarts processes.

Numbers are read from Redis at each scrape, because the work is done by many short processes that could not keep counters.
"""

import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from redis import Redis
from waitress.server import create_server

from bot.domain.errors import StoreUnavailable
from bot.queue import QueueName, queue
from bot.store import Store, make_store
from bot.store.keys import Due

log = logging.getLogger(__name__)

StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class WorkersCollector(Collector):
    """What Redis knows at this moment."""

    def __init__(self, store: Store, fleet_file_is_ok: Callable[[], bool]) -> None:
        self._store = store
        self._fleet_file_is_ok = fleet_file_is_ok

    def collect(self) -> Iterator[Metric]:
        try:
            yield from self._from_store()
            up = 1
        except StoreUnavailable:
            up = 0
        yield GaugeMetricFamily("endpoint_bot_store_up", "Whether Redis answers.", value=up)
        yield GaugeMetricFamily(
            "endpoint_bot_fleet_file_ok", "Whether the fleet file has no mistakes.", value=self._fleet_file_is_ok()
        )

    def _from_store(self) -> Iterable[Metric]:
        now = datetime.now(UTC)
        due = GaugeMetricFamily("endpoint_bot_due", "Entries that are due and not done.", labels=["kind"])
        for kind in Due:
            due.add_metric([str(kind)], self._store.due.backlog(kind, now))
        queued = GaugeMetricFamily("endpoint_bot_queued_jobs", "Jobs that wait in a queue.", labels=["queue"])
        for name in QueueName:
            queued.add_metric([str(name)], queue(name, self._store.connection).count)
        phases = GaugeMetricFamily("endpoint_bot_active_rollouts", "Active rollouts by phase.", labels=["phase"])
        for phase, count in Counter(s.rollout.phase.value for s in self._store.rollouts.active()).items():
            phases.add_metric([phase], count)
        return [due, queued, phases]


def serve_metrics(port: int, connection: Redis, fleet_file_is_ok: Callable[[], bool]) -> None:
    """Serve both paths until SIGTERM."""
    registry = CollectorRegistry()
    registry.register(WorkersCollector(make_store(connection), fleet_file_is_ok))
    metrics: Callable[[dict[str, Any], StartResponse], Iterable[bytes]] = make_wsgi_app(registry)

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/metrics":
            return metrics(environ, start_response)
        if environ["PATH_INFO"] == "/healthz":
            start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
            return [b"ok\n"]
        start_response("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"There is /metrics and /healthz.\n"]

    try:
        server = create_server(app, host="0.0.0.0", port=port, threads=2)
    except OSError as exc:
        log.error("METRICS_PORT: cannot listen on port %d: %s", port, exc.strerror)
        sys.exit(1)
    log.info("metrics on port %d", port)
    server.run()
