"""`python -m bot fleet check`: reads a fleet file on its own. It needs no Redis, no worker and no settings of Slack."""

import sys
from collections.abc import Sequence
from pathlib import Path

from bot.domain.commands import FleetCheck
from bot.domain.errors import UsageError
from bot.domain.fleet import Fleet, FleetFileError, hints
from bot.grammar import parse_argv
from bot.messages.words import count
from bot.settings import SettingsError, load_fleet

EXIT_OK, EXIT_USAGE = 0, 2


def file_to_check(argv: Sequence[str], default: Path) -> Path | None:
    """The file that `fleet check` is asked about, or None when the words are another command or none."""
    try:
        command = parse_argv(argv)
    except UsageError:
        return None
    return Path(command.file or default) if isinstance(command, FleetCheck) else None


def check_fleet(path: Path) -> int:
    """Print all mistakes and return 2, or what the file declares, with hints, and return 0."""
    try:
        fleet = load_fleet(path)
    except (FleetFileError, SettingsError) as error:
        sys.stderr.write("".join(f"{line}\n" for line in error.mistakes))
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
