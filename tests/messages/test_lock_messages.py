"""Locks in words: on the board, in answers, and as the question to a second person."""

import json
from datetime import timedelta
from typing import Any

import pytest
from fakes.clock import NOW
from fakes.reading import labels_of, mrkdwn_of, words_of
from fakes.records import ANNA, BEN, CARL, ENDPOINT, a_call, at, rollback_at

from bot.domain.board import BoardState, Standing
from bot.domain.lock import EVERYTHING, BreakRequest, Lock, LockEvent, LockEventKind, request_of
from bot.domain.phases import Phase
from bot.messages.blocks import Message
from bot.messages.board import Fleetwide, render_board
from bot.messages.card import render_card
from bot.messages.locks import (
    lock_line,
    render_break_notice,
    render_break_outcome,
    render_break_reply,
    render_break_request,
    render_lock_event,
)
from bot.messages.progress import render_progress
from bot.messages.standing import InFull, render_standing
from sandbox.slack.blocks.catalog import MESSAGE
from sandbox.slack.blocks.rules import problems_in

HOUR = timedelta(hours=1)
LATER = NOW + 3 * HOUR
LINK = "https://x.slack.com/archives/C1/p1"
HOSTILE = "<!channel> & <@U0EVIL> `x` <https://evil.example|click> "


def a_lock(**fields: Any) -> Lock:
    return Lock.model_validate(
        {"id": "l1", "subject": ENDPOINT, "holder": ANNA, "reason": "load test", "since": NOW, **fields}
    )


def event(kind: LockEventKind, lock: Lock, actor: str = CARL) -> LockEvent:
    return LockEvent(kind=kind, lock=lock, actor=actor, at=LATER, caused_by="errand1")


def request(lock: Lock, ended: LockEventKind | None = None) -> BreakRequest:
    asked = request_of(event(LockEventKind.BREAK_ASKED, lock, BEN))
    return asked.model_copy(update={"ended": event(ended, lock) if ended is not None else None})


ENDS = (LockEventKind.UNLOCKED, LockEventKind.BROKEN, LockEventKind.LAPSED, LockEventKind.LOCKED, None)


def messages_about(lock: Lock) -> list[Message]:
    under_way = [at(Phase.UPDATING, update=a_call())] * 7
    return [
        render_lock_event(event(LockEventKind.LOCKED, lock), under_way),
        render_lock_event(event(LockEventKind.UNLOCKED, lock)),
        render_break_request(request(lock), f"<@{BEN}>"),
        *(render_break_outcome(request(lock, end)) for end in ENDS),
        render_break_reply(request(lock, LockEventKind.BROKEN)),
        render_break_notice(request(lock), LINK),
        render_board(
            [Standing(endpoint=ENDPOINT, state=BoardState.UP_TO_DATE)] * 40, Fleetwide(LATER, locks=lines(lock))
        ),
        render_standing(
            InFull(Standing(endpoint=ENDPOINT, state=BoardState.UP_TO_DATE), [], [], [lock_line(lock, LATER)])
        ),
    ]


def lines(lock: Lock) -> dict[str, str]:
    line = lock_line(lock, LATER, short=True)
    return {ENDPOINT: line, EVERYTHING: line}


class NoFiles:
    def usable(self, reference: dict[str, Any]) -> Any:
        return None


@pytest.mark.parametrize("subject", [ENDPOINT, EVERYTHING, "e" * 63])
@pytest.mark.parametrize("reason", ["x", "x" * 500, "&" * 500, (HOSTILE * 10)[:500]])
def test_slack_takes_every_message_about_locks_and_nothing_in_it_pings_or_links(subject: str, reason: str) -> None:
    for message in messages_about(a_lock(subject=subject, reason=reason, until=LATER)):
        assert problems_in(json.loads(json.dumps(message.blocks)), MESSAGE, NoFiles()) == []
        assert 0 < len(message.text) <= 4000
        for text in [*mrkdwn_of(message), message.text]:
            assert not any(bad in text for bad in ("<!channel>", "<@U0EVIL>", "<https://evil"))


def test_the_line_says_who_how_long_ago_why_and_until_when() -> None:
    until = lock_line(a_lock(until=LATER + HOUR), LATER)
    assert words_of(Message(until)) == f"locked by @{ANNA} 3 h ago: load test, until 2026-11-22 12:00 UTC"
    assert words_of(Message(lock_line(a_lock(subject=EVERYTHING), LATER))) == f"frozen by @{ANNA} 3 h ago: load test"
    assert lock_line(a_lock(reason="r" * 81), LATER, short=True).endswith(f": {'r' * 80}…")
    assert lock_line(a_lock(reason="r" * 81), LATER).endswith("r" * 81)


def test_the_board_begins_with_the_freeze_and_marks_what_is_locked() -> None:
    standings = [Standing(endpoint=e, state=BoardState.UP_TO_DATE) for e in ("a", "b")]
    over = Fleetwide(LATER, locks={EVERYTHING: "frozen by x", "b": "locked by y"})
    words = words_of(render_board(standings, over))
    assert words == (
        "Fleet: 2 endpoints · 2 up to date\nEverything is frozen by x\n\na: UP_TO_DATE\n\nb: UP_TO_DATE · locked by y"
    )


def test_an_endpoint_in_full_says_what_stands_over_it() -> None:
    standing = Standing(endpoint=ENDPOINT, state=BoardState.UP_TO_DATE)
    words = words_of(render_standing(InFull(standing, [], [], ["frozen by x", "locked by y"])))
    assert words.endswith("Changes\nNo change of it is under way.\nFrozen by x\nLocked by y")


def test_many_rollouts_under_way_are_counted() -> None:
    under_way = [at(Phase.UPDATING, id=f"r{i}", update=a_call()) for i in range(7)]
    words = words_of(render_lock_event(event(LockEventKind.LOCKED, a_lock()), under_way))
    assert "Under way already, and not stopped by this: r0, r1, r2, r3, r4 and 2 more." in words


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (None, "Nobody agreed by 2026-11-22 12:00 UTC, so this request is over and the lock was left as it was."),
        (LockEventKind.BROKEN, f"Broken by @{CARL}. Changes may start again."),
        (LockEventKind.UNLOCKED, f"@{CARL} lifted the lock of @{ANNA} (load test). Nothing is left to break."),
        (LockEventKind.LAPSED, f"The lock of @{ANNA} (load test) has lapsed. Nothing is left to break."),
        (LockEventKind.LOCKED, f"@{CARL} renewed the lock of @{ANNA} (load test). Nothing is left to break."),
    ],
)
def test_a_question_that_is_over_says_how_and_has_no_button(end: LockEventKind | None, words: str) -> None:
    message = render_break_outcome(request(a_lock(), end))
    assert labels_of(message) == []
    assert words_of(message) == (
        f"@{BEN} wanted to break @{ANNA}'s lock on {ENDPOINT}.\nIt was set 3 h before: load test\n\n{words}"
    )


def test_the_holder_reads_in_private_who_wants_what_and_what_to_do() -> None:
    assert words_of(render_break_notice(request(a_lock(subject=EVERYTHING)), LINK)) == (
        f"@{BEN} wants to break your freeze of everything: see there ({LINK})\n\n"
        "You can agree there, or lift it yourself: thaw"
    )


WORDS_OF_A_LOCK = f"the lock of <@{ANNA}> (load test)"


@pytest.mark.parametrize("phase", [Phase.SCHEDULED, Phase.PREPARING, Phase.UPDATING])
def test_a_change_that_waits_for_a_lock_says_so_on_its_card(phase: Phase) -> None:
    waiting = at(Phase.PREPARING).model_copy(update={"phase": phase, "stopped_by": WORDS_OF_A_LOCK})
    assert "It waits until a lock is lifted; the thread says whose." in words_of(render_card(waiting))


def test_a_change_that_waits_for_a_lock_says_in_its_thread_whose() -> None:
    progress = render_progress(at(Phase.PREPARING, stopped_by=WORDS_OF_A_LOCK))
    assert f"Waits for the lock of @{ANNA} (load test) to end; nothing is touched until then." in words_of(progress)
    assert progress.text == f"{ENDPOINT}: Waits for {WORDS_OF_A_LOCK} to end."
    over = at(Phase.CANCELLED, plan=at(Phase.PREPARING).plan, stopped_by=WORDS_OF_A_LOCK)
    assert "Waits for" not in words_of(render_progress(over))


def test_a_way_back_says_which_lock_it_went_past() -> None:
    progress = render_progress(rollback_at(Phase.ROLLING_BACK, passed_locks=(WORDS_OF_A_LOCK,)))
    assert f"Went past the lock of @{ANNA} (load test)." in words_of(progress)
