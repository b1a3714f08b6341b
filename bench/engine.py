"""What watching many updates costs: shared listings and shared jobs against one job and one DescribeEndpoint for each rollout.

    python -m bench.engine [--rollouts 1000]

Starts a real Redis and the AWS stand-in with that many endpoints that are Updating, makes every rollout's tick due at once, and
lets one forking RQ worker run them, over real boto3. Prints AWS calls, jobs and seconds of both ways, and their ratios.
"""

import argparse
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import Request, urlopen

import boto3

from bot.domain.calls import UpdateCall
from bot.domain.endpoint import EndpointStatus, Snapshot
from bot.domain.phases import Kind, Phase, Reason
from bot.domain.plan import Plan
from bot.domain.rollout import Rollout, open_rollout
from bot.domain.rollout_parts import Pace, Thread
from bot.domain.watchplan import WatchPlan
from bot.queue import QueueName
from bot.store import Store, due, make_store
from bot.store.connection import connect
from bot.store.keys import Due
from bot.store.rollouts import Write
from sandbox.redis import RedisServer
from sandbox.stack import Process
from workers import glance, wiring
from workers.child import QueueWorker

NEVER = sys.maxsize
PACE = Pace(poll=timedelta(seconds=15), settle=timedelta(seconds=10))
WATCH = WatchPlan(
    duration=timedelta(minutes=30),
    warm_up=timedelta(minutes=3),
    metric_period=timedelta(minutes=1),
    baseline=timedelta(hours=1),
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.engine", description=__doc__)
    parser.add_argument("--rollouts", type=int, default=1000, metavar="N")
    rollouts = parser.parse_args().rollouts
    with TemporaryDirectory(prefix="bench-") as folder:
        redis = RedisServer(Path(folder))
        redis.start()
        command = [sys.executable, "-m", "sandbox.aws", "--port", "0"]
        aws = Process("aws", command, os.environ, Path(folder) / "aws.log", "aws stand-in on ")
        url = aws.start()
        try:
            prepare(Path(folder), redis.url, url, rollouts)
            report(rollouts, url)
        finally:
            aws.stop()
            redis.stop()


def prepare(folder: Path, redis_url: str, aws_url: str, rollouts: int) -> None:
    """The endpoints in the stand-in, the fleet file that declares them, and the environment of the worker."""
    names = [f"bench-{n}" for n in range(rollouts)]
    fleet = "\n".join(f"  {name}: {{model_package_group: sentiment}}" for name in names)
    (folder / "fleet.yaml").write_text(
        f"version: 1\ndefaults: {{region: us-east-1, approval: {{users: [U0BEN]}}}}\nendpoints:\n{fleet}\n"
    )
    os.environ.update(
        SLACK_BOT_TOKEN="xoxb-bench",
        REDIS_URL=redis_url,
        FLEET_FILE=str(folder / "fleet.yaml"),
        AWS_ENDPOINT_URL=aws_url,
        AWS_REGION="us-east-1",
        AWS_ACCESS_KEY_ID="bench",
        AWS_SECRET_ACCESS_KEY="bench",
    )
    client = boto3.client("sagemaker", region_name="us-east-1")
    client.create_endpoint_config(
        EndpointConfigName="bench-config",
        ProductionVariants=[
            {"VariantName": "AllTraffic", "ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1}}
            | {"ModelName": str(client.list_models()["Models"][0]["ModelName"])}
        ],
    )
    for name in names:
        client.create_endpoint(EndpointName=name, EndpointConfigName="bench-config")
        body = b'{"status": "Updating"}'
        headers = {"Content-Type": "application/json"}
        urlopen(Request(f"{aws_url}/sandbox/endpoint/{name}/status", body, headers, method="POST")).close()


def report(rollouts: int, aws_url: str) -> None:
    wiring.process().warm_up()
    store = make_store(connect(os.environ["REDIS_URL"]))
    print(f"{rollouts} rollouts, one poll of each, one worker process\n")
    print(f"{'way':<44}{'AWS calls':>10}{'jobs':>8}{'seconds':>10}")
    alone = run_poll(store, rollouts, aws_url, share=False)
    show("a job and a DescribeEndpoint for each", alone)
    together = run_poll(store, rollouts, aws_url, share=True)
    show("shared jobs, shared listing", together)
    ratios = [a / t for a, t in zip(alone, together, strict=True)]
    print(f"{'ratio':<44}{ratios[0]:>9.0f}×{ratios[1]:>7.0f}×{ratios[2]:>9.1f}×")


def show(way: str, measured: tuple[int, int, float]) -> None:
    calls, jobs, seconds = measured
    print(f"{way:<44}{calls:>10}{jobs:>8}{seconds:>10.1f}")


def run_poll(store: Store, rollouts: int, aws_url: str, *, share: bool) -> tuple[int, int, float]:
    """One poll of every rollout: AWS calls, RQ jobs, seconds."""
    due.CROWD, glance.CROWD = (8, 10) if share else (NEVER, NEVER)
    store.connection.flushall()
    now = datetime.now(UTC)
    for n in range(rollouts):
        store.rollouts.commit([Write(updating(n, now), 0, now)], now)
    calls_before = count_calls(aws_url)
    while store.due.backlog(Due.TICKS, now):
        store.due.dispatch(Due.TICKS, now, timedelta(seconds=60))
    jobs = QueueWorker(QueueName.TICKS).queues[0].count
    began = time.monotonic()
    QueueWorker(QueueName.TICKS).work(burst=True, logging_level="ERROR")
    return count_calls(aws_url) - calls_before, jobs, time.monotonic() - began


def count_calls(aws_url: str) -> int:
    from sandbox.aws.driver import AwsDriver

    return len(AwsDriver(aws_url).calls())


def updating(n: int, now: datetime) -> Rollout:
    """A rollout whose update SageMaker took a moment ago."""
    rollout = open_rollout(
        id=f"rbench{n}",
        kind=Kind.UPDATE,
        endpoint=f"bench-{n}",
        region="us-east-1",
        requester="U0ANNA",
        thread=Thread(channel_id="C0BENCH", thread_ts="1.0"),
        now=now,
        pace=PACE,
        watch=WATCH,
        expires_after=timedelta(hours=4),
    )
    plan = Plan(
        fingerprint="bench",
        made_at=now,
        current_config="bench-config",
        target_config=f"bench-target-{n}",
        current_label="1",
        target_label="2",
    )
    snapshot = Snapshot(
        name=f"bench-{n}",
        arn="arn",
        status=EndpointStatus.UPDATING,
        config_name="bench-config",
        last_modified=now,
        observed_at=now,
    )
    call = UpdateCall(config=plan.target_config, intended_at=now, last_modified_before=now, accepted_at=now)
    for phase in (Phase.AWAITING_APPROVAL, Phase.PREPARING, Phase.UPDATING):
        rollout = rollout.to(phase, Reason.APPROVED, now, "U0BEN")
    return rollout.with_(plan=plan, snapshot=snapshot, update=call)


if __name__ == "__main__":
    main()
