"""Help, usage lines and examples, read off the click definitions as a small structure that every face formats its own way."""

from collections.abc import Iterable
from dataclasses import dataclass

import click

from bot.grammar.definitions import GRAMMAR

SLACK_PREFIX = "/endpoint "
TERMINAL_PREFIX = "python -m bot "


@dataclass(frozen=True)
class HelpEntry:
    """A line of help: a command or an option, what it does, and for commands an example to copy."""

    term: str
    meaning: str
    example: str | None = None


@dataclass(frozen=True)
class HelpPage:
    """Help about everything or about one command. `str()` is plain text that fits Slack and the terminal."""

    title: str
    usage: str
    entries: tuple[HelpEntry, ...]
    example: str

    def __str__(self) -> str:
        lines = [self.title, f"Usage: {self.usage}"]
        for entry in self.entries:
            lines.append(f"  {entry.term}: {entry.meaning}")
            if entry.example:
                lines.append(f"    {entry.example}")
        return "\n".join([*lines, f"Example: {self.example}"])


def help_text(command: str | None = None, *, prefix: str = SLACK_PREFIX) -> HelpPage:
    """Help about all commands, about those of one family (`ab`), or about one command; that must exist."""
    if command is None:
        return HelpPage(
            title="Change SageMaker endpoints safely: ask, approve, watch, roll back.",
            usage=f"{prefix}COMMAND …",
            entries=_entries(GRAMMAR.commands, prefix),
            example=f"{prefix}help promote",
        )
    if is_family(command):
        names = _family(command)
        return HelpPage(
            title=f"{command} has {len(names)} commands.",
            usage=f"{prefix}{command} {'|'.join(name.partition(' ')[2] for name in names)} …",
            entries=_entries(names, prefix),
            example=f"{prefix}help {names[0]}",
        )
    definition = GRAMMAR.commands[command]
    return HelpPage(
        title=definition.help or "",
        usage=usage(command, prefix),
        entries=tuple(
            HelpEntry(f"{label(option)} {option.metavar or ''}".rstrip(), _meaning(option))
            for option in definition.params
            if isinstance(option, click.Option)
        ),
        example=example(command, prefix),
    )


def is_family(word: str) -> bool:
    """Whether it is only the first word of some commands: `ab` of `ab start`."""
    return word not in GRAMMAR.commands and bool(_family(word))


def usage(command: str, prefix: str) -> str:
    """`/endpoint promote ENDPOINT [--version N|latest] …`."""
    definition = GRAMMAR.commands[command]
    options = [_usage_of(p) for p in definition.params if isinstance(p, click.Option)]
    return " ".join([prefix + _signature(command, definition).removesuffix(" …"), *options])


def example(command: str, prefix: str) -> str:
    """One that can be copied."""
    return f"{prefix}{GRAMMAR.commands[command].epilog}"


def label(parameter: click.Parameter) -> str:
    """What people call it: `--version`, or `ENDPOINT`."""
    return parameter.opts[0] if isinstance(parameter, click.Option) else _placeholder(parameter)


def _family(word: str) -> tuple[str, ...]:
    return tuple(name for name in GRAMMAR.commands if name.startswith(f"{word} "))


def _entries(names: Iterable[str], prefix: str) -> tuple[HelpEntry, ...]:
    return tuple(
        HelpEntry(_signature(name, GRAMMAR.commands[name]), GRAMMAR.commands[name].help or "", example(name, prefix))
        for name in names
    )


def _placeholder(parameter: click.Parameter) -> str:
    return parameter.metavar or (parameter.name or "").upper()


def _signature(name: str, definition: click.Command) -> str:
    arguments = [p for p in definition.params if isinstance(p, click.Argument)]
    words = [name, *(_placeholder(a) if a.required else f"[{_placeholder(a)}]" for a in arguments)]
    return " ".join([*words, "…"] if len(definition.params) > len(arguments) else words)


def _usage_of(option: click.Option) -> str:
    spelled = f"{label(option)} {option.metavar or ''}".rstrip()
    if option.required:
        return spelled
    return f"[{spelled}]…" if option.multiple else f"[{spelled}]"


def _meaning(option: click.Option) -> str:
    return f"{option.help} May be given several times." if option.multiple else option.help or ""
