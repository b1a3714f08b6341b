"""Commands that change an endpoint that runs, or stop a change."""

from collections.abc import Callable, Mapping
from typing import Any

import click
from click.core import ParameterSource

from bot.domain.commands import Cancel, Plan, Promote, Rollback, Scale
from bot.domain.strategy import AskedStrategy
from bot.grammar.definitions.common import command, reason_option, when_option


def _read_pairs(context: click.Context, parameter: click.Parameter, pairs: tuple[str, ...]) -> Mapping[str, str]:
    read: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise click.BadParameter("takes KEY=VALUE, for example --env LOG_LEVEL=info", context, parameter)
        if key in read:
            raise click.BadParameter(f"{key} is set twice", context, parameter)
        read[key] = value
    return read


_CHANGE_OPTIONS = (
    click.option(
        "--version",
        metavar="N|latest",
        help="Version of the model package group, or place on the Marketplace track; latest is the newest that may follow.",
    ),
    click.option(
        "--package", metavar="ARN", help="Model package, for example the next one of an AWS Marketplace product."
    ),
    click.option("--image", metavar="URI", help="Container image to run."),
    click.option("--instance-type", metavar="TYPE", help="Instance type, such as ml.g5.2xlarge."),
    click.option("--count", metavar="N", help="Number of instances of the new fleet; otherwise as many as run now."),
    click.option(
        "--env", metavar="KEY=VALUE", multiple=True, callback=_read_pairs, help="Set an environment variable."
    ),
    click.option("--unset", metavar="KEY", multiple=True, help="Remove an environment variable."),
)
_STRATEGY_OPTIONS = (
    click.option(
        "--strategy",
        "type",
        metavar="S",
        help="How the traffic moves: all-at-once, canary, linear, rolling or two-variant; otherwise as the fleet file says.",
    ),
    click.option(
        "--size",
        metavar="10%|N",
        help="The first share (canary, two-variant) or each step (linear, rolling): 10%, or a number of instances.",
    ),
    click.option("--bake", metavar="10m", help="How long each share is watched before the next; 1h at most."),
)


def _change_options(callback: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed((*_CHANGE_OPTIONS, *_STRATEGY_OPTIONS)):
        callback = option(callback)
    return callback


def _change_and_strategy(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a change, sorted into the two values that they make; a strategy of which nothing is said is none."""
    asked = {name: options[name] for name in AskedStrategy.model_fields}
    said = any(value is not None for value in asked.values())
    change = {name: value for name, value in options.items() if name not in asked}
    return {"change": change, "strategy": asked if said else None}


@command("plan", example="plan stt-prod --instance-type ml.g5.4xlarge")
@click.argument("endpoint")
@_change_options
def plan(endpoint: str, **options: Any) -> Plan:
    """Show what a promotion would do, without asking for anything."""
    return Plan.model_validate({"endpoint": endpoint, **_change_and_strategy(options)})


@command("promote", example='promote sentiment-prod --version 4 --reason "better recall"')
@click.argument("endpoint")
@_change_options
@when_option
@reason_option
def promote(endpoint: str, at: str | None, reason: str | None, **options: Any) -> Promote:
    """Plan a change and ask for approval; without options, to the newest version that may follow."""
    return Promote.model_validate({"endpoint": endpoint, "at": at, "reason": reason, **_change_and_strategy(options)})


@command("scale", example="scale sentiment-prod --count 4")
@click.argument("endpoint")
@click.option("--count", metavar="N", required=True, help="Number of instances.")
@click.option("--variant", metavar="NAME", help="Production variant, if it is not the fleet file's.")
@when_option
@reason_option
def scale(endpoint: str, **said: Any) -> Scale:
    """Ask for another number of instances, without a new fleet."""
    return Scale.model_validate({"endpoint": endpoint, **said})


@command("rollback", example="rollback stt-prod")
@click.argument("endpoint", required=False)
@click.option("--to", metavar="CONFIG", help="Endpoint config to go back to.")
@click.option("--rollout", "rollout_id", metavar="ROLLOUT", help="Undo this rollout.")
@click.pass_context
def rollback(context: click.Context, endpoint: str | None, to: str | None, rollout_id: str | None) -> Rollback:
    """Go back to the config of before, or to a named one. Locks do not stop it."""
    # In a thread, what was typed wins, and the thread fills in only what belongs to the same story.
    endpoint_typed = context.get_parameter_source("endpoint") is ParameterSource.COMMANDLINE
    rollout_typed = context.get_parameter_source("rollout_id") is ParameterSource.COMMANDLINE
    thread_endpoint = context.lookup_default("endpoint")
    thread_rollout = context.lookup_default("rollout_id")
    if endpoint_typed and not rollout_typed and endpoint != thread_endpoint:
        rollout_id = None
    if rollout_typed and not endpoint_typed and rollout_id != thread_rollout:
        endpoint = None
    return Rollback(endpoint=endpoint, to=to, rollout_id=rollout_id)


@command("cancel", example="cancel rk8cb8j8")
@click.argument("rollout_id", metavar="ROLLOUT")
def cancel(rollout_id: str) -> Cancel:
    """Stop a rollout before its update starts; later, have it rolled back once SageMaker is done. Its id stands on its card."""
    return Cancel(rollout_id=rollout_id)
