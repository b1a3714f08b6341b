"""The one grammar of Slack and terminal: text ↔ typed command, with the help that both show. Built on click's definitions."""

from bot.grammar.helping import SLACK_PREFIX, TERMINAL_PREFIX, HelpEntry, HelpPage, help_text
from bot.grammar.parsing import Context, parse, parse_argv, render

__all__ = [
    "SLACK_PREFIX",
    "TERMINAL_PREFIX",
    "Context",
    "HelpEntry",
    "HelpPage",
    "help_text",
    "parse",
    "parse_argv",
    "render",
]
