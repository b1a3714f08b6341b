"""Where people are: the three fields of users.info that tell it, as Slack names them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Timezone:
    """A time zone with Slack's English names for it, in winter and in summer."""

    name: str
    standard: str
    daylight: str

    def to_api(self, now: datetime | None = None) -> dict[str, Any]:
        """`tz`, `tz_label` and `tz_offset` (seconds east of Greenwich); the latter two follow daylight saving time."""
        there = (now or datetime.now(UTC)).astimezone(ZoneInfo(self.name))
        label = self.daylight if there.dst() else self.standard
        offset = there.utcoffset() or timedelta()
        return {"tz": self.name, "tz_label": label, "tz_offset": int(offset.total_seconds())}


BERLIN = Timezone("Europe/Berlin", "Central European Time", "Central European Summer Time")
NEW_YORK = Timezone("America/New_York", "Eastern Standard Time", "Eastern Daylight Time")
KOLKATA = Timezone("Asia/Kolkata", "India Standard Time", "India Standard Time")
LONDON = Timezone("Europe/London", "Greenwich Mean Time", "British Summer Time")
LOS_ANGELES = Timezone("America/Los_Angeles", "Pacific Standard Time", "Pacific Daylight Time")
"""Bots and Slackbot are in California, wherever the workspace is."""
