"""Rules that hold for every message of every story: Slack's limits, escaping, live buttons, plain words."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from fakes.clock import NOW
from fakes.facts import a_target
from fakes.plans import COST, QUIET, READY
from fakes.reading import labels_of, mrkdwn_of, words_of
from fakes.records import BEN, CARL, a_comparison, a_plan, at
from fakes.stories import STORIES

from bot.domain.board import BoardState, Standing
from bot.domain.commands import Change
from bot.domain.endpoint import EndpointStatus, PendingDeployment, Snapshot, VariantState
from bot.domain.phases import Kind, Phase
from bot.domain.plan import Difference, Finding, Level
from bot.domain.readiness import ReadinessLevel
from bot.domain.rollout import Rollout
from bot.domain.rollout_parts import Redraw, Trouble
from bot.domain.scaling import Scaling
from bot.domain.strategy import Strategy
from bot.domain.verdict import Verdict, VerdictKind
from bot.messages.answers import (
    render_bare_plan,
    render_history,
    render_text,
)
from bot.messages.blocks import Message
from bot.messages.board import Fleetwide, render_board
from bot.messages.lifecycle import BEGIN_OR_END
from bot.messages.slots import Slot, SlotName
from bot.messages.standing import InFull, render_standing
from bot.messages.thread import render_pointer, wanted_slots
from sandbox.slack.blocks.catalog import MESSAGE
from sandbox.slack.blocks.rules import problems_in

LINK = "https://x.slack.com/archives/C1/p1"


class NoFiles:
    """Our messages refer to no file."""

    def usable(self, reference: dict[str, Any]) -> Any:
        return None


def slots_of(rollout: Rollout) -> dict[SlotName, Message]:
    return {slot.name: slot.message for slot in wanted_slots(rollout)}


def messages_of(rollout: Rollout) -> Iterator[Message]:
    """All that can be said about one rollout."""
    yield from slots_of(rollout).values()
    yield render_pointer(rollout, LINK)
    yield render_history(None, [rollout] * 20)
    yield render_history(rollout.endpoint, [])
    yield render_standing(InFull(a_standing(rollout), [rollout] * 5, [rollout]))
    yield render_board([a_standing(rollout)] * 60, Fleetwide(NOW, active=[rollout]))
    if rollout.plan is not None:
        yield render_bare_plan(rollout)


def a_standing(rollout: Rollout) -> Standing:
    label = rollout.plan.target_label if rollout.plan else "v4"
    return Standing(
        endpoint=rollout.endpoint,
        state=BoardState.OUT_OF_DATE,
        running=label,
        newest=label,
        snapshot=rollout.snapshot,
        config_lines=(f"AllTraffic: {label}",),
        scaling=Scaling(targets=(a_target(),)),
        problem=rollout.last.note,
    )


def problems_of(message: Message) -> list[str]:
    found = [str(p) for p in problems_in(json.loads(json.dumps(message.blocks)), MESSAGE, NoFiles())]
    return found if 0 < len(message.text) <= 4000 else [*found, f"text of {len(message.text)} characters"]


HOSTILE = "<!channel> & <@U0EVIL> `x` *y* <https://evil.example|click>"


def made_of(text: str, times: int) -> Rollout:
    """A rollout in which everything from outside is this text, and there is as much of it as AWS allows."""
    plan = a_plan(
        current_label=text[:300],
        target_label=text[:300] + " ",
        current_config=text[:63],
        target_config=text[:63] + " ",
        new_models={f"{text[:50]}{i}": text[:63] for i in range(min(times, 15))},
        differences=tuple(
            Difference(path=f"{text[:200]}{i}", before=text[:1024], after=text[:1024] + " ") for i in range(times)
        ),
        kept=tuple(text[:200] for _ in range(min(times, 10))),
        findings=tuple(
            Finding(check=f"c{i}", level=level, text=text[:500], next_step=text[:300])
            for i, level in enumerate([Level.OK, Level.WARNING, Level.BLOCKER] * 5)
        ),
        strategy=Strategy(reason=text[:300]),
        steps=tuple(text[:300] for _ in range(min(times, 5))),
        scaling=Scaling(targets=tuple(a_target(variant=text[:63]) for _ in range(min(times, 10)))),
        cost=COST.model_copy(update={"unpriced": (text[:63],) * min(times, 5)}),
        traffic=QUIET,
        readiness=READY.model_copy(
            update={
                "level": ReadinessLevel.AMBER,
                "to_config": text[:63],
                "reasons": tuple(f"{text[:300]}{i}" for i in range(min(times, 20))),
            }
        ),
    )
    variant = VariantState(name=text[:63], current_count=1, desired_count=2, message=text[:1024])
    snapshot = Snapshot(
        name="e",
        arn="arn:e",
        status=EndpointStatus.UPDATING,
        config_name=text[:63],
        last_modified=NOW,
        observed_at=NOW,
        failure_reason=text[:1024],
        variants=(variant,) * min(times, 10),
        pending=PendingDeployment(config_name=text[:63], variants=(variant,) * min(times, 10)),
    )
    return at(
        Phase.AWAITING_APPROVAL,
        plan=plan,
        reason=text[:500],
        snapshot=snapshot,
        endpoint="e" * 63,
        comparison=a_comparison(),
        verdict=Verdict(kind=VerdictKind.REGRESSED, evidence=text[:500]),
        trouble=Trouble(count=2, since=NOW, last=text[:300]),
        change=Change(env={"A": text[:200] or "x"}),
        approvers_text=f"<@{BEN}>",
        redraws=(Redraw(at=NOW, differences=plan.differences, approvals_lost=(BEN, CARL)),),
    )


def in_every_phase(rollout: Rollout) -> Iterator[Rollout]:
    for phase in Phase:
        here = at(phase, note=rollout.reason * 2)
        carried = ("plan", "reason", "snapshot", "endpoint", "comparison", "verdict", "trouble", "change", "redraws")
        carries = {name: getattr(rollout, name) for name in carried}
        if here.plan is None:
            carries.pop("plan")
        yield here.with_(**carries)


HUGE = list(in_every_phase(made_of("x" * 2000, 100)))
AMPERSANDS = list(in_every_phase(made_of("&" * 2000, 100)))
EVIL = list(in_every_phase(made_of(HOSTILE * 30, 5)))


@pytest.mark.parametrize("name", STORIES)
def test_slack_takes_every_message_of_every_story(name: str) -> None:
    assert [p for message in messages_of(STORIES[name]) for p in problems_of(message)] == []


@pytest.mark.parametrize("rollouts", [HUGE, AMPERSANDS, EVIL], ids=["huge", "ampersands", "evil"])
def test_slack_takes_the_largest_messages_there_can_be(rollouts: list[Rollout]) -> None:
    for rollout in rollouts:
        for message in messages_of(rollout):
            assert problems_of(message) == [], rollout.phase


def test_nothing_from_outside_mentions_links_or_pings() -> None:
    for rollout in EVIL:
        for message in messages_of(rollout):
            for text in mrkdwn_of(message):
                assert "<!channel>" not in text
                assert "<@U0EVIL>" not in text
                assert "<https://evil" not in text
                assert re.search(r"&(?!amp;|lt;|gt;)(?!$)", re.sub(r"&\w*\n?… \(shortened\)", "", text)) is None


def test_a_refusal_may_mention_people_and_nobody_else() -> None:
    text = render_text("Ask <@U0BEN> or <!subteam^S0MLOPS>, not <!channel> or <https://x.y|me>").text
    assert text == "Ask <@U0BEN> or <!subteam^S0MLOPS>, not &lt;!channel&gt; or &lt;https://x.y|me&gt;"


@pytest.mark.parametrize("name", STORIES)
def test_plain_words_have_no_markup(name: str) -> None:
    for message in messages_of(STORIES[name]):
        words = words_of(message).replace("```wer", "")  # which the check command printed
        assert words
        assert re.search(r"<[@!#]|&(amp|lt|gt);|`|\*\w|\w\*|<https?:", words) is None, words


LIVE: dict[SlotName, Callable[[Rollout], set[str]]] = {
    SlotName.PLAN: lambda r: (
        {
            Phase.AWAITING_APPROVAL: {"Approve", "Reject", "Cancel"},
            Phase.SCHEDULED: {"Run now", "Cancel"},
        }.get(r.phase, set())
        | ({"Schedule"} if r.phase is Phase.AWAITING_APPROVAL and r.plan and r.plan.quiet_at else set())
    ),
    SlotName.PROGRESS: lambda r: (
        {"Cancel"}
        if r.phase in (Phase.PREPARING, Phase.UPDATING)
        and r.rollback_queued_by is None
        and not (r.kind in BEGIN_OR_END | {Kind.AUTOSCALE} and r.update is not None)
        else set()
    ),
    SlotName.WATCH: lambda r: {"Roll back", "Extend by 30 min"} if r.phase is Phase.WATCHING else set(),
    SlotName.ALERT: lambda r: (
        {"Roll back", *_left_to_say(r, {"Accept", "Extend by 30 min"})} if r.phase is Phase.WATCHING else set()
    ),
    SlotName.SUMMARY: lambda r: _left_after_the_watch(r) if r.phase is Phase.SUCCEEDED else set(),
    SlotName.TRIAL: lambda r: _left_of_the_trial(r) if r.has_running_trial else set(),
}


def _left_of_the_trial(rollout: Rollout) -> set[str]:
    """A share of the traffic that B has already is not offered; of a shadow, none can be moved."""
    assert rollout.trial is not None
    assert rollout.trial_watch is not None
    shares = set() if rollout.trial.shadow else {0, 10, 25, 50, 90} - {round(rollout.trial_watch.share)}
    return {"Keep A", "Keep B", *(f"B {share} %" for share in shares)}


def _left_to_say(rollout: Rollout, while_open: set[str]) -> set[str]:
    if rollout.acceptance is None:
        return while_open
    return set() if rollout.acceptance.reason else {"Add a reason"}


def _left_after_the_watch(rollout: Rollout) -> set[str]:
    match rollout.verdict and rollout.verdict.kind:
        case VerdictKind.REGRESSED:
            return {"Roll back", *_left_to_say(rollout, {"Accept"})}
        case VerdictKind.INCONCLUSIVE:
            return {"Roll back", "Watch longer"}
        case _:
            return {"Roll back"}


@pytest.mark.parametrize("name", STORIES)
def test_only_what_can_still_be_decided_has_live_buttons(name: str) -> None:
    rollout = STORIES[name]
    for slot, message in slots_of(rollout).items():
        if slot is not SlotName.ENDING:
            assert set(labels_of(message)) == LIVE.get(slot, lambda r: set())(rollout), slot


def test_the_way_back_is_offered_where_a_person_must_look_and_after_other_autoscaling() -> None:
    offered = {n for n, r in STORIES.items() if "Roll back" in labels_of(slots_of(r).get(SlotName.ENDING, Message("")))}
    assert offered == {"needs_human", "rollback failed", "autoscaling set", "autoscaling set up"}


def test_a_reason_is_asked_for_where_a_rejection_has_none() -> None:
    offered = {
        n for n, r in STORIES.items() if "Add a reason" in labels_of(slots_of(r).get(SlotName.ENDING, Message("")))
    }
    assert offered == {"rejected", "creation rejected"}


def test_a_long_reason_is_whole_in_the_end_and_cut_where_it_stands_in_a_sentence() -> None:
    reason = f"{'<!channel> & no ' * 40}\n\nlast line"[-500:]
    decision = STORIES["rejected with words"].approvals[0].model_copy(update={"reason": reason})
    rejected = STORIES["rejected with words"].with_(approvals=(decision,))
    slots = slots_of(rejected)
    assert "<!channel>" not in str([message.blocks for message in slots.values()])
    assert "> last line" in words_of(slots[SlotName.ENDING])
    assert "…, " in words_of(slots[SlotName.PLAN])
    assert "last line" not in words_of(slots[SlotName.PLAN])
    assert "last line" not in words_of(render_history(None, [rejected]))
    assert "no <!channel>" in words_of(render_history(None, [rejected]))
    assert [p for message in slots.values() for p in problems_of(message)] == []


def test_a_blocked_plan_is_never_offered_with_approve() -> None:
    blocked = slots_of(STORIES["blocked"])[SlotName.PLAN]
    assert labels_of(blocked) == []
    assert "Cannot be approved until the blockers above are mended" in words_of(blocked)


@pytest.mark.parametrize("name", [n for n, r in STORIES.items() if SlotName.PLAN in slots_of(r)])
def test_the_plan_begins_with_the_word_plan(name: str) -> None:
    plan = slots_of(STORIES[name])[SlotName.PLAN]
    assert plan.text.startswith("Plan")
    assert words_of(plan).startswith("This plan was drawn up again" if STORIES[name].redraws else "Plan")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("preparing", f"Approved by <@{BEN}>"),
        ("two approvals", f"Approved by <@{BEN}> and <@{CARL}>"),
        ("one of two approvals", f"Approved by <@{BEN}> so far. Needs 1 more approval from"),
        ("awaiting_approval", "Needs 1 approval from"),
        ("rejected", f"Rejected by <@{BEN}>, <!date^"),
        ("rejected with words", f"Rejected by <@{BEN}>: Too risky today. It succeeded in staging only, <!date^"),
        ("expired", "Expired"),
        ("superseded", "Replaced by rollout `rnewer22`"),
        ("cancelled", "Cancelled by <@U0ANNA>"),
        ("crashed before a decision", "Ended before anybody decided"),
        ("rollback rolling_back", "Needed no further approval"),
    ],
)
def test_the_plan_says_what_became_of_it(name: str, words: str) -> None:
    rollout = STORIES[name]
    if rollout.kind == "rollback":
        rollout = rollout.with_(approval_needed=False)
    assert slots_of(rollout)[SlotName.PLAN].blocks[-1]["elements"][0]["text"].startswith(words)


def test_what_is_not_there_is_not_zero_and_not_empty() -> None:
    differences = (
        Difference(path="Environment.A", before=None, after=""),
        Difference(path="Environment.B", before="0", after=None),
    )
    words = words_of(slots_of(at(Phase.AWAITING_APPROVAL, plan=a_plan(differences=differences)))[SlotName.PLAN])
    assert "Environment.A: (not set) → (empty)" in words
    assert "Environment.B: 0 → (not set)" in words


def test_no_data_is_said_and_never_drawn_as_zero() -> None:
    words = words_of(slots_of(STORIES["no data"])[SlotName.SUMMARY])
    assert "p50 no data → no data" in words
    assert not re.search(r"\b0 ms|\b0\.0 ms", words)


def test_the_summary_holds_percentiles_before_and_after_and_one_verdict() -> None:
    words = words_of(slots_of(STORIES["regressed"])[SlotName.SUMMARY])
    assert "p50 400 → 530 ms (+32 %)" in words
    assert "p90 800 → 1,060 ms (+32 %)" in words
    assert "p99 1,200 → 1,590 ms (+32 %)" in words
    assert re.findall("PASS|REGRESSED|INCONCLUSIVE", words) == ["REGRESSED"]
    assert "5xx 1 of 1,000 (0.10 %) against 1 of 1,000 (0.10 %) before" in words


def test_broken_streams_are_counted_where_there_are_streams() -> None:
    streams = a_comparison()
    after = streams.after.model_copy(update={"mid_stream_errors": 3.0})
    rollout = at(Phase.SUCCEEDED, comparison=streams.model_copy(update={"after": after}))
    assert "Broken streams 3 of 1,000 (0.30 %) against no data before" in words_of(slots_of(rollout)[SlotName.SUMMARY])


def test_traffic_that_cloudwatch_did_not_see_is_no_data() -> None:
    silent = a_comparison()
    after = silent.after.model_copy(update={"requests": None, "errors_5xx": None})
    rollout = at(Phase.SUCCEEDED, comparison=silent.model_copy(update={"after": after}))
    words = words_of(slots_of(rollout)[SlotName.SUMMARY])
    assert "Requests 17 → no data a minute" in words
    assert "5xx no data against 1 of 1,000 (0.10 %) before" in words


ORDER = list(SlotName)


@pytest.mark.parametrize("name", STORIES)
def test_slots_come_once_each_and_in_the_order_of_the_story(name: str) -> None:
    slots: tuple[Slot, ...] = wanted_slots(STORIES[name])
    assert len({slot.name for slot in slots}) == len(slots)
    places = [ORDER.index(slot.name.partition(" ")[0]) for slot in slots]
    assert places == sorted(places)
    assert all(slot.in_thread is (slot.name is not SlotName.CARD) for slot in slots)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("planning", "card"),
        ("awaiting_approval", "card plan"),
        ("preparing", "card plan progress"),
        ("updating", "card plan progress"),
        ("watching", "card plan progress watch"),
        ("succeeded", "card plan progress watch summary chart"),
        ("rolled_back", "card plan progress watch summary chart"),
        ("rolled_back_by_aws", "card plan progress ending"),
        ("needs_human", "card plan progress ending"),
        ("failed", "card plan progress ending"),
        ("blocked", "card plan ending"),
        ("blocked without a plan", "card ending"),
        ("restored", "card"),
        ("revived in its update", "card revived progress"),
        ("revived in its watch", "card revived progress watch"),
        ("revived on its way back", "card revived"),
        ("revived too late", "card revived progress ending"),
        ("rollback in its parent's thread", "progress"),
        ("rollback blocked in its parent's thread", "ending"),
        ("rollback rolled_back", "card plan progress ending"),
        ("created", "card plan progress ending"),
        ("torn down", "card plan progress ending"),
    ],
)
def test_the_thread_tells_what_happened_and_nothing_that_did_not(name: str, told: str) -> None:
    rollout = STORIES[name]
    if name == "rollback rolled_back":
        rollout = rollout.with_(update=at(Phase.UPDATING).update)
    assert " ".join(slots_of(rollout)) == told


def test_the_end_of_a_rollback_says_how_long_it_took() -> None:
    done = STORIES["rollback rolled_back"]
    later = done.last.model_copy(update={"at": NOW + timedelta(minutes=8)})
    words = words_of(slots_of(done.with_(transitions=(*done.transitions[:-1], later)))[SlotName.ENDING])
    assert words == (
        "Rolled back in 8 min. Asked for by @U0BEN.\nsentiment-prod is InService on sentiment-v3.\n\n"
        "What was rolled back is held now: automation leaves it alone, a person may still bring it back. To lift that: "
        "unhold sentiment-prod"
    )
