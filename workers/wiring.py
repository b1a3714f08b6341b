"""The workers' composition root: real gateways, made once per process.

Clients are made before RQ forks, because loading SageMaker's service model takes longer than a tick; they open connections only after
the fork, so no two processes share one.
"""

import functools
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bot.domain import commands
from bot.domain.fleet import Manager as FleetManager
from bot.domain.model import Value
from bot.queue import JobName, QueueName, enqueue
from bot.settings import Settings, load_settings, open_fleet_file
from bot.store import make_store
from bot.store.connection import connect
from workers.acting import Acting
from workers.answering import Answering
from workers.auditing import Auditing
from workers.board import Board
from workers.breaking import Breaking
from workers.census import Census, pause
from workers.checking import Checking
from workers.clicks import Clicks
from workers.desk import Carrier, Desk
from workers.drafting import Drafting
from workers.gateways.account import aws_by_account, events_of, own_region
from workers.gateways.mlflow import MlflowServer
from workers.gateways.programs import Subprocesses
from workers.gateways.slack import SlackMessenger, make_web_client
from workers.glance import Glance
from workers.holding import Holding
from workers.home import Homes
from workers.importing import Importing
from workers.keeping import Keeping
from workers.lifecycle import Collecting, Lifecycle
from workers.locking import Locking
from workers.manager import Manager
from workers.merits import Merits
from workers.noticing import Noticing
from workers.notifier import Notifier
from workers.noting import Noting
from workers.opening import Opening, OpeningUnasked, WaysBack
from workers.planning import Planner
from workers.ports import Programs
from workers.posting import Posting
from workers.reconciler import Reconciler
from workers.reviving import Reviving
from workers.ringing import Ringing
from workers.rounds import EVENTS_EVERY, Round, RoundName, Rounds
from workers.scoring import Scoring
from workers.showing import Showing
from workers.surveying import Surveying
from workers.trials import TrialLooks, Trials
from workers.versions import Hints, VersionDecisions, announcing_of, watch_of_registry
from workers.waves import WAVE_COMMANDS, Waves, waves_of
from workers.world import World, at_home_in


@dataclass(frozen=True)
class Parts:
    """What jobs call."""

    world: World
    desk: Desk
    reconciler: Reconciler
    notifier: Notifier
    checking: Checking
    rounds: Rounds

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


class Process:
    """Real gateways, made once, and the parts over the fleet file as it stands.

    Jobs are forked, so whoever forks them keeps up with the file: a job begins with what its parent had read.
    """

    def __init__(self, settings: Settings) -> None:
        self.fleet_file = open_fleet_file(settings.fleet_file)
        store = make_store(connect(settings.redis_url.get_secret_value()))
        client = make_web_client(settings.slack_bot_token.get_secret_value(), settings.slack_api_url)
        self._programs = Subprocesses(os.environ)
        self._region = own_region(os.environ)
        self._over(
            World(
                store=store,
                fleet=at_home_in(self._region, self.fleet_file.fleet),
                aws=aws_by_account(store.memory, utc_now),
                slack=SlackMessenger(client, store.memory),
                clock=utc_now,
                events=events_of,
                experiments=_experiments(settings),
            )
        )

    def _over(self, world: World) -> None:
        self.parts = parts_of(world, self._programs)

    def keep_up(self) -> bool:
        """Read the fleet file again if it has changed; returns whether it was. New parts take the place of the old ones."""
        was_read = self.fleet_file.refresh()
        if was_read:
            fleet = at_home_in(self._region, self.fleet_file.fleet)
            if fleet != self.parts.world.fleet:
                self._over(replace(self.parts.world, fleet=fleet))
                self.warm_up()
        return was_read

    def warm_up(self) -> None:
        """Make the clients that every endpoint of the fleet file needs, before any job is forked."""
        for spec in self.parts.world.fleet.endpoints.values():
            if spec.role_to_assume is None and spec.region is not None:
                self.parts.world.aws(spec)
        manager = self.parts.world.fleet.manager
        if manager is not None and manager.queue is not None:
            events_of(manager.queue)


@functools.cache
def process() -> Process:
    """This process, from its environment."""
    return Process(load_settings(os.environ, "worker"))


def parts() -> Parts:
    """The parts of this process."""
    return process().parts


def parts_of(world: World, programs: Programs, wait: Callable[[float], None] = pause) -> Parts:
    """The parts over any world: real, or of fakes.

    Args:
        world: The world.
        programs: Runs check commands.
        wait: Lets a moment pass between two calls of AWS.
    """
    drafting = Drafting(world)
    planner = Planner(world, drafting)
    opening, ways_back = Opening(world), WaysBack(world)
    answering = Answering(world)
    census = Census(world, wait)
    waves = waves_of(world, answering, drafting, census.standings)
    manager = Manager(world, answering, census, OpeningUnasked(world), waves)
    surveying = Surveying(world, answering, Board(census))
    homes = Homes(world, surveying)
    desk = Desk(
        world=world,
        opening=opening,
        ways_back=ways_back,
        clicks=Clicks(world, ways_back, planner),
        planner=planner,
        answering=answering,
        locking=Locking(world, answering, Breaking(world)),
        holding=Holding(world, answering),
        showing=Showing(world, answering),
        homes=homes,
        carriers=_carriers(world, answering, opening, ways_back, drafting, census, waves, manager, surveying),
    )
    return Parts(
        world=world,
        desk=desk,
        reconciler=Reconciler(world, Acting(world, planner, drafting), Glance(world), Ringing(world), Noting(world)),
        notifier=Notifier(world, Posting(world)),
        checking=Checking(world, programs),
        rounds=Rounds(world, _rounds(world, census, waves, manager, homes)),
    )


def _carriers(
    world: World,
    answering: Answering,
    opening: Opening,
    ways_back: WaysBack,
    drafting: Drafting,
    census: Census,
    waves: Waves,
    manager: Manager,
    surveying: Surveying,
) -> dict[type[Value], Carrier]:
    """Who carries out which command."""
    carriers: tuple[tuple[Carrier, tuple[type[Value], ...]], ...] = (
        (Lifecycle(world, answering, opening), (commands.Deploy, commands.Teardown)),
        (
            Trials(world, answering, opening, ways_back, drafting),
            (commands.AbStart, commands.AbWeight, commands.AbFinish),
        ),
        (Merits(world, answering, drafting, Scoring(world)), (commands.Versions, commands.Compare)),
        (
            VersionDecisions(world, answering, census, announcing_of(world)),
            (commands.ApproveVersion, commands.RejectVersion),
        ),
        (manager, (commands.Sync,)),
        (waves, WAVE_COMMANDS),
        (surveying, (commands.Status,)),
        (Auditing(world, answering), (commands.Audit,)),
        (Collecting(world, answering), (commands.Gc,)),
        (Importing(world, answering), (commands.FleetImport,)),
    )
    return {kind: carrier for carrier, kinds in carriers for kind in kinds}


def _rounds(world: World, census: Census, waves: Waves, manager: Manager, homes: Homes) -> dict[RoundName, Round]:
    """What comes round, and how often; at first in this order, so that what outlived an emptied store is known before anybody acts."""
    how = world.fleet.manager or FleetManager()
    return {
        RoundName.TAGS: Round(how.census, Keeping(world).round, always=True),
        RoundName.REVIVE: Round(
            world.fleet.defaults.timing.sweep, Reviving(world, Noticing(world), Noting(world)).round, always=True
        ),
        RoundName.EVENTS: Round(EVENTS_EVERY, Hints(world, census).round),
        RoundName.CENSUS: Round(how.census, census.round),
        RoundName.REGISTRY: Round(how.census, watch_of_registry(world, census).round),
        RoundName.WAVES: Round(world.fleet.defaults.timing.poll, waves.round, always=True),
        RoundName.TRIALS: Round(world.fleet.defaults.timing.poll, TrialLooks(world).round, always=True),
        RoundName.MANAGE: Round(how.every, manager.round),
        RoundName.HOME: Round(how.census, homes.round),
    }


def _experiments(settings: Settings) -> MlflowServer | None:
    """MLflow, if there is one."""
    if settings.mlflow_tracking_uri is None:
        return None
    token = settings.mlflow_tracking_token
    uri = settings.mlflow_tracking_uri.get_secret_value()
    return MlflowServer(uri, token.get_secret_value() if token is not None else None)


def utc_now() -> datetime:
    """The workers' clock."""
    return datetime.now(UTC)
