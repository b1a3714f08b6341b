"""Times as people write them for `--at` and `--until`."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.domain.times import FURTHEST, describe_time, parse_time

SUNDAY = datetime(2026, 11, 22, 10, 12, 30, tzinfo=UTC)
"""11:12:30 in Berlin."""


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("14:30", "2026-11-22T13:30"),
        ("9:00", "2026-11-23T08:00"),
        ("11:12", "2026-11-23T10:12"),
        ("11:12:31", "2026-11-22T10:12:31"),
        ("14:30 UTC", "2026-11-22T14:30"),
        ("14:30Z", "2026-11-22T14:30"),
        ("14:30 GMT", "2026-11-22T14:30"),
        ("14:30+05:30", "2026-11-23T09:00"),
        ("14:30 -0800", "2026-11-22T22:30"),
        ("14:30 UTC+1", "2026-11-22T13:30"),
        ("14:30 America/New_York", "2026-11-22T19:30"),
        ("14:30 america/new_york", "2026-11-22T19:30"),
        ("today 14:30", "2026-11-22T13:30"),
        ("Tomorrow 06:00", "2026-11-23T05:00"),
        ("tomorrow 06:00 Asia/Tokyo", "2026-11-22T21:00"),
        ("Mon 09:00", "2026-11-23T08:00"),
        ("Monday, 09:00 UTC", "2026-11-23T09:00"),
        ("sun 12:00", "2026-11-22T11:00"),
        ("sun 11:00", "2026-11-29T10:00"),
        ("2026-11-23 02:00 UTC", "2026-11-23T02:00"),
        ("2026-11-23 02:00", "2026-11-23T01:00"),
        ("2026-11-23T02:00:05+01:00", "2026-11-23T01:00:05"),
        ("2026-11-23T02:00:05.250Z", "2026-11-23T02:00:05"),
        ("+2h", "2026-11-22T12:12:30"),
        ("in 2h", "2026-11-22T12:12:30"),
        ("In 90 minutes", "2026-11-22T11:42:30"),
        ("20s", "2026-11-22T10:12:50"),
        ("14d", "2026-12-06T10:12:30"),
        ("  tomorrow   06:00  ", "2026-11-23T05:00"),
    ],
)
def test_time_is_read_in_the_zone_it_names_or_else_in_the_given_one(text, instant):
    assert parse_time(text, SUNDAY, "Europe/Berlin") == utc(instant)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is no time: write it like 14:30, tomorrow 06:00, Mon 09:00 Europe/Berlin, 2026-11-23 02:00 UTC or [+]2h"),
        ("now", "is no time"),
        ("25:00", "is no time"),
        ("14:60", "is no time"),
        ("2026-11-23", "is no time"),
        ("٠٩:00", "is no time"),
        ("2026-02-30 10:00", "“2026-02-30” is not in the calendar"),
        ("today 09:00", "“today 09:00” is past: it is Sun 22 Nov 2026, 11:12 Europe/Berlin [(]10:12 UTC[)] now"),
        ("2026-11-20 02:00 UTC", "is past: it is Sun 22 Nov 2026, 10:12 UTC now"),
        ("2026-12-06 11:13", "is more than 14 days ahead: the latest is Sun 6 Dec 2026, 11:12 Europe/Berlin"),
        ("2099-12-31 23:59", "is more than 14 days ahead"),
        ("0h", "“0h” is not from 1s to 14d ahead"),
        ("999999999d", "is not from 1s to 14d ahead"),
        ("2:30 pm", "write hours from 0 to 23: 14:30 rather than 2:30 pm"),
        ("14:30 PST", "“PST” is not read alike everywhere: name a place, such as America/Los_Angeles, or UTC"),
        ("14:30 Berlin", "“Berlin” is no time zone. Did you mean Europe/Berlin?"),
        ("14:30 Europe", "“Europe” is no time zone: use a name such as Europe/Berlin or UTC"),
        ("14:30 ../etc/passwd", "is no time zone"),
    ],
)
def test_time_that_cannot_be_meant_is_refused_with_what_to_write(text, problem):
    with pytest.raises(ValueError, match=problem):
        parse_time(text, SUNDAY, "Europe/Berlin")


def test_clock_time_that_the_night_skips_is_refused_until_that_night_is_over():
    with pytest.raises(
        ValueError,
        match=r"02:30 does not exist in Europe/Berlin on 2027-03-28: the clocks go forward then[.] Write 03:30, or",
    ):
        parse_time("02:30", utc("2027-03-27T12:00"), "Europe/Berlin")
    assert parse_time("02:30", utc("2027-03-28T12:00"), "Europe/Berlin") == utc("2027-03-29T00:30")


def test_clock_time_that_comes_twice_is_refused_with_both_instants():
    text = (
        "02:30 comes twice in Europe/Berlin on 2026-10-25: the clocks go back then. "
        r"Write 2026-10-25 02:30\+02:00 or 2026-10-25 02:30\+01:00"
    )
    with pytest.raises(ValueError, match=text):
        parse_time("02:30", utc("2026-10-24T12:00"), "Europe/Berlin")
    assert parse_time("2026-10-25 02:30+02:00", utc("2026-10-24T12:00"), "UTC") == utc("2026-10-25T00:30")


def test_clock_time_whose_first_coming_is_past_means_the_second():
    assert parse_time("02:30", utc("2026-10-25T00:45"), "Europe/Berlin") == utc("2026-10-25T01:30")


def test_zone_of_the_person_may_be_an_abbreviation_because_slack_chose_it():
    assert parse_time("14:30", SUNDAY, "EST") == utc("2026-11-22T19:30")


def test_time_in_words_names_its_zone_and_utc():
    at = utc("2026-11-23T02:00:59")
    assert describe_time(at) == "Mon 23 Nov 2026, 02:00 UTC"
    assert describe_time(at, "Europe/Berlin") == "Mon 23 Nov 2026, 03:00 Europe/Berlin (02:00 UTC)"
    assert describe_time(at, "America/New_York") == "Sun 22 Nov 2026, 21:00 America/New_York (Mon 02:00 UTC)"


ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"]
)
INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001


@settings(deadline=None)  # a busy machine is no defect
@given(INSTANTS, st.timedeltas(timedelta(minutes=1), FURTHEST), ZONES)
def test_iso_time_with_offset_is_read_back_whatever_the_clocks_do(now, ahead, zone):
    instant = (now + ahead).replace(microsecond=0)
    assert parse_time(instant.astimezone(ZoneInfo(zone)).isoformat(), now, "UTC") == instant


@settings(deadline=None)
@given(INSTANTS, st.times(), ZONES)
@example(utc("2026-10-25T00:45"), datetime(2026, 1, 1, 2, 30).time(), "Europe/Berlin")  # noqa: DTZ001
def test_bare_clock_time_is_the_next_instant_at_which_the_clocks_show_it(now, clock, zone):
    try:
        instant = parse_time(f"{clock:%H:%M}", now, zone)
    except ValueError as error:
        assert "does not exist" in str(error) or "comes twice" in str(error)  # noqa: PT017
        return
    assert now < instant <= now + timedelta(hours=49)  # a day of 25 hours, and one that skipped the time
    minutes = range(1, -(-(instant - now) // timedelta(minutes=1)) + 1)
    shown = [(now.replace(second=0, microsecond=0) + timedelta(minutes=m)).astimezone(ZoneInfo(zone)) for m in minutes]
    assert [(t.hour, t.minute) == (clock.hour, clock.minute) for t in shown].index(True) == len(shown) - 1


@settings(deadline=None)
@given(st.text(max_size=40))
@example("9999-12-31 23:59")
def test_whatever_is_typed_gives_a_coming_instant_or_a_sentence(text):
    try:
        assert SUNDAY < parse_time(text, SUNDAY, "Pacific/Honolulu") <= SUNDAY + FURTHEST
    except ValueError as error:
        assert len(str(error)) < 300  # noqa: PT017


@pytest.mark.parametrize("zone", sorted(available_timezones())[::25])
def test_every_zone_of_the_database_can_be_the_persons_own(zone):
    assert parse_time("+2h", SUNDAY, zone) == SUNDAY + timedelta(hours=2)
    assert describe_time(SUNDAY, zone)
