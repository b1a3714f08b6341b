"""Check commands: somebody else's program that says whether an endpoint gives right answers, before and after the cutover."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.model import Value


class CheckPlan(Value):
    """The program, from the fleet file's `watch.check`."""

    command: tuple[str, ...]
    timeout: timedelta
    pass_environment: tuple[str, ...] = ()
    """Names of the workers' environment variables that it may see; no others reach it."""


class CheckTime(StrEnum):
    """Which fleet was checked."""

    BEFORE = "before"  # the old one, right before the update
    AFTER = "after"  # the new one, after the warm-up


class Score(Value):
    """A number that the program reports in its JSON file."""

    value: float
    better: str = "lower"
    """`lower` or `higher`."""
    tolerance: float = 0.0
    """How much worse than before it may be, relatively: 0.05 is five percent."""


class CheckRun(Value):
    """One run of the program. `finished_at` is None while it runs."""

    time: CheckTime
    intended_at: datetime
    attempt: int = 1
    started_at: datetime | None = None
    finished_at: datetime | None = None
    exit_status: int | None = None
    """None while it runs, and where it was killed at its time-out or could not be started."""
    problem: str = ""
    """Why there is no exit status, in a sentence."""
    summary: str = ""
    """What the program says of itself in its JSON file."""
    scores: Mapping[str, Score] = {}
    output: str = ""
    """The end of what it printed."""

    @property
    def is_over(self) -> bool:
        """Whether there is a result, or a sentence about why there is none."""
        return self.finished_at is not None

    @property
    def passed(self) -> bool | None:
        """What its exit status says; None where there is none."""
        return None if self.exit_status is None else self.exit_status == 0
