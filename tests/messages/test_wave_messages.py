"""What a wave's thread says, as Slack gets it; and the rules that hold for every message, for waves too."""

import json
import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fakes.clock import NOW
from fakes.records import ANNA, BEN, CARL, at
from fakes.waves import a_member, a_wave

from bot.domain.phases import Phase
from bot.domain.plan import Difference
from bot.domain.wave import LeftOut, MemberState, Wave, WaveApproval, WaveReason, WaveState
from bot.messages.blocks import Message
from bot.messages.plain import plain
from bot.messages.thread import wanted_slots
from bot.messages.wave import wave_slots
from sandbox.slack.blocks.catalog import MESSAGE
from sandbox.slack.blocks.rules import problems_in

GOLDEN = Path(__file__).parent / "golden_waves"
HOUR = timedelta(hours=1)
EVIDENCE = "ModelLatency p50 412 → 530 ms (+29 %, 95 % interval +21…+36 %)."
LINK = "https://example.slack.com/archives/C1/p1"


def proposed(**fields: Any) -> Wave:
    left_out = (
        LeftOut(endpoint="four", why="runs sentiment version 5 already", is_current=True),
        LeftOut(endpoint="five", why="stands under the lock of <@U0CARL> (load test)"),
    )
    return a_wave(**{"left_out": left_out, "reason": "better recall", "approvers_text": f"<@{BEN}>", **fields})


def started() -> Wave:
    approval = WaveApproval(actor=BEN, at=NOW)
    return proposed(approvals=(approval,)).to(WaveState.RUNNING, WaveReason.APPROVED, NOW, BEN)


def with_members(wave: Wave, **states: Mapping[str, Any]) -> Wave:
    return wave.with_(members=tuple(m.with_(**states.get(m.endpoint, {})) for m in wave.members))


DONE = {"state": MemberState.DONE, "phase": Phase.SUCCEEDED, "note": "PASS", "ended_at": NOW, "link": LINK}
AT_WORK = {"state": MemberState.UNDER_WAY, "phase": Phase.WATCHING, "link": LINK}
BAD = {"state": MemberState.BAD, "phase": Phase.ROLLED_BACK, "note": EVIDENCE, "link": LINK}
LOCKED = {"is_stopped": True, "note": "waits for the lock of <@U0CARL> (load test)"}


def soaking() -> Wave:
    return with_members(started(), one=DONE)


def under_way() -> Wave:
    return with_members(soaking(), two=AT_WORK, three=LOCKED)


def stopped() -> Wave:
    wave = with_members(under_way(), two=BAD, three={})
    return wave.to(WaveState.STOPPED, WaveReason.MEMBER_WENT_BAD, NOW, "bot", note=EVIDENCE, endpoints=["two"])


def resumed() -> Wave:
    wave = with_members(stopped(), two={"state": MemberState.LEFT_OUT}, three=AT_WORK)
    return wave.to(WaveState.RUNNING, WaveReason.RESUMED, NOW + HOUR, CARL)


def finished() -> Wave:
    return with_members(resumed(), three=DONE).to(WaveState.FINISHED, WaveReason.ALL_DONE, NOW, "bot")


def paused() -> Wave:
    return under_way().to(WaveState.PAUSED, WaveReason.PAUSED_BY_PERSON, NOW, ANNA)


def called_off() -> Wave:
    wave = with_members(under_way(), two={"state": MemberState.CALLED_OFF, "phase": Phase.CANCELLED})
    return wave.to(WaveState.PAUSED, WaveReason.MEMBER_CALLED_OFF, NOW, "bot", endpoints=["two"])


def aborted() -> Wave:
    return paused().to(WaveState.ABORTED, WaveReason.ABORTED_BY_PERSON, NOW, BEN)


def rejected() -> Wave:
    return proposed().to(WaveState.REJECTED, WaveReason.REJECTED_BY_APPROVER, NOW, BEN)


def expired() -> Wave:
    return proposed().to(WaveState.EXPIRED, WaveReason.APPROVAL_EXPIRED, NOW + 4 * HOUR, "bot")


def superseded() -> Wave:
    return proposed(requester="bot").to(
        WaveState.ABORTED, WaveReason.SUPERSEDED, NOW, "bot", note="wave wnewer22 took its place"
    )


def by_the_manager() -> Wave:
    left_out = (
        LeftOut(endpoint="kiosk", why="waits: it is being updated", is_waiting=True),
        LeftOut(endpoint="legacy", why="stays as it is: its policy is manual"),
    )
    settings = [("instance_type", "ml.m5.large", "ml.m5.xlarge"), ("environment.WORKERS", "2", None)]
    moved = {
        "settings": tuple(Difference(path=path, before=before, after=after) for path, before, after in settings * 2),
        "doubt": "it was changed outside the bot by carl, Sat 21 Nov 23:36 UTC",
    }
    return with_members(proposed(requester="bot", reason="", left_out=left_out), two=moved)


def unseen() -> Wave:
    return a_wave(needs_approval=False).to(WaveState.ABORTED, WaveReason.CHANNEL_UNREACHABLE, NOW, "bot")


def one_of_two() -> Wave:
    return proposed(quorum=2, approvals=(WaveApproval(actor=BEN, at=NOW),), redrawn_at=NOW)


def nothing_left() -> Wave:
    bad = a_member("one", **BAD)
    wave = a_wave(bad, needs_approval=False)
    return wave.to(WaveState.STOPPED, WaveReason.MEMBER_WENT_BAD, NOW, "bot", endpoints=["one"])


STORIES = {
    made.__name__: made()
    for made in (
        proposed, one_of_two, started, soaking, under_way, stopped, resumed, finished, paused, called_off, aborted, rejected,
        expired, superseded, unseen, nothing_left, by_the_manager,
    )
}  # fmt: skip
SHOWN = {
    "card_proposed": ("proposed", "card"),
    "card_soaking": ("soaking", "card"),
    "card_under_way": ("under_way", "card"),
    "card_stopped": ("stopped", "card"),
    "plan": ("proposed", "plan"),
    "plan_one_of_two": ("one_of_two", "plan"),
    "plan_of_the_manager": ("by_the_manager", "plan"),
    "plan_approved": ("started", "plan"),
    "stage": ("under_way", "progress 2"),
    "stopped": ("stopped", "alert 2"),
    "stopped_and_resumed": ("resumed", "alert 2"),
    "resumed": ("resumed", "alert 3"),
    "paused": ("paused", "alert 2"),
    "called_off": ("called_off", "alert 2"),
    "nothing_left": ("nothing_left", "alert 2"),
    "finished": ("finished", "ending"),
    "aborted": ("aborted", "ending"),
    "superseded": ("superseded", "ending"),
}


def messages_of(wave: Wave) -> dict[str, Message]:
    return {slot.name: slot.message for slot in wave_slots(wave)}


def problems_of(message: Message) -> list[str]:
    found = [str(p) for p in problems_in(json.loads(json.dumps(message.blocks)), MESSAGE, NoFiles())]
    return found if 0 < len(message.text) <= 4000 else [*found, f"text of {len(message.text)} characters"]


class NoFiles:
    """Our messages refer to no file."""

    def usable(self, reference: dict[str, Any]) -> Any:
        return None


def as_slack_gets_it(story: str, slot: str) -> str:
    message = messages_of(STORIES[story])[slot]
    return json.dumps({"text": message.text, "blocks": message.blocks}, indent=1, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("file", SHOWN)
def test_a_message_reads_as_it_was_agreed(file: str) -> None:
    path = GOLDEN / f"{file}.json"
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(as_slack_gets_it(*SHOWN[file]))
    assert as_slack_gets_it(*SHOWN[file]) == path.read_text()


@pytest.mark.parametrize("story", STORIES)
def test_slack_takes_every_message(story: str) -> None:
    assert [problem for message in messages_of(STORIES[story]).values() for problem in problems_of(message)] == []


@pytest.mark.parametrize("story", STORIES)
def test_its_card_shows_its_state_and_only_live_buttons(story: str) -> None:
    wave = STORIES[story]
    card = plain(messages_of(wave)["card"])
    assert f"State: {wave.state.words}" in card
    rows = [b for m in messages_of(wave).values() for b in m.blocks if b["type"] == "actions"]
    labels = {e["text"]["text"] for row in rows for e in row["elements"]}
    if wave.state is WaveState.PROPOSED:
        assert labels == {"Start wave", "Not now"}
    elif wave.state is WaveState.RUNNING:
        assert labels == {"Pause", "Abort"}
    elif wave.state in (WaveState.PAUSED, WaveState.STOPPED) and wave.has_more:
        assert labels == {"Resume", "Abort"}
    else:
        assert labels == set()


@pytest.mark.parametrize("phase", [Phase.SCHEDULED, Phase.PREPARING, Phase.WATCHING, Phase.SUCCEEDED])
@pytest.mark.parametrize(
    ("vouched_by", "words"),
    [((BEN,), f"Approved by <@{BEN}> with wave `wabc2345`"), ((), "Needed no further approval")],
)
def test_a_member_says_who_approved_its_wave(phase: Phase, vouched_by: tuple[str, ...], words: str) -> None:
    rollout = at(phase, approvals=(), vouched_by=vouched_by, wave_id="wabc2345", approval_needed=False, requester="bot")
    plan = next(slot.message for slot in wanted_slots(rollout) if slot.name == "plan")
    assert words in json.dumps(plan.blocks)


def test_a_huge_wave_with_hostile_names_still_fits() -> None:
    nasty = "<!channel> & <@U0EVIL> `x` *y* <https://evil.example|click> " * 8
    members = [
        a_member(f"endpoint-{i}", i % 60, before=nasty[:200], after=nasty[:200], note=nasty, state=state, phase=phase)
        for i, (state, phase) in enumerate(
            [(MemberState.WAITING, None), (MemberState.BAD, Phase.FAILED), (MemberState.DONE, Phase.SUCCEEDED)] * 60
        )
    ]
    left_out = tuple(LeftOut(endpoint=f"other-{i}", why=nasty, is_current=bool(i % 2)) for i in range(80))
    wave = a_wave(*members, label=nasty, reason=nasty, left_out=left_out, needs_approval=False)
    names = [m.endpoint for m in wave.of(MemberState.BAD)]
    wave = wave.to(WaveState.STOPPED, WaveReason.MEMBER_WENT_BAD, NOW, "bot", note=nasty, endpoints=names)
    for name, message in messages_of(wave).items():
        assert problems_of(message) == [], name
        said = json.dumps(message.blocks) + message.text
        assert "<!channel>" not in said
        assert "<https://evil" not in said
    aborted = wave.to(WaveState.ABORTED, WaveReason.SUPERSEDED, NOW, "bot", note=nasty)
    assert problems_of(messages_of(aborted)["ending"]) == []


def test_every_golden_file_is_shown() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(SHOWN)


def card_of(wave: Wave) -> str:
    return plain(wave_slots(wave)[0].message)


def test_the_card_says_what_a_wave_waits_for_while_nothing_moves() -> None:
    waits = "Nothing moves now: two waits for the lock of @U0CARL (load test)"
    assert f"1 of 3 done, 2 not begun. {waits}." in card_of(with_members(soaking(), two=LOCKED))
    assert f"{waits}, and so does 1 more." in card_of(with_members(soaking(), two=LOCKED, three=LOCKED))
    queued = {**AT_WORK, "phase": Phase.SCHEDULED, "is_stopped": True, "note": "waits for its change window"}
    both = card_of(with_members(soaking(), two=LOCKED, three=queued))
    assert f"{waits}; three waits for its change window." in both
    assert "Nothing moves" not in card_of(under_way()), "one is being watched"
    paused = with_members(soaking(), two=LOCKED).to(WaveState.PAUSED, WaveReason.PAUSED_BY_PERSON, NOW, CARL)
    assert "Nothing moves" not in card_of(paused), "its state says why"
