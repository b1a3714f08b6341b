"""Commands about what the fleet file says, and the file itself."""

from typing import Any

import click

from bot.domain.commands import Deploy, FleetCheck, FleetImport, Gc, Sync, Teardown
from bot.grammar.definitions.common import command, reason_option, when_option


@command("deploy", example="deploy sentiment-staging")
@click.argument("endpoint")
@click.option("--version", metavar="N|latest", help="Version to begin with; otherwise the newest that may run.")
@when_option
@reason_option
def deploy(**said: Any) -> Deploy:
    """Create an endpoint that the fleet file declares, or create one anew that is Failed."""
    return Deploy.model_validate(said)


@command("teardown", example='teardown sentiment-staging --reason "no longer used"')
@click.argument("endpoint")
@when_option
@click.option("--reason", metavar="TEXT", required=True, help="Why, for the approvers and the record.")
def teardown(**said: Any) -> Teardown:
    """Delete an endpoint and its autoscaling. Its config and models stay for a while, so that it can be restored."""
    return Teardown.model_validate(said)


@command("sync", example="sync sentiment-prod")
@click.argument("endpoint", required=False)
@click.option("--all", is_flag=True, help="Every endpoint of the fleet file.")
def sync(**said: Any) -> Sync:
    """Make an endpoint, or all of them, match the fleet file now: whatever differs gets a plan."""
    return Sync.model_validate(said)


@command("gc", example="gc")
@click.option("--delete", is_flag=True, help="Delete what the list shows, and nothing that is live or a way back.")
def gc(delete: bool) -> Gc:
    """List configs, models and alarms of the bot's own that nothing needs any more; with --delete, delete them."""
    return Gc(delete=delete)


@command("fleet check", example="fleet check fleet.yaml")
@click.argument("file", required=False)
def fleet_check(file: str | None) -> FleetCheck:
    """Tell every mistake in a fleet file, with its line; in a terminal only."""
    return FleetCheck(file=file)


@command("fleet import", example="fleet import")
def fleet_import() -> FleetImport:
    """Write a fleet file from the endpoints that exist, to begin with."""
    return FleetImport()
