"""`python -m bot` serves Slack; `python -m bot COMMAND …` is the terminal face of the same commands.

Exit status of the service: 0 after SIGTERM, 78 when the settings or the fleet file have mistakes.
"""

import errno
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk.errors import SlackApiError

from bot.app import Identity, TokenRefused, make_app, make_client, refuse_bad_token
from bot.directory import Directory
from bot.domain.fleet import FleetFileError
from bot.domain.names import as_typed
from bot.fleet_file import LOOK_SECONDS, FleetFile
from bot.http import BotMetrics, HttpServer, Probes, make_wsgi
from bot.intake import Intake
from bot.logs import set_up_logging
from bot.offline import answer_offline
from bot.settings import (
    Settings,
    SettingsError,
    bypass_proxy_for_local_slack,
    fleet_path,
    load_settings,
    open_fleet_file,
    read_dotenv,
)
from bot.store import make_store
from bot.store.connection import connect
from bot.terminal import PATIENCE, run_command

EX_CONFIG = 78
RECONNECT_SECONDS = 2.0

PING_SECONDS = 2.0
"""slack_sdk gives a lost connection up after five failed pings. Until then Slack has nowhere to deliver clicks and commands and tells
people that the app did not respond, so its default of 10 s would cost a minute."""

log = logging.getLogger("bot")


def main(argv: Sequence[str]) -> int:
    """Serve, or run one command."""
    read_dotenv()
    if argv and (status := answer_offline(argv, fleet_path(os.environ))) is not None:
        return status
    try:
        settings = load_settings(os.environ, "bot")
        fleet_file = open_fleet_file(settings.fleet_file)
    except (SettingsError, FleetFileError) as exc:
        sys.stderr.write("".join(f"{as_typed(str(line))}\n" for line in exc.mistakes))
        return EX_CONFIG
    url = settings.redis_url.get_secret_value()
    intake = Intake(make_store(connect(url)), lambda: fleet_file.fleet, lambda: datetime.now(UTC))
    if argv:
        set_up_logging("WARNING", "bot")
        waiting = make_store(connect(url, blocking_seconds=PATIENCE.total_seconds()))
        bypass_proxy_for_local_slack(settings, os.environ)
        return run_command(argv, intake, waiting, Directory(make_client(settings)).name_of)
    return serve(settings, fleet_file, intake)


def serve(settings: Settings, fleet_file: FleetFile, intake: Intake) -> int:
    """Listen to Slack until told to stop. Redis or Slack being away does not end the process."""
    set_up_logging(settings.log_level, "bot")
    bypass_proxy_for_local_slack(settings, os.environ)
    if settings.slack_is_local:
        log.warning("Slack is a stand-in on this machine: %s", settings.slack_api_url)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    client = make_client(settings)
    identity = Identity(client, settings.slack_bot_token.get_secret_value())
    try:
        identity.fetch()
    except TokenRefused as exc:
        sys.stderr.write(f"SLACK_BOT_TOKEN: Slack refuses it: {exc}\n")
        return EX_CONFIG
    except (SlackApiError, OSError) as exc:
        log.warning("Slack cannot be reached yet: %s", exc)
    app = make_app(settings, intake, client, identity)
    probes = Probes(intake.store.connection, identity)
    for problem in probes.problems():
        log.warning("%s; people are told so until it can", problem)
    wsgi = make_wsgi(app, settings, probes, BotMetrics(lambda: fleet_file.trouble is None))
    try:
        server = HttpServer(wsgi, settings.host, settings.port)
    except (OSError, ValueError) as exc:
        sys.stderr.write(f"{_cannot_listen(settings, exc)}\n")
        return EX_CONFIG
    thread = threading.Thread(target=server.serve, name="http", daemon=True)
    thread.start()
    keeping_up = threading.Thread(target=_keep_up, args=(fleet_file, stop), name="fleet file", daemon=True)
    keeping_up.start()
    log.info("listening on port %d, %d endpoints in the fleet file", settings.port, len(fleet_file.fleet.endpoints))
    status = 0
    if settings.slack_app_token is not None:
        handler = SocketModeHandler(app, settings.slack_app_token.get_secret_value(), ping_interval=PING_SECONDS)
        try:
            _socket_mode(handler, stop)
        except TokenRefused as exc:
            sys.stderr.write(f"SLACK_APP_TOKEN: Slack refuses it: {exc}\n")
            status = EX_CONFIG
    else:
        stop.wait()
    server.close()
    thread.join(timeout=timedelta(seconds=5).total_seconds())
    return status


def _keep_up(fleet_file: FleetFile, stop: threading.Event) -> None:
    """Read the fleet file again whenever it has changed."""
    while not stop.wait(LOOK_SECONDS):
        if fleet_file.refresh():
            log.log(logging.ERROR if fleet_file.trouble else logging.INFO, "%s", fleet_file.describe())


def _cannot_listen(settings: Settings, error: Exception) -> str:
    """Which setting is to blame for an address that cannot be listened on."""
    is_port = isinstance(error, OSError) and error.errno in (errno.EADDRINUSE, errno.EACCES)
    why = getattr(error, "strerror", None) or str(error)
    return f"{'PORT' if is_port else 'HOST'}: cannot listen on {settings.host}:{settings.port}: {why}"


def _socket_mode(handler: SocketModeHandler, stop: threading.Event) -> None:
    """Connect, and keep connected: slack_sdk reconnects a lost connection by itself, but not a first one that failed.

    Raises:
        TokenRefused: Slack does not know the app token.
    """
    while not stop.is_set():
        try:
            handler.connect()
        except (SlackApiError, OSError) as exc:
            if isinstance(exc, SlackApiError):
                refuse_bad_token(exc)
            log.warning("Slack's Socket Mode cannot be reached, trying again: %s", exc)
            stop.wait(RECONNECT_SECONDS)
        else:
            log.info("connected by Socket Mode")
            stop.wait()
    hang_up(handler)


def hang_up(handler: SocketModeHandler) -> None:
    """Close the connection, also one that is lost at this very moment.

    slack_sdk 3.47 looks whether there is a socket before it takes the lock under which another of its threads takes it away.
    """
    try:
        handler.close()
    except AttributeError:
        handler.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
