"""From words to a command and back. Whatever is typed leads to a command or to a `UsageError`, to nothing else."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, NoReturn

import click
from click.core import ParameterSource
from pydantic import BaseModel, ValidationError

from bot.domain.commands import Command, Help
from bot.domain.durations import format_duration
from bot.domain.errors import UsageError
from bot.domain.names import quoted
from bot.domain.nearest import nearest
from bot.domain.problems import problem_of
from bot.grammar.definitions import GRAMMAR
from bot.grammar.helping import SLACK_PREFIX, TERMINAL_PREFIX, example, is_family, label, usage
from bot.grammar.words import UnclosedQuote, join_words, split_words

_ADDRESS = re.compile(r"/\w+|<@[UW]\w+>[:,]?|@[\w.-]+[:,]?", re.ASCII)
"""What may stand before the command: the slash command itself, or a mention of the bot."""

_LONGEST_TEXT = 8_000
_HELP_OPTIONS = frozenset({"--help", "--h", "-h"})
_LOOKS_LIKE_VERSION = re.compile(r"v?[0-9]{1,9}|latest", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Context:
    """What goes without saying in a rollout's thread: its endpoint, its id, its wave; and in a wave's own thread."""

    endpoint: str | None = None
    rollout_id: str | None = None
    wave_id: str | None = None


def parse(text: str, context: Context | None = None, *, prefix: str = SLACK_PREFIX) -> Command:
    """Read a command as somebody typed it in Slack; nothing at all asks for help.

    Args:
        text: What stands behind `/endpoint`, or a message that begins with a mention of the bot.
        context: Where it was typed, if that is a rollout's thread.
        prefix: How commands begin where it was typed, for usage lines and examples.

    Raises:
        UsageError: the text makes no command; says why, and what would.
    """
    if len(text) > _LONGEST_TEXT:
        raise UsageError(f"That is {len(text):,} characters long; a command may have {_LONGEST_TEXT:,}.")
    try:
        words = split_words(text)
    except UnclosedQuote as unclosed:
        raise UsageError(
            f"A quote is opened and never closed: {quoted(unclosed.rest)}", example=example("promote", prefix)
        ) from unclosed
    if words and _ADDRESS.fullmatch(words[0]):
        del words[0]
    return _command_of(words, context or Context(), prefix)


def parse_argv(argv: Sequence[str], *, prefix: str = TERMINAL_PREFIX) -> Command:
    """Read a command that a shell has cut into words already.

    Raises:
        UsageError: the words make no command.
    """
    return _command_of(argv, Context(), prefix)


def render(command: Command, prefix: str = "") -> str:
    """The command as somebody could have typed it: `parse` reads it back, equal."""
    definition = GRAMMAR.commands[command.name]
    values = _flat(command, {parameter.name for parameter in definition.params})
    words: list[str] = command.name.split()
    for parameter in definition.params:
        words += _spelled(parameter, values.get(parameter.name or ""))
    return prefix + join_words(words)


def _command_of(words: Sequence[str], context: Context, prefix: str) -> Command:
    if not words or words[0].casefold() in _HELP_OPTIONS | {"?"}:
        return Help()
    if is_family(words[0].casefold()) and (len(words) == 1 or words[1].casefold() in _HELP_OPTIONS):
        return Help(command=words[0].casefold())
    name, typed, rest = _named(words)
    _must_exist(name, typed, prefix)
    if _HELP_OPTIONS.intersection(rest):
        return Help(command=name)
    command = _Attempt(name, prefix).read(rest, context)
    if isinstance(command, Help) and command.command is not None and not is_family(command.command):
        _must_exist(command.command, command.command, prefix)
    return command


def _named(words: Sequence[str]) -> tuple[str, str, Sequence[str]]:
    """The command's name, how it was typed, and what follows; some names, such as `ab start`, are two words."""
    two = " ".join(words[:2])
    if two.casefold() in GRAMMAR.commands:
        return two.casefold(), two, words[2:]
    typed = two if is_family(words[0].casefold()) else words[0]
    return typed.casefold(), typed, words[1:]


def _must_exist(name: str, typed: str, prefix: str) -> None:
    if name not in GRAMMAR.commands:
        close = nearest(name, GRAMMAR.commands)
        raise UsageError(
            f"There is no command {quoted(typed)}. {prefix}help lists all that there are.",
            nearest=[f"{prefix}{n}" for n in close],
            example=example(close[0] if close else "help", prefix),
        )


class _Attempt:
    """One try at reading the words behind a command's name."""

    def __init__(self, name: str, prefix: str) -> None:
        self._name = name
        self._prefix = prefix
        self._definition = GRAMMAR.commands[name]
        self._options = {flag: p for p in self._definition.params if isinstance(p, click.Option) for flag in p.opts}

    def read(self, words: Sequence[str], context: Context) -> Command:
        known = {name: value for name, value in asdict(context).items() if value is not None}
        try:
            found = self._definition.make_context(self._name, self._paired(words), default_map=known)
        except click.MissingParameter as missing:
            self._refuse(f"{self._label(missing)} is missing.", show_usage=True)
        except click.BadParameter as bad:
            self._refuse(f"{self._label(bad)}: {bad.message}.")
        if found.args:
            self._refuse_extra(found.args[0])
        try:
            with found:
                command: Command = self._definition.invoke(found)
                return command
        except ValidationError as invalid:
            self._refuse("\n".join(self._problems(invalid, found)))

    def _paired(self, words: Sequence[str]) -> list[str]:
        """The words with every option as one `--option=value`, so that no value can be taken for an option."""
        paired: list[str] = []
        given: set[str] = set()
        rest = iter(words)
        for word in rest:
            if not word.startswith("-"):
                paired.append(word)
                continue
            flag, equals, value = word.partition("=")
            flag = flag.casefold()
            option = self._option(flag, typed=word)
            if flag in given and not option.multiple:
                self._refuse(f"{flag} is given twice.")
            given.add(flag)
            if option.is_flag:
                paired.append(flag)
                continue
            paired.append(f"{flag}={value if equals else self._value_of(flag, next(rest, None))}")
        return paired

    def _option(self, flag: str, typed: str) -> click.Option:
        if flag not in self._options:
            names = nearest(flag.lstrip("-"), [option.lstrip("-") for option in self._options])
            self._refuse(
                f"{self._name} has no option {quoted(typed.partition('=')[0])}.", nearest=[f"--{n}" for n in names]
            )
        return self._options[flag]

    def _value_of(self, flag: str, word: str | None) -> str:
        if word is None or word.partition("=")[0].casefold() in self._options:
            self._refuse(f"{flag} needs a value: {flag} {self._options[flag].metavar}.")
        return word

    def _problems(self, invalid: ValidationError, found: click.Context) -> Iterator[str]:
        by_name = {parameter.name: parameter for parameter in self._definition.params}
        for error in invalid.errors(include_url=False, include_input=False):
            parameter = next((by_name[step] for step in error["loc"] if step in by_name), None)
            problem = problem_of(error)
            if parameter and found.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE:
                yield f"{label(parameter)}: {problem}."
            else:
                yield f"{problem[:1].upper()}{problem[1:]}."

    def _label(self, error: click.BadParameter) -> str:
        assert error.param is not None  # click's parser always says which
        return label(error.param)

    def _refuse_extra(self, word: str) -> NoReturn:
        meant = [f"--version {word}"] if "--version" in self._options and _LOOKS_LIKE_VERSION.fullmatch(word) else []
        self._refuse(
            f"{quoted(word)} is one word too many. Text with spaces goes in quotes.", nearest=meant, show_usage=True
        )

    def _refuse(self, problem: str, nearest: Sequence[str] = (), *, show_usage: bool = False) -> NoReturn:
        raise UsageError(
            problem,
            nearest=nearest,
            usage=usage(self._name, self._prefix) if show_usage else None,
            example=example(self._name, self._prefix),
        )


def _flat(value: BaseModel, written: Collection[str | None]) -> dict[str, Any]:
    """The fields of a command by name, those of its change and its strategy among them, down to what can be written."""
    flat: dict[str, Any] = {}
    for name, content in value:
        is_group = isinstance(content, BaseModel) and name not in written
        flat |= _flat(content, written) if is_group else {name: content}
    return flat


def _spelled(parameter: click.Parameter, value: object) -> list[str]:
    if value is None or value is False:
        return []
    if not isinstance(parameter, click.Option):
        return [str(value)]
    flag = label(parameter)
    if parameter.is_flag:
        return [flag]
    words = []
    for item in _items(value):
        words += [f"{flag}={item}"] if item.startswith("-") else [flag, item]
    return words


def _items(value: object) -> list[str]:
    if isinstance(value, Mapping):
        return [f"{key}={content}" for key, content in value.items()]
    if isinstance(value, timedelta):
        return [format_duration(value)]
    return [str(item) for item in value] if isinstance(value, tuple) else [str(value)]
