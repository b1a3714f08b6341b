"""Durations, and the nearest names."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.durations import about, format_duration, parse_duration
from bot.domain.names import quoted
from bot.domain.nearest import either, nearest


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("0s", timedelta()),
        ("20s", timedelta(seconds=20)),
        ("90s", timedelta(seconds=90)),
        ("30m", timedelta(minutes=30)),
        ("4h", timedelta(hours=4)),
        ("7d", timedelta(days=7)),
    ],
)
def test_duration_is_read_and_written(text, duration):
    assert parse_duration(text) == duration
    assert format_duration(duration) == text


@pytest.mark.parametrize("text", ["", "20", "s", "1.5h", "-1s", "20 s", "1h30m", "20S", "٢s", "1w", "9999999999s"])
def test_text_without_whole_number_and_unit_is_no_duration(text):
    with pytest.raises(ValueError, match="is no duration: give a whole number and a unit"):
        parse_duration(text)


@settings(deadline=None)  # a busy machine is no defect
@given(st.integers(0, 999_999_999))
def test_every_duration_that_is_written_is_read_back_equal(seconds):
    assert parse_duration(format_duration(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (timedelta(seconds=5), "about 1 minute"),
        (timedelta(minutes=12, seconds=20), "about 12 minutes"),
        (timedelta(minutes=119), "about 1 hour 59 minutes"),
        (timedelta(minutes=150), "about 2 hours 30 minutes"),
    ],
)
def test_estimate_is_no_more_precise_than_it_can_be(duration, words):
    assert about(duration) == words


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("stt-prdo", ("stt-prod", "sentiment-prod")),
        ("STT-PROD", ("stt-prod",)),
        ("sentiment", ("sentiment-prod",)),
        ("s", ("sentiment-prod", "stt-prod")),
        ("", ()),
        ("xyzzy", ()),
    ],
)
def test_nearest_names_are_those_that_begin_alike_or_look_alike(typed, found):
    assert nearest(typed, ["stt-prod", "sentiment-prod", "credibility"]) == found


def test_no_more_names_than_asked_for():
    assert nearest("a", ["a1", "a2", "a3", "a4"], limit=2) == ("a1", "a2")


def test_choice_reads_as_a_sentence():
    assert [either(names) for names in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a or b", "a, b or c"]


def test_quoted_input_is_short_and_on_one_line():
    assert quoted("a\nb") == "“a·b”"
    assert len(quoted("x" * 100)) == 62
