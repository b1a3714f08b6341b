"""The check of the old fleet, as a step of the update that people follow."""

import pytest
from fakes.clock import NOW
from fakes.records import WATCH, a_call, at, rollback_at

from bot.domain.checks import CheckPlan, CheckRun, CheckTime
from bot.domain.phases import Phase
from bot.domain.rollout import Rollout
from bot.messages.progress import progress_line
from bot.messages.steps import step_lines

CHECKED = WATCH.model_copy(update={"check": CheckPlan(command=("wer",), timeout=WATCH.warm_up)})
RUN = CheckRun(time=CheckTime.BEFORE, intended_at=NOW)
STOPPED = "It took longer than 3 minutes and was stopped."


def step_of(rollout: Rollout) -> list[str]:
    return [line for line in step_lines(rollout) if "Check command" in line]


def preparing(*runs: CheckRun) -> Rollout:
    return at(Phase.PREPARING, watch=CHECKED, checks=runs, models_created=True, config_created=True)


@pytest.mark.parametrize(
    ("runs", "line"),
    [
        ((), "▸ Check command on the old fleet"),
        ((RUN,), "▸ Check command on the old fleet: it waits for a worker"),
        ((RUN.model_copy(update={"started_at": NOW}),), "▸ Check command on the old fleet: it runs now"),
        ((RUN.model_copy(update={"finished_at": NOW, "exit_status": 0}),), "✓ Check command on the old fleet: passed"),
        (
            (RUN.model_copy(update={"finished_at": NOW, "exit_status": 3}),),
            "✓ Check command on the old fleet: failed with exit status 3",
        ),
        (
            (RUN.model_copy(update={"finished_at": NOW, "problem": STOPPED}),),
            f"✓ Check command on the old fleet: no answer ({STOPPED.rstrip('.')})",
        ),
    ],
)
def test_the_step_says_how_far_the_check_is(runs: tuple[CheckRun, ...], line: str) -> None:
    assert step_of(preparing(*runs)) == [line]


def test_an_update_that_was_called_has_left_the_check_behind() -> None:
    updating = at(Phase.UPDATING, watch=CHECKED, models_created=True, config_created=True, update=a_call())
    assert step_of(updating) == ["✓ Check command on the old fleet"]


@pytest.mark.parametrize("rollout", [at(Phase.PREPARING), rollback_at(Phase.ROLLING_BACK, watch=CHECKED)])
def test_without_a_check_there_is_no_such_step(rollout: Rollout) -> None:
    assert step_of(rollout) == []


def test_while_it_runs_it_is_the_latest_news() -> None:
    assert progress_line(preparing(RUN)) == "The old fleet is checked before anything is touched."
    over = RUN.model_copy(update={"finished_at": NOW, "exit_status": 0})
    assert progress_line(preparing(over)) == "Waiting for SageMaker to be ready for the change."
