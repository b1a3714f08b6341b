"""One child process of `python -m workers`: an RQ worker on one queue, or the pump.

Started as `python -m workers.child ROLE` by the supervisor, which holds the other end of stdin: when that end closes because the
supervisor died, the child stops too.
"""

import logging
import os
import signal
import sys
import threading

from rq.serializers import JSONSerializer
from rq.worker import Worker

from bot.logs import set_up_logging
from bot.queue import AllowedJob, QueueName, queue
from bot.settings import bypass_proxy_for_local_slack, load_settings
from bot.store.connection import connect
from workers import jobs, wiring
from workers.pump import Pump

PUMP_ROLE = "pump"

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
            disable_default_exception_handler=False,
            log_job_description=False,
        )


def run(role: str) -> None:
    """Be that child until told to stop."""
    settings = load_settings(os.environ, "worker")
    set_up_logging(settings.log_level, f"worker {role}")
    bypass_proxy_for_local_slack(settings, os.environ)
    _stop_with_parent()
    if role == PUMP_ROLE:
        _pump()
        return
    wiring.warm_up()
    QueueWorker(QueueName(role)).work(logging_level="WARNING")


def _pump() -> None:
    made = wiring.parts()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    timing = made.world.fleet.defaults.timing
    Pump(made.world.store, made.world.clock, lease=timing.lease, sweep=timing.sweep).run(stop)


def _stop_with_parent() -> None:
    """Ask ourselves to stop as soon as stdin ends: works wherever pipes do, and nobody has to poll."""

    def wait() -> None:
        while os.read(sys.stdin.fileno(), 1):
            pass
        log.warning("the supervisor is gone; stopping")
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="parent-watch", daemon=True).start()


if __name__ == "__main__":
    run(sys.argv[1])
