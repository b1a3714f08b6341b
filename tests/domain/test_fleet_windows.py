"""When a change window is open, when it opens next, and until when."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.domain.fleet import are_open, closes_at, next_opening, parse_window

BERLIN = ZoneInfo("Europe/Berlin")


def at(day: int, clock: str) -> datetime:
    """A time in Berlin in the week of Monday the 23rd of November 2026."""
    return datetime.fromisoformat(f"2026-11-{day}T{clock}").replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("window", "instant", "is_open"),
    [
        ("Mon-Fri 09:00-17:00 Europe/Berlin", at(23, "09:00"), True),
        ("Mon-Fri 09:00-17:00 Europe/Berlin", at(23, "08:59"), False),
        ("Mon-Fri 09:00-17:00 Europe/Berlin", at(27, "16:59"), True),
        ("Mon-Fri 09:00-17:00 Europe/Berlin", at(27, "17:00"), False),
        ("Mon-Fri 09:00-17:00 Europe/Berlin", at(28, "12:00"), False),
        ("Mon-Fri 09:00-17:00 UTC", at(23, "09:30"), False),
        ("Sat,Sun 22:00-04:00 Europe/Berlin", at(28, "23:00"), True),
        ("Sat,Sun 22:00-04:00 Europe/Berlin", at(29, "03:59"), True),
        ("Sat,Sun 22:00-04:00 Europe/Berlin", at(29, "04:00"), False),
        ("Sat,Sun 22:00-04:00 Europe/Berlin", at(28, "03:00"), False),
        ("Sat,Sun 22:00-04:00 Europe/Berlin", at(27, "23:00"), False),
        ("Sat-Mon 10:00-11:00 Europe/Berlin", at(23, "10:00"), True),
        ("Sat-Mon 10:00-11:00 Europe/Berlin", at(24, "10:00"), False),
        ("Tue,Thu-Fri 10:00-11:00 Europe/Berlin", at(25, "10:00"), False),
        ("Tue,Thu-Fri 10:00-11:00 Europe/Berlin", at(26, "10:00"), True),
    ],
)
def test_window_is_open_on_its_days_between_its_times_in_its_zone(window, instant, is_open):
    assert parse_window(window).contains(instant) is is_open


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


OFFICE = parse_window("Mon-Fri 09:00-17:00 Europe/Berlin")
NIGHT = parse_window("Sat,Sun 22:00-04:00 Europe/Berlin")


def test_without_windows_changes_may_happen_at_any_time():
    assert are_open((), at(28, "12:00"))
    assert next_opening((), at(28, "12:00")) == at(28, "12:00")
    assert closes_at((), at(28, "12:00")) is None


@pytest.mark.parametrize(
    ("windows", "now", "opens", "closes"),
    [
        ([OFFICE], at(23, "08:59"), at(23, "09:00"), at(23, "08:59")),
        ([OFFICE], at(23, "09:00"), at(23, "09:00"), at(23, "17:00")),
        ([OFFICE], at(27, "17:00"), at(30, "09:00"), at(27, "17:00")),
        ([OFFICE, NIGHT], at(27, "17:00"), at(28, "22:00"), at(27, "17:00")),
        ([NIGHT], at(29, "01:00"), at(29, "01:00"), at(29, "04:00")),
        ([OFFICE, parse_window("Mon 17:00-20:00 Europe/Berlin")], at(23, "16:00"), at(23, "16:00"), at(23, "20:00")),
    ],
)
def test_windows_open_next_and_close_together(windows, now, opens, closes):
    assert next_opening(windows, now) == opens
    assert closes_at(windows, now) == closes


def test_windows_that_cover_the_day_never_close():
    halves = [parse_window("Mon-Sun 00:00-12:00 UTC"), parse_window("Mon-Sun 12:00-00:00 UTC")]
    assert closes_at(halves, at(23, "10:00")) is None


def test_window_that_the_clocks_skip_opens_a_week_later():
    skipped = parse_window("Sun 02:10-02:50 Europe/Berlin")
    assert next_opening([skipped], utc("2027-03-27T12:00")) == utc("2027-04-04T00:10")


def test_window_opens_late_when_the_clocks_jump_into_it():
    assert next_opening([parse_window("Sun 02:30-05:00 Europe/Berlin")], utc("2027-03-27T12:00")) == utc(
        "2027-03-28T01:00"
    )


def test_window_lasts_an_hour_longer_when_the_clocks_go_back_within_it():
    assert closes_at([parse_window("Sun 01:00-04:00 Europe/Berlin")], utc("2026-10-25T00:00")) == utc(
        "2026-10-25T03:00"
    )


DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
QUARTERS = [f"{hour:02}:{minute:02}" for hour in range(24) for minute in (0, 15, 30, 45)]
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")
WINDOWS = st.builds(
    lambda days, clocks, zone: parse_window(f"{','.join(days)} {'-'.join(clocks)} {zone}"),
    st.lists(st.sampled_from(DAYS), min_size=1, max_size=3),
    st.lists(st.sampled_from(QUARTERS), min_size=2, max_size=2, unique=True),
    st.sampled_from(ZONES),
)
NIGHTS_OF_CHANGE = st.sampled_from(["2026-10-24", "2026-10-31", "2027-03-13", "2027-03-27", "2027-04-03", "2026-11-22"])


@settings(deadline=None)  # a busy machine is no defect
@given(st.lists(WINDOWS, min_size=1, max_size=3), NIGHTS_OF_CHANGE, st.integers(0, 36 * 60))
@example([parse_window("Sun 01:00-02:30 Europe/Berlin")], "2026-10-24", 23 * 60)
def test_nothing_opens_or_closes_in_between(windows, day, minutes):
    now = utc(day) + timedelta(minutes=minutes)
    was_open = are_open(windows, now)
    change = closes_at(windows, now) if was_open else next_opening(windows, now)
    quarter = timedelta(minutes=15)
    steps = range(1, 16 * 96 if change is None else min(-(-(change - now) // quarter), 400))
    assert all(are_open(windows, now + quarter * step) is was_open for step in steps)
    assert change is None or are_open(windows, change) is not was_open
    assert change is None or are_open(windows, change - timedelta(minutes=1)) is was_open
