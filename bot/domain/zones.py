"""Time zones by name."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.domain.names import quoted


def zone_named(name: str) -> ZoneInfo:
    """The time zone of an IANA name, such as Europe/Berlin or UTC.

    Raises:
        ValueError: the zone database has none of that name; the text says what is wanted.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a directory of the zone database, such as `Europe`
        raise ValueError(f"{quoted(name)} is no time zone: use a name such as Europe/Berlin or UTC") from None
