"""Whether the account may serve so many serverless requests at once, as a table of what is known."""

from dataclasses import replace

import pytest
from fakes.facts import UPDATE

from bot.domain.phases import Kind
from bot.domain.plan import Level
from bot.domain.preflight.concurrency import serverless_quota_allows
from bot.domain.preflight.facts import ConcurrencyNeed

UNKNOWN = "Whether the quota of serverless concurrency suffices could not be told: "


@pytest.mark.parametrize(
    ("limit", "used", "more", "level", "words"),
    [
        (
            200,
            40,
            20,
            Level.OK,
            "40 of 200 serverless requests at once are allocated in this region; the endpoint needs 20 more.",
        ),
        (60, 40, 20, Level.OK, "40 of 60 serverless"),
        (
            59,
            40,
            20,
            Level.BLOCKER,
            "The quota of serverless concurrency is too small: 40 of 59 are allocated in this region; ",
        ),
        (10, None, 20, Level.BLOCKER, "The quota of serverless concurrency is too small: 0 of 10"),
        (
            None,
            40,
            20,
            Level.WARNING,
            f"{UNKNOWN}40 are allocated, of a quota that is not known; the endpoint needs 20 more.",
        ),
        (200, None, 20, Level.WARNING, f"{UNKNOWN}how much is allocated is not known, of a quota of 200;"),
    ],
)
def test_what_is_allocated_and_what_is_needed_is_held_against_the_quota(
    limit: int | None, used: int | None, more: int, level: Level, words: str
) -> None:
    need = ConcurrencyNeed(limit=limit, used=used, more=more)
    finding = serverless_quota_allows(replace(UPDATE, kind=Kind.CREATE, concurrency=need))
    assert finding is not None
    assert finding.level is level
    assert finding.text.startswith(words)
    assert (finding.next_step == "") is (level is Level.OK)


def test_nothing_is_said_where_no_more_is_needed_than_there_is() -> None:
    assert serverless_quota_allows(UPDATE) is None
    assert serverless_quota_allows(replace(UPDATE, concurrency=ConcurrencyNeed(limit=1, used=1, more=0))) is None
