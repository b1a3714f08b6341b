"""Our judge, a Kayenta-style one and a static CloudWatch alarm, before the same watches on real traces with known regressions.

    python -m bench.judge --traces DIR [--seed N] [--watches N] [--json FILE]

DIR holds `timestamp,value` files. One row is one period of a metric: a trace with a row every five minutes is replayed as if that
were a minute, and days and weeks are those of its own clock. Each trace is scaled to a median of 100 ms and cut at moments spread
evenly over it; requests are simulated on it, so that all three judges see the same p50, p90, p99, requests and errors; nothing or a
known regression is injected from the cut on; the judges look after every period. Prints one table: false alarms per watch, how much
of which regression is found and how soon, what stays INCONCLUSIVE, whether the goals are met, and where a rival is better.
"""

import argparse
import json
import os
import sys
from pathlib import Path

os.environ.setdefault(
    "OPENBLAS_NUM_THREADS", "1"
)  # the watches are spread over the cores; threads below them would fight for these

from bench.judging.goals import render_goals, render_honest
from bench.judging.replay import OUTCOMES_OF_A_WATCH, Outcome, replay
from bench.judging.rows import Rows
from bench.judging.table import render_tables
from bench.judging.traces import read_folder
from bench.judging.watches import choose_cuts


def main() -> int:
    """Exit status: 0, or 2 where there is nothing to judge."""
    parser = argparse.ArgumentParser(prog="python -m bench.judge", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--traces", type=Path, required=True, metavar="DIR", help="a folder of timestamp,value files")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the simulated requests (default: 1)")
    parser.add_argument(
        "--watches", type=int, default=60, metavar="N", help="moments at which each trace is cut (default: 60)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows as data, too")
    options = parser.parse_args()
    if not options.traces.is_dir():
        parser.error(f"{options.traces} is no folder")
    if options.watches < 1 or options.seed < 0:
        parser.error("--watches begins at 1, and --seed at 0")
    return run(options.traces, options.seed, options.watches, options.json)


def run(folder: Path, seed: int, watches: int, data: Path | None) -> int:
    traces, skipped = read_folder(folder)
    cuts = {trace.name: choose_cuts(trace, watches) for trace in traces}
    skipped += [
        f"{name} is left out: no hour and watch of it have half of their values." for name in cuts if not cuts[name]
    ]
    for sentence in [
        *skipped,
        *(f"{trace.name}: {trace.note}." for trace in traces if trace.note and cuts[trace.name]),
    ]:
        print(sentence, file=sys.stderr)
    usable = [(trace, cuts[trace.name]) for trace in traces if cuts[trace.name]]
    if not usable:
        print(f"{folder} has no trace that can be judged.", file=sys.stderr)
        return 2
    outcomes: list[Outcome] = []
    total = sum(len(places) for _, places in usable)
    for some in replay(usable, seed):
        outcomes += some
        print(f"\r{len(outcomes) // OUTCOMES_OF_A_WATCH} of {total} watches", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    rows = Rows(outcomes)
    if data:
        data.write_text(json.dumps(rows.as_data(), indent=1) + "\n", encoding="utf-8")
    print(render_tables(rows), render_goals(rows), render_honest(rows), sep="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
