"""When an approved change runs: at once, at its time, in the quiet hour, inside its window; never under a lock, always checked anew."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from fakes.account import LANDED, UPDATING
from fakes.clock import NOW
from fakes.engine import FLEET, Engine, a_config
from fakes.records import ANNA, BEN, CARL, CURRENT, ENDPOINT

from bot.domain.errand import ButtonValue, Click
from bot.domain.phases import Phase, Reason
from bot.domain.traffic import TrafficPoint

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WINDOWED = FLEET.replace("model_package_group", 'windows: ["Mon-Fri 09:00-17:00 UTC"]\n    model_package_group')
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""NOW is a Sunday, at 08:00."""


@pytest.fixture
def windowed() -> Iterator[Engine]:
    made = Engine(WINDOWED)
    yield made
    made.close()


def asked(engine: Engine, options: str = "--version 4") -> str:
    engine.type(f"promote {ENDPOINT} {options}")
    return engine.store.rollouts.recent(ENDPOINT)[0].id


def click(engine: Engine, what: Click, rollout_id: str, by: str = BEN) -> None:
    """A click on the plan that stands, whether that button is shown or not."""
    plan = engine.rollout(rollout_id).plan
    value = ButtonValue(rollout_id=rollout_id, endpoint=ENDPOINT, fingerprint=plan.fingerprint if plan else "")
    engine.click(what, value.model_dump_json(), by=by, on=engine.slack.posted[-1])


def told(engine: Engine, who: str) -> str:
    return next(text for whom, text in reversed(engine.slack.whispers) if whom == who)


def a_quiet_hour_at(engine: Engine, at: datetime) -> None:
    """A week of traffic with one quiet hour a day."""
    begin = NOW - timedelta(days=8)
    engine.metrics.hourly = tuple(
        TrafficPoint(at=hour, requests=10 if hour.hour == at.hour else 100_000)
        for hour in (begin + n * HOUR for n in range(8 * 24))
    )


# A time that was asked for


def test_an_approved_change_waits_for_the_time_that_was_asked_for(engine: Engine) -> None:
    rollout_id = asked(engine, "--version 4 --at 14:00")
    engine.press("Approve", by=BEN)
    scheduled = engine.rollout(rollout_id)
    assert scheduled.phase is Phase.SCHEDULED
    assert scheduled.scheduled_for == NOW.replace(hour=14)
    assert engine.store.rollouts.lease_of(ENDPOINT) is None, "others may go on meanwhile"
    engine.play(lambda: engine.endpoints.updates != [], limit=DAY)
    assert engine.clock() >= NOW.replace(hour=14)
    assert engine.clock() < NOW.replace(hour=14) + timedelta(minutes=1)
    engine.play_until(Phase.SUCCEEDED, rollout_id)


def test_a_time_without_a_zone_is_the_requesters_own(engine: Engine) -> None:
    engine.slack.timezones[ANNA] = "Asia/Tokyo"
    rollout_id = asked(engine, "--version 4 --at 20:00")
    assert engine.rollout(rollout_id).not_before == NOW.replace(hour=11)


def test_a_time_that_is_over_when_it_is_approved_means_at_once(engine: Engine) -> None:
    rollout_id = asked(engine, "--version 4 --at 09:00")
    engine.clock.tick(2 * HOUR)
    engine.press("Approve", by=BEN)
    assert engine.phase(rollout_id) is not Phase.SCHEDULED


def test_what_it_rests_on_is_checked_again_at_its_time(engine: Engine) -> None:
    rollout_id = asked(engine, "--version 4 --at 14:00")
    engine.press("Approve", by=BEN)
    engine.endpoints.configs["made-by-hand"] = a_config("made-by-hand")
    engine.endpoints.config = "made-by-hand"
    engine.play(lambda: engine.rollout(rollout_id).redraws != (), limit=DAY)
    engine.play(lambda: engine.phase(rollout_id) is Phase.AWAITING_APPROVAL)
    rollout = engine.rollout(rollout_id)
    assert (rollout.approvals, rollout.scheduled_for) == ((), None)
    assert rollout.expires_at == engine.clock() + 4 * HOUR
    assert engine.endpoints.updates == []
    assert engine.endpoints.count("create_config") == 0


def test_a_change_of_live_counts_is_checked_again_at_its_time(engine: Engine) -> None:
    """Nothing but a config would be created, and not even that."""
    rollout_id = asked(engine, "--count 4 --at 14:00")
    engine.press("Approve", by=BEN)
    engine.endpoints.variants = tuple(v.model_copy(update={"weight": 0.5}) for v in engine.endpoints.variants)
    engine.play(lambda: engine.rollout(rollout_id).redraws != (), limit=DAY)
    assert [d.path for d in engine.rollout(rollout_id).redraws[0].differences] == ["Weight of AllTraffic"]
    assert engine.endpoints.count("create_config") == 0
    assert engine.endpoints.updates == []


@pytest.mark.parametrize("by", [ANNA, CARL])
def test_a_scheduled_change_can_be_cancelled(engine: Engine, by: str) -> None:
    rollout_id = asked(engine, "--version 4 --at 14:00")
    engine.press("Approve", by=BEN)
    engine.press("Cancel", by=by)
    assert engine.play_out(rollout_id) is Phase.CANCELLED
    assert engine.next_due() is None


def test_a_newer_change_takes_the_place_of_a_scheduled_one(engine: Engine) -> None:
    first = asked(engine, "--version 4 --at 14:00")
    engine.press("Approve", by=BEN)
    second = asked(engine, "--version 5")
    assert engine.rollout(first).last.reason is Reason.SUPERSEDED
    assert engine.phase(second) is Phase.AWAITING_APPROVAL


@pytest.mark.parametrize("command", [f"promote {ENDPOINT} --version 5", f"scale {ENDPOINT} --count 3"])
def test_who_could_not_cancel_an_approved_change_does_not_replace_it_either(engine: Engine, command: str) -> None:
    first = asked(engine, "--version 4 --at 14:00")
    engine.press("Approve", by=BEN)
    engine.type(command, by="U0EVE")
    assert f"Rollout {first} of {ENDPOINT} is approved and runs" in engine.slack.responses[-1][1]
    assert "an approver may replace it" in engine.slack.responses[-1][1]
    assert engine.phase(first) is Phase.SCHEDULED
    assert len(engine.store.rollouts.recent(ENDPOINT)) == 1


@pytest.mark.parametrize("to", ["", f" --to {CURRENT}"])
def test_nor_by_asking_for_a_rollback_that_needs_an_approval(engine: Engine, to: str) -> None:
    promoted = engine.promoted(4)
    first = asked(engine, "--version 5 --at 14:00")
    engine.press("Approve", by=BEN)
    engine.type(f"rollback {ENDPOINT}{to}", by="U0EVE")
    assert f"Rollout {first} of {ENDPOINT} is approved and runs" in engine.slack.responses[-1][1]
    assert "an approver may replace it" in engine.slack.responses[-1][1]
    assert engine.phase(first) is Phase.SCHEDULED
    assert {r.id for r in engine.store.rollouts.recent(ENDPOINT)} == {promoted, first}


def test_a_rollback_that_goes_at_once_takes_the_place_of_an_approved_change(engine: Engine) -> None:
    engine.promoted(4)
    first = asked(engine, "--version 5 --at 14:00")
    engine.press("Approve", by=BEN)
    engine.type(f"rollback {ENDPOINT}", by=BEN)
    assert engine.rollout(first).last.reason is Reason.SUPERSEDED
    back = engine.rollout(first).superseded_by
    assert back is not None
    assert engine.play_out(back) is Phase.ROLLED_BACK


# The quiet hour


def test_an_approver_chooses_the_quiet_hour(engine: Engine) -> None:
    a_quiet_hour_at(engine, NOW.replace(hour=13))
    rollout_id = asked(engine)
    engine.press("Schedule", by=BEN)
    scheduled = engine.rollout(rollout_id)
    assert (scheduled.phase, scheduled.last.reason) == (Phase.SCHEDULED, Reason.SCHEDULED_BY_APPROVER)
    assert scheduled.scheduled_for == NOW.replace(hour=13)
    assert scheduled.approvers() == (BEN,)
    engine.play(lambda: engine.endpoints.updates != [], limit=DAY)
    assert NOW.replace(hour=13) <= engine.clock() < NOW.replace(hour=13, minute=1)


def test_a_quiet_hour_that_has_begun_meanwhile_is_not_taken_for_now(engine: Engine) -> None:
    a_quiet_hour_at(engine, NOW.replace(hour=9))
    rollout_id = asked(engine)
    engine.clock.tick(3 * HOUR)
    engine.press("Schedule", by=BEN)
    assert "The quiet hour of this plan has begun already. Your click changed nothing" in told(engine, BEN)
    assert engine.phase(rollout_id) is Phase.AWAITING_APPROVAL
    assert engine.rollout(rollout_id).approvals == ()


def test_without_a_quiet_hour_nothing_is_scheduled_for_it(engine: Engine) -> None:
    rollout_id = asked(engine)
    click(engine, Click.SCHEDULE, rollout_id)
    assert engine.phase(rollout_id) is Phase.AWAITING_APPROVAL


def test_the_quiet_hour_is_never_before_the_time_that_was_asked_for(engine: Engine) -> None:
    a_quiet_hour_at(engine, NOW.replace(hour=13))
    rollout_id = asked(engine, "--version 4 --at 16:00")
    click(engine, Click.SCHEDULE, rollout_id)
    assert engine.rollout(rollout_id).scheduled_for == NOW.replace(hour=16)


def test_with_a_quorum_the_hour_that_was_chosen_last_counts() -> None:
    engine = Engine(FLEET.replace("quorum: 1", "quorum: 2"))
    try:
        a_quiet_hour_at(engine, NOW.replace(hour=13))
        rollout_id = asked(engine)
        engine.press("Schedule", by=BEN)
        assert engine.phase(rollout_id) is Phase.AWAITING_APPROVAL
        engine.press("Approve", by=CARL)
        assert engine.phase(rollout_id) is Phase.SCHEDULED
        assert engine.rollout(rollout_id).scheduled_for == NOW.replace(hour=13)
    finally:
        engine.close()


def test_with_a_quorum_the_time_that_was_asked_for_stays_the_requesters_choice() -> None:
    engine = Engine(FLEET.replace("quorum: 1", "quorum: 2"))
    try:
        rollout_id = asked(engine, "--version 4 --at 14:00")
        engine.press("Approve", by=BEN)
        engine.press("Approve", by=CARL)
        scheduled = engine.rollout(rollout_id)
        assert (scheduled.scheduled_for, scheduled.last.reason) == (NOW.replace(hour=14), Reason.APPROVED)
    finally:
        engine.close()


# Run now


def test_an_approver_runs_a_scheduled_change_before_its_time(engine: Engine) -> None:
    rollout_id = asked(engine, "--version 4 --at 14:00")
    engine.press("Approve", by=BEN)
    engine.press("Run now", by=CARL)
    engine.play_until(Phase.WATCHING, rollout_id)
    assert engine.clock() < NOW + HOUR


@pytest.mark.parametrize("who", [ANNA, "U0EVE"])
def test_nobody_else_runs_it_before_its_time(engine: Engine, who: str) -> None:
    rollout_id = asked(engine, "--version 4 --at 14:00")
    engine.press("Approve", by=BEN)
    engine.press("Run now", by=who)
    assert "You may not start changes of this endpoint" in told(engine, who)
    assert engine.phase(rollout_id) is Phase.SCHEDULED


def test_the_requester_does_not_change_the_time_that_others_approved() -> None:
    """Who may approve changes of others is still not the second person of their own."""
    engine = Engine(FLEET.replace(f"users: [{BEN}, {CARL}]", f"users: [{ANNA}, {BEN}]"))
    try:
        rollout_id = asked(engine, "--version 4 --at 14:00")
        engine.press("Approve", by=BEN)
        engine.press("Run now", by=ANNA)
        assert "somebody else has to start it before its time" in told(engine, ANNA)
        assert engine.phase(rollout_id) is Phase.SCHEDULED
    finally:
        engine.close()


def test_run_now_is_checked_against_what_moved(engine: Engine) -> None:
    rollout_id = asked(engine, "--version 4 --at 14:00")
    engine.press("Approve", by=BEN)
    engine.endpoints.variants = tuple(v.model_copy(update={"weight": 0.5}) for v in engine.endpoints.variants)
    engine.press("Run now", by=CARL)
    engine.play_until(Phase.AWAITING_APPROVAL, rollout_id)
    assert engine.endpoints.updates == []


def test_run_now_under_a_lock_is_refused(engine: Engine) -> None:
    rollout_id = asked(engine, "--version 4 --at 14:00")
    engine.press("Approve", by=BEN)
    engine.type(f"lock {ENDPOINT} --reason audit", by=BEN)
    click(engine, Click.RUN_NOW, rollout_id, by=CARL)
    assert f"{ENDPOINT} is locked by <@{BEN}>" in told(engine, CARL)
    assert engine.phase(rollout_id) is Phase.SCHEDULED


def test_what_runs_already_is_not_run_now(engine: Engine) -> None:
    rollout_id = asked(engine)
    click(engine, Click.RUN_NOW, rollout_id)
    assert "It waits for nothing: its state is “awaiting approval”." in told(engine, BEN)


# Change windows


def test_an_approval_outside_the_windows_is_kept_for_the_next_opening(windowed: Engine) -> None:
    rollout_id = asked(windowed)
    windowed.press("Approve", by=BEN)
    scheduled = windowed.rollout(rollout_id)
    assert (scheduled.phase, scheduled.last.reason) == (Phase.SCHEDULED, Reason.OUTSIDE_WINDOW)
    assert scheduled.scheduled_for == MONDAY
    windowed.play(lambda: windowed.endpoints.updates != [], limit=2 * DAY)
    assert MONDAY <= windowed.clock() < MONDAY + timedelta(minutes=1)


def test_run_now_does_not_open_a_window(windowed: Engine) -> None:
    rollout_id = asked(windowed)
    windowed.press("Approve", by=BEN)
    click(windowed, Click.RUN_NOW, rollout_id)
    assert "Its change window is closed until Mon 23 Nov 09:00 UTC" in told(windowed, BEN)
    assert windowed.phase(rollout_id) is Phase.SCHEDULED


@pytest.mark.parametrize("held_up_by", ["a lock", "workers that were away"])
def test_what_was_held_up_until_its_window_had_closed_waits_for_the_next(windowed: Engine, held_up_by: str) -> None:
    rollout_id = asked(windowed)
    windowed.press("Approve", by=BEN)
    if held_up_by == "a lock":
        windowed.type(f"lock {ENDPOINT} --reason audit", by=BEN)
        windowed.play(lambda: windowed.rollout(rollout_id).stopped_by is not None, limit=2 * DAY)
        windowed.clock.now = MONDAY.replace(hour=18)
        windowed.type(f"unlock {ENDPOINT}", by=BEN)
    windowed.clock.now = max(windowed.clock.now, MONDAY.replace(hour=18))
    windowed.play(lambda: windowed.rollout(rollout_id).scheduled_for != MONDAY, limit=HOUR)
    waiting = windowed.rollout(rollout_id)
    assert (waiting.phase, waiting.scheduled_for) == (Phase.SCHEDULED, MONDAY + DAY)
    assert waiting.stopped_by is None
    assert windowed.endpoints.updates == []
    windowed.play(lambda: windowed.endpoints.updates != [], limit=DAY)
    assert windowed.clock() >= MONDAY + DAY


def test_the_way_back_waits_for_no_window(windowed: Engine) -> None:
    rollout_id = asked(windowed)
    windowed.press("Approve", by=BEN)
    windowed.play(lambda: windowed.phase(rollout_id) is Phase.SUCCEEDED, limit=2 * DAY)
    windowed.clock.now = MONDAY.replace(hour=23)
    windowed.press("Roll back", by=BEN)
    assert windowed.play_out(rollout_id) is Phase.ROLLED_BACK
    assert windowed.clock() < MONDAY + DAY


# Locks


def test_a_lock_at_its_time_makes_it_wait_and_says_so(engine: Engine) -> None:
    rollout_id = asked(engine, "--version 4 --at 14:00")
    engine.press("Approve", by=BEN)
    engine.type("freeze --reason holidays", by=CARL)
    engine.play(lambda: engine.clock() >= NOW.replace(hour=14, minute=5), limit=DAY)
    waiting = engine.rollout(rollout_id)
    assert (waiting.phase, waiting.stopped_by) == (Phase.SCHEDULED, f"the freeze of <@{CARL}> (holidays)")
    engine.type("thaw", by=CARL)
    engine.play_until(Phase.WATCHING, rollout_id)
    assert engine.rollout(rollout_id).stopped_by is None


# The queue


def test_three_changes_of_one_endpoint_take_their_turns(engine: Engine) -> None:
    engine.endpoints.plays([UPDATING] * 3 + [UPDATING])
    first = engine.promote(4)
    engine.press("Approve", by=BEN)
    engine.play(lambda: engine.endpoints.updates != [])
    engine.clock.tick(timedelta(seconds=1))
    second = asked(engine, "--version 5")
    engine.clock.tick(timedelta(seconds=1))
    third = asked(engine, "--count 3")
    assert [engine.rollout(i).queued_behind for i in (first, second, third)] == [None, first, first]
    engine.tell()
    card = next(p for p in engine.slack.posted if p.slot == "card" and f"rollout {third}" in p.words)
    assert f"Waits for its turn: rollout {first} comes first." in card.words
    engine.endpoints._script.append(LANDED)
    engine.play(lambda: engine.phase(second) is Phase.AWAITING_APPROVAL)
    assert engine.phase(first) is Phase.SUCCEEDED
    assert engine.phase(third) is Phase.PLANNING
    second_plan = engine.rollout(second).plan
    assert second_plan is not None
    assert second_plan.current_config == engine.rollout(first).target_config
    engine.press("Reject", by=BEN)
    engine.play(lambda: engine.phase(third) is Phase.AWAITING_APPROVAL)
    engine.press("Approve", by=BEN)
    engine.play_until(Phase.SUCCEEDED, third)
    assert engine.crashes == []


def test_a_turn_that_does_not_come_in_time_lapses() -> None:
    engine = Engine(FLEET.replace("expires_after: 4h", "expires_after: 10m"))
    try:
        engine.endpoints.plays([UPDATING] * 500)
        engine.promote(4)
        engine.press("Approve", by=BEN)
        engine.play(lambda: engine.endpoints.updates != [])
        second = asked(engine, "--version 5")
        engine.play(lambda: not engine.rollout(second).is_active, limit=HOUR)
        assert engine.phase(second) is Phase.EXPIRED
    finally:
        engine.close()


def test_who_waits_for_a_turn_can_be_cancelled_and_lets_the_next_one_through(engine: Engine) -> None:
    engine.endpoints.plays([UPDATING] * 4 + [LANDED])
    first = engine.promote(4)
    engine.press("Approve", by=BEN)
    engine.play(lambda: engine.endpoints.updates != [])
    second = asked(engine, "--version 5")
    engine.clock.tick(timedelta(seconds=1))
    third = asked(engine, "--count 3")
    engine.type(f"cancel {second}")
    engine.play(lambda: engine.phase(third) is Phase.AWAITING_APPROVAL)
    assert engine.phase(first) is Phase.SUCCEEDED
    assert engine.phase(second) is Phase.CANCELLED
