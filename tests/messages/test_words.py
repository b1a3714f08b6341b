"""Numbers, spans and moments as people read them."""

from datetime import datetime, timedelta, timezone

import pytest

from bot.domain.names import mention
from bot.messages.blocks import clip, code, listed
from bot.messages.plain import plain_text
from bot.messages.words import (
    amount,
    before_after_ms,
    count,
    milliseconds,
    moment,
    people,
    percent,
    span,
)


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 instances"), (1, "1 instance"), (2, "2 instances"), (1200, "1,200 instances")]
)
def test_one_is_singular(number: int, words: str) -> None:
    assert count(number, "instance") == words
    assert count(2, "policy", "policies") == "2 policies"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"),
        (45, "45 s"),
        (59.6, "1 min"),
        (200, "3 min 20 s"),
        (700, "11 min"),
        (3600, "1 h"),
        (3900, "1 h 5 min"),
        (86400, "1 d"),
        (90000, "1 d 1 h"),
    ],
)
def test_spans_have_two_units_at_most(seconds: float, words: str) -> None:
    assert span(timedelta(seconds=seconds)) == words


def test_moments_are_shown_in_each_readers_time_and_carry_their_zone_elsewhere() -> None:
    berlin = datetime(2026, 11, 22, 9, 0, tzinfo=timezone(timedelta(hours=1)))
    assert moment(berlin) == "<!date^1795334400^{date_short_pretty}, {time}|2026-11-22 08:00 UTC>"
    assert plain_text(moment(berlin)) == "2026-11-22 08:00 UTC"


@pytest.mark.parametrize(
    ("who", "words"), [("U1", "<@U1>"), ("aws", "SageMaker"), ("bot", "the bot"), ("terminal:anna", "anna (terminal)")]
)
def test_people_are_mentioned_and_machines_named(who: str, words: str) -> None:
    assert mention(who) == words


def test_several_people_are_joined_as_in_a_sentence() -> None:
    assert people(("U1",)) == "<@U1>"
    assert people(("U1", "U2")) == "<@U1> and <@U2>"
    assert people(("U1", "U2", "U3")) == "<@U1>, <@U2> and <@U3>"


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (412_000.0, 530_000.0, "412 → 530 ms (+29 %)"),
        (4_100.0, 4_100.0, "4.1 → 4.1 ms (±0 %)"),
        (0.0, 5_000.0, "0.0 → 5.0 ms"),
        (None, 5_000.0, "no data → 5.0 ms"),
        (5_000.0, None, "5.0 ms → no data"),
        (1_234_000.0, 617_000.0, "1,234 → 617 ms (−50 %)"),
    ],
)
def test_microseconds_are_shown_as_milliseconds_before_and_after(
    before: float | None, after: float | None, words: str
) -> None:
    assert before_after_ms(before, after) == words


def test_absence_is_no_data() -> None:
    assert (milliseconds(None), amount(None), percent(None)) == ("no data",) * 3


@pytest.mark.parametrize(
    ("ratio", "words"),
    [(0.0, "0 %"), (0.00001, "under 0.01 %"), (0.0012, "0.12 %"), (0.05, "5.00 %"), (0.5, "50 %")],
)
def test_few_errors_are_not_none(ratio: float, words: str) -> None:
    assert percent(ratio) == words


def test_a_backtick_cannot_end_code() -> None:
    assert code("a`b<c>") == "`aˋb&lt;c&gt;`"


def test_long_text_is_cut_at_a_line_and_says_so() -> None:
    assert clip("short") == "short"
    assert clip("line one\n" + "x" * 100, 60) == "line one\n… (shortened)"
    assert clip("x" * 100, 60) == "x" * 40 + "\n… (shortened)"


def test_what_a_list_leaves_out_is_counted() -> None:
    assert listed(["a", "b", "c"], most=2) == "• a\n• b\n• … and 1 more"


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("<@U0BEN> and <!subteam^S1|@ops>", "@U0BEN and @S1"),
        ("<https://x.y|there>", "there (https://x.y)"),
        ("*bold* 2*3*4 `code`", "bold 2*3*4 code"),
        ("&lt;a&gt; &amp;amp;", "<a> &amp;"),
        ("in <#C1|general>", "in #C1"),
    ],
)
def test_markup_becomes_plain_words(markup: str, words: str) -> None:
    assert plain_text(markup) == words
