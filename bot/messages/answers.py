"""Answers to questions: the board, one endpoint in full, past rollouts, help."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from bot.domain.board import BoardState, Standing
from bot.domain.lock import EVERYTHING
from bot.domain.names import mention
from bot.domain.rejection import rejection_of
from bot.domain.rollout import Kind, Rollout
from bot.messages.blocks import (
    BLOCKS_LIMIT,
    Block,
    Message,
    code,
    context,
    divider,
    escape,
    escape_except_mentions,
    listed,
    section,
)
from bot.messages.card import what
from bot.messages.plan import plan_blocks, plan_title
from bot.messages.words import count, moment, on_one_line, span

_ORDER = list(BoardState)
_MOST_ROWS = 40
_ROWS_PER_BLOCK = 8
_LONGEST_REASON = 100
_NO_LOCKS: Mapping[str, str] = MappingProxyType({})


def render_board(
    standings: Sequence[Standing], active: Sequence[Rollout], locks: Mapping[str, str] = _NO_LOCKS
) -> Message:
    """Every endpoint of the fleet file, those that need attention first.

    Args:
        standings: How each stands.
        active: Rollouts that are under way.
        locks: What is locked, in words by its subject; see `bot.messages.locks.lock_line`.
    """
    rows = sorted(standings, key=lambda s: (_ORDER.index(s.state), s.endpoint))
    changing = {r.endpoint: r for r in active}
    lines = [_row(s, changing.get(s.endpoint), locks.get(s.endpoint)) for s in rows[:_MOST_ROWS]]
    chunks = [lines[i : i + _ROWS_PER_BLOCK] for i in range(0, len(lines), _ROWS_PER_BLOCK)]
    blocks: list[Block] = [
        section(f"*Fleet*: {count(len(rows), 'endpoint')}"),
        *([section(f"*Everything is {locks[EVERYTHING]}*")] if EVERYTHING in locks else []),
        *(section("\n".join(c)) for c in chunks),
    ]
    if len(rows) > _MOST_ROWS:
        blocks.append(context(f"{len(rows) - _MOST_ROWS} more are not shown; ask for one by its name."))
    states = ", ".join(f"{n} {s}" for s in _ORDER if (n := sum(r.state is s for r in rows)))
    return Message(f"Fleet: {states}", tuple(blocks))


def _row(standing: Standing, rollout: Rollout | None, locked: str | None) -> str:
    parts = [f"*{escape(standing.endpoint)}*: {standing.state}"]
    if standing.running:
        parts.append(f"runs {escape(standing.running)}")
    if standing.state is BoardState.OUT_OF_DATE:
        parts.append(f"newest is {escape(standing.newest)}")
    if standing.problem:
        parts.append(escape(standing.problem))
    if rollout is not None:
        parts.append(f"rollout {code(rollout.id)} is {rollout.phase.words}")
    if locked is not None:
        parts.append(locked)
    return " · ".join(parts)


def render_standing(
    standing: Standing, recent: Sequence[Rollout], holder: Rollout | None, locks: Sequence[str] = ()
) -> Message:
    """One endpoint in full; `locks` are the lock and the freeze that stand over it, in words."""
    head = f"*{escape(standing.endpoint)}*: {standing.state}"
    lines = [f"Runs {escape(standing.running)}." if standing.running else ""]
    if standing.state is BoardState.OUT_OF_DATE:
        lines.append(f"The newest version that may follow is {escape(standing.newest)}.")
    if standing.problem:
        lines.append(escape(standing.problem))
    snapshot = standing.snapshot
    if snapshot is not None:
        lines.append(
            f"SageMaker says {snapshot.status}, on config {code(snapshot.config_name)} since {moment(snapshot.last_modified)}."
        )
        if snapshot.failure_reason:
            lines.append(f"Its last FailureReason: {escape(snapshot.failure_reason)}")
    blocks: list[Block] = [section("\n".join([head, *(line for line in lines if line)]))]
    if standing.config_lines:
        blocks.append(section(f"*Variants*\n{listed([escape(line) for line in standing.config_lines])}"))
    held = (
        f"Rollout {code(holder.id)} of {mention(holder.requester)} is {holder.phase.words}."
        if holder
        else "No rollout holds it."
    )
    blocks.append(section("\n".join(["*Changes*", held, *(f"{line[:1].upper()}{line[1:]}" for line in locks)])))
    if recent:
        blocks.append(section(f"*Last rollouts*\n{listed([_past(r) for r in recent])}"))
    return Message(f"{standing.endpoint}: {standing.state}", tuple(blocks))


def render_history(endpoint: str | None, rollouts: Sequence[Rollout]) -> Message:
    """Past rollouts, newest first."""
    whose = f" of {escape(endpoint)}" if endpoint else ""
    if not rollouts:
        text = f"There is no rollout{whose} yet."
        return Message(text, (section(text),))
    lines = [_past(r, with_endpoint=endpoint is None) for r in rollouts]
    chunks = [lines[i : i + _ROWS_PER_BLOCK] for i in range(0, len(lines), _ROWS_PER_BLOCK)][: BLOCKS_LIMIT - 2]
    blocks = [
        section(f"*Last {count(len(rollouts), 'rollout')}*{whose}"),
        divider(),
        *(section(listed(c)) for c in chunks),
    ]
    return Message(f"Last {count(len(rollouts), 'rollout')}{whose}", tuple(blocks))


def _past(rollout: Rollout, *, with_endpoint: bool = False) -> str:
    name = f"{escape(rollout.endpoint)}: " if with_endpoint else ""
    kind = "rollback " if rollout.kind is Kind.ROLLBACK else ""
    verdict = f" ({rollout.verdict.kind})" if rollout.verdict is not None else ""
    rejection = rejection_of(rollout)
    why = f" (“{escape(on_one_line(rejection.reason, _LONGEST_REASON))}”)" if rejection and rejection.reason else ""
    lasted = "" if rollout.is_active else f", over after {span(rollout.last.at - rollout.created_at)}"
    return (
        f"{name}{kind}{what(rollout)}: {rollout.phase.words}{verdict}{why} · {moment(rollout.created_at)}, "
        f"asked by {mention(rollout.requester)}{lasted} · {code(rollout.id)}"
    )


def render_bare_plan(rollout: Rollout) -> Message:
    """A plan that asks for nothing."""
    assert rollout.plan is not None
    blocks = plan_blocks(rollout.endpoint, rollout.kind, rollout.plan)
    hint = "This only shows what would happen. To ask for approval, type promote in the place of plan."
    return Message(escape(plan_title(rollout.endpoint, rollout.kind, rollout.plan)), (*blocks, context(hint)))


def render_help(text: str) -> Message:
    """Help, laid out for a chat: the words are the same as in a terminal."""
    return Message(escape(text), (section(f"```\n{escape(text)}\n```"),))


def render_text(text: str) -> Message:
    """A sentence or two of our own, in which people may be mentioned and somebody's words quoted."""
    safe = escape_except_mentions(text)
    return Message(safe, (section(safe),))
