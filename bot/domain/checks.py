"""Check commands: somebody else's program that says whether an endpoint gives right answers, before and after the cutover."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bot.domain.durations import say_duration
from bot.domain.model import Value

GRACE = timedelta(seconds=30)
"""How long after its time-out the end of a run may take to be written down; later than that, its worker was killed."""

MOST_ATTEMPTS = 2
"""How often a check is begun: a worker that is killed while it runs is no fault of the endpoint's."""

LONGEST_WAIT = timedelta(minutes=15)
"""How long a check may wait for a worker that has time for it."""

USUAL_TOLERANCE = 0.05
"""How much worse a score may get where the program does not say: a transcript more or less is no other model."""

MOST_SCORES = 20
MOST_OUTPUT = 4096
"""Characters of output that are kept with the rollout: the last ones."""

NEVER_PASSED = frozenset(
    {
        "SLACK_BOT_TOKEN",
        "SLACK_SIGNING_SECRET",
        "SLACK_APP_TOKEN",
        "REDIS_URL",
        "MLFLOW_TRACKING_URI",
        "MLFLOW_TRACKING_TOKEN",
    }
)
"""The bot's own secrets: no fleet file can hand them to a program."""


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

    value: float = Field(strict=True, allow_inf_nan=False)
    better: Literal["lower", "higher"] | None = None
    """None where the program does not say: then it is shown, never judged."""
    tolerance: float = Field(default=USUAL_TOLERANCE, ge=0, strict=True, allow_inf_nan=False)
    """How much worse than before it may be, relatively: 0.05 is five percent."""


class CheckRun(Value):
    """One run of the program. `finished_at` is None while it runs."""

    time: CheckTime
    intended_at: datetime
    attempt: int = 1
    started_at: datetime | None = None
    """When a worker began it; None while it waits for one."""
    finished_at: datetime | None = None
    exit_status: int | None = None
    """None while it runs, and where it was killed at its time-out or could not be started."""
    problem: str = ""
    """Why there is no exit status, or what was wrong with its JSON file, in a sentence."""
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


def is_lost(run: CheckRun, plan: CheckPlan, now: datetime) -> bool:
    """Whether a run that was begun can have no result any more: its worker would have ended it long ago."""
    return not run.is_over and run.started_at is not None and now >= run.started_at + plan.timeout + GRACE


def begun_again(run: CheckRun, now: datetime) -> CheckRun:
    """What becomes of a run whose worker was killed: another attempt, or after the last of them a result that says so."""
    if run.attempt < MOST_ATTEMPTS:
        return CheckRun(time=run.time, intended_at=now, attempt=run.attempt + 1)
    return given_up(run, now, f"The worker that ran it was killed, {run.attempt} times.")


def given_up(run: CheckRun, now: datetime, problem: str) -> CheckRun:
    """The run is over without an exit status."""
    return run.model_copy(update={"finished_at": now, "problem": problem})


def waited_for_nothing(run: CheckRun, now: datetime) -> CheckRun | None:
    """The run's end, where no worker began it for too long; None while it may still be begun."""
    if run.is_over or run.started_at is not None or now < run.intended_at + LONGEST_WAIT:
        return None
    return given_up(run, now, f"No worker had time for it within {say_duration(LONGEST_WAIT)}.")


def worsening(name: str, before: Score, after: Score) -> str | None:
    """By how much a score got worse, in words, where that is more than its tolerance allows; None where it is not."""
    if after.better is None:
        return None
    drop = before.value - after.value if after.better == "higher" else after.value - before.value
    if drop <= abs(before.value) * after.tolerance:
        return None
    by = f"{100 * drop / abs(before.value):.0f} % worse, " if before.value else ""
    return f"{name} {before.value:g} → {after.value:g} ({by}{100 * after.tolerance:g} % allowed)"


def _plain_number(value: object) -> object:
    return {"value": value} if isinstance(value, int | float) else value


_Name = Annotated[str, Field(min_length=1, max_length=40)]


class Report(BaseModel):
    """The JSON file that the program may write: `{"summary": "…", "scores": {"wer": {"value": 0.081, "better": "lower"}}}`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    summary: str = Field(default="", max_length=300)
    scores: Mapping[_Name, Annotated[Score, BeforeValidator(_plain_number)]] = Field(default={}, max_length=MOST_SCORES)


def read_report(text: bytes) -> Report:
    """The JSON file as values.

    Raises:
        ValueError: it is none, or says something else than it may; carries what is wrong, in words.
    """
    try:
        return Report.model_validate_json(text)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"{where}: {first['msg']}" if where else first["msg"]) from exc
