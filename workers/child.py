"""One child process of `python -m workers`: an RQ worker on one queue, the pump, or the metrics."""

import logging
import os
import signal
import threading
from types import FrameType
from typing import Any

from rq.job import Job
from rq.queue import Queue
from rq.serializers import JSONSerializer
from rq.worker import Worker

from bot.logs import set_up_logging
from bot.queue import AllowedJob, QueueName, queue
from bot.settings import load_settings
from bot.store.connection import connect, store_errors
from workers import jobs, wiring
from workers.fleet_trouble import note_trouble
from workers.metrics import serve_metrics
from workers.pump import Pump
from workers.rounds import RoundName

PUMP_ROLE = "pump"
METRICS_ROLE = "metrics"

IDLE_SECONDS = 2

log = logging.getLogger(__name__)


class QueueWorker(Worker):
    """RQ's forking worker with intervals short enough for people who wait, and no pickle anywhere.

    With RQ's defaults an abandoned job is noticed after 13 minutes. Nothing of ours depends on that, because due entries are
    dispatched again after a lease, but the registries stay honest this way.
    """

    def __init__(self, name: QueueName) -> None:
        settings = load_settings(os.environ, "worker")
        connection = connect(settings.redis_url.get_secret_value())
        super().__init__(
            [queue(name, connection)],
            connection=connection,
            job_class=AllowedJob,
            serializer=JSONSerializer,
            worker_ttl=20,
            maintenance_interval=5,
            job_monitoring_interval=5,
            exception_handlers=[jobs.crashed],
            work_horse_killed_handler=jobs.killed,
            disable_default_exception_handler=False,
            log_job_description=False,
        )

    @property
    def dequeue_timeout(self) -> int:
        """How long a worker without work waits at a time."""
        return IDLE_SECONDS

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Keep up with the fleet file without work, too: all workers shall know the same last version without mistakes."""
        wiring.process().keep_up()
        super().heartbeat(timeout, pipeline)

    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        """Begin a job with the fleet file as it stands."""
        wiring.process().keep_up()
        super().fork_work_horse(job, queue)


class CheckWorker(QueueWorker):
    """The worker of `checks`: told to stop, it does not wait for a program that may take half an hour.

    The program ends with its work-horse, and the next worker begins the check again.
    """

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        if self.horse_pid:
            self.kill_horse(signal.SIGTERM)
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]


def run(role: str, supervisor_alive: int) -> None:
    """Be that child until told to stop, or until the supervisor is gone."""
    settings = load_settings(os.environ, "worker")
    set_up_logging(settings.log_level, f"worker {role}")
    _stop_with_supervisor(supervisor_alive)
    if role == PUMP_ROLE:
        _pump()
    elif role == METRICS_ROLE:
        assert settings.metrics_port is not None
        serve_metrics(settings.metrics_port, connect(settings.redis_url.get_secret_value()), _fleet_file_is_ok)
    else:
        with store_errors():
            made = CheckWorker if role == QueueName.CHECKS else QueueWorker
            made(QueueName(role)).work(logging_level="WARNING")


def _pump() -> None:
    here, stop = wiring.process(), threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    while not stop.is_set():
        made = here.parts

        def is_outdated(made: wiring.Parts = made) -> bool:
            here.keep_up()
            note_trouble(made.world.store.memory, here.fleet_file)
            if here.parts is made:
                return False
            for name in here.parts.rounds.names:
                here.parts.rounds.soon(RoundName(name))  # what was declared a moment ago need not wait for the next one
            return True

        timing = made.world.fleet.defaults.timing
        Pump(
            made.world.store,
            made.world.clock,
            lease=timing.lease,
            sweep=timing.sweep,
            rounds=made.rounds.names,
            is_outdated=is_outdated,
        ).run(stop)


def _fleet_file_is_ok() -> bool:
    here = wiring.process()
    here.keep_up()
    return here.fleet_file.trouble is None


def _stop_with_supervisor(supervisor_alive: int) -> None:
    """Ask ourselves to stop as soon as the pipe ends: works wherever pipes do, and nobody has to poll."""

    def wait() -> None:
        while os.read(supervisor_alive, 1):
            pass
        log.warning("the supervisor is gone; stopping")
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="supervisor-watch", daemon=True).start()
