"""Numbers, spans and moments as people read them."""

from datetime import UTC, datetime

from bot.domain.durations import span as span  # beside its neighbours for whoever renders; errors use it too
from bot.domain.names import mention

MINUS = "\N{MINUS SIGN}"


def count(number: int, one: str, many: str | None = None) -> str:
    """`1 instance`, `2 instances`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def moment(at: datetime) -> str:
    """An instant that Slack shows in each reader's own time; other readers see UTC."""
    utc = at.astimezone(UTC)
    return f"<!date^{int(utc.timestamp())}^{{date_short_pretty}}, {{time}}|{utc:%Y-%m-%d %H:%M} UTC>"


def on_one_line(text: str, most: int) -> str:
    """Somebody's own words inside a sentence: without line breaks, and cut where they get long. Not escaped."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def people(user_ids: tuple[str, ...]) -> str:
    """Several people: `@a`, `@a and @b`, `@a, @b and @c`."""
    names = [mention(u) for u in user_ids]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def milliseconds(microseconds: float | None) -> str:
    """CloudWatch's microseconds as ms: `412 ms`, `4.1 ms`, `no data`."""
    return "no data" if microseconds is None else f"{_significant(microseconds / 1000)} ms"


def from_to_ms(before: float | None, after: float | None) -> str:
    """`412 → 530 ms`; where a side has no data, that is said."""
    if before is None or after is None:
        return f"{milliseconds(before)} → {milliseconds(after)}"
    return f"{_significant(before / 1000)} → {_significant(after / 1000)} ms"


def before_after_ms(before: float | None, after: float | None) -> str:
    """`412 → 530 ms (+29 %)`; where a side has no data, that is said."""
    change = signed((after - before) / before) if before and after is not None else ""
    return f"{from_to_ms(before, after)}{aside(change)}"


def signed(ratio: float) -> str:
    """A relative change: `+29 %`, `−3 %` with a minus sign as wide as the plus, `±0 %`."""
    whole = round(ratio * 100)
    return f"{whole:+,} %".replace("-", MINUS) if whole else "±0 %"


def interval(low: float, high: float) -> str:
    """What bounds a relative change with 95 % confidence: `95 % interval +21…+36 %`."""
    return f"95 % interval {signed(low).removesuffix(' %')}…{signed(high)}"


def aside(*parts: str) -> str:
    """What is worth a bracket after the word before it: ` (+29 %, lower is better)`, or nothing."""
    told = ", ".join(part for part in parts if part)
    return f" ({told})" if told else ""


def amount(number: float | None) -> str:
    """A count that CloudWatch summed; None is `no data`."""
    return "no data" if number is None else f"{number:,.0f}"


def percent(ratio: float | None) -> str:
    """`0.12 %`; None is `no data`."""
    if ratio is None:
        return "no data"
    if 0 < ratio < 0.00005:
        return "under 0.01 %"
    return f"{ratio * 100:.2f} %".replace("0.00 %", "0 %") if ratio < 0.1 else f"{ratio * 100:.0f} %"


def _significant(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.1f}"
