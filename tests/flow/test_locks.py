"""Locks on real processes: what they stop, what they let pass, and how somebody else's is broken by two people."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from sandbox.slack.driver import Message
from sandbox.stack import Stack

from .story import CHANNEL, promote, slot_of, terminal, update_calls

pytestmark = pytest.mark.flow


def announced(stack: Stack, words: str, *, by: str, expected: str) -> str:
    """What everybody in the channel reads after a command."""
    return _after(stack, words, by, expected, lambda: stack.slack.root_messages())


def answered(stack: Stack, words: str, *, by: str, expected: str) -> str:
    """What only that person reads after a command."""
    return _after(stack, words, by, expected, lambda: stack.slack.person(by).ephemerals())


def _after(stack: Stack, words: str, by: str, expected: str, read: Callable[[], list[Message]]) -> str:
    before = {m.ts for m in read()}
    delivery = stack.slack.person(by).command(f"/endpoint {words}")
    assert delivery.status == "ok", delivery
    return stack.slack.wait_for(
        lambda: next(m.plain for m in read() if m.ts not in before and expected in m.plain),
        15,
        f"an answer to {words!r} with {expected!r}; acknowledged with {delivery.ack_text!r}",
    )


def question(stack: Stack) -> Message:
    """The newest question whether a lock may be broken."""
    return stack.slack.wait_for(
        lambda: [m for m in stack.slack.root_messages() if slot_of(m) == "break_question"][-1], 15, "the question"
    )


def press_break(stack: Stack, by: str, *, stale: bool = False) -> None:
    delivery = stack.slack.person(by).click("Break lock", channel=CHANNEL, stale=stale)
    assert delivery.status == "ok", delivery


def told(stack: Stack, name: str, words: str) -> str:
    """What that person alone reads."""
    person = stack.slack.person(name)
    return stack.slack.wait_for(
        lambda: next(m.plain for m in person.ephemerals() if words in m.plain), 10, f"{words!r}, told to {name}"
    )


def test_a_locked_endpoint_takes_no_change_until_it_is_unlocked(stack: Stack) -> None:
    announced(stack, 'lock stt-prod --until 4h --reason "load test"', by="ben", expected="stt-prod is locked by @ben")
    refused = answered(stack, "promote stt-prod", by="anna", expected="stt-prod is locked by @ben, ")
    assert "“load test”. Nothing was changed." in refused
    assert "locked by @ben" in answered(stack, "status", by="anna", expected="Fleet")
    assert not [m for m in stack.slack.root_messages() if slot_of(m) == "card"]
    promote(stack, "sentiment-prod")

    announced(stack, "unlock stt-prod", by="ben", expected="@ben unlocked stt-prod")
    promote(stack, "stt-prod")


def test_an_approval_under_a_lock_does_not_count(stack: Stack) -> None:
    story = promote(stack, "stt-prod")
    story.wait_for_state("awaiting approval")
    announced(stack, "lock stt-prod --reason demo", by="ben", expected="stt-prod is locked by @ben")
    story.approve("ben")
    story.wait_for_answer("ben", "stt-prod is locked by @ben")
    assert story.state == "awaiting approval"
    assert update_calls(stack, "stt-prod") == []
    announced(stack, "unlock stt-prod", by="ben", expected="@ben unlocked stt-prod")
    story.approve("ben").wait_for_state("watching", "succeeded")


def test_a_freeze_stops_changes_and_no_way_back(stack: Stack) -> None:
    story = promote(stack, "stt-prod").approve("ben")
    story.wait_for_state("succeeded")
    announced(stack, "freeze --reason holidays", by="ben", expected="Everything is frozen by @ben")
    answered(stack, "promote sentiment-prod", by="anna", expected="Everything is frozen by @ben, ")
    story.press("Roll back", by="anna")
    story.wait_for_state("rolled back")
    assert "Went past the freeze of @ben (holidays)." in story.reply("progress").plain
    announced(stack, "thaw", by="ben", expected="@ben lifted the freeze")
    promote(stack, "sentiment-prod")


def test_a_lock_lapses_by_itself(stack: Stack) -> None:
    announced(stack, "lock stt-prod --until 2s --reason demo", by="ben", expected="stt-prod is locked by @ben")
    stack.slack.wait_for(
        lambda: "ocked by" not in answered(stack, "status stt-prod", by="anna", expected="Changes"), 20, "no lock"
    )
    promote(stack, "stt-prod")


def test_somebody_elses_lock_is_broken_by_two_people_and_once(stack: Stack) -> None:
    """ANNA owns the endpoint and locked it, BEN wants it broken; ANNA and CARLA agree at the same moment."""
    announced(stack, 'lock stt-prod --reason "load test"', by="anna", expected="stt-prod is locked by @anna")
    answered(stack, "unlock stt-prod", by="ben", expected="takes a second person to break it")
    asked = question(stack)
    assert "@ben wants to break @anna's lock on stt-prod." in asked.plain
    assert asked.buttons == ["Break lock"]
    stack.slack.wait_for(
        lambda: [m for m in stack.slack.person("anna").messages("D0ANNA") if "your lock" in m.plain],
        10,
        "a word to anna",
    )

    press_break(stack, "ben")
    told(stack, "ben", "somebody else has to agree")
    press_break(stack, "dave")
    told(stack, "dave", "You may not break this lock.")
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda name: press_break(stack, name, stale=True), ("anna", "carla")))
    stack.slack.wait_for(lambda: question(stack).buttons == [], 10, "the question without a button")
    first, second = ("anna", "carla") if "Broken by @anna." in question(stack).plain else ("carla", "anna")
    assert f"Broken by @{first}. Changes may start again." in question(stack).plain
    told(stack, second, f"@{first} broke the lock of @anna (load test). Your click changed nothing.")
    (reply,) = [m.plain for m in stack.slack.thread(CHANNEL, asked.ts) if slot_of(m) == "break_reply"]
    assert reply == f"@anna: your lock on stt-prod was broken by @{first}. @ben had asked for it."
    promote(stack, "stt-prod")


def test_a_terminal_reads_locks_and_sets_none(stack: Stack) -> None:
    announced(stack, "lock stt-prod --reason demo", by="ben", expected="stt-prod is locked by @ben")
    assert "locked by" in terminal(stack, "status").stdout
    refused = terminal(stack, "unlock", "stt-prod")
    assert (refused.returncode, "a terminal does not tell who you are" in refused.stderr) == (1, True)


def test_a_lock_and_a_freeze_outlive_the_store(stack: Stack) -> None:
    announced(stack, 'lock stt-prod --until 4h --reason "load test"', by="ben", expected="stt-prod is locked by @ben")
    announced(stack, "freeze --reason holidays", by="ben", expected="Everything is frozen by @ben")
    stack.slack.wait_for(lambda: _tags_of_locks(stack) == {"lock", "freeze"}, 15, "both in SageMaker's tags")
    stack.empty_redis()

    def status() -> str:
        said = terminal(stack, "status", "stt-prod").stdout
        return said if "Locked by" in said and "Frozen by" in said else ""

    said = stack.slack.wait_for(status, 30, "the lock and the freeze, read back")
    assert "load test, until" in said
    assert "holidays (the store was emptied since; this was read back from SageMaker's tags)" in said
    announced(stack, "thaw", by="ben", expected="@ben lifted the freeze")
    assert "“load test”" in answered(stack, "promote stt-prod", by="anna", expected="stt-prod is locked by @ben, ")
    announced(stack, "unlock stt-prod", by="ben", expected="@ben unlocked stt-prod")
    promote(stack, "stt-prod")


def _tags_of_locks(stack: Stack) -> set[str]:
    """What was ever put into tags, by its kind."""
    put = (tag["Key"] for call in stack.aws.calls("AddTags") for tag in call["parameters"]["Tags"])
    return {key.split(":")[1] for key in put if key.startswith(("rollout:lock:", "rollout:freeze:"))}
