"""The workers' composition root: real gateways, made once per process.

Clients are made before RQ forks, because loading SageMaker's service model takes longer than a tick; they open connections only after
the fork, so no two processes share one.
"""

import functools
import logging
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.config import Config

from bot.domain.fleet import EndpointSpec, Fleet
from bot.queue import JobName, QueueName, enqueue
from bot.settings import Settings, load_fleet, load_settings
from bot.store import make_store
from bot.store.connection import connect
from workers.answering import Answering
from workers.board import Board
from workers.breaking import Breaking
from workers.clicks import Clicks
from workers.desk import Desk
from workers.drafting import Drafting
from workers.gateways.cloudwatch import CloudWatchMetrics
from workers.gateways.nothing_known import NoAlarms, NoAutoscaling, UnknownCapacity, UnknownMarket
from workers.gateways.registry import ModelRegistry
from workers.gateways.sagemaker import SageMakerEndpoints
from workers.gateways.slack import SlackMessenger, make_web_client
from workers.glance import Glance
from workers.locking import Locking
from workers.notifier import Notifier
from workers.opening import Opening
from workers.planner import Planner
from workers.posting import Posting
from workers.reconciler import Reconciler
from workers.world import Aws, World

log = logging.getLogger(__name__)

RETRYING = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})
"""What looks, or creates something of a given name, may be repeated by botocore itself."""

ONE_REQUEST = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 1})
"""UpdateEndpoint is one request: whether a lost one took effect is found out by looking, never by asking again."""


@dataclass(frozen=True)
class Parts:
    """What jobs call."""

    world: World
    desk: Desk
    reconciler: Reconciler
    notifier: Notifier

    def one_by_one(self, ticks: Iterable[str]) -> None:
        """After a job of many ticks died: a job for each, so that the one to blame is found and the others go on."""
        for tick in ticks:
            rollout_id, _, revision = str(tick).partition(":")
            enqueue(
                QueueName.TICKS,
                JobName.ADVANCE,
                rollout_id,
                int(revision),
                job_id=f"advance-{rollout_id}-{revision}",
                connection=self.world.store.connection,
            )


@functools.cache
def parts() -> Parts:
    """The parts of this process, from its environment."""
    settings = load_settings(os.environ, "worker")
    return assemble(settings, load_fleet(settings.fleet_file))


def assemble(settings: Settings, fleet: Fleet) -> Parts:
    """Put real gateways behind the ports."""
    store = make_store(connect(settings.redis_url.get_secret_value()))
    client = make_web_client(settings.slack_bot_token.get_secret_value(), settings.slack_api_url)
    world = World(
        store=store,
        fleet=fleet,
        aws=_aws_by_account(),
        slack=SlackMessenger(client, store.memory),
        clock=utc_now,
    )
    return parts_of(world)


def parts_of(world: World) -> Parts:
    """The parts over any world: real, or of fakes."""
    drafting = Drafting(world)
    planner = Planner(world, drafting)
    opening = Opening(world)
    answering = Answering(world)
    desk = Desk(
        world=world,
        opening=opening,
        clicks=Clicks(world, opening),
        planner=planner,
        board=Board(world, drafting),
        answering=answering,
        locking=Locking(world, answering, Breaking(world)),
    )
    return Parts(world, desk, Reconciler(world, planner, drafting, Glance(world)), Notifier(world, Posting(world)))


def utc_now() -> datetime:
    """The workers' clock."""
    return datetime.now(UTC)


def warm_up() -> None:
    """Make the clients that every endpoint of the fleet file needs, before any job is forked."""
    made = parts()
    for spec in made.world.fleet.endpoints.values():
        if spec.role_to_assume is None:
            made.world.aws(spec)


def _aws_by_account() -> Callable[[EndpointSpec], Aws]:
    @functools.cache
    def for_account(region: str | None, role: str | None) -> Aws:
        session = boto3.Session(region_name=region)
        keys = _assumed(session, role) if role is not None else {}

        def client(service: str, config: Config) -> Any:
            return session.client(service, config=config, **keys)

        retrying = client("sagemaker", RETRYING)
        return Aws(
            endpoints=SageMakerEndpoints(client("sagemaker", ONE_REQUEST), utc_now, retrying=retrying),
            registry=ModelRegistry(retrying),
            metrics=CloudWatchMetrics(client("cloudwatch", RETRYING)),
            autoscaling=NoAutoscaling(),
            alarms=NoAlarms(),
            quotas=UnknownCapacity(),
            usage=UnknownCapacity(),
            prices=UnknownCapacity(),
            subscriptions=UnknownMarket(),
            artifacts=UnknownMarket(),
        )

    def for_endpoint(spec: EndpointSpec) -> Aws:
        return for_account(spec.region, spec.role_to_assume)

    return for_endpoint


def _assumed(session: boto3.Session, role: str) -> dict[str, str]:
    """Keys of another account's role. They live for an hour; a job, which is a forked process, lives for seconds."""
    answer = session.client("sts", config=RETRYING).assume_role(RoleArn=role, RoleSessionName="endpoint-bot")
    given = answer["Credentials"]
    return {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }
