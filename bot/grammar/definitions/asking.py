"""Commands that only ask."""

from typing import Any

import click

from bot.domain.commands import Audit, Help, History, Metrics, Status
from bot.grammar.definitions.common import command, given


@command("help", example="help promote")
@click.argument("command", nargs=-1)
def help_command(command: tuple[str, ...]) -> Help:
    """Show what there is, or one command in full."""
    return Help(command=" ".join(command).casefold() or None)


@command("status", example="status --state OUT_OF_DATE --owner me")
@click.argument("endpoint", required=False)
@click.option(
    "--state",
    "states",
    metavar="STATE",
    multiple=True,
    help="Only endpoints in this state, or in one of several: held,drifted.",
)
@click.option("--owner", metavar="@USER|me", help="Only endpoints of this person.")
@click.option("--policy", metavar="auto|ask|manual", help="Only endpoints with this policy.")
@click.option("--group", metavar="NAME", help="Only endpoints of this model package group.")
@click.option("--page", metavar="N", help="Which page of a long board.")
def status(**said: Any) -> Status:
    """Show the fleet board, some rows of it, or one endpoint in full: what runs, what may follow, what is on its way."""
    return Status.model_validate(given(**said))


@command("history", example="history stt-prod")
@click.argument("endpoint", required=False)
def history(endpoint: str | None) -> History:
    """Show past rollouts, of one endpoint or of all."""
    return History(endpoint=endpoint)


@command("metrics", example="metrics stt-prod --since 6h")
@click.argument("endpoint")
@click.option("--since", metavar="24h", help="How far back the chart reaches; 24h if nothing is said, 14d at most.")
def metrics(endpoint: str, since: str | None) -> Metrics:
    """Show latency, errors and traffic of an endpoint as a chart."""
    return Metrics.model_validate({"endpoint": endpoint} | ({"since": since} if since is not None else {}))


@command("audit", example="audit --since 7d")
@click.option("--since", metavar="7d", help="How far back; 7d if nothing is said.")
def audit(since: str | None) -> Audit:
    """Give every decision of the last days as JSON lines."""
    return Audit.model_validate(given(since=since))
