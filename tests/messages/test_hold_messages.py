"""Holds in words: what is held, since when, by whom, why, and how to lift it."""

from typing import Any

import pytest
from fakes.clock import NOW
from fakes.reading import mrkdwn_of, words_of
from fakes.records import BEN, ENDPOINT

from bot.domain.hold import Hold, HoldKind
from bot.messages.holding import hold_line, how_to_lift, left_behind, render_held, render_unheld
from bot.messages.plain import plain_text


def a_hold(kind: HoldKind = HoldKind.HELD, **fields: Any) -> Hold:
    return Hold(
        **{
            "kind": kind,
            "endpoint": ENDPOINT,
            "since": NOW,
            "actor": BEN,
            "reason": "p50 latency 412 → 530 ms (+29 %).",
            "content_hash": "abc",
            "label": "sentiment version 4",
            "rollout_id": "rabc2345",
            **fields,
        }
    )


@pytest.mark.parametrize(
    ("hold", "words"),
    [
        (
            a_hold(),
            "sentiment version 4 is held since 2026-11-22 08:00 UTC; @U0BEN rolled it back in rollout rabc2345: "
            "p50 latency 412 → 530 ms (+29 %)",
        ),
        (
            a_hold(actor="bot", rollout_id=None),
            "sentiment version 4 is held since 2026-11-22 08:00 UTC; the bot rolled it back: p50 latency 412 → 530 ms (+29 %)",
        ),
        (
            a_hold(actor="bot", rollout_id=None, wave_id="wabc2345", reason="Wave wabc2345 stopped at intent-us."),
            "sentiment version 4 is held since 2026-11-22 08:00 UTC, and was never brought here: Wave wabc2345 stopped at intent-us",
        ),
        (
            a_hold(restored=True, reason="p50 +29 %"),
            "sentiment version 4 is held since 2026-11-22 08:00 UTC; @U0BEN rolled it back in rollout rabc2345: p50 +29 % "
            "(the store was emptied since; this was read back from SageMaker's tags)",
        ),
        (
            a_hold(HoldKind.QUARANTINED, actor="aws", reason="The image is no valid one."),
            "sentiment version 4 is quarantined since 2026-11-22 08:00 UTC; SageMaker did not take it in rollout rabc2345: "
            "The image is no valid one",
        ),
        (
            a_hold(HoldKind.BY_PERSON, label="", content_hash="", rollout_id=None, reason="tests until Friday"),
            "held by @U0BEN since 2026-11-22 08:00 UTC: tests until Friday",
        ),
        (
            a_hold(label="", reason=""),
            "this version is held since 2026-11-22 08:00 UTC; @U0BEN rolled it back in rollout rabc2345",
        ),
    ],
)
def test_a_hold_says_what_since_when_by_whom_and_why(hold: Hold, words: str) -> None:
    assert plain_text(hold_line(hold)) == words


def test_a_row_of_the_board_cuts_a_long_reason() -> None:
    hold = a_hold(reason="word " * 60)
    assert len(hold_line(hold, short=True)) < len(hold_line(hold)) - 100
    assert hold_line(hold, short=True).endswith("…")


@pytest.mark.parametrize(
    ("hold", "words"),
    [
        (a_hold(), "sentiment version 4 is held now: automation"),
        (a_hold(HoldKind.QUARANTINED), "sentiment version 4 is quarantined now: automation"),
        (None, "What was rolled back is held now: automation"),
    ],
)
def test_what_a_rollout_left_behind_is_named_with_how_to_lift_it(hold: Hold | None, words: str) -> None:
    assert left_behind("stt-prod", hold).startswith(words)
    assert "`unhold stt-prod`" in left_behind("stt-prod", hold)
    assert "`unhold stt-prod`" in how_to_lift("stt-prod")


def test_holding_an_endpoint_is_told_with_its_reason_and_how_to_lift_it() -> None:
    words = words_of(render_held(a_hold(HoldKind.BY_PERSON, label="", reason="tests until Friday")))
    assert words.startswith(f"{ENDPOINT} is held by @U0BEN: tests until Friday")
    assert f"unhold {ENDPOINT}" in words


def test_lifting_tells_each_hold_that_stood() -> None:
    words = words_of(render_unheld(ENDPOINT, BEN, [a_hold()] * 12))
    assert words.startswith(f"@U0BEN lifted 12 holds of {ENDPOINT}:")
    assert words.count("• sentiment version 4 is held") == 10
    assert "• … and 2 more" in words
    assert words_of(render_unheld(ENDPOINT, BEN, [a_hold()])).startswith(f"@U0BEN lifted 1 hold of {ENDPOINT}:")


def test_nothing_from_outside_pings_anybody() -> None:
    evil = a_hold(reason="<!channel> & `x`", label="<@U0EVIL>")
    for message in (render_held(evil), render_unheld(ENDPOINT, BEN, [evil])):
        for text in mrkdwn_of(message):
            assert "<!channel>" not in text
            assert "<@U0EVIL>" not in text
