"""The fleet board: every endpoint in a row, what needs attention first, a page at a time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType

from bot.domain.board import Standing
from bot.domain.commands import Status
from bot.domain.lock import EVERYTHING
from bot.domain.names import mention
from bot.domain.rollout import Rollout
from bot.domain.rows import count_by_state
from bot.domain.states import BoardState
from bot.messages.blocks import Block, CommandButton, Message, code, command_buttons, context, escape, section
from bot.messages.ids import ActionId
from bot.messages.row_buttons import button_of
from bot.messages.rows import STALE, Row, dollars, row_line
from bot.messages.words import count, span

PAGE = 25
"""Rows of a page: with their buttons they fill a screen or two, and stay below all of Slack's limits."""

_MOST_BUTTONS = 10
_ROWS_PER_BLOCK = 7  # of ROW_LIMIT characters each, below the 3,000 of a section

_WHAT_TO_DO: Mapping[BoardState, str] = MappingProxyType(
    {
        BoardState.FAILED: "it serves nothing, or a mix; {status} says why, {deploy} creates a Failed one anew",
        BoardState.UNPATCHABLE: "AWS cannot replace its instances any more; {status} says what was deleted",
        BoardState.REVOKED: "the version that runs is not Approved; {promote} an approved one, or {rollback}",
        BoardState.UNKNOWN: "AWS did not tell; the row says why",
        BoardState.NOT_DEPLOYED: "it stands in the fleet file only; {deploy} creates it",
        BoardState.QUARANTINED: "SageMaker did not take the newest version; mend the cause, then {unhold}",
        BoardState.HELD: "automation leaves it alone; {promote} a later version, or {unhold}",
        BoardState.DRIFTED: "{sync} brings it back to the fleet file, or says what to do by hand",
        BoardState.TESTING: "two versions run side by side; {ab finish} ends that",
        BoardState.OUT_OF_DATE: "{promote} brings the newest version",
        BoardState.UNMANAGED: "it is not in the fleet file; add it, or leave it",
    }
)
"""What a person does about a state, with the commands in braces."""


@dataclass(frozen=True)
class Fleetwide:
    """What stands over all rows, whichever are shown."""

    now: datetime
    total: int = 0
    """Rows that there are, whatever was asked for."""
    active: Sequence[Rollout] = ()
    """Rollouts that are not over; of each endpoint, first the one whose turn it is."""
    locks: Mapping[str, str] = field(default_factory=dict)
    """What is locked, in words by its subject; see `bot.messages.locks.lock_line`."""
    trouble: str = ""
    """What is wrong with the fleet file, so that an earlier one is in force."""


def render_board(rows: Sequence[Standing], over: Fleetwide, asked: Status | None = None) -> Message:
    """A page of the board.

    Args:
        rows: The rows that were asked for, in order.
        over: What stands over all of them.
        asked: What was typed, which says the page and what the rows were chosen by.
    """
    asked = asked or Status()
    page = page_of(asked.page, rows)
    shown = rows[(page - 1) * PAGE : page * PAGE]
    small = [line for line in (legend(shown), ages(shown, over.now), _which_page(page, rows)) if line]
    blocks = [
        section("\n".join(headings(rows, over, _chosen_by(asked)))),
        *row_blocks(shown, over, most_buttons=_MOST_BUTTONS),
        *(context(line) for line in small),
        *_steering(asked, page, rows),
    ]
    return Message(f"Fleet: {_counted(rows) or 'no endpoint'}", tuple(blocks))


def page_of(wanted: int, rows: Sequence[Standing]) -> int:
    """The page that is shown: the last one, for whoever asks for more than there are."""
    return min(wanted, pages_of(rows))


def pages_of(rows: Sequence[Standing]) -> int:
    """How many pages there are; an empty board has one."""
    return max(1, -(-len(rows) // PAGE))


def headings(rows: Sequence[Standing], over: Fleetwide, chosen_by: str = "") -> list[str]:
    """How many endpoints in which state, what they cost, and what stands over everything."""
    some = f"{len(rows)} of {count(over.total, 'endpoint')}{f' ({chosen_by})' if chosen_by else ''}"
    shown = some if chosen_by or len(rows) < over.total else count(len(rows), "endpoint")
    lines = [" · ".join(part for part in (f"*Fleet*: {shown}", _counted(rows), cost_line(rows)) if part)]
    if EVERYTHING in over.locks:
        lines.append(f"*Everything is {over.locks[EVERYTHING]}*")
    if over.trouble:
        lines.append(escape(over.trouble))
    return lines


def row_blocks(shown: Sequence[Standing], over: Fleetwide, *, most_buttons: int) -> list[Block]:
    """The rows, those with a button each in a block of its own, as Slack wants it; others share one."""
    blocks: list[Block] = []
    gathered: list[str] = []

    def let_go() -> None:
        if gathered:
            blocks.append(section("\n".join(gathered)))
            gathered.clear()

    left = most_buttons
    for standing in shown:
        rollouts = [r for r in over.active if r.endpoint == standing.endpoint]
        row = Row(standing, rollouts, over.locks.get(standing.endpoint))
        button = button_of(row) if left else None
        if button is None:
            gathered.append(row_line(row, over.now))
            if len(gathered) == _ROWS_PER_BLOCK:
                let_go()
            continue
        let_go()
        left -= 1
        blocks.append({**section(row_line(row, over.now)), "accessory": button.at(ActionId.COMMAND)})
    let_go()
    return blocks


def legend(shown: Sequence[Standing]) -> str:
    """What to do about each state that is shown."""
    lines = []
    for state in count_by_state(shown):
        if state in _WHAT_TO_DO:
            words = _WHAT_TO_DO[state].replace("{", "`").replace("}", "`")
            lines.append(f"*{state}*: {words}.")
    return "\n".join(lines)


def ages(standings: Iterable[Standing], now: datetime) -> str:
    """How old what is shown is, rows that say so themselves apart: the oldest counts."""
    rows = list(standings)
    parts = []
    for who, times in (("SageMaker", [s.seen_at for s in rows]), ("the registry", [s.registry_at for s in rows])):
        known = [at for at in times if at is not None]
        recent = [at for at in known if now - at <= STALE] or known
        if recent:
            parts.append(f"{who} {span(now - min(recent))} ago")
    looked = [
        s.looked_at for s in rows if s.looked_at is not None and s.seen_at is not None and s.looked_at < s.seen_at
    ]
    closely = f" Configs, models and autoscaling were looked at up to {span(now - min(looked))} ago." if looked else ""
    return f"Asked {' and '.join(parts)}.{closely}" if parts else ""


def cost_line(standings: Sequence[Standing]) -> str:
    """What the rows cost together, as far as it is known."""
    known = [s.hourly for s in standings if s.hourly is not None]
    if not known:
        return ""
    of = "" if len(known) == len(standings) else f" for the {count(len(known), 'endpoint')} of known price"
    return f"{dollars(sum(known, Decimal(0)))} an hour{of}"


def _counted(rows: Sequence[Standing]) -> str:
    """`2 need attention · 3 out of date · 19 up to date`."""
    by_state = count_by_state(rows)
    bad = sum(number for state, number in by_state.items() if state.needs_attention)
    parts = [f"{bad} {'needs' if bad == 1 else 'need'} attention"] if bad else []
    parts += [f"{number} {state.words}" for state, number in by_state.items() if not state.needs_attention]
    return " · ".join(parts)


def _chosen_by(asked: Status) -> str:
    """By what the rows were chosen, in words."""
    parts = [code(asked.endpoint)] if asked.endpoint is not None else []
    parts += [" or ".join(state.words for state in asked.states)] if asked.states else []
    if asked.owner is not None:
        parts.append("yours" if asked.owner == "me" else f"owned by {mention(asked.owner)}")
    parts += [f"policy {asked.policy}"] if asked.policy is not None else []
    parts += [f"group {escape(asked.group)}"] if asked.group is not None else []
    return ", ".join(parts)


def _which_page(page: int, rows: Sequence[Standing]) -> str:
    pages = pages_of(rows)
    if pages == 1:
        return ""
    further = f"; {code(f'--page {page + 1}')} shows the next" if page < pages else ""
    return f"Page {page} of {pages}{further}."


def _steering(asked: Status, page: int, rows: Sequence[Standing]) -> list[Block]:
    """Buttons to other pages and other rows; the answer takes the place of this one."""
    wanted = []
    if page > 1:
        wanted.append(_to("Previous page", asked.model_copy(update={"page": page - 1})))
    if page < pages_of(rows):
        wanted.append(_to("Next page", asked.model_copy(update={"page": page + 1})))
    in_need = tuple(state for state in count_by_state(rows) if state.needs_attention)
    if _chosen_by(asked):
        wanted.append(_to("Whole fleet", Status()))
    elif in_need and len(rows) > PAGE:
        wanted.append(_to("Only what needs attention", Status(states=in_need)))
    return [command_buttons(*wanted)] if wanted else []


def _to(label: str, command: Status) -> CommandButton:
    return CommandButton(label, command, in_place=True)
