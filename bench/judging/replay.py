"""Every watch of a trace, with every regression, before every judge; spread over the machine's cores."""

import os
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bench.judging.alarm import judge_like_an_alarm
from bench.judging.judges import Judgement, Numbers
from bench.judging.kayenta import judge_like_kayenta
from bench.judging.ours import judge_like_us, plan_of, yardsticks_of
from bench.judging.regressions import REGRESSIONS, Regression, inject
from bench.judging.traces import Trace
from bench.judging.traffic import Requests, Traffic, simulate
from bench.judging.watches import BASELINE, LOOKS, WARM_UP, Cut
from bot.domain.yardstick import Yardsticks

JudgeName = Literal["ours", "kayenta", "static"]
JUDGES: tuple[JudgeName, ...] = ("ours", "kayenta", "static")

OUTCOMES_OF_A_WATCH = len(JUDGES) * len(REGRESSIONS)
WATCHES_AT_A_TIME = 10


@dataclass(frozen=True)
class Outcome:
    """What one judge made of one watch."""

    judge: JudgeName
    trace: str
    regression: Regression
    steady: bool
    judgement: Judgement


@dataclass(frozen=True)
class Task:
    """Some watches of one trace."""

    trace: Trace
    cuts: tuple[Cut, ...]
    seed: int


@dataclass(frozen=True)
class _Past:
    """One traffic on one trace, with nothing injected."""

    requests: Requests
    numbers: Numbers


def replay(
    watches: Sequence[tuple[Trace, Sequence[Cut]]], seed: int, processes: int | None = None
) -> Iterator[list[Outcome]]:
    """The outcomes of all watches, a few watches at a time, in the order in which they are done."""
    tasks = [
        Task(trace, tuple(cuts[at : at + WATCHES_AT_A_TIME]), seed)
        for trace, cuts in watches
        for at in range(0, len(cuts), WATCHES_AT_A_TIME)
    ]
    with ProcessPoolExecutor(processes or os.cpu_count()) as pool:
        for done in as_completed([pool.submit(run, task) for task in tasks]):
            yield done.result()


def run(task: Task) -> list[Outcome]:
    """The outcomes of some watches; the same for a seed, however the watches are divided up."""
    name = zlib.crc32(task.trace.name.encode())
    past = {}
    for place, traffic in enumerate(Traffic):
        requests = simulate(task.trace.values, traffic, np.random.default_rng([task.seed, name, place]))
        past[traffic] = _Past(requests, requests.numbers())
    outcomes: list[Outcome] = []
    for cut in task.cuts:
        yardsticks = {traffic: yardsticks_of(task.trace, cut, past[traffic].numbers) for traffic in Traffic}
        for place, regression in enumerate(REGRESSIONS):
            rng = np.random.default_rng([task.seed, name, cut.place, place])
            outcomes += _watch(
                task.trace, cut, regression, past[regression.traffic], yardsticks[regression.traffic], rng
            )
    return outcomes


def _watch(
    trace: Trace, cut: Cut, regression: Regression, past: _Past, yardsticks: Yardsticks, rng: np.random.Generator
) -> Iterator[Outcome]:
    """One watch with one regression, before all judges."""
    changed = inject(regression, past.requests.between(cut.place, cut.end), WARM_UP, rng)
    after = {measure: values[WARM_UP:] for measure, values in changed.items()}
    history = {measure: values[: cut.place] for measure, values in past.numbers.items()}
    baseline = {measure: values[-BASELINE:] for measure, values in history.items()}
    judgements: dict[JudgeName, Judgement] = {
        "ours": judge_like_us(yardsticks, after, plan_of(trace), trace.at(cut.judged)),
        "kayenta": judge_like_kayenta(baseline, after, LOOKS),
        "static": judge_like_an_alarm(history, after, max(trace.day, BASELINE), LOOKS),
    }
    for judge, judgement in judgements.items():
        yield Outcome(judge, trace.name, regression, cut.steady, judgement)
