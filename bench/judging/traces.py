"""Folders of `timestamp,value` files, read as traces of one value a period.

One row is one period of a metric, whatever its real step: a trace with a row every half hour is replayed as if it were one with a
row every minute, on its own clock, so that its days and weeks stay where they are.
"""

import csv
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

FEWEST_ROWS = 150
"""Less leaves no room for a baseline, a watch and a few moments to cut at."""
TYPICAL_US = 100_000.0
"""Every trace is scaled to a median of 100 ms: what is judged is latency, and what nobody minds is given in ms."""
LIFT_ABOVE = 0.01
"""From this share of zeros and negative values on, they are part of the trace and not gaps."""
SPARSEST = 0.05
"""A grid with fewer values than this says that the clock is broken: the rows are then taken one after the other."""


@dataclass(frozen=True)
class Trace:
    """One value a period: place i is the period that begins at `start + i * step`; NaN where the file has none."""

    name: str
    start: datetime
    step: timedelta
    values: Floats
    note: str = ""
    """What had to be done to it, as a sentence; empty for nothing."""

    @property
    def day(self) -> int:
        """How many periods one day of the trace's clock has, 1 at least."""
        return max(1, round(timedelta(days=1) / self.step))

    def at(self, place: int) -> datetime:
        """When a period begins."""
        return self.start + place * self.step


class UnusableTraceError(Exception):
    """The file is no trace; the message says why, as a sentence."""


def read_folder(folder: Path) -> tuple[list[Trace], list[str]]:
    """All traces of a folder by name, and a sentence for each file that is none."""
    traces, skipped = [], []
    for path in sorted(folder.iterdir()):
        if not path.is_file() or path.name.startswith(".") or path.name.lower().startswith("readme"):
            continue
        try:
            traces.append(read_trace(path))
        except UnusableTraceError as error:
            skipped.append(f"{path.name} is left out: {error}")
    return traces, skipped


def read_trace(path: Path) -> Trace:
    """One file as a trace in microseconds.

    Raises:
        UnusableTraceError: It has too few rows, or they all have the same time.
    """
    rows = _rows(path)
    if len(rows) < FEWEST_ROWS:
        raise UnusableTraceError(f"it has {len(rows)} usable rows, and {FEWEST_ROWS} are needed.")
    times = np.array(sorted(rows))
    steps = np.diff(times)
    step = float(np.median(steps))
    places = np.rint((times - times[0]) / step).astype(np.int64)
    notes = []
    if len(rows) < SPARSEST * (places[-1] + 1):
        places = np.arange(len(rows))
        notes.append("its rows are taken one after the other, for its clock has more gaps than values")
    raw = np.full(int(places[-1]) + 1, np.nan)
    raw[places] = [rows[time] for time in times]
    values, lifted = _as_latency(raw)
    if lifted:
        notes.append("it is lifted above zero as a whole, for many of its values are zero or negative")
    return Trace(path.name, datetime.fromtimestamp(times[0], UTC), timedelta(seconds=step), values, "; ".join(notes))


def _rows(path: Path) -> dict[float, float]:
    """Values by their time in seconds. What cannot be read, the header included, is passed over; a time given twice counts once."""
    rows = {}
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        for row in csv.reader(line.replace("\0", "") for line in file):
            try:
                time, value = _seconds(row[0]), float(row[1])
            except (ValueError, IndexError, OverflowError):
                continue
            if np.isfinite(value) and np.isfinite(time):
                rows[time] = value
    return rows


def _seconds(text: str) -> float:
    """A time as an ISO date or as seconds since 1970; taken as UTC where it names no zone."""
    try:
        return float(text)
    except ValueError:
        at = datetime.fromisoformat(text.strip())
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _as_latency(raw: Floats) -> tuple[Floats, bool]:
    """Positive values with a median of 100 ms, and whether the trace had to be lifted for it.

    A few zeros and negative values are gaps in the measurement. Many are part of the trace: it is then lifted so that its lowest
    value stands where its typical size is. "+20 %" means 20 % of the lifted value.
    """
    known = raw[np.isfinite(raw)]
    lifted = bool((known <= 0).mean() > LIFT_ABOVE)
    if lifted:
        typical = float(np.median(np.abs(known[known != 0]))) if (known != 0).any() else 1.0
        values = raw - known.min() + typical
    else:
        values = np.where(raw > 0, raw, np.nan)
    return values * (TYPICAL_US / np.nanmedian(values)), lifted
