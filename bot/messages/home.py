"""The App Home tab: the board for one person, their own endpoints first, with a menu for other rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from bot.domain.board import Standing
from bot.domain.errand import HomeLook
from bot.domain.rows import in_order
from bot.messages.blocks import Block, actions, button, context, section
from bot.messages.board import PAGE, Fleetwide, headings, legend, page_of, pages_of, row_blocks
from bot.messages.ids import ActionId, BlockId
from bot.messages.words import moment

Only = Literal["all", "attention", "mine"]

_NOTHING: dict[Only, str] = {
    "all": "The fleet file declares no endpoint.",
    "attention": "Nothing needs attention.",
    "mine": "The fleet file names you as the owner of no endpoint.",
}


@dataclass(frozen=True)
class Home:
    """What one person sees."""

    standings: Sequence[Standing]
    mine: frozenset[str]
    """The endpoints that this person answers for."""
    look: HomeLook
    over: Fleetwide

    def rows(self, only: Only) -> tuple[Standing, ...]:
        """Those rows, this person's own ones first."""
        chosen = [s for s in self.standings if only != "attention" or s.state.needs_attention]
        own = in_order([s for s in chosen if s.endpoint in self.mine])
        others = in_order([s for s in chosen if s.endpoint not in self.mine])
        return own if only == "mine" else (*own, *others)


def render_home(home: Home, *, with_ages: bool = True) -> tuple[Block, ...]:
    """The tab as it is published.

    Args:
        home: What there is to see.
        with_ages: False leaves out when everything was asked for: two drawings that differ in nothing else are the same.
    """
    rows = home.rows(home.look.only)
    page = page_of(home.look.page, rows)
    shown = rows[(page - 1) * PAGE : page * PAGE]
    blocks = [section("\n".join(headings(home.standings, home.over))), _steering(home, page, pages_of(rows))]
    for title, part in _parted(shown, home.mine):
        blocks += [section(f"*{title}*")] if title else []
        blocks += row_blocks(part, home.over, most_buttons=PAGE)
    if not rows:
        blocks.append(section(_NOTHING[home.look.only]))
    ages = _ages(shown) if with_ages else ""
    return (*blocks, *(context(line) for line in (legend(shown), ages) if line))


def render_opening() -> tuple[Block, ...]:
    """What somebody sees who opens it for the first time, until it is drawn."""
    return (section("Looking at the fleet…"),)


def _parted(shown: Sequence[Standing], mine: frozenset[str]) -> list[tuple[str, Sequence[Standing]]]:
    """The rows under headings; without any of one's own, under none."""
    own = [s for s in shown if s.endpoint in mine]
    others = [s for s in shown if s.endpoint not in mine]
    if not own:
        return [("The rest of the fleet" if mine else "", others)]
    return [("Yours", own), *([("The rest of the fleet", others)] if others else [])]


def _steering(home: Home, page: int, pages: int) -> Block:
    """The menu of rows, and the way to other pages."""
    look = home.look
    elements = [_menu(home)]
    if page > 1:
        previous = look.model_copy(update={"page": page - 1})
        elements.append(button("Previous page", ActionId.HOME_PREVIOUS, previous))
    if page < pages:
        following = look.model_copy(update={"page": page + 1})
        elements.append(button(f"Next page ({page + 1} of {pages})", ActionId.HOME_NEXT, following))
    return actions(BlockId.HOME, *elements)


def _menu(home: Home) -> Block:
    words: dict[Only, str] = {"all": "Whole fleet", "attention": "Only what needs attention", "mine": "Only mine"}
    options = {only: _option(f"{text} ({len(home.rows(only))})", HomeLook(only=only)) for only, text in words.items()}
    return {
        "type": "static_select",
        "action_id": str(ActionId.HOME_ROWS),
        "options": list(options.values()),
        "initial_option": options[home.look.only],
    }


def _option(text: str, look: HomeLook) -> dict[str, Any]:
    return {"text": {"type": "plain_text", "text": text, "emoji": False}, "value": look.model_dump_json()}


def _ages(shown: Sequence[Standing]) -> str:
    """When the rows were asked for, the oldest of them; as a time of day, because the tab may stay open."""

    def oldest(times: Sequence[datetime | None]) -> datetime | None:
        return min((at for at in times if at is not None), default=None)

    asked = (
        ("SageMaker", oldest([s.seen_at for s in shown])),
        ("the registry", oldest([s.registry_at for s in shown])),
    )
    told = [f"{who} {moment(at)}" for who, at in asked if at is not None]
    return f"Asked {' and '.join(told)}, or later." if told else ""
