"""Answers to questions: the board, past rollouts, help. One endpoint in full stands in `standing`."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from bot.domain.board import BoardState, Standing
from bot.domain.hold import HoldKind
from bot.domain.lock import EVERYTHING
from bot.domain.names import mention
from bot.domain.phases import Kind
from bot.domain.rejection import rejection_of
from bot.domain.rollout import Rollout
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
from bot.messages.holding import hold_line
from bot.messages.plan import plan_blocks, plan_title
from bot.messages.words import aside, count, moment, on_one_line, span

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
        active: Rollouts that are not over; of each endpoint, first the one whose turn it is.
        locks: What is locked, in words by its subject; see `bot.messages.locks.lock_line`.
    """
    rows = sorted(standings, key=lambda s: (_ORDER.index(s.state), s.endpoint))
    lines = [_row(s, [r for r in active if r.endpoint == s.endpoint], locks.get(s.endpoint)) for s in rows[:_MOST_ROWS]]
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


def _row(standing: Standing, rollouts: Sequence[Rollout], locked: str | None) -> str:
    parts = [f"*{escape(standing.endpoint)}*: {standing.state}"]
    if standing.running:
        parts.append(f"runs {escape(standing.running)}")
    if standing.state is BoardState.OUT_OF_DATE:
        parts.append(f"newest is {escape(standing.newest)}")
    parts += _why_held(standing)
    if standing.problem:
        parts.append(escape(standing.problem))
    if rollouts:
        parts.append(f"rollout {code(rollouts[0].id)} is {rollouts[0].phase.words}")
    if len(rollouts) > 1:
        parts.append(f"{len(rollouts) - 1} more {'waits' if len(rollouts) == 2 else 'wait'} behind it")
    if locked is not None:
        parts.append(locked)
    return " · ".join(parts)


def _why_held(standing: Standing) -> list[str]:
    """What makes it HELD or QUARANTINED; holds of versions that nobody asks for now stand in the full answer."""
    if standing.state not in (BoardState.HELD, BoardState.QUARANTINED):
        return []
    kinds = [HoldKind.QUARANTINED] if standing.state is BoardState.QUARANTINED else [HoldKind.BY_PERSON, HoldKind.HELD]
    found = next((h for kind in kinds for h in standing.holds if h.kind is kind), None)
    return [hold_line(found, short=True)] if found is not None else []


def render_history(endpoint: str | None, rollouts: Sequence[Rollout]) -> Message:
    """Past rollouts, newest first."""
    whose = f" of {escape(endpoint)}" if endpoint else ""
    if not rollouts:
        text = f"There is no rollout{whose} yet."
        return Message(text, (section(text),))
    lines = [past_line(r, with_endpoint=endpoint is None) for r in rollouts]
    chunks = [lines[i : i + _ROWS_PER_BLOCK] for i in range(0, len(lines), _ROWS_PER_BLOCK)][: BLOCKS_LIMIT - 2]
    blocks = [
        section(f"*Last {count(len(rollouts), 'rollout')}*{whose}"),
        divider(),
        *(section(listed(c)) for c in chunks),
    ]
    return Message(f"Last {count(len(rollouts), 'rollout')}{whose}", tuple(blocks))


def past_line(rollout: Rollout, *, with_endpoint: bool = False) -> str:
    """A rollout in one line: what, how it ended, who asked."""
    name = f"{escape(rollout.endpoint)}: " if with_endpoint else ""
    change = f"rollback{what(rollout).removeprefix('back')}" if rollout.kind is Kind.ROLLBACK else what(rollout)
    accepted = f"accepted by {mention(rollout.acceptance.actor)}" if rollout.acceptance is not None else ""
    verdict = aside(rollout.verdict.kind, accepted) if rollout.verdict is not None else ""
    rejection = rejection_of(rollout)
    why = f" (“{escape(on_one_line(rejection.reason, _LONGEST_REASON))}”)" if rejection and rejection.reason else ""
    lasted = "" if rollout.is_active else f", over after {span(rollout.last.at - rollout.created_at)}"
    return (
        f"{name}{change}: {rollout.phase.words}{verdict}{why} · {moment(rollout.created_at)}, "
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
