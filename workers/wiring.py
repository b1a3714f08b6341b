"""The workers' composition root: real gateways, made once per process.

Clients are made before RQ forks, because loading SageMaker's service model takes longer than a tick; they open connections only after
the fork, so no two processes share one.
"""

import functools
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.domain.fleet import Fleet
from bot.queue import JobName, QueueName, enqueue
from bot.settings import Settings, load_fleet, load_settings
from bot.store import make_store
from bot.store.connection import connect
from workers.acting import Acting
from workers.answering import Answering
from workers.board import Board
from workers.breaking import Breaking
from workers.checking import Checking
from workers.clicks import Clicks
from workers.desk import Desk
from workers.drafting import Drafting
from workers.gateways.account import aws_by_account
from workers.gateways.programs import Subprocesses
from workers.gateways.slack import SlackMessenger, make_web_client
from workers.glance import Glance
from workers.holding import Holding
from workers.locking import Locking
from workers.notifier import Notifier
from workers.opening import Opening
from workers.planning import Planner
from workers.ports import Programs
from workers.posting import Posting
from workers.reconciler import Reconciler
from workers.ringing import Ringing
from workers.showing import Showing
from workers.world import World


@dataclass(frozen=True)
class Parts:
    """What jobs call."""

    world: World
    desk: Desk
    reconciler: Reconciler
    notifier: Notifier
    checking: Checking

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
        aws=aws_by_account(store.memory, utc_now),
        slack=SlackMessenger(client, store.memory),
        clock=utc_now,
    )
    return parts_of(world, Subprocesses(os.environ))


def parts_of(world: World, programs: Programs) -> Parts:
    """The parts over any world: real, or of fakes."""
    drafting = Drafting(world)
    planner = Planner(world, drafting)
    opening = Opening(world)
    answering = Answering(world)
    desk = Desk(
        world=world,
        opening=opening,
        clicks=Clicks(world, opening, planner),
        planner=planner,
        board=Board(world, drafting),
        answering=answering,
        locking=Locking(world, answering, Breaking(world)),
        holding=Holding(world, answering),
        showing=Showing(world, answering),
    )
    return Parts(
        world=world,
        desk=desk,
        reconciler=Reconciler(world, Acting(world, planner, drafting), Glance(world), Ringing(world)),
        notifier=Notifier(world, Posting(world)),
        checking=Checking(world, programs),
    )


def utc_now() -> datetime:
    """The workers' clock."""
    return datetime.now(UTC)


def warm_up() -> None:
    """Make the clients that every endpoint of the fleet file needs, before any job is forked."""
    made = parts()
    for spec in made.world.fleet.endpoints.values():
        if spec.role_to_assume is None:
            made.world.aws(spec)
