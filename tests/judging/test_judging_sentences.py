"""The sentences as people read them."""

import numpy as np
import pytest
from judging_worlds import MINUTE, Story, changed, endpoint, part, plan_of, slower

from bot.domain.signals import Signal
from bot.domain.verdict import Cap, Verdict, VerdictKind
from bot.messages.effects import effect_words
from workers.judging import judge, judge_side_by_side
from workers.ports import Measure, Series

STORY = Story(error_rate=0.0001)
STREAMS = Story(error_rate=0.0001, plan=plan_of(kind="streaming"))
QUIET = Story(requests=2)
STRICT = Story(
    plan=plan_of(p50_ceiling_ms=450, error_rate_ceiling=0.02, mid_stream_error_rate_ceiling=0.01, kind="streaming")
)
BURST = np.where(np.arange(30) == 7, 7.0, 0.0)
NOTHING = Series(STORY.after.start, MINUTE, {m: np.full(30, np.nan) for m in STORY.after.values})


def no_past() -> Verdict:
    empty = Series(STORY.past.start, MINUTE, {m: np.full(STORY.past.length, np.nan) for m in STORY.past.values})
    return judge(STORY.measured(empty), STORY.after, STORY.plan, is_over=True)


def swinging() -> Series:
    values = STORY.after.of(Measure.P50)
    middle = np.exp(np.mean(np.log(values)))
    return changed(STORY.after, p50=middle * (values / middle) ** 4)


SENTENCES = {
    "as good": (
        STORY.verdict(),
        "PASS: p50 latency 407 → 415 ms (+2 %, 95 % interval −2…+6 %); 5xx 2 of 14,895 against 6 of 29,693; load equal.",
    ),
    "slower streams": (
        STREAMS.verdict(slower(STREAMS.after, 1.29)),
        "REGRESSED: p50 first-chunk 407 → 535 ms (+32 %, 95 % interval +26…+37 %); p90 first-chunk +31 %; "
        "p99 first-chunk +30 %; 5xx 2 of 14,895 against 6 of 29,693; load equal.",
    ),
    "slower in the tail": (
        STORY.verdict(slower(STORY.after, 1.8, (Measure.P99,))),
        "REGRESSED: p99 latency 1,230 → 2,236 ms (+82 %, 95 % interval +72…+92 %); "
        "p50 latency 407 → 415 ms (+2 %, 95 % interval −2…+6 %); 5xx 2 of 14,895 against 6 of 29,693; load equal.",
    ),
    "unsteady": (
        STORY.verdict(swinging()),
        "REGRESSED: p50 latency swings by ±2.8 % → ±15 % (5.5 times as far, 95 % interval 3.3…9.2); "
        "p50 latency 407 → 419 ms (+3 %, 95 % interval −1…+7 %); 5xx 2 of 14,895 against 6 of 29,693; load equal.",
    ),
    "a burst of errors": (
        STORY.verdict(changed(STORY.after, errors_5xx=BURST)),
        "REGRESSED: 5xx 7 of 14,895 (7 of 477 within 1 min) against 6 of 29,693; "
        "p50 latency 407 → 415 ms (+2 %, 95 % interval −2…+6 %); load equal.",
    ),
    "broken streams": (
        STREAMS.verdict(changed(STREAMS.after, mid_stream_errors=3)),
        "REGRESSED: broken streams 90 of 14,895 against 0 of 29,693; "
        "p50 first-chunk 407 → 415 ms (+2 %, 95 % interval −2…+6 %); 5xx 2 of 14,895 against 6 of 29,693; load equal.",
    ),
    "too many errors": (
        STORY.verdict(changed(STORY.after, errors_5xx=40)),
        "REGRESSED: 8.1 % of the requests failed (1,200 of 14,895); 5 % is the limit.",
    ),
    "too many broken streams": (
        STRICT.verdict(changed(STRICT.after, mid_stream_errors=7)),
        "REGRESSED: 1.4 % of the streams broke in the middle (210 of 14,895); 1 % is the limit.",
    ),
    "too slow": (
        STRICT.verdict(slower(STRICT.after, 1.4)),
        "REGRESSED: p50 is 580 ms; the fleet file allows 450 ms.",
    ),
    "more load": (
        STORY.verdict(changed(STORY.after, requests=1100)),
        "INCONCLUSIVE: Load is 2.2 times what was to be expected, so the fleets cannot be compared; "
        "p50 latency 407 → 415 ms (+2 %, 95 % interval −2…+6 %); 5xx 2 of 33,000 against 6 of 29,693.",
    ),
    "less load": (
        STORY.verdict(changed(STORY.after, requests=200)),
        "INCONCLUSIVE: Load is 40 % of what was to be expected, so the fleets cannot be compared; "
        "p50 latency 407 → 415 ms (+2 %, 95 % interval −2…+6 %); 5xx 2 of 6,000 against 6 of 29,693.",
    ),
    "a little more load": (
        STORY.verdict(changed(STORY.after, requests=650)),
        "PASS: p50 latency 407 → 415 ms (+2 %, 95 % interval −2…+6 %); 5xx 2 of 19,500 against 6 of 29,693; load +31 %.",
    ),
    "other requests": (
        STORY.verdict(changed(STORY.after, errors_4xx=60)),
        "INCONCLUSIVE: Errors that are put down to the callers (4xx) jumped: they send other requests than before, or the new "
        "fleet refuses what the old one took, so the fleets cannot be compared; "
        "p50 latency 407 → 415 ms (+2 %, 95 % interval −2…+6 %); 5xx 2 of 14,895 against 6 of 29,693.",
    ),
    "too early": (
        STORY.verdict(STORY.first(3), is_over=False),
        "INCONCLUSIVE: Only 3 min with traffic so far; 5 min are needed; about 2 minutes more at this traffic would tell.",
    ),
    "too few": (
        QUIET.verdict(QUIET.first(8), is_over=False),
        "INCONCLUSIVE: Only 16 requests reached the new fleet; 50 are needed; about 17 minutes more at this traffic would tell.",
    ),
    "no traffic": (
        STORY.verdict(NOTHING),
        "INCONCLUSIVE: CloudWatch shows no request to the new fleet, so no traffic has tried it.",
    ),
    "no traffic before": (
        no_past(),
        "INCONCLUSIVE: CloudWatch shows no request before the update, so there is nothing to compare with.",
    ),
    "no latency": (
        STORY.verdict(changed(STORY.after, p50=np.nan)),
        "INCONCLUSIVE: CloudWatch has no p50 latency for both sides; 5xx 2 of 14,895 against 6 of 29,693; load equal.",
    ),
    "side by side": (
        judge_side_by_side(
            part(STORY.whole, 100, 130), slower(part(STORY.whole, 100, 130), 1.3), STORY.plan, is_over=True
        ),
        "REGRESSED: p50 latency 411 → 534 ms (+30 %, 95 % interval +29…+31 %); p90 latency +30 %; p99 latency +30 %; "
        "5xx 3 of 14,975 against 3 of 14,975.",
    ),
}


@pytest.mark.parametrize("name", SENTENCES)
def test_the_verdict_is_told_in_one_sentence(name):
    verdict, said = SENTENCES[name]
    assert f"{verdict.kind}: {verdict.evidence}" == said


def test_what_the_time_of_day_leads_one_to_expect_is_named():
    past = 10 * 1440
    rhythm = 0.4 * np.sin(2 * np.pi * np.arange(past + 38) / 1440)
    story = Story(past=past, rhythm=rhythm)
    told = story.verdict(slower(story.after, 1.25))
    assert told.kind is VerdictKind.REGRESSED
    assert "390 → 529 ms where 435 ms were to be expected at this hour (+22 %" in told.evidence


def test_a_limit_that_was_crossed_before_as_well_is_told_as_such_and_nothing_is_done_about_it():
    story = Story(plan=plan_of(p50_ceiling_ms=400))
    told = story.verdict()
    assert (told.kind, told.is_hard, told.may_act) == (VerdictKind.REGRESSED, True, False)
    assert told.evidence == "p50 is 414 ms; the fleet file allows 400 ms, but it was 407 ms before the update as well."


def test_an_endpoint_that_varies_too_much_is_said_to_do_so():
    story = Story(deviation=0.8)
    told = story.verdict()
    assert told.kind is VerdictKind.INCONCLUSIVE
    assert (
        "is too unsure to exclude a rise of 20 %; a longer watch would not help, because it varies as much by itself"
        in (told.evidence)
    )


@pytest.mark.parametrize(("requests", "cap"), [(1100, Cap.LOAD_ROSE), (200, Cap.LOAD_FELL), (500, None)])
def test_the_cap_says_which_way_the_load_went(requests, cap):
    assert STORY.verdict(changed(STORY.after, requests=requests)).cap is cap


@pytest.mark.parametrize("seed", range(4))
def test_side_by_side_a_short_look_tells_numbers_that_add_up_and_no_hour_of_the_day(seed):
    old, new = (endpoint(6, seed=seed + apart, deviation=0.1) for apart in (0, 1000))
    told = judge_side_by_side(old, slower(new, 1.5), plan_of(), is_over=False)
    p50 = next(e for e in told.effects if e.signal is Signal.P50)
    assert p50.before is not None
    assert p50.after is not None
    assert p50.after / p50.before - 1 == pytest.approx(p50.change)
    assert "expected" not in told.evidence
    assert "expected" not in effect_words(p50)
