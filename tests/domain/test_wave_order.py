"""Who comes first in a wave of the manager's, whatever the endpoints of it are busy with at the moment."""

from datetime import timedelta
from typing import Any

import pytest
from fakes.clock import NOW

from bot.domain.board import BoardState, Standing
from bot.domain.commands import Change
from bot.domain.fleet import WavePlan
from bot.domain.hold import Hold, HoldKind
from bot.domain.managing import ByWave, Mate, Move, Nothing, Open, WaveOrder, Why, Withdraw, left_out_by
from bot.domain.phases import Kind
from bot.domain.wave import LeftOut

V4, V5 = (f"arn:aws:sagemaker:us-east-1:123456789012:model-package/intent/{n}" for n in (4, 5))
PLAN = WavePlan(stages=(("canary",), ("eu", "kiosk"), ("us",)), soak=timedelta(hours=1))


def brings(package: str | None = V5) -> ByWave:
    label = f"intent version {package[-1]}" if package else "intent version 4"
    change = Change(package=package) if package else Change(count=3)
    return ByWave("intent", package, label, change, True, f"{label} is approved", "s", "w", 1)


def stands(name: str, package: str = V4, state: BoardState = BoardState.OUT_OF_DATE, **fields: Any) -> Standing:
    return Standing(endpoint=name, state=state, running_package=package, **fields)


def has_it(name: str, *, since: timedelta = timedelta(days=1)) -> Mate:
    standing = stands(name, V5, BoardState.UP_TO_DATE, running_since=NOW - since)
    return Mate(standing, Nothing(Why.AS_DECLARED, "it is as the fleet file and the registry say"))


def wants(name: str, package: str | None = V5, **fields: Any) -> Mate:
    return Mate(stands(name), brings(package), **fields)


def is_kept(name: str, why: Why, text: str = "of some reason", **fields: Any) -> Mate:
    return Mate(stands(name, **fields), Nothing(why, text))


def held(name: str, kind: HoldKind = HoldKind.HELD, package: str | None = V5, wave: str | None = None) -> Mate:
    hold = Hold(kind=kind, endpoint=name, since=NOW, actor="U0BEN", reason="slower", package_arn=package, wave_id=wave)
    return Mate(stands(name), Nothing(Why.VERSION_HELD, "it is held"), (hold,))


def moves(together: tuple[str, ...] = PLAN.endpoints, **mates: Mate) -> dict[str, Move]:
    there = {name: mates.get(name, wants(name)) for name in PLAN.endpoints}
    return WaveOrder("intent", PLAN, there, together).moves(NOW)


def said(move: Move) -> tuple[Why, str]:
    assert isinstance(move, Nothing), move
    return move.why, move.text


def test_where_nothing_stands_against_it_all_go_together():
    assert moves() == dict.fromkeys(PLAN.endpoints, brings())


@pytest.mark.parametrize("why", [Why.UPDATING, Why.TESTING, Why.BUSY, Why.UNKNOWN, Why.UNREAD])
def test_who_is_busy_in_an_earlier_stage_keeps_the_later_ones_waiting(why: Why):
    found = moves(canary=is_kept("canary", why, "it is being updated"))
    expected = (Why.WAVE_ORDER, "canary comes first in the wave intent: it is being updated")
    assert [said(found[name]) for name in ("eu", "kiosk", "us")] == [expected] * 3


@pytest.mark.parametrize("why", [Why.LOCKED, Why.PROPOSED, Why.LATER, Why.IN_WAVE])
def test_what_is_only_postponed_in_an_earlier_stage_keeps_the_later_ones_waiting(why: Why):
    assert said(moves(canary=is_kept("canary", why))["eu"])[0] is Why.WAVE_ORDER


@pytest.mark.parametrize(
    "why", [Why.BY_POLICY, Why.HELD, Why.NEEDS_PERSON, Why.TORN_DOWN, Why.REFUSED, Why.NO_VERSION, Why.NOT_NEWER]
)
def test_what_does_not_pass_by_itself_keeps_nobody_waiting(why: Why):
    found = moves(canary=is_kept("canary", why))
    assert [found[name] for name in ("eu", "kiosk", "us")] == [brings()] * 3


def test_within_a_stage_nobody_waits_for_another():
    found = moves(kiosk=is_kept("kiosk", Why.UPDATING, "it is being updated"))
    assert (found["canary"], found["eu"]) == (brings(), brings())
    assert said(found["us"])[1] == "kiosk comes first in the wave intent: it is being updated"


def test_a_version_that_came_to_an_earlier_stage_by_itself_soaks_there_first():
    found = moves(canary=has_it("canary", since=timedelta(minutes=20)))
    why, text = said(found["eu"])
    assert why is Why.SOAKING
    assert text.startswith("intent version 5 soaks on canary until ")
    assert text.endswith(", which comes first in the wave intent")
    assert moves(canary=has_it("canary", since=timedelta(hours=1)))["eu"] == brings()


def test_a_setting_that_came_to_an_earlier_stage_by_itself_soaks_there_first():
    new = has_it("canary", since=timedelta(minutes=20))
    assert said(moves(canary=new, eu=wants("eu", None))["eu"])[1].startswith("what the fleet file says soaks on canary")


def test_a_stage_that_has_the_version_and_is_at_rest_keeps_nobody_waiting_whatever_else_is_wanted_there():
    standing = stands("canary", V5, BoardState.DRIFTED, running_since=NOW - timedelta(days=1))
    later = Mate(standing, Nothing(Why.LATER, "nobody decided on wave w2"))
    assert moves(canary=later)["eu"] == brings()
    assert moves(canary=Mate(standing, brings(None)))["eu"] == brings()


def test_a_stage_that_has_the_version_and_is_still_being_watched_keeps_the_later_ones_waiting():
    watched = is_kept("canary", Why.UPDATING, "it is being updated", package=V5, state=BoardState.UPDATING)
    assert said(moves(canary=watched)["eu"])[0] is Why.WAVE_ORDER


@pytest.mark.parametrize("kind", [HoldKind.HELD, HoldKind.QUARANTINED])
@pytest.mark.parametrize("where", ["canary", "kiosk"])
def test_what_was_rolled_back_in_the_same_or_an_earlier_stage_is_brought_to_nobody_after_it(kind: HoldKind, where: str):
    why, text = said(moves(**{where: held(where, kind)})["eu"])
    assert why is Why.VERSION_HELD
    assert text.startswith(f"intent version 5 is {kind.value} on {where} since ")


def test_what_was_rolled_back_in_a_later_stage_may_come_to_the_earlier_ones():
    found = moves(us=held("us"))
    assert [found[name] for name in ("canary", "eu", "kiosk")] == [brings()] * 3


@pytest.mark.parametrize(
    "other", [held("canary", package=V4), held("canary", HoldKind.BY_PERSON, None), held("canary", wave="w1234567")]
)
def test_other_holds_of_an_earlier_stage_say_nothing_about_the_version(other: Mate):
    assert moves(canary=other)["eu"] == brings()


def test_an_earlier_stage_that_gets_something_else_gets_it_first():
    found = moves(canary=wants("canary", V4))
    assert found["canary"] == brings(V4)
    assert said(found["eu"]) == (
        Why.WAVE_ORDER,
        "canary comes first in the wave intent, and gets intent version 4 before",
    )


def test_an_endpoint_that_is_being_created_comes_first_and_one_that_waits_for_people_does_not():
    gone = stands("canary", state=BoardState.NOT_DEPLOYED)
    created, asked = (Open(Kind.CREATE, Change(package=V5), by_itself, "", "s", "w", 1) for by_itself in (True, False))
    assert said(moves(canary=Mate(gone, created))["eu"])[0] is Why.WAVE_ORDER
    assert moves(canary=Mate(gone, asked))["eu"] == brings()
    lapsed = Nothing(Why.LATER, "nobody decided on rollout r2")
    assert moves(canary=Mate(gone, lapsed))["eu"] == brings()


def test_whoever_syncs_a_later_stage_is_told_what_comes_first_and_how_to_go_on():
    why, text = said(moves(together=("eu",))["eu"])
    assert why is Why.WAVE_ORDER
    assert text == (
        "canary comes first in the wave intent, and intent version 5 is not there yet; to begin there: sync canary; "
        "to bring it to all of them in order: wave start intent"
    )


def test_whoever_syncs_the_first_stage_waits_for_nobody():
    assert moves(together=("canary",))["canary"] == brings()


@pytest.mark.parametrize("why", [Why.AS_DECLARED, Why.UPSTREAM, Why.SOAKING])
def test_an_earlier_stage_that_follows_an_endpoint_elsewhere_is_waited_for_until_that_has_proved_the_version(why: Why):
    follower = Mate(stands("canary"), Nothing(why, "of some reason"), follows="staging")
    assert said(moves(canary=follower)["eu"]) == (
        Why.WAVE_ORDER,
        "canary comes first in the wave intent, and does not have intent version 5 yet from staging, which it follows",
    )


def test_an_endpoint_of_which_nothing_is_known_keeps_nobody_waiting():
    there = {name: wants(name) for name in ("eu", "us")}
    assert WaveOrder("intent", PLAN, there, PLAN.endpoints).moves(NOW) == dict.fromkeys(there, brings())


# What the plan says of those that it leaves out


def left(mate: Mate, move: Move | None = None) -> LeftOut:
    (one,) = left_out_by(brings(), ["canary"], {"canary": wants("canary"), "eu": mate}, {"eu": move or mate.move})
    return one


@pytest.mark.parametrize("why", [Why.UPDATING, Why.LOCKED, Why.WAVE_ORDER, Why.LATER])
def test_what_passes_by_itself_is_waited_for(why: Why):
    one = left(is_kept("eu", why, "it is busy"))
    assert (one.endpoint, one.why, one.is_waiting, one.is_current) == ("eu", "waits: it is busy", True, False)


@pytest.mark.parametrize("why", [Why.BY_POLICY, Why.HELD, Why.VERSION_HELD, Why.NEEDS_PERSON])
def test_what_takes_a_person_is_not(why: Why):
    one = left(is_kept("eu", why, "its policy is manual"))
    assert (one.why, one.is_waiting) == ("stays as it is: its policy is manual", False)


def test_who_has_it_or_something_newer_needs_no_change():
    assert left(has_it("eu")).why == "runs intent version 5 already"
    newer = Mate(stands("eu", running="intent version 6"), Nothing(Why.NOT_NEWER, "it is newer"))
    assert left(newer).why == "runs intent version 6, which is newer"
    assert left(has_it("eu")).is_current
    assert left(newer).is_current


@pytest.mark.parametrize(
    ("move", "expected"),
    [
        (brings(V5), "waits: sync was asked for others only"),
        (brings(V4), "waits: it gets intent version 4, after this wave"),
        (brings(None), "waits: it gets what the fleet file says, after this wave"),
        (Open(Kind.CREATE, Change(package=V5), False, "", "s", "w", 1), "waits: a rollout of its own is opened for it"),
        (Withdraw("r1", Nothing(Why.HELD, "somebody holds it")), "stays as it is: somebody holds it"),
    ],
)
def test_who_gets_something_else_is_said_to(move: Move, expected: str):
    assert left(Mate(stands("eu", state=BoardState.OUT_OF_DATE), move)).why == expected
