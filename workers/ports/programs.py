"""Programs of other people's, such as check commands, that run on the workers' machine."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol


@dataclass(frozen=True)
class Program:
    """What to run. No shell is involved, and nothing of the workers' environment reaches it but what is named here."""

    command: tuple[str, ...]
    timeout: timedelta
    variables: Mapping[str, str]
    passed: tuple[str, ...] = ()
    """Names of the workers' environment variables that it may see."""


@dataclass(frozen=True)
class Ended:
    """What became of it."""

    exit_status: int | None
    """None where it had to be killed, was killed by somebody else, or could not be started: `problem` says which."""
    problem: str = ""
    output: str = ""
    """The end of what it printed, without secrets that it was given and without control characters."""
    report: bytes | None = None
    """What it wrote into the file that CHECK_RESULT names; None if it wrote none."""


class Programs(Protocol):
    """Runs programs to their end, one at a time."""

    def run(self, program: Program, is_wanted: Callable[[], bool]) -> Ended:
        """Run it in a folder of its own. It is killed at its time-out, and as soon as nobody wants its result any more.

        Nothing that it started outlives it, nor this process.
        """
        ...
