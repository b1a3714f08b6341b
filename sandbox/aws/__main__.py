"""`python -m sandbox.aws`: serve the AWS stand-in on a local port until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys

from .clock import WallClock
from .server import StandIn, serve
from .world import Settings


def main() -> None:
    asked = _parser().parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    settings = Settings(
        speed=asked.speed,
        seed=asked.seed,
        estate=asked.estate,
        traffic=asked.traffic,
        metric_delay_seconds=asked.metric_delay,
        config_lag_seconds=asked.config_lag,
        status_lag_seconds=asked.status_lag,
        per_config_metrics=not asked.no_per_config_metrics,
    )
    try:
        asyncio.run(_run(StandIn(settings, WallClock()), asked.port))
    except OSError as exc:
        sys.exit(f"Cannot listen on port {asked.port} of 127.0.0.1: {exc.strerror}. Choose another with --port.")


async def _run(stand_in: StandIn, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await serve(stand_in, port, stop, lambda p: print(f"aws stand-in on http://127.0.0.1:{p}", flush=True))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.aws",
        description="A local stand-in for SageMaker, CloudWatch, Application Auto Scaling, Service Quotas, STS, Pricing, "
        "AWS Marketplace agreements and S3 (HeadObject). Point boto3 at it with AWS_ENDPOINT_URL and any credentials. It "
        "starts with a sample fleet in account 123456789012, us-east-1; scenarios and faults are switched under /sandbox/.",
    )
    parser.add_argument("--port", type=int, default=4566, metavar="N", help="port on 127.0.0.1; 0 picks a free one")
    parser.add_argument(
        "--speed", type=_positive, default=1.0, metavar="X", help="divide the minutes that AWS takes by X (default 1)"
    )
    parser.add_argument(
        "--traffic",
        type=_positive,
        default=1.0,
        metavar="X",
        help="multiply the number of requests by X, so that short windows hold enough of them (default 1)",
    )
    parser.add_argument(
        "--estate",
        choices=("sample", "company", "thousand"),
        default="sample",
        help="what stands there: four endpoints, a company's 24, or a thousand (default sample)",
    )
    parser.add_argument(
        "--seed", type=int, default=7, metavar="N", help="another number makes other traffic (default 7)"
    )
    parser.add_argument(
        "--metric-delay", type=float, default=0.0, metavar="S", help="seconds until CloudWatch knows a datapoint"
    )
    parser.add_argument(
        "--config-lag",
        type=float,
        default=0.0,
        metavar="S",
        help="seconds in which a new endpoint config is not found yet",
    )
    parser.add_argument(
        "--status-lag",
        type=float,
        default=0.0,
        metavar="S",
        help="seconds in which DescribeEndpoint lags UpdateEndpoint",
    )
    parser.add_argument(
        "--no-per-config-metrics",
        action="store_true",
        help="publish no metrics with the dimension EndpointConfigName",
    )
    return parser


def _positive(text: str) -> float:
    number = float(text)
    if number <= 0:
        raise argparse.ArgumentTypeError("must be greater than 0")
    return number


if __name__ == "__main__":
    main()
