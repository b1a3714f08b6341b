from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from bench.judging.traces import UnusableTraceError, read_folder, read_trace

START = datetime(2026, 3, 1, tzinfo=UTC)
FIVE = timedelta(minutes=5)


def write(path: Path, rows: list[tuple[object, object]]) -> Path:
    path.write_text("timestamp,value\n" + "".join(f"{time},{value}\n" for time, value in rows))
    return path


def rows_of(values: list[float], step: timedelta = FIVE) -> list[tuple[object, object]]:
    return [((START + n * step).strftime("%Y-%m-%d %H:%M:%S"), value) for n, value in enumerate(values)]


def test_a_trace_keeps_its_own_clock_and_is_scaled_to_100_ms(tmp_path: Path):
    trace = read_trace(write(tmp_path / "a.csv", rows_of([40.0, 50.0, 60.0] * 100)))
    assert (trace.start, trace.step, trace.day) == (START, FIVE, 288)
    assert np.allclose(trace.values[:3], [80_000, 100_000, 120_000])
    assert trace.note == ""


def test_gaps_of_irregular_traces_stay_gaps(tmp_path: Path):
    rows = rows_of([5.0] * 400)
    trace = read_trace(write(tmp_path / "a.csv", rows[:100] + rows[103:]))
    assert trace.values.size == 400
    assert np.flatnonzero(np.isnan(trace.values)).tolist() == [100, 101, 102]


def test_a_time_given_twice_counts_once_and_order_does_not_matter(tmp_path: Path):
    rows = rows_of([float(n % 7 + 1) for n in range(300)])
    straight = read_trace(write(tmp_path / "a.csv", rows))
    jumbled = read_trace(write(tmp_path / "b.csv", [*reversed(rows), rows[5]]))
    assert np.array_equal(straight.values, jumbled.values)


def test_seconds_since_1970_and_dates_with_a_zone_are_times_too(tmp_path: Path):
    seconds = [(START.timestamp() + 60 * n, 5.0) for n in range(200)]
    zoned = [((START + n * timedelta(minutes=1)).isoformat(), 5.0) for n in range(200)]
    for rows in (seconds, zoned):
        trace = read_trace(write(tmp_path / "a.csv", list(rows)))
        assert (trace.start, trace.step) == (START, timedelta(minutes=1))


def test_a_few_zeros_are_gaps(tmp_path: Path):
    values = [5.0] * 300
    values[7] = 0.0
    trace = read_trace(write(tmp_path / "a.csv", rows_of(values)))
    assert np.isnan(trace.values[7])
    assert trace.note == ""


@pytest.mark.parametrize("values", [[0.0, 0.0, 0.0, 40.0] * 75, [-3.0, 2.0, 5.0] * 100, [0.0] * 300])
def test_traces_of_zeros_and_negative_values_are_lifted_and_say_so(tmp_path: Path, values: list[float]):
    trace = read_trace(write(tmp_path / "a.csv", rows_of(values)))
    assert (trace.values > 0).all()
    assert np.median(trace.values) == pytest.approx(100_000)
    assert "lifted" in trace.note


def test_a_clock_with_more_gaps_than_values_is_set_aside(tmp_path: Path):
    rows = [(START + n * FIVE + (n // 100) * timedelta(days=300), 5.0) for n in range(300)]
    trace = read_trace(write(tmp_path / "a.csv", list(rows)))
    assert trace.values.size == 300
    assert "one after the other" in trace.note


def test_what_is_no_trace_is_left_out_with_a_sentence(tmp_path: Path):
    write(tmp_path / "tiny.csv", rows_of([5.0] * 20))
    (tmp_path / "README.md").write_text("About these files")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\0\xff\xfe")
    (tmp_path / "folder").mkdir()
    write(tmp_path / "good.csv", rows_of([5.0] * 300))
    traces, skipped = read_folder(tmp_path)
    assert [trace.name for trace in traces] == ["good.csv"]
    assert skipped[-1] == "tiny.csv is left out: it has 20 usable rows, and 150 are needed."
    assert [sentence.split(" ")[0] for sentence in skipped] == ["empty.csv", "picture.png", "tiny.csv"]


def test_lines_that_cannot_be_read_are_passed_over(tmp_path: Path):
    rows = rows_of([5.0] * 300)
    mixed = [*rows[:10], ("yesterday", 5), ("2026-03-01 00:00:00", "n/a"), *rows[10:], ("2026-03-09", "nan")]
    assert read_trace(write(tmp_path / "a.csv", mixed)).values.size == 300


def test_too_few_rows_are_refused(tmp_path: Path):
    with pytest.raises(UnusableTraceError, match="149 usable rows"):
        read_trace(write(tmp_path / "a.csv", rows_of([5.0] * 149)))
