"""What the definitions share: how a command is declared, and options that several of them take."""

from collections.abc import Callable
from typing import Any

import click

_LENIENT: dict[str, Any] = {"allow_extra_args": True, "help_option_names": []}


def command(name: str, *, example: str) -> Callable[[Callable[..., Any]], click.Command]:
    """Declare a command: its docstring is the help, `example` is one to copy, without prefix."""
    return click.command(name, epilog=example, context_settings=_LENIENT)


reason_option = click.option("--reason", metavar="TEXT", help="Why, for the approver and the record.")
when_option = click.option(
    "--at",
    metavar="TIME",
    help="When it shall run once approved: +2h, 02:00, or 'tomorrow 06:00 Europe/Berlin'; without a zone, in your own.",
)
until_option = click.option(
    "--until", metavar="TIME", help="When it ends by itself: 4h, 17:00, or 'Mon 09:00 Europe/Berlin'."
)


def given(**options: Any) -> dict[str, Any]:
    """What was given; what was not is left to the model's own default."""
    return {name: value for name, value in options.items() if value is not None}
