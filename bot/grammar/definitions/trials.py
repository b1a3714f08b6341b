"""Commands of A/B tests."""

from typing import Any

import click

from bot.domain.commands import AbFinish, AbStart, AbWeight
from bot.grammar.definitions.common import command, given, reason_option


@command("ab start", example="ab start sentiment-prod --version 5 --weight 10")
@click.argument("endpoint")
@click.option("--version", metavar="N|latest", help="Version to try out; otherwise the newest that may follow.")
@click.option("--weight", metavar="10", help="Percent of the requests that it serves; 10 if nothing is said.")
@click.option("--shadow", is_flag=True, help="It only gets a copy of the requests, and nobody sees its answers.")
@reason_option
def ab_start(**said: Any) -> AbStart:
    """Run a second version beside the one that serves, with a share of the traffic or as its shadow."""
    return AbStart.model_validate(given(**said))


@command("ab weight", example="ab weight sentiment-prod --weight 50")
@click.argument("endpoint")
@click.option("--weight", metavar="50", required=True, help="Percent of the requests that the new version serves.")
def ab_weight(**said: Any) -> AbWeight:
    """Move the traffic between the two versions of an A/B test."""
    return AbWeight.model_validate(said)


@command("ab finish", example="ab finish sentiment-prod --keep B")
@click.argument("endpoint")
@click.option("--keep", metavar="A|B", required=True, help="The version that serves alone from then on.")
@reason_option
def ab_finish(**said: Any) -> AbFinish:
    """End an A/B test: keep A, which served before, or B, which was tried out."""
    return AbFinish.model_validate(said)
