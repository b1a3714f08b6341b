"""What watching many endpoints costs: numbers that are read for all watches at once against a call for each endpoint.

    python -m bench.watching [--endpoints 100] [--minutes 10]

Starts a real Redis and the AWS stand-in with that many endpoints, all of them in the middle of a watch with looks every minute, and
looks at each of them minute by minute, over real boto3. Prints CloudWatch calls and seconds a minute of both ways, and their ratios.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import boto3

from bot.domain.calls import UpdateCall
from bot.domain.endpoint import EndpointStatus, Snapshot, VariantState
from bot.domain.phases import Kind, Phase, Reason
from bot.domain.plan import Plan
from bot.domain.rollout import Rollout, open_rollout
from bot.domain.rollout_parts import Pace, Thread
from bot.domain.watchplan import WatchPlan
from bot.store.rollouts import Write
from sandbox.aws.driver import AwsDriver
from sandbox.redis import RedisServer
from sandbox.stack import Process
from workers import wiring
from workers.watching import look
from workers.world import World

MINUTE = timedelta(minutes=1)
WATCH = WatchPlan(
    duration=60 * MINUTE, warm_up=3 * MINUTE, metric_period=MINUTE, baseline=60 * MINUTE, kind="serverless"
)
CALLS = ("GetMetricData", "ListMetrics")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.watching", description=__doc__)
    parser.add_argument("--endpoints", type=int, default=100, metavar="N")
    parser.add_argument("--minutes", type=int, default=10, metavar="N")
    asked = parser.parse_args()
    names = [f"bench-{n}" for n in range(asked.endpoints)]
    with stand_ins() as aws, TemporaryDirectory(prefix="bench-") as folder:
        prepare(Path(folder), names)
        report(wiring.parts().world, aws, names, asked.minutes)


@contextmanager
def stand_ins() -> Iterator[AwsDriver]:
    """Redis and AWS, and the environment that leads there."""
    with TemporaryDirectory(prefix="bench-") as folder:
        redis = RedisServer(Path(folder))
        redis.start()
        command = [sys.executable, "-m", "sandbox.aws", "--port", "0", "--speed", "600"]
        aws = Process("aws", command, os.environ, Path(folder) / "aws.log", "aws stand-in on ")
        url = aws.start()
        os.environ.update(REDIS_URL=redis.url, AWS_ENDPOINT_URL=url, AWS_REGION="us-east-1")
        os.environ.update(AWS_ACCESS_KEY_ID="bench", AWS_SECRET_ACCESS_KEY="bench", SLACK_BOT_TOKEN="xoxb-bench")
        try:
            yield AwsDriver(url)
        finally:
            aws.stop()
            redis.stop()


def prepare(folder: Path, names: Sequence[str]) -> None:
    """The endpoints in the stand-in, and the fleet file that declares them."""
    declared = "".join(f"  {name}: {{model_package_group: sentiment}}\n" for name in names)
    defaults = "defaults: {region: us-east-1, approval: {users: [U0BEN]}}"
    (folder / "fleet.yaml").write_text(f"version: 1\n{defaults}\nendpoints:\n{declared}")
    os.environ["FLEET_FILE"] = str(folder / "fleet.yaml")
    client = boto3.client("sagemaker", region_name="us-east-1")
    serverless = {"MemorySizeInMB": 1024, "MaxConcurrency": 1}  # of which there is no quota that stands in the way
    variant = {"VariantName": "AllTraffic", "ServerlessConfig": serverless}
    model = str(client.list_models()["Models"][0]["ModelName"])
    client.create_endpoint_config(
        EndpointConfigName="bench-config", ProductionVariants=[variant | {"ModelName": model}]
    )
    for name in names:
        client.create_endpoint(EndpointName=name, EndpointConfigName="bench-config")


def report(world: World, aws: AwsDriver, names: Sequence[str], minutes: int) -> None:
    print(f"{len(names)} endpoints in their watch, looked at for {minutes} minutes\n")
    print(f"{'way':<44}{'calls a minute':>16}{'seconds a minute':>18}{'calls to begin':>16}")
    alone = run(world, aws, names, minutes, share=False)
    show("a call for each endpoint", alone)
    together = run(world, aws, names, minutes, share=True)
    show("read for all at once", together)
    print(f"{'ratio':<44}{alone[0] / together[0]:>15.0f}×{alone[1] / together[1]:>17.1f}×{'1':>15}×")


def show(way: str, measured: tuple[float, float, int]) -> None:
    calls, seconds, begun = measured
    print(f"{way:<44}{calls:>16.1f}{seconds:>18.1f}{begun:>16}")


def run(world: World, aws: AwsDriver, names: Sequence[str], minutes: int, *, share: bool) -> tuple[float, float, int]:
    """Calls and seconds a minute, and the calls of the first looks, which make the yardsticks."""
    world.store.connection.flushall()
    now = datetime.now(UTC)
    cutovers = [now - (minutes + 20) * MINUTE + n % 600 * timedelta(seconds=1) for n in range(len(names))]
    watches = {name: a_watch(name, at) for name, at in zip(names, cutovers, strict=True)}
    if share:
        world.store.rollouts.commit([Write(rollout, 0, now) for rollout in watches.values()], now)
    before = count_calls(aws)
    look_at_all(world, watches, now - (minutes + 1) * MINUTE)
    begun = count_calls(aws) - before
    began = time.monotonic()
    for minute in range(minutes, 0, -1):
        look_at_all(world, watches, now - minute * MINUTE)
    seconds = time.monotonic() - began
    return (count_calls(aws) - before - begun) / minutes, seconds / minutes, begun


def look_at_all(world: World, watches: dict[str, Rollout], now: datetime) -> None:
    for name, rollout in watches.items():
        spec = world.fleet.endpoint(name)
        assert rollout.snapshot is not None
        found = look(world, world.aws(spec), spec, rollout, rollout.snapshot, now)
        watches[name] = rollout.with_(
            yardsticks=found.yardsticks or rollout.yardsticks, comparison=found.comparison or rollout.comparison
        )


def count_calls(aws: AwsDriver) -> int:
    return sum(len(aws.calls(operation)) for operation in CALLS)


def a_watch(name: str, cutover_at: datetime) -> Rollout:
    """A rollout in its watch."""
    rollout = open_rollout(
        id=f"r{name}",
        kind=Kind.UPDATE,
        endpoint=name,
        region="us-east-1",
        requester="U0ANNA",
        thread=Thread(channel_id="C0BENCH", thread_ts="1.0"),
        now=cutover_at,
        pace=Pace(poll=timedelta(seconds=15), settle=timedelta(seconds=10)),
        watch=WATCH,
        expires_after=timedelta(hours=4),
    )
    plan = Plan(
        fingerprint="bench",
        made_at=cutover_at,
        current_config="bench-before",
        target_config="bench-config",
        current_label="1",
        target_label="2",
    )
    snapshot = Snapshot(
        name=name,
        arn="arn",
        status=EndpointStatus.IN_SERVICE,
        config_name="bench-config",
        last_modified=cutover_at,
        observed_at=cutover_at,
        variants=(VariantState(name="AllTraffic", weight=1.0),),
    )
    for phase in (Phase.AWAITING_APPROVAL, Phase.PREPARING, Phase.UPDATING, Phase.WATCHING):
        rollout = rollout.to(phase, Reason.APPROVED, cutover_at, "U0BEN")
    call = UpdateCall(config="bench-config", intended_at=cutover_at - 10 * MINUTE, last_modified_before=cutover_at)
    return rollout.with_(plan=plan, snapshot=snapshot, update=call, cutover_at=cutover_at)


if __name__ == "__main__":
    main()
