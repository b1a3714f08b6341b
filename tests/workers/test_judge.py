"""The plain judge by tables: PASS only where it could have said REGRESSED."""

from typing import Any

import pytest
from fakes.records import WATCH, a_comparison

from bot.domain.verdict import Comparison, VerdictKind
from bot.domain.watchplan import WatchPlan
from workers.judge import FEWEST_REQUESTS, judge

PASS, REGRESSED, INCONCLUSIVE = VerdictKind.PASS, VerdictKind.REGRESSED, VerdictKind.INCONCLUSIVE


def compared(before: dict[str, Any] | None = None, after: dict[str, Any] | None = None) -> Comparison:
    same = a_comparison(after_us=400_000.0)
    return same.model_copy(
        update={
            "before": same.before.model_copy(update=before or {}),
            "after": same.after.model_copy(update=after or {}),
        }
    )


CASES = [
    ("the same", {}, {}, PASS, "ModelLatency p50 400 → 400 ms (+0 %); errors 1 of 1,000 (0.10 %) before"),
    ("a little slower", {}, {"p50_us": 470_000.0}, PASS, ""),
    ("much slower", {}, {"p50_us": 480_000.0}, REGRESSED, "p50 400 → 480 ms (+20 %)"),
    ("much slower, but nobody notices", {"p50_us": 1_000.0}, {"p50_us": 2_500.0}, PASS, ""),
    ("much faster", {}, {"p50_us": 100_000.0}, PASS, ""),
    (
        "more errors",
        {},
        {"errors_5xx": 30.0},
        REGRESSED,
        "Errors 1 of 1,000 (0.10 %) before, 30 of 1,000 (3.00 %) after.",
    ),
    ("a few more errors", {}, {"errors_5xx": 4.0}, PASS, ""),
    ("callers' errors are not ours", {}, {"errors_4xx": 900.0}, PASS, ""),
    ("broken streams count", {}, {"mid_stream_errors": 30.0}, REGRESSED, "31 of 1,000"),
    ("no traffic after", {}, {"requests": None}, INCONCLUSIVE, "no request to the new fleet"),
    ("no traffic after, said as zero", {}, {"requests": 0.0}, INCONCLUSIVE, "no request to the new fleet"),
    ("no traffic before", {"requests": None}, {}, INCONCLUSIVE, "nothing to compare with"),
    (
        "too little traffic",
        {},
        {"requests": FEWEST_REQUESTS - 1.0, "errors_5xx": 0.0},
        INCONCLUSIVE,
        "Only 49 requests",
    ),
    ("one request", {}, {"requests": 1.0, "errors_5xx": 0.0}, INCONCLUSIVE, "Only 1 request reached"),
    ("few requests, slow", {}, {"requests": 10.0, "p50_us": 9e6, "errors_5xx": 0.0}, INCONCLUSIVE, "Only 10 requests"),
    ("no latency before", {"p50_us": None}, {}, INCONCLUSIVE, "has no ModelLatency for both sides"),
    ("no latency after", {}, {"p50_us": None}, INCONCLUSIVE, "has no ModelLatency for both sides"),
]


@pytest.mark.parametrize(("case", "before", "after", "kind", "words"), CASES, ids=[c[0] for c in CASES])
def test_the_numbers_decide(
    case: str, before: dict[str, Any], after: dict[str, Any], kind: VerdictKind, words: str
) -> None:
    verdict = judge(compared(before, after), WATCH)
    assert verdict.kind is kind
    assert words in verdict.evidence
    assert verdict.evidence.endswith(".")


CEILINGS = [
    ({"p50_ms": 300.0}, "p50 is 400 ms; the fleet file allows 300 ms."),
    ({"p90_ms": 700.0}, "p90 is 800 ms; the fleet file allows 700 ms."),
    ({"p99_ms": 1_000.0}, "p99 is 1,200 ms; the fleet file allows 1,000 ms."),
    ({"error_rate": 0.0005}, "0.10 % of the requests failed; the fleet file allows 0.05 %."),
]


@pytest.mark.parametrize(("ceiling", "words"), CEILINGS)
def test_a_ceiling_of_the_fleet_file_is_final(ceiling: dict[str, float], words: str) -> None:
    fields = {
        f"{name.removesuffix('_ms')}_ceiling{'_ms' if name.endswith('_ms') else ''}": v for name, v in ceiling.items()
    }
    assert set(fields) <= set(WatchPlan.model_fields)
    verdict = judge(compared(), WATCH.model_copy(update=fields))
    assert (verdict.kind, verdict.evidence) == (REGRESSED, words)
    generous = {name: value * 100 for name, value in fields.items()}
    assert judge(compared(), WATCH.model_copy(update=generous)).kind is PASS


def test_broken_streams_have_a_ceiling_of_their_own() -> None:
    watch = WATCH.model_copy(update={"mid_stream_error_rate_ceiling": 0.002})
    broken = compared({"mid_stream_errors": 3.0}, {"mid_stream_errors": 3.0})
    assert judge(broken, watch).evidence == "0.30 % of the streams broke in the middle; the fleet file allows 0.20 %."
    assert judge(compared(), watch).kind is PASS
    assert judge(compared({"mid_stream_errors": 1.0}, {"mid_stream_errors": 1.0}), watch).kind is PASS


def test_without_an_answer_of_cloudwatch_nothing_is_claimed() -> None:
    assert judge(None, WATCH).kind is INCONCLUSIVE
