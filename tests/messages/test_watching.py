"""The watch while it goes on, the word to whoever is on call, and the summary at its end."""

from datetime import timedelta
from typing import Any

import pytest
from fakes.clock import NOW
from fakes.reading import labels_of, words_of
from fakes.records import BEN, a_comparison, a_verdict, an_effect, approved_by, at, judged, regressed
from fakes.stories import STORIES

from bot.domain.checks import CheckRun, CheckTime
from bot.domain.phases import Phase
from bot.domain.rollout import Rollout
from bot.domain.signals import Role, Signal
from bot.domain.verdict import Basis, Cap, Standing, VerdictKind
from bot.domain.watchplan import Extension, Restraint
from bot.messages.blocks import Message
from bot.messages.card import render_card
from bot.messages.slots import SlotName
from bot.messages.thread import wanted_slots


def shown(rollout: Rollout, name: SlotName) -> Message:
    return next(slot.message for slot in wanted_slots(rollout) if slot.name is name)


def told(rollout: Rollout, name: SlotName = SlotName.WATCH) -> str:
    return words_of(shown(rollout, name))


def watching(**fields: Any) -> Rollout:
    return at(Phase.WATCHING, comparison=a_comparison(), **fields)


def test_that_there_are_no_numbers_yet_is_said_with_when_to_expect_them() -> None:
    words = told(at(Phase.WATCHING))
    assert "The first 3 min are warm-up and not judged; CloudWatch shows numbers 3 min late." in words
    assert "The first ones are expected 2026-11-22 08:07 UTC." in words
    none = at(Phase.WATCHING).watch.model_copy(update={"warm_up": timedelta()})
    assert "\nCloudWatch shows numbers 3 min late." in told(at(Phase.WATCHING, watch=none))


def test_signals_that_are_not_critical_are_shown_only_when_they_are_worse() -> None:
    effects = (
        an_effect(),
        an_effect(Signal.P99, Standing.WORSE, change=0.5),
        an_effect(Signal.SPREAD, Standing.UNCLEAR, role=Role.NORMAL, before=0.02),
        an_effect(Signal.P90, Standing.WORSE, role=Role.MUTED, change=0.5),
    )
    words = told(watching(last_look=judged(VerdictKind.REGRESSED, *effects), worse_looks=1))
    assert "✖ p99 latency" in words
    assert "swings" not in words
    assert "p90" not in words


@pytest.mark.parametrize(
    "look",
    [
        judged(VerdictKind.REGRESSED, an_effect(), evidence="The alarm wer-high went off at 08:10 UTC."),
        judged(
            VerdictKind.INCONCLUSIVE, an_effect(), evidence="Load is 3.4 times what was expected.", cap=Cap.LOAD_ROSE
        ),
        judged(VerdictKind.INCONCLUSIVE, evidence="CloudWatch gave no answer."),
        judged(VerdictKind.PASS, evidence="Nothing stands against it."),
    ],
)
def test_what_the_signals_do_not_explain_is_told_in_the_words_of_the_evidence(look: Any) -> None:
    assert look.evidence in told(watching(last_look=look))


def test_what_the_signals_explain_is_not_said_twice() -> None:
    assert regressed().evidence not in told(watching(last_look=regressed(), worse_looks=1))


def test_of_many_extensions_the_last_ones_are_told() -> None:
    by = timedelta(minutes=30)
    extensions = tuple(Extension(actor=BEN, at=NOW + n * by, by=by) for n in range(8))
    words = told(watching(last_look=a_verdict(), extensions=extensions))
    assert "Extended 3 times before that" in words
    assert words.count("Extended by 30 min by @U0BEN") == 5
    over = at(Phase.SUCCEEDED, extensions=extensions[:1])
    assert told(over).startswith("Watch is over after 1 h 3 min.\nExtended by 30 min by @U0BEN")


def test_the_check_of_the_new_fleet_stands_beside_the_signals() -> None:
    run = CheckRun(time=CheckTime.AFTER, intended_at=NOW)
    assert "▸ check command on the new fleet: it waits for a worker" in told(watching(checks=(run,)))
    begun = run.model_copy(update={"started_at": NOW})
    assert "▸ check command on the new fleet: it runs now" in told(watching(checks=(begun,)))
    over = run.model_copy(update={"finished_at": NOW, "exit_status": 0})
    assert "✓ check command on the new fleet: passed" in told(watching(checks=(over,)))


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("watching", "CloudWatch numbers come in; the thread has them."),
        ("watch as good so far", "All traffic is on the new fleet. Watching: p50 latency 400 → 404 ms (+1 %) so far."),
        ("watch without callers", "All traffic is on the new fleet. Nobody has called it so far."),
        ("watch looks worse", "It looks worse: p50 latency 412 → 531 ms (+29 %). The next look has to confirm it."),
        ("regression told", "REGRESSED: p50 latency 412 → 531 ms (+29 %). The thread has the buttons."),
        ("regression accepted", "Worse: p50 latency 412 → 531 ms (+29 %). Accepted by @U0BEN."),
        ("bot rolls back", "The bot takes it back by itself: p50 latency 412 → 531 ms (+29 %)."),
        (
            "bot rolled back",
            "The bot took it back by itself: p50 latency 412 → 531 ms (+29 %). The endpoint is on sentiment-v3.",
        ),
        ("nobody called", "INCONCLUSIVE: nobody called the new fleet."),
        ("check failed", "REGRESSED: the check command did not pass."),
        ("check without an answer", "INCONCLUSIVE: the check command gave no answer."),
        ("check failed on both fleets", "INCONCLUSIVE: the check command fails on both fleets."),
    ],
)
def test_the_card_says_how_the_watch_stands(name: str, line: str) -> None:
    assert line in words_of(render_card(STORIES[name]))


def test_the_card_repeats_no_words_from_outside() -> None:
    alarm = judged(VerdictKind.REGRESSED, an_effect(), evidence="The alarm deploy-failed went off.")
    during = watching(last_look=alarm, worse_looks=2, worse_since=NOW)
    assert "REGRESSED: the thread says why." in words_of(render_card(during))
    over = at(Phase.SUCCEEDED, verdict=alarm)
    assert "REGRESSED: the thread says why." in words_of(render_card(over))
    plain = watching(last_look=judged(VerdictKind.INCONCLUSIVE, evidence="CloudWatch gave no answer."))
    assert "All traffic is on the new fleet. The thread has the numbers." in words_of(render_card(plain))


def test_the_alert_calls_whoever_asked_and_whoever_approved_once_each() -> None:
    alert = told(STORIES["regression told"], SlotName.ALERT)
    assert "@U0ANNA and @U0BEN: nothing is rolled back by itself" in alert
    own = STORIES["regression told"].with_(approvals=approved_by("U0ANNA"))
    assert "\n@U0ANNA: nothing is rolled back" in told(own, SlotName.ALERT)
    nobody = told(STORIES["regression told of a bot's own change"], SlotName.ALERT)
    assert "\nNothing is rolled back by itself" in nobody


@pytest.mark.parametrize("restraint", [*Restraint, None])
def test_the_alert_says_why_the_bot_leaves_it_to_people(restraint: Restraint | None) -> None:
    words = told(STORIES["regression told"].with_(restraint=restraint), SlotName.ALERT)
    assert ("by itself, because " in words) is (restraint is not None)
    assert "The watch goes on until 2026-11-22 08:33 UTC." in words


def test_an_alert_that_the_next_looks_do_not_bear_out_says_so() -> None:
    calm = STORIES["regression told"].with_(last_look=STORIES["watch as good so far"].last_look)
    words = told(calm, SlotName.ALERT)
    assert words.startswith("REGRESSED at 2026-11-22 08:09 UTC, but no longer. ")
    assert "Accept" in labels_of(shown(calm, SlotName.ALERT))


@pytest.mark.parametrize(
    ("phase", "words"),
    [
        (Phase.SUCCEEDED, "The watch is over; the summary below has the buttons."),
        (Phase.ROLLING_BACK, "Being rolled back, asked for by @U0BEN."),
        (Phase.ROLLED_BACK, "Rolled back, asked for by @U0BEN."),
        (Phase.NEEDS_HUMAN, "Look at the end of this thread."),
    ],
)
def test_an_alert_that_is_over_has_no_buttons_and_says_what_became_of_it(phase: Phase, words: str) -> None:
    alert = shown(at(phase, worse_since=NOW, last_look=regressed()), SlotName.ALERT)
    assert words_of(alert).endswith(words)
    assert labels_of(alert) == []
    by_the_bot = STORIES["bot rolled back"].with_(worse_since=NOW)
    assert told(by_the_bot, SlotName.ALERT).endswith("Rolled back by the bot.")


def test_a_verdict_reached_by_the_last_look_alone_is_not_said_to_be_two() -> None:
    soft = STORIES["bot rolls back"]
    assert "by itself: the last look found it worse" in told(soft, SlotName.SUMMARY)
    assert "by itself: two looks in a row found it worse" in told(soft.with_(worse_looks=2), SlotName.SUMMARY)
    assert "by itself: this needed no second look" in told(STORIES["bot rolled back"], SlotName.SUMMARY)


def test_the_summary_says_how_the_two_fleets_were_told_apart() -> None:
    comparison = a_comparison()
    by_time = at(Phase.SUCCEEDED)
    assert "The two fleets are told apart by time." in told(by_time, SlotName.SUMMARY)
    streams = by_time.with_(watch=by_time.watch.model_copy(update={"kind": "streaming"}))
    assert "Streams that were open at the cutover may count for the new fleet." in told(streams, SlotName.SUMMARY)
    by_config = by_time.with_(comparison=comparison.model_copy(update={"by_config": True}))
    assert "CloudWatch tells the two fleets apart by their endpoint configs." in told(by_config, SlotName.SUMMARY)
    beside = by_time.with_(verdict=judged(VerdictKind.PASS, an_effect(basis=Basis.SIDE_BY_SIDE)))
    assert "both variants over 30 min." in told(beside, SlotName.SUMMARY)


def test_slow_traffic_is_told_in_fractions_and_cold_starts_where_there_are_any() -> None:
    comparison = a_comparison()
    slow = comparison.after.model_copy(update={"requests": 45.0})
    cold = judged(VerdictKind.PASS, an_effect(), an_effect(Signal.SETUP_TIME, before=3_000_000.0))
    rollout = at(Phase.SUCCEEDED, comparison=comparison.model_copy(update={"after": slow}), verdict=cold)
    words = told(rollout, SlotName.SUMMARY)
    assert "Requests 17 → 1.5 a minute (−91 %)" in words
    assert "Cold start 3,000 → 3,030 ms (+1 %, 95 % interval −4…+6 %)" in words


def test_a_watch_that_was_taken_up_again_has_an_open_summary_without_buttons() -> None:
    again = STORIES["watched again"]
    assert "taken up again by @U0CARL, so the verdict is open" in told(again, SlotName.SUMMARY)
    assert labels_of(shown(again, SlotName.SUMMARY)) == []
    assert SlotName.CHART not in {slot.name for slot in wanted_slots(again)}
    assert "taken up again, so" in told(again.with_(extensions=()), SlotName.SUMMARY)


def test_the_output_of_a_failed_check_is_cut_to_its_end_and_harmless() -> None:
    run = STORIES["check failed"].checks[-1]
    output = "\n".join(f"line {n} ``` <!channel>" for n in range(50)) + "\n" + "x" * 500
    rollout = STORIES["check failed"].with_(checks=(run.model_copy(update={"output": output}),))
    summary = shown(rollout, SlotName.SUMMARY)
    words = words_of(summary)
    assert "line 49" in words
    assert "line 40" not in words
    assert "x" * 160 in words
    assert "x" * 161 not in words
    assert "<!channel>" not in str(summary.blocks)
    assert str(summary.blocks).count("```") == 2


def test_more_scores_than_anybody_reads_are_counted() -> None:
    run = STORIES["check passed"].checks[-1]
    many = {f"score{n}": run.scores["wer"] for n in range(14)}
    words = told(STORIES["check passed"].with_(checks=(run.model_copy(update={"scores": many}),)), SlotName.SUMMARY)
    assert "• score0: 0.081 (lower is better, 5 % allowed)" in words
    assert "• … and 4 more" in words
