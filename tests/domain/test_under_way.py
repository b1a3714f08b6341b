"""The note that a rollout leaves on its endpoint: what it holds, when there is one, and that it survives a tag's small alphabet."""

from datetime import timedelta

import pytest
from fakes.clock import NOW
from fakes.records import BEN, CURRENT, TARGET, WATCH, a_call, a_plan, at, rollback_at
from fakes.surroundings import a_target

from bot.domain.phases import Kind, Phase
from bot.domain.rollout import Rollout
from bot.domain.saga import ScalingMode
from bot.domain.scaling import SUSPENDED_SWITCHES, Scaling
from bot.domain.tags import TAG_VALUE_LIMIT, tag_value
from bot.domain.trial import TrialStep
from bot.domain.under_way import NOTE_TAGS, Note, note_in, note_of, stood_still, tags_of_note
from bot.domain.watchplan import Acceptance

LONGEST = "e" * 63


def noted(rollout: Rollout) -> Note:
    note = note_of(rollout)
    assert note is not None
    return note


@pytest.mark.parametrize("phase", [Phase.PREPARING, Phase.UPDATING, Phase.WATCHING])
def test_what_is_at_work_on_its_endpoint_has_a_note(phase: Phase) -> None:
    note = noted(at(phase, cutover_at=NOW))
    assert (note.kind, note.phase, note.current, note.target) == (Kind.UPDATE, phase, CURRENT, TARGET)


@pytest.mark.parametrize(
    "phase", [Phase.AWAITING_APPROVAL, Phase.SCHEDULED, Phase.SUCCEEDED, Phase.FAILED, Phase.ROLLED_BACK_BY_AWS]
)
def test_what_waits_or_is_over_has_none(phase: Phase) -> None:
    assert note_of(at(phase)) is None


def test_what_waits_for_its_rollback_leaves_the_note_to_that() -> None:
    assert note_of(at(Phase.ROLLING_BACK)) is None
    assert noted(rollback_at(Phase.ROLLING_BACK)).kind is Kind.ROLLBACK


def test_it_says_when_sagemaker_was_asked_and_until_when_it_is_watched() -> None:
    note = noted(at(Phase.WATCHING, update=a_call(), cutover_at=NOW))
    assert note.called == a_call().intended_at
    assert note.until == NOW + WATCH.warm_up + WATCH.duration


def test_it_says_what_people_decided_meanwhile() -> None:
    rollout = at(Phase.WATCHING, cutover_at=NOW, acceptance=Acceptance(actor=BEN, at=NOW), rollback_queued_by=BEN)
    assert (noted(rollout).accepted, noted(rollout).queued) == (BEN, BEN)


def test_only_a_plain_update_that_is_ready_says_that_nothing_was_touched() -> None:
    ready = at(Phase.UPDATING, update=None)
    assert ready.snapshot is not None
    assert noted(ready).untouched == ready.snapshot.last_modified
    assert noted(at(Phase.UPDATING, update=a_call())).untouched is None
    assert noted(ready.with_(plan=a_plan(counts_from_config=True))).untouched is None


def test_it_says_which_kinds_of_scaling_stood_still_before() -> None:
    some = dict(zip(SUSPENDED_SWITCHES, (True, False, True), strict=True))
    targets = (a_target("e", SuspendedState=some), a_target("e", "b"))
    note = noted(at(Phase.UPDATING, plan=a_plan(scaling=Scaling(targets=targets))))
    assert note.still == "AllTraffic:101"
    assert stood_still(note, "AllTraffic") == some
    assert not any(stood_still(note, "b").values())


def test_the_longest_note_survives_its_tags() -> None:
    note = Note(
        id="r1234567",
        kind=Kind.ROLLBACK,
        phase=Phase.ROLLING_BACK,
        channel="C0MLDEPLOYS",
        ts="1795381412.619961",
        by="terminal:somebody@a-long-host-name.example",
        current=LONGEST,
        target=LONGEST,
        called=NOW + timedelta(microseconds=123_456),
        landed=NOW,
        until=NOW + timedelta(hours=1),
        parent="r7654321",
        holds=True,
        inside=True,
        queued=BEN,
        final=True,
        scaling=ScalingMode.SUSPEND,
        still="AllTraffic:110/AllTraffic-b:111",
        via=LONGEST,
        bake=timedelta(minutes=10),
        step=TrialStep.KEEP_A,
        share=12.5,
    )
    tags = tags_of_note(note)
    assert set(tags) == set(NOTE_TAGS)
    assert all(tag_value(value) == value and 0 < len(value) <= TAG_VALUE_LIMIT for value in tags.values())
    assert note_in(tags) == note


@pytest.mark.parametrize("text", ["", "-", "somebody wrote this", "kind=update", "id=r1 kind=flying phase=updating"])
def test_what_is_no_note_is_none(text: str) -> None:
    assert note_in({NOTE_TAGS[0]: text}) is None
