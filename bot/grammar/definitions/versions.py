"""Commands about the versions of a model."""

from typing import Any

import click

from bot.domain.commands import ApproveVersion, Compare, RejectVersion, Versions
from bot.grammar.definitions.common import command, reason_option


@command("versions", example="versions sentiment-prod")
@click.argument("endpoint")
def versions(endpoint: str) -> Versions:
    """List the versions that may run on an endpoint, with their approval and what runs."""
    return Versions(endpoint=endpoint)


@command("compare", example="compare sentiment-prod 3 4")
@click.argument("endpoint")
@click.argument("first", metavar="V1")
@click.argument("second", metavar="V2")
def compare(**said: Any) -> Compare:
    """Compare two versions of an endpoint by the metrics in the registry and in MLflow."""
    return Compare.model_validate(said)


@command("approve-version", example="approve-version sentiment 5")
@click.argument("group")
@click.argument("version", metavar="N")
@reason_option
def approve_version(**said: Any) -> ApproveVersion:
    """Set a version of a model package group to Approved in the registry."""
    return ApproveVersion.model_validate(said)


@command("reject-version", example='reject-version sentiment 5 --reason "recall is worse"')
@click.argument("group")
@click.argument("version", metavar="N")
@click.option("--reason", metavar="TEXT", required=True, help="Why, for whoever trained it.")
def reject_version(**said: Any) -> RejectVersion:
    """Set a version of a model package group to Rejected in the registry."""
    return RejectVersion.model_validate(said)
