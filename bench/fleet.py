"""What a large fleet costs to look at: the real bot, workers and Redis over HTTP, against a loop over all endpoints.

    python -m bench.fleet [--endpoints 1000]

Starts the whole stack with the manager on, in an account of a thousand endpoints of fifty models, and a loop beside it that asks about
each endpoint what a board has to know (DescribeEndpoint, its config, its model, its package), one after the other. Prints calls and
seconds of both, which calls they were, what a minute costs in which nothing happens, and how fast the board is there once everything
was seen. The account keeps its thousand endpoints when the fleet file declares fewer.

It begins with an empty store, so before the census all tags are read, for holds, locks and rollouts that an earlier store knew. The
census keeps to its pace of 25 calls a second however fast AWS answers: with a thousand endpoints the whole takes some five minutes.
Until then the board is not asked for: whoever asks for it makes the bot look, too.
"""

import argparse
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import boto3

from bot.store import make_store
from bot.store.connection import connect
from sandbox.aws.thousand import ENDPOINTS_OF_EACH, GROUPS
from sandbox.stack import Options, Stack
from sandbox.stories.scene import Scene

ALL = GROUPS * ENDPOINTS_OF_EACH
QUIET_SECONDS = 60.0

FLEET = """
version: 1
defaults:
  region: us-east-1
  channel: C0MLDEPLOYS
  policy: auto
  approval: {users: [U0BEN]}
manager: {every: 15s, census: 15s}
endpoints:
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.fleet", description=__doc__)
    parser.add_argument(
        "--endpoints", type=int, default=ALL, help=f"how many of the account's {ALL:,} are in the fleet file"
    )
    declared = max(1, min(parser.parse_args().endpoints, ALL))
    folder = Path(mkdtemp(prefix="bench-fleet-"))
    names = [f"task-{n % GROUPS:02}-{n // GROUPS:02}" for n in range(declared)]
    lines = [f"  {name}: {{model_package_group: {name[:7]}, instance_type: ml.m5.large}}" for name in names]
    (folder / "fleet.yaml").write_text(FLEET + "\n".join(lines) + "\n")
    with Stack(Options(fleet=folder / "fleet.yaml", estate="thousand", traffic=0.01)) as stack:
        stack.wait_until_ready(120.0)
        scene = Scene(stack)
        print(f"{declared:,} endpoints in the fleet file, {ALL:,} in the account", flush=True)
        row("first looks, until all is known", timed(lambda: wait_for_all(stack, names)), first := operations(stack))
        threading.Event().wait(QUIET_SECONDS)
        row("a minute in which nothing happens", QUIET_SECONDS, operations(stack) - first)
        took = timed(lambda: expect_board(scene, declared))
        row("the board, answered in Slack", took, Counter())
        row("one filtered board", timed(lambda: scene.answer("anna", "/endpoint status task-07-* --page 1")), Counter())
        row("loop over all, one call after the other", *loop(stack.aws.url, names))


def wait_for_all(stack: Stack, names: Sequence[str]) -> None:
    """Until each was seen, and what its tags tell is known. Reads what the workers keep, without asking anybody to look."""
    store = make_store(connect(stack.redis.url))

    def is_known() -> bool:
        seen = store.standings.sightings(names)
        return len(store.kept.known(names)) == len(names) == sum(sighting.is_known for sighting in seen.values())

    while not is_known():
        threading.Event().wait(1.0)


def expect_board(scene: Scene, declared: int) -> None:
    board = scene.answer("anna", "/endpoint status").replace(",", "")
    if f"{declared} up to date" not in board:
        raise SystemExit(f"The board does not show all as up to date:\n{board}")


def operations(stack: Stack) -> Counter[str]:
    return Counter(call["operation"] for call in stack.aws.calls())


def loop(url: str, names: Sequence[str]) -> tuple[float, Counter[str]]:
    """The four questions about each endpoint, and how long that takes."""
    client: Any = boto3.client(
        "sagemaker",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="bench",
        aws_secret_access_key="bench",
    )

    def ask() -> None:
        for name in names:
            config = client.describe_endpoint(EndpointName=name)["EndpointConfigName"]
            variant = client.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"][0]
            container = client.describe_model(ModelName=variant["ModelName"])["PrimaryContainer"]
            client.describe_model_package(ModelPackageName=container["ModelPackageName"])

    asked = ("DescribeEndpoint", "DescribeEndpointConfig", "DescribeModel", "DescribeModelPackage")
    return timed(ask), Counter(dict.fromkeys(asked, len(names)))


def timed(run: Callable[[], object]) -> float:
    began = time.monotonic()
    run()
    return time.monotonic() - began


def row(what: str, seconds: float, calls: Counter[str]) -> None:
    print(f"{what:<42} {seconds:>8.1f} s {calls.total():>8,} AWS calls", flush=True)
    for operation, number in calls.most_common():
        print(f"{'':<42} {number:>19,} {operation}", flush=True)


if __name__ == "__main__":
    main()
