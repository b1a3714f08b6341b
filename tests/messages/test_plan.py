"""The plan's message, as an approver with half a minute and a phone reads it."""

from datetime import timedelta
from typing import Any

import pytest
from fakes.clock import NOW
from fakes.facts import SCALED
from fakes.plans import NO_RETURN, QUIET, READY, UNSURE, a_full_plan, passed
from fakes.reading import labels_of, words_of
from fakes.records import BEN, CARL, a_plan, approved_by, at, rollback_at

from bot.domain.phases import Kind, Phase, Reason
from bot.domain.plan import Difference, Finding, Level, Plan
from bot.domain.rollout import Rollout
from bot.domain.rollout_parts import Redraw
from bot.domain.saga import ScalingMode
from bot.messages.blocks import Message
from bot.messages.plan import plan_title, render_plan

TRAFFIC = "1,200 requests a minute now"


def waiting(plan: Plan | None = None, **fields: Any) -> Rollout:
    return at(Phase.AWAITING_APPROVAL, plan=plan or a_full_plan(), **fields)


def read(rollout: Rollout) -> str:
    return words_of(render_plan(rollout))


def test_whoever_the_manager_names_is_called_by_name_and_nobody_in_a_persons_words() -> None:
    why = f"asks because <@{BEN}> left sentiment version 4"
    assert f"<@{BEN}> left" in str(render_plan(waiting(requester="bot", reason=why)).blocks)
    assert f"&lt;@{BEN}&gt; left" in str(render_plan(waiting(reason=why)).blocks)


def button_of(message: Message, label: str) -> dict[str, Any]:
    elements = [e for block in message.blocks if block["type"] == "actions" for e in block["elements"]]
    return next(e for e in elements if e["text"]["text"] == label)


def test_the_plan_reads_from_what_changes_to_the_way_back() -> None:
    words = read(waiting())
    order = [
        "Plan for",
        "What changes",
        "What stays",
        "Checks",
        "How: canary",
        "Cost:",
        "Traffic:",
        "Way back:",
        "Approve",
    ]
    places = [words.index(word) for word in order]
    assert places == sorted(places)


def test_the_way_back_stands_right_above_the_buttons() -> None:
    kinds = [block["type"] for block in render_plan(waiting()).blocks]
    above = render_plan(waiting()).blocks[kinds.index("actions") - 1]
    assert above["text"]["text"].startswith("*Way back*: 🟢 *ready*, to `sentiment-v3`, in about 12 minutes")
    assert "The way back needs 4 ml.g5.2xlarge beside 6 in use, of 20." in above["text"]["text"]


@pytest.mark.parametrize(
    ("readiness", "words"),
    [
        (READY, "🟢 ready, to sentiment-v3, in about 12 minutes\n"),
        (UNSURE, "🟡 with conditions, to sentiment-v3\n"),
        (NO_RETURN, "🔴 none\n"),
    ],
)
def test_the_way_back_is_a_light_and_a_word(readiness: Any, words: str) -> None:
    said = read(waiting(a_full_plan(readiness=readiness)))
    assert words in said
    assert all(reason in said for reason in readiness.reasons)


def test_an_unknown_duration_of_the_way_back_is_said_to_be_unknown() -> None:
    unknown = "How long it takes, there or back, is not known yet: there is no past update of it."
    assert unknown in read(waiting(a_full_plan(readiness=UNSURE)))
    assert unknown not in read(waiting(a_full_plan(readiness=NO_RETURN)))


def test_a_reason_that_is_about_the_quota_is_said_once() -> None:
    short = str(READY.return_quota[0])
    words = read(waiting(a_full_plan(readiness=READY.model_copy(update={"reasons": (short,)}))))
    assert words.count(short) == 1


@pytest.mark.parametrize(
    ("plan", "asks"),
    [
        (a_full_plan(), False),
        (a_full_plan(readiness=NO_RETURN), True),
        (a_plan(irreversible=("SageMaker never turns it back.",)), True),
    ],
)
def test_approving_what_cannot_be_undone_is_asked_about_once_more(plan: Plan, asks: bool) -> None:
    assert ("confirm" in button_of(render_plan(waiting(plan)), "Approve")) is asks


def test_what_weighs_most_changes_first() -> None:
    words = read(waiting())
    assert words.index("ModelPackageName") < words.index("InitialInstanceCount") < words.index("Environment.WORKERS")


def test_nothing_that_changes_is_kept_from_who_approves_it() -> None:
    many = tuple(Difference(path=f"AllTraffic.model.Environment.SETTING_{i}", before="1", after="2") for i in range(60))
    words = read(waiting(a_plan(differences=many)))
    assert all(difference.path in words for difference in many)


def test_a_diff_that_is_too_long_for_a_message_is_cut_with_a_count() -> None:
    many = tuple(Difference(path=f"Environment.A{i}", before="1", after="&" * 500) for i in range(100))
    message = render_plan(waiting(a_full_plan(differences=many)))
    assert sum(len(str(block.get("text", {}).get("text", ""))) for block in message.blocks) < 13_000
    shown = sum(difference.path in words_of(message) for difference in many)
    assert 0 < shown < 100
    assert f"… and {100 - shown} more" in words_of(message)


def test_long_values_are_shown_where_they_part() -> None:
    same = "https://example.com/" + "a" * 200
    difference = Difference(path="Environment.URL", before=f"{same}/old", after=f"{same}/new")
    words = read(waiting(a_plan(differences=(difference,))))
    assert "aaa/old" in words
    assert "aaa/new" in words


def test_what_differs_never_looks_alike() -> None:
    arns = [
        f"arn:aws:sagemaker:us-east-1:{account}:model-package/stt/1" for account in ("111111111111", "222222222222")
    ]
    difference = Difference(path="AllTraffic.model.ModelPackageName", before=arns[0], after=arns[1])
    assert all(arn in read(waiting(a_plan(differences=(difference,)))) for arn in arns)


def a_finding(level: Level, check: str, text: str, step: str = "Do this.") -> Finding:
    return Finding(check=check, level=level, text=text, next_step=step)


def test_blockers_come_first_then_what_cannot_be_undone_and_what_passed_is_one_line() -> None:
    findings = (
        *passed("in_service", "variant_names"),
        a_finding(Level.WARNING, "track", "Off the track.", ""),
        a_finding(Level.WARNING, "conversion", "IRREVERSIBLE: never back."),
        a_finding(Level.BLOCKER, "quota", "Too small."),
    )
    checks = read(waiting(a_plan(findings=findings))).partition("Checks\n")[2].partition("\n\n")[0]
    assert checks.splitlines() == [
        "✖ blocker: Too small.",
        "→ Do this.",
        "⚠ warning: IRREVERSIBLE: never back.",
        "→ Do this.",
        "⚠ warning: Off the track.",
        "✓ 2 checks passed: in service, variant names",
    ]


def test_the_way_back_is_not_told_twice() -> None:
    gone = a_finding(Level.WARNING, "way_back", "No way back.")
    assert "No way back." in read(waiting(a_plan(findings=(gone,))))
    assert "No way back." not in read(waiting(a_plan(findings=(gone,), readiness=NO_RETURN)))
    blocked = gone.model_copy(update={"level": Level.BLOCKER})
    assert "No way back." in read(waiting(a_plan(findings=(blocked,), readiness=NO_RETURN)))


def test_steps_are_numbered_and_autoscaling_is_told() -> None:
    words = read(waiting(a_full_plan(scaling=SCALED)))
    assert "How: canary 25%. The fleet file says so.\n1. The whole new fleet" in words
    assert "2. 1 of 4 instances takes 25 % of the traffic" in words
    assert "Autoscaling of AllTraffic is suspended meanwhile, and put back afterwards." in words
    assert "\nAll at once." in read(waiting(a_plan(steps=("All at once.",))))
    removed = read(waiting(a_full_plan(scaling=SCALED, scaling_mode=ScalingMode.DEREGISTER)))
    assert "Autoscaling of AllTraffic is removed meanwhile, and put back afterwards." in removed
    assert "Past updates of it took about 12 min." in words


def test_cost_traffic_and_streams_are_told_where_they_are_known() -> None:
    words = read(waiting(a_full_plan(connections=40.0)))
    assert "Cost: $1.41 for about 12 minutes of a second fleet; afterwards $3.04 → $6.08 an hour." in words
    assert f"Traffic: {TRAFFIC}, 1.1 × the usual of this hour" in words
    assert "Streams: At least 40 streams are open." in words
    bare = read(waiting(a_plan()))
    assert not any(word in bare for word in ("Cost:", "Traffic:", "Streams:", "Way back:"))
    product = read(waiting(a_full_plan(is_marketplace=True)))
    assert "The AWS Marketplace product's own price comes on top." in product


def test_what_a_warning_says_is_not_said_again() -> None:
    busy = (a_finding(Level.WARNING, "traffic", TRAFFIC), a_finding(Level.WARNING, "connections", "40 streams."))
    words = read(waiting(a_full_plan(findings=busy, connections=40.0)))
    assert "Traffic:" not in words
    assert "Streams:" not in words


def test_schedule_is_offered_where_a_quiet_hour_is_known_and_names_it() -> None:
    message = render_plan(waiting())
    assert labels_of(message) == ["Approve", "Schedule", "Reject", "Cancel"]
    asked = button_of(message, "Schedule")["confirm"]["text"]["text"]
    assert asked.startswith("It runs Mon 23 Nov 03:00 UTC, the hour with the least traffic")
    assert labels_of(render_plan(waiting(a_plan()))) == ["Approve", "Reject", "Cancel"]


def test_the_way_back_waits_for_no_quiet_hour_and_no_window() -> None:
    plan = a_full_plan(opens_at=NOW, traffic=QUIET)
    message = render_plan(rollback_at(Phase.AWAITING_APPROVAL, plan=plan))
    assert "Schedule" not in labels_of(message)
    assert "Approved, it" not in words_of(message)


@pytest.mark.parametrize(
    ("rollout", "words"),
    [
        (waiting(), "Lapses 2026-11-22 11:50 UTC."),
        (waiting(a_full_plan(opens_at=NOW)), "Approved, it waits until its change window opens, 2026-11-22 08:00 UTC."),
        (waiting(not_before=NOW + timedelta(hours=2)), "Approved, it runs 2026-11-22 10:00 UTC, as was asked for."),
    ],
)
def test_before_approval_it_is_told_when_it_would_run(rollout: Rollout, words: str) -> None:
    assert read(rollout).endswith(words)


def scheduled(reason: Reason, **fields: Any) -> Rollout:
    approved = waiting(approvals=approved_by(BEN))
    return approved.to(Phase.SCHEDULED, reason, NOW, BEN, scheduled_for=NOW + timedelta(hours=3), **fields)


@pytest.mark.parametrize(
    ("rollout", "words", "labels"),
    [
        (scheduled(Reason.APPROVED), "Runs 2026-11-22 11:00 UTC, as was asked for.", ["Run now", "Cancel"]),
        (scheduled(Reason.SCHEDULED_BY_APPROVER), "11:00 UTC, as the approver chose.", ["Run now", "Cancel"]),
        (scheduled(Reason.OUTSIDE_WINDOW), "11:00 UTC, when its change window opens.", ["Cancel"]),
        (
            scheduled(Reason.APPROVED, stopped_by="the lock of <@U0CARL> (a test)"),
            "It waits for the lock of @U0CARL (a test) to be lifted.",
            ["Run now", "Cancel"],
        ),
    ],
)
def test_an_approved_change_says_when_it_runs(rollout: Rollout, words: str, labels: list[str]) -> None:
    message = render_plan(rollout)
    assert f"Approved by @{BEN}, 2026-11-22 08:00 UTC. " in words_of(message)
    assert words in words_of(message)
    assert labels_of(message) == labels


def drawn_up_again(*lost: str) -> Rollout:
    moved = Difference(path="Instances of AllTraffic", before="2", after="6")
    return waiting(redraws=(Redraw(at=NOW, differences=(moved,), approvals_lost=lost),))


def test_a_plan_that_was_drawn_up_again_begins_with_what_moved() -> None:
    words = read(drawn_up_again(BEN, CARL))
    assert words.startswith(
        "This plan was drawn up again, 2026-11-22 08:00 UTC: what it rested on had moved. Nothing was run.\n"
        "• Instances of AllTraffic: 2 → 6\n"
        f"@{BEN} and @{CARL} had approved the older plan; that does not count for this one.\n\nPlan for"
    )
    assert "had approved" not in read(drawn_up_again())


def test_a_plan_that_is_being_drawn_up_again_has_no_buttons() -> None:
    message = render_plan(waiting().to(Phase.PLANNING, Reason.PLAN_DRIFTED, NOW, "bot"))
    assert labels_of(message) == []
    assert words_of(message).endswith("It is being drawn up again. Nothing was run.")


@pytest.mark.parametrize(
    ("differences", "words"),
    [
        ((Difference(path="A.DesiredInstanceCount", before="2", after="4"),), "instances of A 2 → 4"),
        ((Difference(path="A.DesiredInstanceCount", before=None, after="4"),), "instances of A ? → 4"),
        ((), "change the instance count"),
    ],
)
def test_a_change_of_counts_names_them_in_its_title(differences: tuple[Difference, ...], words: str) -> None:
    plan = a_plan(differences=differences, target_label="sentiment version 3")
    assert plan_title("stt-prod", Kind.SCALE, plan) == f"Plan for stt-prod: {words}"
    words = words_of(render_plan(at(Phase.AWAITING_APPROVAL, plan=plan, kind=Kind.SCALE)))
    assert "How: The whole new fleet stands before any traffic moves.\n" in words
    assert "past update" not in words


def test_where_nothing_changes_there_is_nothing_to_approve() -> None:
    idle = at(Phase.PLANNING, plan=a_plan(differences=())).to(Phase.BLOCKED, Reason.NOTHING_TO_CHANGE, NOW, "bot")
    assert "Nothing changes." in read(idle)
    assert read(idle).endswith("There is nothing to approve.")
