"""One row of the fleet board: how an endpoint stands, in a line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from bot.domain.board import Standing
from bot.domain.endpoint import EndpointStatus
from bot.domain.hold import HoldKind
from bot.domain.plan import Difference
from bot.domain.rollout import Rollout
from bot.domain.states import BoardState
from bot.domain.version import Version
from bot.messages.blocks import code, escape
from bot.messages.changes import change_line
from bot.messages.holding import hold_line
from bot.messages.words import on_one_line, span

ROW_LIMIT = 400
"""Characters of a row: a page of 25 stays below the 13,200 that Slack takes in one message."""

STALE = timedelta(minutes=5)
"""What was seen longer ago says so in its own row."""

_LONGEST_PROBLEM = 200
_LONGEST_DIFFERENCE = 140
_MOST_PENDING = 3

_SHOWS_NEWEST = frozenset(
    {BoardState.OUT_OF_DATE, BoardState.REVOKED, BoardState.DRIFTED, BoardState.NOT_DEPLOYED, BoardState.TESTING}
)


@dataclass(frozen=True)
class Row:
    """An endpoint, with what stands over it and who is at it."""

    standing: Standing
    rollouts: Sequence[Rollout] = ()
    """Those that are not over, first the one whose turn it is."""
    locked: str | None = None
    """Its lock, in words."""


def row_line(row: Row, now: datetime) -> str:
    """The row in a line. What does not fit is left out from the end, and that is said."""
    standing = row.standing
    line = f"*{escape(standing.endpoint)}*: {standing.state}"
    left_out = False
    for part in _parts(row, now):
        if len(line) + len(part) + 3 > ROW_LIMIT - 20:
            left_out = True
            continue
        line += f" · {part}"
    return f"{line} · more in full" if left_out else line


def dollars(amount: Decimal) -> str:
    """`$1.20`, `$1,204.00`."""
    return f"${amount:,.2f}"


def versions_line(labels: Sequence[str]) -> str:
    """A few versions by name, the rest by number."""
    more = f" and {len(labels) - _MOST_PENDING} more" if len(labels) > _MOST_PENDING else ""
    return f"{', '.join(escape(label) for label in labels[:_MOST_PENDING])}{more}"


def serves_nothing(standing: Standing) -> bool:
    """Whether SageMaker never got it going: what it was to run does not run."""
    return standing.snapshot is not None and standing.snapshot.status is EndpointStatus.FAILED


def _parts(row: Row, now: datetime) -> Iterator[str]:
    standing = row.standing
    if standing.running:
        yield f"{'was to run' if serves_nothing(standing) else 'runs'} {escape(standing.running)}"
    yield from _newest(standing, now)
    yield from _why_held(standing)
    if standing.problem:
        yield escape(on_one_line(standing.problem, _LONGEST_PROBLEM))
    if standing.drift:
        yield f"differs from the fleet file: {_drift(standing.drift)}{_by_hand(standing)}"
    if standing.outside is not None:
        who = f" by {escape(standing.outside.actor)}" if standing.outside.actor else ""
        yield f"changed outside the bot{who} {span(now - standing.outside.at)} ago"
    yield from _at_work(row)
    if row.locked is not None:
        yield row.locked
    if standing.pending:
        yield f"waiting for approval: {versions_line(standing.pending)}"
    if standing.idle_since is not None:
        yield f"no request for {span(now - standing.idle_since)}"
    if standing.hourly:
        yield f"{dollars(standing.hourly)}/h"
    if standing.seen_at is not None and now - standing.seen_at > STALE:
        yield f"seen {span(now - standing.seen_at)} ago"


def _drift(drift: Sequence[Difference]) -> str:
    """The first field that differs, and how many more; of a long value, the field alone."""
    line = change_line(drift[0])
    first = line if len(line) <= _LONGEST_DIFFERENCE else code(drift[0].path)
    return f"{first}, {len(drift) - 1} more" if len(drift) > 1 else first


def _by_hand(standing: Standing) -> str:
    """Which of it sync brings back, and which it does not."""
    if not standing.by_hand:
        return ""
    if len(standing.by_hand) == len(standing.drift):
        return "; to be mended by hand"
    return f"; {', '.join(code(path) for path in standing.by_hand)} by hand, sync brings the rest"


def _newest(standing: Standing, now: datetime) -> Iterator[str]:
    if standing.newest and standing.newest != standing.running and standing.state in _SHOWS_NEWEST:
        since = f", since {span(now - standing.newest_since)}" if standing.newest_since is not None else ""
        held = f"; {versions_line(standing.passed_over)} held" if standing.passed_over else ""
        yield f"newest is {escape(standing.newest)}{since}{held}"


def _why_held(standing: Standing) -> Iterator[str]:
    """What makes it HELD or QUARANTINED; holds of versions that nobody asks for now stand in the full answer."""
    if standing.state not in (BoardState.HELD, BoardState.QUARANTINED):
        return
    kinds = [HoldKind.QUARANTINED] if standing.state is BoardState.QUARANTINED else [HoldKind.BY_PERSON, HoldKind.HELD]
    follows = Version(package_arn=standing.newest_package)
    found = next((h for kind in kinds for h in standing.holds if h.kind is kind and h.is_about(follows)), None)
    if found is not None:
        yield hold_line(found, short=True)


def _at_work(row: Row) -> Iterator[str]:
    if row.rollouts:
        yield f"rollout {code(row.rollouts[0].id)} is {row.rollouts[0].phase.words}"
    if len(row.rollouts) > 1:
        yield f"{len(row.rollouts) - 1} more {'waits' if len(row.rollouts) == 2 else 'wait'} behind it"
