"""Versions and their metrics, in words: the section of a plan, and the answers to `versions` and `compare`."""

from collections.abc import Mapping, Sequence

from bot.domain.endpoint import ApprovalStatus, ModelPackage
from bot.domain.merits import Effect, Merit, MeritComparison, Merits
from bot.messages.blocks import Block, Message, context, divider, escape, listed, listed_in_sections, said, section
from bot.messages.words import MINUS, count, moment, on_one_line

MOST_IN_PLAN = 8
_MOST = 40
_MOST_VERSIONS = 25
_SHORT_DESCRIPTION = 120

_WORDS: Mapping[Effect, str] = {
    Effect.BETTER: "better",
    Effect.WORSE: "*worse*",
    Effect.SAME: "the same",
    Effect.CHANGED: "which way is better is not declared",
    Effect.ONLY_FIRST: "not known of the second",
    Effect.ONLY_SECOND: "not known of the first",
}

_NOTHING = "No metrics are known: neither the registry nor MLflow tells any."


def merit_section(compared: MeritComparison) -> Block | None:
    """What a plan says about the model itself; None where nothing is known and nothing is wrong."""
    lines = [line for line in (_in_short(compared), *_problem_lines(compared)) if line]
    return section("\n".join(["*The model*", *lines])) if lines else None


def render_comparison(endpoint: str, compared: MeritComparison) -> Message:
    """The answer to `compare`."""
    first, second = compared.first, compared.second
    title = f"{endpoint}: {first.label} against {second.label}"
    lines = [_line(merit) for merit in compared.merits]
    body = listed(lines, most=_MOST) if lines else _NOTHING
    blocks = [section(f"*{escape(title)}*\n{_verdict(compared)}".strip()), section(body)]
    runs = " · ".join(found for side in (first, second) if (found := _run(side)))
    blocks += [context(runs)] if runs else []
    blocks += [context(" ".join(_problem_lines(compared)))] if compared.problems else []
    return Message(escape(title), tuple(blocks))


def render_versions(
    endpoint: str, versions: Sequence[ModelPackage], running: str | None, notes: Mapping[str, str]
) -> Message:
    """The answer to `versions`, newest first; what runs is among them however old it is.

    Args:
        endpoint: Whose.
        versions: What may run there.
        running: ARN of what runs.
        notes: More about a version by its ARN, such as a hold; mrkdwn.
    """
    title = f"{endpoint}: {count(len(versions), 'version')}"
    shown = [*versions[:_MOST_VERSIONS], *(package for package in versions[_MOST_VERSIONS:] if package.arn == running)]
    rows = [_version(package, package.arn == running, notes.get(package.arn, "")) for package in shown]
    older = len(versions) - len(rows)
    more = [context(f"{count(older, 'older version')} left out.")] if older > 0 else []
    return Message(escape(title), (section(f"*{escape(title)}*"), divider(), *listed_in_sections(rows), *more))


def _version(package: ModelPackage, is_running: bool, note: str) -> str:
    approval = {
        ApprovalStatus.APPROVED: "Approved",
        ApprovalStatus.REJECTED: "Rejected",
        ApprovalStatus.PENDING: "waits for approval",
        None: "AWS Marketplace",
    }[package.approval]
    parts = [f"*{escape(package.label)}*", "*runs now*" if is_running else "", approval]
    parts += ["" if package.is_completed else package.status, f"registered {moment(package.created_at)}"]
    if package.description and package.description != package.label:
        parts.append(said(on_one_line(package.description, _SHORT_DESCRIPTION)))
    return " · ".join([part for part in (*parts, note) if part])


def _in_short(compared: MeritComparison) -> str:
    told = [m for m in compared.merits if m.effect not in (Effect.ONLY_FIRST, Effect.ONLY_SECOND)]
    lines = [_line(merit) for merit in told[:MOST_IN_PLAN]]
    if len(told) > MOST_IN_PLAN:
        lines.append(f"{count(len(told) - MOST_IN_PLAN, 'more metric')}: see compare")
    return "\n".join(f"• {line}" for line in lines)


def _verdict(compared: MeritComparison) -> str:
    """How many are better and worse, in a sentence."""
    better = sum(m.effect is Effect.BETTER for m in compared.merits)
    worse = sum(m.effect is Effect.WORSE for m in compared.merits)
    if not better and not worse:
        return ""
    return f"{escape(compared.second.label)} is better in {count(better, 'metric')} and worse in {worse or 'none'}."


def _line(merit: Merit) -> str:
    name = f"*{escape(merit.name)}*"
    if merit.first is None or merit.second is None:
        value = merit.first if merit.first is not None else merit.second
        return f"{name} {_figure(value)}: {_WORDS[merit.effect]}"
    return f"{name} {_figure(merit.first)} → {_figure(merit.second)}{_percent(merit)}: {_WORDS[merit.effect]}"


def _percent(merit: Merit) -> str:
    assert merit.first is not None
    assert merit.second is not None
    if merit.effect is Effect.SAME or not merit.first:
        return ""
    return f" ({(merit.second - merit.first) / abs(merit.first):+.1%})".replace("%)", " %)").replace("-", MINUS)


def _figure(value: float | None) -> str:
    assert value is not None
    return f"{value:.4g}"


def _run(merits: Merits) -> str:
    if merits.run_url is None:
        return ""
    name = escape(merits.run_name or "run").replace("|", "¦")
    return f"{escape(merits.label)}: <{merits.run_url}|MLflow {name}>"


def _problem_lines(compared: MeritComparison) -> list[str]:
    return [escape(problem) for problem in compared.problems]
