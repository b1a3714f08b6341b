"""What a fleet of 1,000 endpoints costs to look at: the real bot, workers and Redis over HTTP, against a loop over all endpoints.

    python -m bench.fleet

Starts the whole stack with a thousand endpoints of fifty models and the manager on, and a loop beside it that asks about each endpoint
what a board has to know (DescribeEndpoint, its config, its model, its package), one after the other. Prints calls and seconds of both,
what a quiet minute costs, and how fast the board and the Home tab are there once everything was seen.
"""

import argparse
import threading
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import boto3

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
    argparse.ArgumentParser(prog="python -m bench.fleet", description=__doc__).parse_args()
    folder = Path(mkdtemp(prefix="bench-fleet-"))
    names = [f"task-{g:02}-{e:02}" for g in range(GROUPS) for e in range(ENDPOINTS_OF_EACH)]
    lines = [f"  {name}: {{model_package_group: {name[:7]}, instance_type: ml.m5.large}}" for name in names]
    (folder / "fleet.yaml").write_text(FLEET + "\n".join(lines) + "\n")
    with Stack(Options(fleet=folder / "fleet.yaml", estate="thousand", traffic=0.01)) as stack:
        stack.wait_until_ready(120.0)
        scene = Scene(stack)
        first = timed(lambda: wait_for_all(scene))
        calls = len(stack.aws.calls())
        row("first census, seconds until the board knows all", first, calls)
        threading.Event().wait(QUIET_SECONDS)
        quiet = max(1, len(stack.aws.calls()) - calls)
        row("a quiet minute", QUIET_SECONDS, quiet)
        row("the board, answered in Slack", timed(lambda: scene.answer("anna", "/endpoint status")), 0)
        row("one filtered board", timed(lambda: scene.answer("anna", "/endpoint status task-07-* --page 1")), 0)
        took, asked = loop(stack.aws.url, names)
        row("loop over all, one call after the other", took, asked)
        print(
            f"\nA board by the loop: {asked:,} calls each time; here: none, and {ALL / max(1, calls) * 4:.1f} x at first."
        )


def wait_for_all(scene: Scene) -> None:
    while f"{ALL} up to date" not in scene.answer("anna", "/endpoint status").replace(",", ""):
        threading.Event().wait(1.0)


def loop(url: str, names: list[str]) -> tuple[float, int]:
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

    return timed(ask), 4 * len(names)


def timed(run: Callable[[], object]) -> float:
    began = time.monotonic()
    run()
    return time.monotonic() - began


def row(what: str, seconds: float, calls: int) -> None:
    print(f"{what:<50} {seconds:>8.1f} s {calls:>8,} AWS calls", flush=True)


if __name__ == "__main__":
    main()
