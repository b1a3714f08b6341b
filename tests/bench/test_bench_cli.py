from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from bench.judging.replay import Task, run
from bench.judging.traces import read_trace
from bench.judging.watches import choose_cuts

ROOT = Path(__file__).parent.parent.parent


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bench.judge", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=150, check=False)


def write_trace(path: Path, values: Sequence[float]) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    rows = [f"{start + n * timedelta(minutes=5):%Y-%m-%d %H:%M:%S},{value}" for n, value in enumerate(values)]
    path.write_text("\n".join(["timestamp,value", *rows]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A steady trace, one that is mostly zeros, one that is too short, and a file about them."""
    folder = tmp_path_factory.mktemp("traces")
    rng = np.random.default_rng(1)
    write_trace(folder / "steady.csv", list(45 + rng.standard_normal(700)))
    write_trace(folder / "zeros.csv", [float(n % 9 == 0) for n in range(200)])
    write_trace(folder / "tiny.csv", [1.0] * 10)
    (folder / "README.md").write_text("What these are.")
    return folder


def test_a_run_prints_the_table_and_writes_its_rows(folder: Path, tmp_path: Path):
    ended = bench("--traces", str(folder), "--watches", "1", "--json", str(tmp_path / "rows.json"))
    assert ended.returncode == 0, ended.stderr
    assert "tiny.csv is left out" in ended.stderr
    assert "zeros.csv: it is lifted above zero" in ended.stderr
    for part in ("FALSE ALARMS per watch", "FOUND on all traces", "AFTER A STEADY DAY", "GOALS"):
        assert part in ended.stdout
    rows = json.loads((tmp_path / "rows.json").read_text())
    assert {row["trace"] for row in rows} == {"steady.csv", "zeros.csv", "all"}
    assert {row["judge"] for row in rows} == {"ours", "kayenta", "static"}
    large = [row for row in rows if row["trace"] == "steady.csv" and row["kind"] == "level" and row["size"] == 0.5]
    assert {row["judge"]: row["alarms"] for row in large}["ours"] == 1


def test_the_same_seed_gives_the_same_outcomes(folder: Path):
    trace = read_trace(folder / "steady.csv")
    task = Task(trace, tuple(choose_cuts(trace, 1)), seed=7)
    assert run(task) == run(task)


def test_a_folder_without_traces_is_answered_with_a_sentence(tmp_path: Path):
    ended = bench("--traces", str(tmp_path))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "has no trace that can be judged." in ended.stderr


def test_a_folder_that_does_not_exist_is_a_usage_error(tmp_path: Path):
    ended = bench("--traces", str(tmp_path / "none"))
    assert ended.returncode == 2
    assert "is no folder" in ended.stderr
    assert "Traceback" not in ended.stderr
