"""The check command in words: whether it passed on the old and on the new fleet, its scores, and the end of what it printed."""

from bot.domain.checks import CheckRun, CheckTime, Score
from bot.domain.rollout import Rollout
from bot.messages.blocks import Block, escape, said, section
from bot.messages.words import aside, on_one_line, signed

_LAST_LINES = 8
_LONGEST_LINE = 160
_MOST_SCORES = 10


def check_lines(rollout: Rollout) -> list[str]:
    """How the check of the new fleet stands, in a line; nothing where none is configured or begun."""
    run = rollout.check_of(CheckTime.AFTER)
    if run is None:
        return []
    mark = {True: "✓", False: "✖", None: "·"}[run.passed] if run.is_over else "▸"
    return [f"{mark} check command on the new fleet: {_result(run)}"]


def check_step(rollout: Rollout) -> tuple[bool, str]:
    """The check of the old fleet as a step of the update: whether it is taken, and how it went."""
    run = rollout.check_of(CheckTime.BEFORE)
    told = f": {_result(run)}" if run is not None else ""
    return rollout.called_at is not None or (run is not None and run.is_over), f"Check command on the old fleet{told}"


def check_blocks(rollout: Rollout) -> list[Block]:
    """Both runs, their scores, and what the program printed where it failed."""
    before, after = rollout.check_of(CheckTime.BEFORE), rollout.check_of(CheckTime.AFTER)
    if after is None or not after.is_over:
        return []
    on_the_old = f"; on the old one: {_result(before)}" if before is not None and before.is_over else ""
    lines = [f"*Check command* on the new fleet: {_result(after)}{on_the_old}."]
    if after.summary:
        lines.append(f"It says: {said(on_one_line(after.summary, 300))}")
    lines += _scores(before, after)
    blocks = [section("\n".join(lines))]
    if not after.passed and after.output.strip():
        blocks.append(section(f"The end of what it printed:\n```\n{_tail(after.output)}\n```"))
    return blocks


def _result(run: CheckRun) -> str:
    if not run.is_over:
        return "it runs now" if run.started_at is not None else "it waits for a worker"
    problem = aside(said(on_one_line(run.problem, 200).rstrip(".")))
    if run.passed is None:
        return f"no answer{problem}"
    return f"passed{problem}" if run.passed else f"failed with exit status {run.exit_status}{problem}"


def _scores(before: CheckRun | None, after: CheckRun) -> list[str]:
    old = before.scores if before is not None else {}
    lines = [f"• {escape(name)}: {_score(old.get(name), score)}" for name, score in after.scores.items()]
    more = [f"• … and {len(lines) - _MOST_SCORES} more"] if len(lines) > _MOST_SCORES else []
    return lines[:_MOST_SCORES] + more


def _score(before: Score | None, after: Score) -> str:
    rule = f"{after.better} is better, {after.tolerance * 100:g} % allowed" if after.better is not None else ""
    if before is None:
        return f"{after.value:g}{aside(rule)}"
    change = signed((after.value - before.value) / abs(before.value)) if before.value else ""
    return f"{before.value:g} → {after.value:g}{aside(change, rule)}"


def _tail(output: str) -> str:
    lines = [line for line in output.splitlines() if line.strip()][-_LAST_LINES:]
    kept = "\n".join(line[:_LONGEST_LINE] for line in lines)
    return escape(kept.replace("`", "ˋ"))
