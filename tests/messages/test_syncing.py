"""What sync answers."""

import pytest

from bot.domain.commands import Change
from bot.domain.managing import ByWave, Nothing, Open, Outcome, Why, Withdraw
from bot.domain.phases import Kind
from bot.messages.blocks import BLOCKS_LIMIT, SECTION_LIMIT
from bot.messages.plain import plain
from bot.messages.syncing import render_sync

CHANGE = Change(count=2)
NOTHING = Nothing(Why.AS_DECLARED, "it is as the fleet file and the registry say")


def an_open(*, without_click: bool = False) -> Open:
    return Open(Kind.UPDATE, CHANGE, without_click, "sentiment version 4 is approved", "s", "w", 1)


def by_wave(*, without_click: bool = False) -> ByWave:
    return ByWave(
        "sentiment", None, "settings", CHANGE, without_click, "the fleet file says something else", "s", "w", 1
    )


def one(move: object, opened: str = "") -> str:
    return plain(render_sync([Outcome("stt-prod", move, opened)], in_full=True))  # type: ignore[arg-type]


def test_of_one_endpoint_it_says_what_was_opened_and_why():
    opened = "stt-prod: rollout rabc2345 is opened, because sentiment version 4 is approved."
    assert one(an_open(), "rabc2345") == f"{opened} Its plan asks for approval."
    assert one(an_open(without_click=True), "rabc2345") == f"{opened} It needs no click."


def test_of_one_endpoint_it_says_why_nothing_was_done():
    assert one(NOTHING) == "Nothing to do on stt-prod: it is as the fleet file and the registry say."


def test_an_endpoint_of_a_wave_is_told_which_wave():
    brings = "stt-prod: the wave sentiment (wabc2345) brings it, because the fleet file says something else."
    assert one(by_wave(), "wabc2345") == f"{brings} Its plan asks for approval."
    assert one(by_wave(without_click=True), "wabc2345") == brings


def test_what_was_taken_back_is_told():
    text = one(Withdraw("rabc2345", NOTHING))
    assert text == ("stt-prod: rollout rabc2345 is taken back, because it is as the fleet file and the registry say.")


def test_of_a_fleet_it_counts_what_was_left_and_names_those_that_are_not_as_they_should_be():
    left = [Outcome(f"e{n}", NOTHING) for n in range(3)]
    held = [Outcome("held", Nothing(Why.HELD, "<@U0BEN> holds it: load test"))]
    text = plain(render_sync([Outcome("a", an_open(), "rabc2345"), *left, *held], in_full=False))
    assert text.startswith("Sync of 5 endpoints: 1 endpoint on the way")
    assert "3 endpoints are as the fleet file and the registry say\n" in text
    assert "1 endpoint is held by somebody: held" in text


@pytest.mark.parametrize("why", Why)
def test_every_reason_has_words_for_many(why: Why):
    text = plain(render_sync([Outcome(f"e{n}", Nothing(why, "x")) for n in range(2)], in_full=False))
    came = {Why.ALARMS_SET: "the alarms of 2 endpoints set", Why.AS_DECLARED: "nothing to do"}
    assert text.startswith(f"Sync of 2 endpoints: {came.get(why, 'nothing opened now, for the reasons below')}\n")
    assert "2 endpoints are " in text


def test_a_thousand_endpoints_stay_within_slacks_limits():
    opened = [Outcome(f"endpoint-with-a-long-name-{n}", an_open(), "rabc2345") for n in range(500)]
    left = [
        Outcome(f"endpoint-with-a-long-name-{n}", Nothing(why, "x")) for n in range(500) for why in [list(Why)[n % 20]]
    ]
    message = render_sync([*opened, *left], in_full=False)
    assert len(message.blocks) <= BLOCKS_LIMIT
    for block in message.blocks:
        assert len(block.get("text", {}).get("text", "")) <= SECTION_LIMIT
    assert "460 more are not shown" in plain(message)


def test_nothing_to_do_is_said_only_where_everything_is_as_it_should_be():
    waits = [Outcome("b", Nothing(Why.FULL, "4 are under way")), Outcome("c", Nothing(Why.REVOKED, "it is revoked"))]
    text = plain(render_sync([Outcome("a", NOTHING), *waits], in_full=False))
    assert text.startswith("Sync of 3 endpoints: nothing opened now, for the reasons below\n")
    assert "nothing to do" not in text


def test_a_plan_that_was_taken_back_is_not_on_its_way():
    text = plain(render_sync([Outcome("a", Withdraw("rabc2345", NOTHING))], in_full=False))
    assert text.startswith("Sync of 1 endpoint: 1 plan taken back\n")
    both = [Outcome("a", Withdraw("rabc2345", NOTHING)), Outcome("b", an_open(), "rabc2346")]
    assert plain(render_sync(both, in_full=False)).startswith(
        "Sync of 2 endpoints: 1 endpoint on the way, 1 plan taken back"
    )


def test_other_peoples_words_cannot_break_the_markup():
    text = render_sync([Outcome("a", Nothing(Why.HELD, "<@U0BEN> holds it: <!here> & *bold*"))], in_full=True).text
    assert "<@U0BEN>" in text
    assert "&lt;!here&gt; &amp;" in text


def test_where_everything_is_on_the_way_nothing_else_is_said():
    text = plain(render_sync([Outcome("a", an_open(), "rabc2345")], in_full=False))
    assert text.count("\n\n") == 1
