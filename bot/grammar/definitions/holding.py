"""Commands that keep changes away."""

import click

from bot.domain.commands import Freeze, Hold, Lock, Thaw, Unhold, Unlock
from bot.grammar.definitions.common import command, until_option


@command("lock", example='lock stt-prod --until 4h --reason "load test"')
@click.argument("endpoint")
@until_option
@click.option("--reason", metavar="TEXT", required=True, help="Why, for whoever is stopped by it.")
def lock(endpoint: str, until: str | None, reason: str) -> Lock:
    """Let no change start on an endpoint until it is unlocked; rolling back still works."""
    return Lock(endpoint=endpoint, until=until, reason=reason)


@command("unlock", example="unlock stt-prod")
@click.argument("endpoint")
def unlock(endpoint: str) -> Unlock:
    """Lift a lock. Breaking somebody else's takes a second person."""
    return Unlock(endpoint=endpoint)


@command("freeze", example='freeze --until "Mon 09:00 Europe/Berlin" --reason "peak sale"')
@until_option
@click.option("--reason", metavar="TEXT", required=True, help="Why, for whoever is stopped by it.")
def freeze(until: str | None, reason: str) -> Freeze:
    """Let no change start on any endpoint until it is thawed; rolling back still works."""
    return Freeze(until=until, reason=reason)


@command("thaw", example="thaw")
def thaw() -> Thaw:
    """Lift the freeze. Lifting somebody else's takes a second person."""
    return Thaw()


@command("hold", example='hold stt-prod --reason "customer tests until Friday"')
@click.argument("endpoint")
@click.option("--reason", metavar="TEXT", required=True, help="Why, for whoever wonders.")
def hold(endpoint: str, reason: str) -> Hold:
    """Let nothing but a person bring a new version to an endpoint."""
    return Hold(endpoint=endpoint, reason=reason)


@command("unhold", example="unhold stt-prod")
@click.argument("endpoint")
def unhold(endpoint: str) -> Unhold:
    """Lift what holds an endpoint: somebody's hold, a version that was rolled back, a config that SageMaker refused."""
    return Unhold(endpoint=endpoint)
