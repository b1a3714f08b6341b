"""What a round of the endpoint manager costs over a large fleet: seconds and round trips to Redis.

    python -m bench.manager [--endpoints 1000]

Decides for that many endpoints over a real Redis, from standings as the census remembers them: a fleet on which nothing is to be done;
one in which every tenth endpoint is out of date, in the round that opens plans for them; and the same one in the rounds after it,
while these plans wait for people. Prints the median of five rounds of each but the second, which comes once.
"""

import argparse
import logging
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bot.domain.board import Standing
from bot.domain.endpoint import EndpointStatus, Snapshot
from bot.domain.fleet import EndpointSpec, Fleet, parse_fleet
from bot.domain.states import BoardState
from bot.store import make_store
from bot.store.connection import connect
from sandbox.redis import RedisServer
from workers.answering import Answering
from workers.manager import Manager
from workers.opening import OpeningUnasked
from workers.waves import Waves
from workers.world import World

ARN = "arn:aws:sagemaker:us-east-1:123456789012"
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
ROUNDS = 5


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.manager", description=__doc__)
    parser.add_argument("--endpoints", type=int, default=1000, metavar="N")
    endpoints = parser.parse_args().endpoints
    logging.disable(logging.WARNING)
    with TemporaryDirectory(prefix="bench-") as folder:
        redis = RedisServer(Path(folder))
        redis.start()
        try:
            report(endpoints, redis.url)
        finally:
            redis.stop()


def report(endpoints: int, url: str) -> None:
    """Print the table."""
    fleet = parse_fleet(fleet_file(endpoints), "bench.yaml")
    with connect(url) as connection:
        counted = Counted(connection)
        census = Remembered(fleet)
        manager = manager_over(fleet, counted, census)
        rows = [("nothing is to be done", *median_of(lambda: measured(manager, counted)))]
        census.behind = frozenset(list(fleet.endpoints)[::10])
        rows.append((f"{len(census.behind)} out of date, none proposed", *measured(manager, counted)))
        rows.append((f"{len(census.behind)} out of date, 5 proposed", *median_of(lambda: measured(manager, counted))))
    print(f"{endpoints:,} endpoints".ljust(36), "seconds".rjust(8), "round trips".rjust(12))
    for what, seconds, trips in rows:
        print(what.ljust(36), f"{seconds:8.2f}", f"{trips:12,}")


def median_of(measure: Callable[[], tuple[float, int]]) -> tuple[float, int]:
    """The median of some rounds."""
    found = [measure() for _ in range(ROUNDS)]
    return statistics.median(s for s, _ in found), int(statistics.median(t for _, t in found))


def measured(manager: Manager, counted: "Counted") -> tuple[float, int]:
    """Seconds and round trips of one round."""
    before, began = counted.trips, time.perf_counter()
    manager.round()
    return time.perf_counter() - began, counted.trips - before


def fleet_file(endpoints: int) -> str:
    """Fifty groups, policy ask."""
    head = "version: 1\ndefaults: {channel: C0MLDEPLOYS, approval: {users: [U0BEN]}}\nmanager: {}\nendpoints:\n"
    return head + "\n".join(f"  endpoint-{n}: {{model_package_group: group-{n % 50}}}" for n in range(endpoints))


def manager_over(fleet: Fleet, counted: "Counted", census: "Remembered") -> Manager:
    """A manager that asks neither AWS nor Slack anything."""
    nobody: Any = None
    store = make_store(counted)  # type: ignore[arg-type]
    era = store.kept.era()
    for name in fleet.endpoints:
        store.kept.note(name, {}, era)
        store.kept.note_searched(name)
    world = World(store=store, fleet=fleet, aws=nobody, slack=nobody, clock=lambda: NOW)
    waves: Any = NoWaves()
    known: Any = census
    return Manager(world, Answering(world), known, OpeningUnasked(world), waves)


@dataclass
class Remembered:
    """As much of the census as the manager asks."""

    fleet: Fleet
    behind: frozenset[str] = frozenset()
    """Endpoints that run version 3 while 4 is approved."""
    known: dict[tuple[str, bool], Standing] = field(default_factory=dict)

    def standings(self, specs: Sequence[EndpointSpec]) -> tuple[Standing, ...]:
        """How these stand."""
        return self.look_now(spec.name for spec in specs)

    def look_now(self, names: Iterable[str]) -> tuple[Standing, ...]:
        """The same."""
        return tuple(self._standing(name, is_behind=name in self.behind) for name in names)

    def _standing(self, name: str, *, is_behind: bool) -> Standing:
        key = (name, is_behind)
        if key not in self.known:
            self.known[key] = a_standing(name, self.fleet.endpoints[name].model_package_group or "", is_behind)
        return self.known[key]


class NoWaves(Waves):
    """A fleet file without waves."""

    def __init__(self) -> None:
        pass

    def active_endpoints(self) -> frozenset[str]:
        return frozenset()


def a_standing(name: str, group: str, is_behind: bool) -> Standing:
    """An endpoint in service, on version 4 of its group or one behind."""
    snapshot = Snapshot(
        name=name,
        arn=f"{ARN}:endpoint/{name}",
        status=EndpointStatus.IN_SERVICE,
        config_name=f"{name}-1",
        last_modified=NOW - timedelta(days=3),
        observed_at=NOW,
    )
    running = 3 if is_behind else 4
    return Standing(
        endpoint=name,
        state=BoardState.OUT_OF_DATE if is_behind else BoardState.UP_TO_DATE,
        snapshot=snapshot,
        running=f"{group} version {running}",
        running_package=f"{ARN}:model-package/{group}/{running}",
        newest=f"{group} version 4",
        newest_package=f"{ARN}:model-package/{group}/4",
    )


class Counted:
    """A connection that counts its round trips: each command, and each pipeline as one."""

    def __init__(self, connection: Any) -> None:
        self._connection, self.trips = connection, 0

    def __getattr__(self, name: str) -> Any:
        if name == "pipeline":
            return self._pipeline
        self.trips += 1
        return getattr(self._connection, name)

    def _pipeline(self, *args: Any, **kwargs: Any) -> Any:
        pipe = self._connection.pipeline(*args, **kwargs)
        execute = pipe.execute

        def counted(*more: Any, **options: Any) -> Any:
            self.trips += 1
            return execute(*more, **options)

        pipe.execute = counted
        return pipe


if __name__ == "__main__":
    main()
