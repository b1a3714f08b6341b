"""What a wave does next: stage by stage, so many at once, never past a regression."""

from collections.abc import Iterable
from datetime import timedelta

import pytest
from fakes.clock import NOW
from fakes.records import ANNA, BEN, a_verdict, at
from fakes.waves import a_member, a_wave

from bot.domain.approval import Person
from bot.domain.errors import IllegalTransition, NotAllowed, UserError
from bot.domain.fleet import Approval
from bot.domain.hold import Hold, HoldKind
from bot.domain.phases import Phase, Reason
from bot.domain.rollout import Rollout
from bot.domain.verdict import VerdictKind
from bot.domain.wave import (
    LeftOut,
    Member,
    MemberState,
    Say,
    Seen,
    Wave,
    WaveReason,
    WaveState,
    abort_wave,
    approve_wave,
    decide_wave,
    expected_length,
    looked_at,
    pause_wave,
    reject_wave,
    resume_wave,
)

CARL, DORA = "U0CARL", "U0DORA"
HOUR = timedelta(hours=1)
POLICY = Approval(users=(BEN, CARL))


def running(*members: Member, **fields: object) -> Wave:
    return a_wave(*members, needs_approval=False, **fields)


def seen_of(wave: Wave, *rollouts: Rollout, **fields: object) -> Seen:
    """What a look finds, with every endpoint on the config of the plan."""
    known = {r.id: r for r in rollouts}
    return Seen(**{"rollouts": known, "configs": {m.endpoint: m.config for m in wave.members}, **fields})


def its_rollout(wave: Wave, endpoint: str, phase: Phase, **fields: object) -> Rollout:
    member = next(m for m in wave.members if m.endpoint == endpoint)
    return at(phase, **fields).with_(id=member.rollout_id(wave.id), endpoint=endpoint, wave_id=wave.id)


def states(wave: Wave) -> dict[str, MemberState]:
    return {m.endpoint: m.state for m in wave.members}


def under_way(wave: Wave) -> list[str]:
    return [m.endpoint for m in wave.of(MemberState.UNDER_WAY)]


def advanced(wave: Wave, *rollouts: Rollout, now: object = NOW, **fields: object) -> Wave:
    return decide_wave(wave, seen_of(wave, *rollouts, **fields), now).wave


def test_the_first_stage_begins_and_no_other() -> None:
    assert under_way(advanced(running())) == ["one"]


def test_deciding_twice_comes_to_the_same() -> None:
    wave = advanced(running())
    assert advanced(wave) == wave


def test_so_many_begin_at_once_as_the_fleet_file_says() -> None:
    members = [a_member(name, pools={}) for name in ("one", "two", "three")]
    assert under_way(advanced(running(*members, at_once=2))) == ["one", "two"]


def test_a_stage_waits_until_the_one_before_has_soaked() -> None:
    wave = advanced(running())
    done = its_rollout(wave, "one", Phase.SUCCEEDED)
    wave = advanced(wave, done, now=NOW + timedelta(minutes=59))
    assert (states(wave)["one"], under_way(wave)) == (MemberState.DONE, [])
    assert under_way(advanced(wave, done, now=NOW + HOUR)) == ["two"]


def test_a_stage_in_which_nothing_changed_needs_no_soak() -> None:
    wave = advanced(running())
    rollout = its_rollout(wave, "one", Phase.PLANNING).to(Phase.BLOCKED, Reason.NOTHING_TO_CHANGE, NOW, "bot")
    wave = advanced(wave, rollout)
    assert states(wave)["one"] is MemberState.UNCHANGED
    assert under_way(wave) == ["two"]


def test_it_finishes_when_nothing_is_left() -> None:
    wave = advanced(running(a_member("one")))
    wave = advanced(wave, its_rollout(wave, "one", Phase.SUCCEEDED))
    assert (wave.state, wave.last.reason) == (WaveState.FINISHED, WaveReason.ALL_DONE)
    assert not wave.is_active


@pytest.mark.parametrize(
    "phase",
    [Phase.ROLLING_BACK, Phase.ROLLED_BACK, Phase.ROLLED_BACK_BY_AWS, Phase.FAILED, Phase.NEEDS_HUMAN, Phase.BLOCKED],
)
def test_whatever_goes_bad_stops_it(phase: Phase) -> None:
    wave = advanced(running())
    wave = advanced(wave, its_rollout(wave, "one", phase, note="p50 412 → 530 ms"))
    assert (wave.state, wave.last.endpoints) == (WaveState.STOPPED, ("one",))
    assert wave.last.note == "p50 412 → 530 ms"
    assert under_way(wave) == []


def test_a_regression_that_nobody_accepted_stops_it_although_the_rollout_succeeded() -> None:
    wave = advanced(running())
    worse = its_rollout(wave, "one", Phase.SUCCEEDED, verdict=a_verdict(VerdictKind.REGRESSED))
    stopped = advanced(wave, worse)
    assert stopped.state is WaveState.STOPPED
    assert stopped.last.note == a_verdict().evidence


def test_a_regression_that_people_were_told_of_stops_it_before_the_watch_is_over() -> None:
    wave = advanced(running())
    worse = its_rollout(wave, "one", Phase.WATCHING, worse_since=NOW)
    assert advanced(wave, worse).state is WaveState.STOPPED


def test_a_member_that_goes_back_during_the_soak_stops_it() -> None:
    wave = advanced(running())
    wave = advanced(wave, its_rollout(wave, "one", Phase.SUCCEEDED))
    assert wave.state is WaveState.RUNNING
    wave = advanced(wave, its_rollout(wave, "one", Phase.ROLLED_BACK), now=NOW + timedelta(minutes=30))
    assert wave.state is WaveState.STOPPED


def held_since(rollout: Rollout, after: timedelta, **fields: object) -> Hold:
    """What a rollback to some config leaves of the version that the rollout had brought."""
    assert rollout.plan is not None
    what = {"kind": HoldKind.HELD, "actor": CARL, "reason": "customers complain", **fields}
    about = {"package_arn": rollout.plan.version.package_arn, "content_hash": rollout.plan.version.content_hash}
    return Hold(endpoint=rollout.endpoint, since=rollout.last.at + after, **{**about, **what})


def test_somebody_who_takes_its_version_off_an_endpoint_that_was_done_stops_it() -> None:
    wave = advanced(running())
    done = its_rollout(wave, "one", Phase.SUCCEEDED)
    wave = advanced(wave, done)
    wave = advanced(wave, done, holds={"one": (held_since(done, timedelta(minutes=5)),)}, now=NOW + 2 * HOUR)
    assert (wave.state, states(wave)["one"], under_way(wave)) == (WaveState.STOPPED, MemberState.BAD, [])
    assert wave.last.note == f"rolled back afterwards by <@{CARL}>: customers complain"
    resumed = wave.to(WaveState.RUNNING, WaveReason.RESUMED, NOW, BEN, members=(left_out(wave, "one"),))
    assert advanced(resumed, done, holds={"one": (held_since(done, HOUR),)}).state is not WaveState.STOPPED


@pytest.mark.parametrize(
    ("after", "fields"),
    [
        (timedelta(minutes=-5), {}),
        (HOUR, {"wave_id": "w1"}),
        (HOUR, {"kind": HoldKind.BY_PERSON, "package_arn": None, "content_hash": ""}),
        (HOUR, {"package_arn": None, "content_hash": "another"}),
    ],
)
def test_what_is_held_for_another_reason_does_not_stop_it(after: timedelta, fields: dict[str, object]) -> None:
    wave = advanced(running())
    done = its_rollout(wave, "one", Phase.SUCCEEDED)
    wave = advanced(wave, done, holds={"one": (held_since(done, after, **fields),)})
    assert (wave.state, states(wave)["one"]) == (WaveState.RUNNING, MemberState.DONE)


def test_an_endpoint_that_had_its_version_before_and_goes_back_from_it_stops_it() -> None:
    wave = advanced(running(left_out=(LeftOut(endpoint="canary", why="runs it already", is_current=True),)))
    hold = Hold(
        kind=HoldKind.HELD, endpoint="canary", since=NOW, actor=CARL, reason="bad", package_arn=wave.package_arn
    )
    stopped = advanced(wave, holds={"canary": (hold,)})
    assert (stopped.state, stopped.last.endpoints) == (WaveState.STOPPED, ("canary",))
    assert stopped.last.note == f"rolled back afterwards by <@{CARL}>: bad"
    resumed = stopped.to(WaveState.RUNNING, WaveReason.RESUMED, NOW + HOUR, BEN)
    assert advanced(resumed, holds={"canary": (hold,)}).state is WaveState.RUNNING
    for other in ({"wave_id": "w1"}, {"package_arn": "another"}, {"since": NOW - HOUR}):
        assert advanced(wave, holds={"canary": (hold.model_copy(update=other),)}).state is WaveState.RUNNING


def left_out(wave: Wave, endpoint: str) -> Member:
    return next(m for m in wave.members if m.endpoint == endpoint).with_(state=MemberState.LEFT_OUT)


@pytest.mark.parametrize("phase", [Phase.REJECTED, Phase.EXPIRED, Phase.CANCELLED])
def test_what_people_call_off_pauses_it(phase: Phase) -> None:
    wave = advanced(running())
    wave = advanced(wave, its_rollout(wave, "one", phase))
    assert (wave.state, wave.last.reason) == (WaveState.PAUSED, WaveReason.MEMBER_CALLED_OFF)


@pytest.mark.parametrize("untouched", [Phase.PLANNING, Phase.SCHEDULED, Phase.PREPARING])
def test_what_has_touched_nothing_is_taken_back_when_it_halts_and_the_rest_is_not(untouched: Phase) -> None:
    members = [a_member(name, pools={}) for name in ("one", "two", "three")]
    wave = advanced(running(*members, at_once=3))
    bad = its_rollout(wave, "one", Phase.ROLLED_BACK)
    planned, begun = its_rollout(wave, "two", untouched), its_rollout(wave, "three", Phase.UPDATING)
    decision = decide_wave(wave, seen_of(wave, bad, planned, begun), NOW)
    assert decision.recall == (planned.id,)
    back = its_rollout(wave, "two", Phase.SCHEDULED).to(Phase.CANCELLED, Reason.WAVE_HALTED, NOW, "bot")
    wave = looked_at(decision.wave, {bad.id: bad, back.id: back, begun.id: begun}, {})
    two = next(m for m in wave.members if m.endpoint == "two")
    assert (two.state, two.attempt) == (MemberState.WAITING, 2)
    assert two.rollout_id(wave.id) != planned.id


def test_one_that_was_about_to_begin_does_not_when_it_halts() -> None:
    members = [a_member(name, pools={}) for name in ("one", "two")]
    wave = advanced(running(*members, at_once=2))
    wave = advanced(wave, its_rollout(wave, "one", Phase.FAILED))
    assert states(wave)["two"] is MemberState.WAITING


def test_going_on_leaves_out_what_went_bad() -> None:
    wave = advanced(running(soak=timedelta(0)))
    bad = its_rollout(wave, "one", Phase.ROLLED_BACK)
    wave = resume_wave(advanced(wave, bad), say(CARL, wave), NOW, "e9")
    assert states(wave)["one"] is MemberState.LEFT_OUT
    wave = advanced(wave, bad)
    assert (wave.state, under_way(wave)) == (WaveState.RUNNING, ["two"])


def test_a_locked_endpoint_waits_and_the_others_of_its_stage_go_on() -> None:
    members = [a_member(name, pools={}) for name in ("one", "two")]
    wave = running(*members)
    wave = advanced(wave, locked={"one": "waits for the lock of <@U1> (load test)"})
    assert under_way(wave) == ["two"]
    assert wave.members[0].note == "waits for the lock of <@U1> (load test)"


def test_an_endpoint_that_somebody_changed_since_is_left_out() -> None:
    wave = running()
    wave = advanced(wave, configs={"one": "made-by-hand"})
    assert states(wave)["one"] is MemberState.LEFT_OUT
    assert "made-by-hand" in wave.members[0].note


def test_an_endpoint_that_left_the_fleet_file_is_left_out_and_called_so() -> None:
    wave = advanced(running(), unlisted=frozenset({"one"}), configs={})
    assert states(wave)["one"] is MemberState.LEFT_OUT
    assert wave.members[0].note == "it is not in the fleet file any more"


def test_nothing_begins_where_nobody_could_look() -> None:
    wave = running()
    assert advanced(wave, configs={}) == wave


@pytest.mark.parametrize(("free", "begun"), [(None, 1), (1, 1), (3, 1), (4, 2), (6, 3)])
def test_quotas_limit_how_many_begin_at_once(free: int | None, begun: int) -> None:
    members = [a_member(name) for name in ("one", "two", "three")]
    wave = advanced(running(*members, at_once=3), free={"own:own ml.m5.xlarge": free})
    assert len(under_way(wave)) == begun


def test_other_instance_types_do_not_wait_for_each_other() -> None:
    members = [a_member("one"), a_member("two", pools={"own:own ml.g5.xlarge": 1})]
    assert under_way(advanced(running(*members, at_once=2))) == ["one", "two"]


def test_a_plan_that_nobody_decided_on_lapses() -> None:
    wave = a_wave()
    assert advanced(wave, now=wave.expires_at - timedelta(seconds=1)) == wave
    assert advanced(wave, now=wave.expires_at).state is WaveState.EXPIRED


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("state", WaveState)
def test_every_state_knows_what_to_do_with_every_phase(state: WaveState, phase: Phase) -> None:
    wave = advanced(running()).with_(state=state)
    before = wave.state
    decided = advanced(wave, its_rollout(wave, "one", phase))
    assert decided.state is before or len(decided.steps) == len(wave.steps) + 1


# Who may


def say(actor: str, wave: Wave, **policies: Approval) -> Say:
    own = {m.endpoint: policies.get(m.endpoint, POLICY) for m in wave.members}
    return Say(actor=actor, policies=own, people=dict.fromkeys(own, Person(actor)))


def test_an_approver_of_all_of_it_starts_it() -> None:
    wave = a_wave()
    wave = approve_wave(wave, say(BEN, wave), wave.fingerprint, NOW, "e1")
    assert (wave.state, wave.approvers()) == (WaveState.RUNNING, (BEN,))
    assert wave.was_moved_by("e1")


def test_requester_cannot_approve_own_wave() -> None:
    wave = a_wave(requester=BEN)
    with pytest.raises(NotAllowed, match="somebody else"):
        approve_wave(wave, say(BEN, wave), None, NOW, "e1")


def test_the_requester_may_where_every_endpoint_lets_them() -> None:
    wave = a_wave(requester=BEN)
    lenient = Approval(users=(BEN,), requester_may_approve=True)
    own = {m.endpoint: lenient for m in wave.members}
    assert approve_wave(wave, say(BEN, wave, **own), None, NOW, "e1").state is WaveState.RUNNING
    with pytest.raises(NotAllowed):
        approve_wave(wave, say(BEN, wave, **{**own, "two": POLICY}), None, NOW, "e1")


def test_an_approver_of_some_endpoints_is_told_which_are_missing() -> None:
    wave = a_wave()
    theirs = Approval(users=(DORA,))
    with pytest.raises(NotAllowed, match="you may not for two, three"):
        approve_wave(wave, say(BEN, wave, two=theirs, three=theirs), None, NOW, "e1")


def test_an_older_plan_cannot_be_approved() -> None:
    wave = a_wave()
    with pytest.raises(UserError, match="moved on"):
        approve_wave(wave, say(BEN, wave), "another plan", NOW, "e1")


def test_it_takes_as_many_as_the_quorum_says() -> None:
    wave = a_wave(quorum=2)
    wave = approve_wave(wave, say(BEN, wave), None, NOW, "e1")
    assert wave.state is WaveState.PROPOSED
    with pytest.raises(UserError, match="1 more approval is needed"):
        approve_wave(wave, say(BEN, wave), None, NOW, "e2")
    assert approve_wave(wave, say(CARL, wave), None, NOW, "e3").state is WaveState.RUNNING


def test_a_second_click_is_told_what_became_of_it() -> None:
    wave = a_wave()
    started = approve_wave(wave, say(BEN, wave), None, NOW, "e1")
    with pytest.raises(UserError, match=f"is running, by <@{BEN}>"):
        approve_wave(started, say(CARL, wave), None, NOW, "e2")


def test_outsiders_neither_reject_nor_halt_it() -> None:
    wave = a_wave()
    for deed in (reject_wave, pause_wave, abort_wave):
        with pytest.raises(NotAllowed):
            deed(wave, say(DORA, wave), NOW, "e1")


def test_outsiders_are_told_who_may_and_of_who_asked_where_that_is_a_person() -> None:
    asked, proposed = running(requester=ANNA), running(requester="bot")
    with pytest.raises(
        NotAllowed, match=f"Only <@{ANNA}>, who asked for wave {asked.id}, or an approver of one of its"
    ):
        pause_wave(asked, say(DORA, asked), NOW, "e1")
    with pytest.raises(NotAllowed, match=f"^Only an approver of one of its endpoints may pause it; .*<@{BEN}> or"):
        pause_wave(proposed, say(DORA, proposed), NOW, "e1")


def test_an_approver_of_one_endpoint_may_halt_it() -> None:
    wave = running()
    theirs = Approval(users=(DORA,))
    assert pause_wave(wave, say(DORA, wave, three=theirs), NOW, "e1").state is WaveState.PAUSED
    assert abort_wave(wave, say(DORA, wave, three=theirs), NOW, "e1").state is WaveState.ABORTED


def test_after_a_stop_the_requester_alone_does_not_go_on() -> None:
    wave = advanced(running(requester=ANNA))
    wave = advanced(wave, its_rollout(wave, "one", Phase.ROLLED_BACK))
    with pytest.raises(NotAllowed):
        resume_wave(wave, say(ANNA, wave), NOW, "e1")
    paused = pause_wave(running(), say(ANNA, wave), NOW, "e2")
    assert resume_wave(paused, say(ANNA, wave), NOW, "e3").state is WaveState.RUNNING


def test_nothing_is_resumed_that_has_nothing_left() -> None:
    wave = advanced(running(a_member("one")))
    wave = advanced(wave, its_rollout(wave, "one", Phase.FAILED))
    with pytest.raises(UserError, match="No endpoint is left"):
        resume_wave(wave, say(BEN, wave), NOW, "e1")
    assert not wave.is_active


@pytest.mark.parametrize("state", [WaveState.FINISHED, WaveState.ABORTED, WaveState.REJECTED, WaveState.EXPIRED])
def test_what_is_over_stays_over(state: WaveState) -> None:
    wave = a_wave().with_(state=state)
    with pytest.raises(IllegalTransition):
        wave.to(WaveState.RUNNING, WaveReason.RESUMED, NOW, BEN)
    deeds: Iterable = (reject_wave, pause_wave, resume_wave, abort_wave)
    for deed in deeds:
        with pytest.raises(UserError, match=f"is {state.words}"):
            deed(wave, say(BEN, wave), NOW, "e1")


def test_the_fingerprint_is_about_what_goes_where_in_which_order() -> None:
    wave = a_wave()
    assert wave.fingerprint == a_wave(label="called otherwise").fingerprint
    others = [
        a_wave(a_member("one"), a_member("two"), a_member("three", 1)),
        a_wave(a_member("one", config="another"), *wave.members[1:]),
        a_wave(at_once=2),
        a_wave(soak=timedelta(hours=2)),
    ]
    assert wave.fingerprint not in {other.fingerprint for other in others}


def test_how_long_it_takes_counts_stages_places_and_soaks() -> None:
    members = [a_member("one"), a_member("two", 1), a_member("three", 1, expected=None)]
    assert expected_length(a_wave(*members)) == timedelta(minutes=20 + 60 + 40)
    assert expected_length(a_wave(*members, at_once=2)) == timedelta(minutes=20 + 60 + 20)
    assert expected_length(a_wave(a_member("one", expected=None))) is None
