"""Answers to questions: past rollouts, help. The board stands in `board`, one endpoint in full in `standing`."""

from collections.abc import Sequence

from bot.domain.names import mention
from bot.domain.phases import Kind
from bot.domain.rejection import rejection_of
from bot.domain.rollout import Rollout
from bot.messages.blocks import (
    BLOCKS_LIMIT,
    Message,
    code,
    context,
    divider,
    escape,
    escape_except_mentions,
    listed,
    said,
    section,
)
from bot.messages.card import what
from bot.messages.plan import plan_blocks, plan_title
from bot.messages.words import aside, count, moment, on_one_line, span

_ROWS_PER_BLOCK = 8
_LONGEST_REASON = 100


def render_history(endpoint: str | None, rollouts: Sequence[Rollout]) -> Message:
    """Past rollouts, newest first."""
    whose = f" of {escape(endpoint)}" if endpoint else ""
    if not rollouts:
        text = f"No rollout{whose} is known."
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
    change = _rollback_in_short(what(rollout)) if rollout.kind is Kind.ROLLBACK else what(rollout)
    accepted = f"accepted by {mention(rollout.acceptance.actor)}" if rollout.acceptance is not None else ""
    verdict = aside(rollout.verdict.kind, accepted) if rollout.verdict is not None else ""
    rejection = rejection_of(rollout)
    why = f" (“{said(on_one_line(rejection.reason, _LONGEST_REASON))}”)" if rejection and rejection.reason else ""
    lasted = "" if rollout.is_active else f", over after {span(rollout.last.at - rollout.created_at)}"
    return (
        f"{name}{change}: {rollout.phase.words}{verdict}{why} · {moment(rollout.created_at)}, "
        f"asked by {mention(rollout.requester)}{lasted} · {code(rollout.id)}"
    )


def _rollback_in_short(change: str) -> str:
    """As "rollback to …", or, where it says what it ends, after a colon."""
    return f"roll{change}" if change.startswith("back ") else f"rollback: {change}"


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
