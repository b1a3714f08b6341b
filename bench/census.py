"""What it costs to know how a large fleet stands: the census against asking about every endpoint one after another.

    python -m bench.census [--endpoints 1000]

Simulates an account with that many endpoints of fifty model package groups, in which every call takes 50 ms, and a real Redis. Time
is simulated: the loop makes one call after another; the census takes its turns at its own pace, a round every thirty seconds. Prints
AWS calls and seconds of each, and how long the board takes that is read out of what the census saw.
"""

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

from bot.domain.commands import Change
from bot.domain.endpoint import (
    ApprovalStatus,
    ConfigRecord,
    EndpointStatus,
    Listed,
    ModelPackage,
    ModelRecord,
    Snapshot,
    VariantState,
)
from bot.domain.fleet import Fleet, parse_fleet
from bot.store import make_store
from bot.store.connection import connect
from sandbox.redis import RedisServer
from workers.census import Census
from workers.census.touring import AT_ONCE
from workers.drafting import Drafting
from workers.ports import Series, Want
from workers.world import Aws, World

GROUPS = 50
LATENCY = timedelta(milliseconds=50)
REQUESTS = {"describe_config": 2}
"""This asks for the tags, too."""

ROUND = timedelta(seconds=30)
ROUNDS = 40
CHANGED = 10
ARN = "arn:aws:sagemaker:us-east-1:123456789012"


class Account:
    """As much of SageMaker as looking takes; every endpoint has a config and a model of its own."""

    def __init__(self, endpoints: int) -> None:
        self.now = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
        self.names = [f"endpoint-{n}" for n in range(endpoints)]
        self.moved = dict.fromkeys(self.names, self.now - timedelta(days=3))
        self.calls: Counter[str] = Counter()

    def clock(self) -> datetime:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def called(self, method: str) -> None:
        self.calls[method] += REQUESTS.get(method, 1)

    def list(self) -> tuple[Listed, ...]:
        self.calls["list"] += -(-len(self.names) // 100)
        status, arn = EndpointStatus.IN_SERVICE, f"{ARN}:endpoint/"
        created = self.now - timedelta(days=90)
        return tuple(
            Listed(name=n, arn=arn + n, status=status, created=created, last_modified=m) for n, m in self.moved.items()
        )

    def describe(self, name: str) -> Snapshot:
        self.called("describe")
        return Snapshot(
            name=name,
            arn=f"{ARN}:endpoint/{name}",
            status=EndpointStatus.IN_SERVICE,
            config_name=f"{name}-config",
            last_modified=self.moved[name],
            observed_at=self.now,
            variants=(VariantState(name="AllTraffic", current_count=2, desired_count=2, weight=1.0),),
        )

    def describe_config(self, name: str) -> ConfigRecord:
        self.called("describe_config")
        variant = {
            "VariantName": "AllTraffic",
            "ModelName": name.replace("-config", "-model"),
            "InstanceType": "ml.m5.xlarge",
            "InitialInstanceCount": 2,
        }
        return ConfigRecord(name=name, arn=f"{ARN}:endpoint-config/{name}", document={"ProductionVariants": [variant]})

    def describe_model(self, name: str, *, with_tags: bool = True) -> ModelRecord:
        self.calls["describe_model"] += 2 if with_tags else 1
        container = {"ModelPackageName": f"{ARN}:model-package/group-{int(name.split('-')[1]) % GROUPS}/3"}
        return ModelRecord(name=name, arn=f"{ARN}:model/{name}", document={"PrimaryContainer": container})

    def list_versions(self, group: str, approval: ApprovalStatus | None = None) -> tuple[ModelPackage, ...]:
        self.called("list_versions")
        return tuple(self._package(group, version) for version in (4, 3, 2, 1))

    def describe_package(self, arn: str) -> ModelPackage:
        self.called("describe_package")
        group, _, version = arn.rpartition("model-package/")[2].partition("/")
        return self._package(group, int(version))

    def _package(self, group: str, version: int) -> ModelPackage:
        return ModelPackage(
            arn=f"{ARN}:model-package/{group}/{version}",
            name=group,
            group=group,
            version=version,
            status="Completed",
            approval=ApprovalStatus.APPROVED,
            created_at=self.now,
        )

    def hourly(self, instance_type: str) -> Decimal:
        return Decimal("0.23")

    def read(self, wants: Sequence[Want]) -> tuple[Series, ...]:
        self.calls["read"] += -(-len(wants) // 500)
        return tuple(Series(want.window.start, want.period) for want in wants)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.census", description=__doc__)
    parser.add_argument("--endpoints", type=int, default=1000, metavar="N")
    endpoints = parser.parse_args().endpoints
    with TemporaryDirectory(prefix="bench-") as folder:
        redis = RedisServer(Path(folder))
        redis.start()
        try:
            report(endpoints, redis.url)
        finally:
            redis.stop()


def fleet_of(account: Account) -> Fleet:
    rows = "\n".join(f"  {n}: {{model_package_group: group-{i % GROUPS}}}" for i, n in enumerate(account.names))
    return parse_fleet(
        f"version: 1\ndefaults: {{region: us-east-1, channel: C0BENCH, approval: {{users: [U0BEN]}}}}\nmanager: {{}}\n"
        f"endpoints:\n{rows}\n",
        "fleet.yaml",
    )


def report(endpoints: int, redis_url: str) -> None:
    account = Account(endpoints)
    gateways: dict[str, Any] = {field.name: SimpleNamespace() for field in fields(Aws)}
    gateways |= dict.fromkeys(("endpoints", "registry", "prices", "metrics"), account)
    with connect(redis_url) as connection:
        world = World(
            store=make_store(connection),
            fleet=fleet_of(account),
            aws=lambda spec: Aws(**gateways),
            slack=None,  # type: ignore[arg-type]  # nobody is told anything
            clock=account.clock,
        )
        census = Census(world, account.wait)
        print(f"{endpoints} endpoints of {GROUPS} groups, 50 ms a call\n")
        print(f"{'way':<44}{'AWS calls':>10}{'seconds':>10}")
        loop = one_after_another(world, account)
        show("asking about each, one after another", loop)
        show("a first census", first := rounds(census, account, world))
        quiet = on_average(census, account, moving=0)
        show("a census in which nothing moved", quiet)
        changed = on_average(census, account, moving=CHANGED)
        show(f"a census in which {CHANGED} moved", changed)
        print(f"\n{'calls saved: first, quiet, with changes':<44}", end="")
        print("".join(f"{loop[0] / calls:>9.1f}×" for calls, _ in (first, quiet, changed)))
        began, before = time.monotonic(), sum(account.calls.values())
        standings = census.standings()
        assert len(standings) == endpoints
        asked = sum(account.calls.values()) - before
        print(f"the board of all of them: {asked} AWS calls, {time.monotonic() - began:.2f} s of real time")


def one_after_another(world: World, account: Account) -> tuple[int, float]:
    """What runs and what may follow, of each endpoint by itself."""
    account.calls.clear()
    drafting = Drafting(world)
    for spec in world.fleet.endpoints.values():
        drafting.gather(spec)
        drafting.resolve_package(Change(version="latest"), spec)
    calls = sum(account.calls.values())
    return calls, calls * LATENCY.total_seconds()


def rounds(census: Census, account: Account, world: World) -> tuple[int, float]:
    """From nothing until every endpoint was seen."""
    account.calls.clear()
    began = account.now
    while True:
        started = account.now
        census.round()
        if len(world.store.standings.sightings(account.names)) == len(account.names):
            break
        account.now = max(account.now, started + ROUND)
    return sum(account.calls.values()), (account.now - began).total_seconds()


def on_average(census: Census, account: Account, moving: int) -> tuple[int, float]:
    """A round, over twenty minutes of them: whatever did not move is looked at about twice in that time."""
    calls, seconds = 0, 0.0
    for number in range(ROUNDS):
        for name in account.names[number * moving : (number + 1) * moving]:
            account.moved[name] = account.now
        account.calls.clear()
        account.now += ROUND
        began = account.now
        census.round()
        asked = sum(account.calls.values())
        calls += asked
        seconds += max((account.now - began).total_seconds(), asked * LATENCY.total_seconds() / AT_ONCE)
    return calls // ROUNDS, seconds / ROUNDS


def show(way: str, measured: tuple[int, float]) -> None:
    calls, seconds = measured
    print(f"{way:<44}{calls:>10}{seconds:>10.1f}")


if __name__ == "__main__":
    main()
