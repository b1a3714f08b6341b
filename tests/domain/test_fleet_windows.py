"""When a change window is open."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bot.domain.fleet import parse_window

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
