"""What `python -m bot …` answers without Redis, worker or Slack: help, words that make no command, and `fleet check`."""

import sys
from collections.abc import Sequence
from pathlib import Path

from bot.domain.commands import FleetCheck, Help
from bot.domain.errors import UsageError
from bot.domain.fleet import Fleet, FleetFileError, hints
from bot.domain.names import as_typed
from bot.grammar import TERMINAL_PREFIX, help_text, parse_argv
from bot.messages.plain import plain_text
from bot.messages.words import count
from bot.settings import SettingsError, load_fleet

EXIT_OK, EXIT_USAGE = 0, 2


def answer_offline(argv: Sequence[str], fleet_file: Path) -> int | None:
    """Print the answer and return the exit status; None when the command takes the running bot.

    Args:
        argv: The words after `python -m bot`, at least one.
        fleet_file: The file that `fleet check` means when it is given none.
    """
    try:
        command = parse_argv(argv)
    except UsageError as error:
        sys.stderr.write(f"{plain_text(error.user_message)}\n")
        return EXIT_USAGE
    match command:
        case Help() if command.command == argv[0].casefold() and len(argv) == 1:  # `fleet`, without what about it
            sys.stderr.write(f"{help_text(command.command, prefix=TERMINAL_PREFIX)}\n")
            return EXIT_USAGE
        case Help():
            print(help_text(command.command, prefix=TERMINAL_PREFIX))
            return EXIT_OK
        case FleetCheck():
            return check_fleet(Path(command.file or fleet_file))
        case _:
            return None


def check_fleet(path: Path) -> int:
    """Print all mistakes and return 2, or what the file declares, with hints, and return 0."""
    try:
        fleet = load_fleet(path)
    except (FleetFileError, SettingsError) as error:
        sys.stderr.write("".join(f"{as_typed(str(line))}\n" for line in error.mistakes))
        return EXIT_USAGE
    for hint in hints(fleet):
        print(f"{path}: {hint}")
    print(f"{path}: {_contents(fleet)}: no mistakes")
    return EXIT_OK


def _contents(fleet: Fleet) -> str:
    places = {(spec.role_to_assume, spec.region) for spec in fleet.endpoints.values()}
    several = f" in {len(places)} accounts or regions" if len(places) > 1 else ""
    waves = f", {count(len(fleet.waves), 'wave')}" if fleet.waves else ""
    return f"{count(len(fleet.endpoints), 'endpoint')}{several}{waves}"
