"""`python -m workers`: checks the settings, then supervises one worker per queue and the pump.

Exit status 0 after SIGTERM, 78 when the settings or the fleet file have mistakes.
"""

import logging
import os
import sys

from bot.domain.fleet import FleetFileError
from bot.domain.names import as_typed
from bot.logs import set_up_logging
from bot.queue import QueueName
from bot.settings import SettingsError, bypass_proxy_for_local_slack, load_fleet, load_settings, read_dotenv
from workers import wiring
from workers.child import METRICS_ROLE, PUMP_ROLE, run
from workers.supervisor import Supervisor

EX_CONFIG = 78

log = logging.getLogger("workers")


def main() -> int:
    """Run until told to stop."""
    read_dotenv()
    try:
        settings = load_settings(os.environ, "worker")
        load_fleet(settings.fleet_file)
    except (SettingsError, FleetFileError) as exc:
        sys.stderr.write("".join(f"{as_typed(str(line))}\n" for line in exc.mistakes))
        return EX_CONFIG
    set_up_logging(settings.log_level, "workers")
    bypass_proxy_for_local_slack(settings, os.environ)
    if settings.slack_is_local:
        log.warning("Slack is a stand-in on this machine: %s", settings.slack_api_url)
    wiring.process().warm_up()
    roles = [PUMP_ROLE, *(str(name) for name in QueueName for _ in range(settings.workers))]
    if settings.metrics_port is not None:
        roles.append(METRICS_ROLE)
    log.info("supervising %d processes", len(roles))
    Supervisor(tuple(roles), run, keep_up).run()
    return 0


def keep_up() -> None:
    """So that children which are started later begin with the fleet file as it stands. The one process that logs its changes."""
    here = wiring.process()
    if here.keep_up():
        log.log(logging.ERROR if here.fleet_file.trouble else logging.INFO, "%s", here.fleet_file.describe())


if __name__ == "__main__":
    sys.exit(main())
