"""The manager over the whole engine: what it opens by itself, what it leaves, and that it does so once."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from fakes.account import UPDATING, rolled_back
from fakes.engine import HOME
from fakes.estate import EstateEngine, package_of, standing_on
from fakes.records import ANNA, BEN

from bot.domain.commands import Change
from bot.domain.endpoint import ApprovalStatus
from bot.domain.fleet import Follows
from bot.domain.hold import Hold, HoldKind
from bot.domain.outside_tags import OUTSIDE_TAG
from bot.domain.phases import BOT_ACTOR, Kind, Phase
from bot.domain.preflight import CheckName
from bot.domain.rollout import Rollout
from bot.domain.wave import WaveReason, WaveState
from workers.rounds import RoundName

V3, V4, V5 = (package_of("sentiment", n) for n in (3, 4, 5))


def a_fleet(policies: dict[str, str], more: str = "", waves: str = "") -> str:
    endpoints = "\n".join(
        f"  {name}: {{model_package_group: sentiment, policy: {policy}{more}}}" for name, policy in policies.items()
    )
    return f"""
version: 1
defaults:
  region: us-east-1
  channel: {HOME}
  approval: {{users: [{BEN}], expires_after: 4h}}
  watch: {{duration: 5m, warm_up: 1m, metric_period: 30s, auto_rollback: all}}
  timing: {{poll: 15s, settle: 10s, lease: 10s}}
manager: {{every: 1m, census: 30s}}
{waves}
endpoints:
{endpoints}
"""


Made = Callable[..., EstateEngine]


@pytest.fixture
def made() -> Iterator[Made]:
    engines: list[EstateEngine] = []

    def make(policies: dict[str, str], versions=(V3, V4), *, runs=V3, missing: tuple[str, ...] = (), **fleet: str):
        there = {name: runs for name in policies if name not in missing}
        engines.append(EstateEngine(a_fleet(policies, **fleet), there, versions))
        return engines[-1]

    yield make
    for engine in engines:
        engine.close()


def manage(engine: EstateEngine) -> None:
    """A census and a round of the manager, and everything that is due at once after it."""
    for name in (RoundName.REVIVE, RoundName.CENSUS, RoundName.TAGS, RoundName.MANAGE):
        engine.parts.rounds.rounds[name].run()
    engine.settle()


def move_by_hand(engine: EstateEngine, endpoint: str) -> None:
    """Somebody updates it in AWS, back to the config that it had in the beginning."""
    moved = engine.estate[endpoint]
    moved.config, moved.moved_at = f"{endpoint}-made-by-hand", engine.clock()


def rollouts(engine: EstateEngine, endpoint: str | None = None) -> tuple[Rollout, ...]:
    return engine.store.rollouts.recent(endpoint, limit=50)


def pass_time(engine: EstateEngine, time: timedelta, step: timedelta = timedelta(minutes=5)) -> None:
    """Let time pass with a round of the manager every few minutes."""
    end = engine.clock() + time
    while engine.clock() < end:
        until = min(engine.clock() + step, end)
        engine.play(lambda: False, limit=until - engine.clock())
        engine.clock.now = until
        manage(engine)


def test_under_auto_a_newer_version_arrives_without_anybody(made: Made):
    engine = made({"a": "auto"})
    pass_time(engine, timedelta(minutes=30))
    (rollout,) = rollouts(engine)
    assert (rollout.phase, rollout.requester, rollout.approvals) == (Phase.SUCCEEDED, BOT_ACTOR, ())
    assert engine.estate.updates() == 1


def test_under_ask_it_waits_for_a_click_and_is_asked_once(made: Made):
    engine = made({"a": "ask"})
    for _ in range(3):
        manage(engine)
    (rollout,) = rollouts(engine)
    assert rollout.phase is Phase.AWAITING_APPROVAL
    assert "sentiment version 4 is approved" in rollout.reason
    engine.press("Approve", by=BEN)
    engine.play_until(Phase.SUCCEEDED, rollout.id)
    manage(engine)
    assert len(rollouts(engine)) == 1


def test_under_manual_nothing_happens(made: Made):
    engine = made({"a": "manual"})
    pass_time(engine, timedelta(minutes=30))
    assert rollouts(engine) == ()
    assert engine.slack.posted == []


def test_what_failed_for_want_of_instances_comes_again_as_its_thread_and_the_next_plan_say(made: Made):
    engine = made({"a": "auto"})
    engine.estate["a"].plays((UPDATING, rolled_back("InsufficientInstanceCapacity")))
    pass_time(engine, timedelta(minutes=40))
    (unlucky,) = rollouts(engine)
    assert unlucky.phase is Phase.ROLLED_BACK_BY_AWS
    assert "It is tried again by itself, in an hour at first" in engine.slack.shown("ending").words

    pass_time(engine, timedelta(hours=1))
    again = rollouts(engine)[0]
    assert (again.phase, again.requester, len(rollouts(engine))) == (Phase.SUCCEEDED, BOT_ACTOR, 2)
    assert again.plan is not None
    (told,) = (finding for finding in again.plan.findings if finding.check == CheckName.FAILED_BEFORE)
    assert "The manager brings the same again by itself" in told.next_step


def test_after_a_no_the_same_is_not_proposed_again_but_the_next_version_is(made: Made):
    engine = made({"a": "ask"})
    manage(engine)
    engine.press("Reject", by=BEN)
    pass_time(engine, timedelta(days=2), timedelta(hours=6))
    assert [r.phase for r in rollouts(engine)] == [Phase.REJECTED]
    engine.registry.packages.append(V5)
    manage(engine)
    newest, _ = rollouts(engine)
    assert newest.plan is not None
    assert newest.plan.target_label == "sentiment version 5"


def test_a_plan_that_lapsed_is_shown_again_once_a_day(made: Made):
    engine = made({"a": "ask"})
    pass_time(engine, timedelta(days=3), timedelta(hours=1))
    assert len(rollouts(engine)) in (3, 4)
    assert all(r.phase in (Phase.EXPIRED, Phase.AWAITING_APPROVAL) for r in rollouts(engine))


def test_a_newer_version_takes_the_place_of_the_plan_that_waits(made: Made):
    engine = made({"a": "ask"})
    manage(engine)
    engine.clock.tick(timedelta(minutes=1))
    engine.registry.packages.append(V5)
    manage(engine)
    newer, older = rollouts(engine)
    assert (older.phase, older.superseded_by) == (Phase.CANCELLED, newer.id)
    assert newer.phase is Phase.AWAITING_APPROVAL


def test_a_plan_whose_version_is_rejected_in_the_registry_is_taken_back(made: Made):
    engine = made({"a": "ask"})
    manage(engine)
    engine.registry.packages[:] = [V3, package_of("sentiment", 4, ApprovalStatus.REJECTED)]
    pass_time(engine, timedelta(minutes=2), timedelta(minutes=1))
    (rollout,) = rollouts(engine)
    assert rollout.phase is Phase.CANCELLED
    engine.registry.packages[:] = [V3, V4]
    pass_time(engine, timedelta(minutes=2), timedelta(minutes=1))
    assert rollouts(engine)[0].phase is Phase.AWAITING_APPROVAL


def test_a_hold_takes_back_what_waits_and_keeps_everything_away(made: Made):
    engine = made({"a": "ask"})
    manage(engine)
    engine.type("hold a --reason 'load test'", by=BEN)
    manage(engine)
    assert rollouts(engine)[0].phase is Phase.CANCELLED
    engine.registry.packages.append(V5)
    pass_time(engine, timedelta(hours=2), timedelta(minutes=30))
    assert len(rollouts(engine)) == 1
    engine.type("unhold a", by=BEN)
    manage(engine)
    assert rollouts(engine)[0].phase is Phase.AWAITING_APPROVAL


def test_a_freeze_is_waited_for(made: Made):
    engine = made({"a": "auto"})
    engine.type("freeze --reason 'audit'", by=BEN)
    pass_time(engine, timedelta(minutes=30))
    assert rollouts(engine) == ()
    engine.type("thaw", by=BEN)
    pass_time(engine, timedelta(minutes=30))
    assert rollouts(engine)[0].phase is Phase.SUCCEEDED


def test_a_persons_plan_is_never_superseded_by_the_bot(made: Made):
    engine = made({"a": "auto"})
    engine.type("promote a --version 4", by=ANNA)
    engine.registry.packages.append(V5)
    pass_time(engine, timedelta(minutes=30))
    (rollout,) = rollouts(engine)
    assert (rollout.requester, rollout.phase) == (ANNA, Phase.AWAITING_APPROVAL)


def test_only_so_many_are_under_way_at_once_and_all_have_their_turn(made: Made):
    engine = made({f"e{n}": "auto" for n in range(8)})
    for name in (RoundName.REVIVE, RoundName.TAGS, RoundName.MANAGE):
        engine.parts.rounds.rounds[name].run()
    assert len(engine.store.rollouts.active()) == 5
    pass_time(engine, timedelta(hours=1))
    assert {r.endpoint for r in rollouts(engine) if r.phase is Phase.SUCCEEDED} == {f"e{n}" for n in range(8)}
    assert engine.estate.updates() == 8


def test_an_endpoint_without_a_channel_is_left_alone(made: Made):
    engine = made({"a": "auto"})
    spec = engine.world.fleet.endpoints["a"].model_copy(update={"channel": None})
    engine.world.fleet.endpoints["a"] = spec
    manage(engine)
    assert rollouts(engine) == ()


CREATABLE = (
    ", tier: staging, instance_type: ml.m5.xlarge, instance_count: 2, "
    "execution_role: 'arn:aws:iam::123456789012:role/sagemaker'"
)


def test_an_endpoint_that_is_missing_from_the_beginning_is_asked_about(made: Made):
    engine = made({"gone": "auto", "there": "auto"}, missing=("gone",), versions=(V3,), more=CREATABLE)
    manage(engine)
    (asked,) = rollouts(engine)
    assert (asked.kind, asked.endpoint, asked.phase) == (Kind.CREATE, "gone", Phase.AWAITING_APPROVAL)


def test_a_newly_declared_endpoint_is_created_by_itself_and_not_again_after_a_teardown(made: Made):
    engine = made({"new": "auto", "there": "auto"}, missing=("new",), versions=(V3,), more=CREATABLE)
    endpoints = engine.world.fleet.endpoints
    new = endpoints.pop("new")
    manage(engine)
    endpoints["new"] = new
    pass_time(engine, timedelta(minutes=30))
    (created,) = rollouts(engine, "new")
    assert (created.kind, created.phase, created.approvals) == (Kind.CREATE, Phase.SUCCEEDED, ())
    engine.type("teardown new --reason 'no longer needed'", by=ANNA)
    engine.press("Approve", by=BEN)
    pass_time(engine, timedelta(hours=2))
    assert [r.kind for r in rollouts(engine, "new")] == [Kind.TEARDOWN, Kind.CREATE]


# sync


def test_sync_proposes_what_somebody_said_no_to_and_names_who_asked(made: Made):
    engine = made({"a": "manual"})
    answer = engine.ask("sync a")
    (rollout,) = rollouts(engine)
    assert (rollout.requester, rollout.phase) == (ANNA, Phase.AWAITING_APPROVAL)
    assert f"a: rollout {rollout.id} is opened, because sentiment version 4 is approved" in answer
    engine.press("Reject", by=BEN)
    assert "is opened" in engine.ask("sync a")


def test_sync_says_why_nothing_is_to_be_done(made: Made):
    engine = made({"a": "ask", "b": "ask"}, versions=(V3,))
    assert "Nothing to do on a: it is as the fleet file and the registry say." in engine.ask("sync a")
    assert "nothing to do" in engine.ask("sync --all")


def test_sync_of_all_opens_what_is_wanted_in_the_endpoints_own_channels(made: Made):
    engine = made({"a": "ask", "b": "auto"})
    assert "2 endpoints on the way" in engine.ask("sync --all")
    assert {r.thread.channel_id for r in rollouts(engine)} == {HOME}
    assert {(r.endpoint, r.approval_needed) for r in rollouts(engine)} == {("a", True), ("b", True)}


def test_a_sync_of_anybodys_starts_nothing_that_a_promote_of_theirs_would_not(made: Made):
    engine = made({"a": "auto"})
    answer = engine.ask("sync a")
    engine.play(lambda: False, timedelta(minutes=30))
    (rollout,) = rollouts(engine)
    assert (rollout.requester, rollout.phase) == (ANNA, Phase.AWAITING_APPROVAL)
    assert "Its plan asks for approval." in answer
    assert engine.estate.updates() == 0


def test_a_wave_that_somebody_synced_is_theirs_and_needs_somebody_else(made: Made):
    engine = made({"a": "auto", "b": "auto", "c": "auto"}, waves=WAVE)
    engine.type("sync a", by=BEN)
    (wave,) = engine.store.waves.recent()
    assert (wave.requester, wave.approval_needed) == (BEN, True)
    engine.press("Start wave", by=BEN)
    engine.play(lambda: False, timedelta(minutes=30))
    assert engine.store.waves.recent()[0].state is WaveState.PROPOSED
    assert engine.estate.updates() == 0


def test_a_sync_never_takes_the_place_of_the_plan_that_asks_because_of_an_outside_change(made: Made):
    engine = made({"a": "auto"})
    pass_time(engine, timedelta(minutes=30))
    engine.registry.packages.append(V5)
    move_by_hand(engine, "a")
    manage(engine)
    asking = rollouts(engine)[0]
    assert "it was changed outside the bot" in asking.reason
    for ask in ("sync a", "sync --all"):
        engine.type(ask)
    pass_time(engine, timedelta(minutes=30))
    assert rollouts(engine)[0].id == asking.id
    assert engine.rollout(asking.id).phase is Phase.AWAITING_APPROVAL


def test_sync_that_is_delivered_twice_opens_one_rollout(made: Made):
    engine = made({"a": "ask"})
    for _ in range(2):
        engine.type("sync a", delivery="d1")
    assert len(rollouts(engine)) == 1


# Windows and holds


def test_outside_its_change_windows_it_is_scheduled_and_runs_when_they_open(made: Made):
    engine = made({"a": "auto"}, more=", windows: ['Mon-Sun 08:30-10:00 UTC']")
    manage(engine)
    (rollout,) = rollouts(engine)
    assert rollout.phase is Phase.SCHEDULED
    engine.play(lambda: not engine.rollout(rollout.id).is_active, timedelta(hours=2))
    began = engine.rollout(rollout.id).entered(Phase.UPDATING)
    assert began is not None
    assert began.hour == 8


def test_a_hold_that_the_manager_has_not_seen_yet_still_keeps_a_scheduled_change_from_beginning(made: Made):
    engine = made({"a": "auto"}, more=", windows: ['Mon-Sun 08:30-10:00 UTC']")
    manage(engine)
    engine.type("hold a --reason 'load test'", by=BEN)
    engine.play(lambda: False, timedelta(hours=2))
    (rollout,) = rollouts(engine)
    assert rollout.entered(Phase.PREPARING) is None or rollout.called_at is None
    assert engine.estate.updates() == 0


# Waves, and staging before production

WAVE = "waves: {all: {stages: [[a], [b, c]], soak: 1h}}"


def test_endpoints_of_a_wave_get_one_wave_and_no_rollout_of_their_own(made: Made):
    engine = made({"a": "auto", "b": "auto", "c": "auto", "d": "auto"}, waves=WAVE)
    for _ in range(3):
        manage(engine)
    (wave,) = engine.store.waves.recent()
    assert {m.endpoint for m in wave.members} == {"a", "b", "c"}
    assert not wave.approval_needed
    alone = [r.endpoint for r in rollouts(engine) if r.wave_id is None]
    assert alone == ["d"]


def test_a_wave_of_which_one_endpoint_asks_needs_approval_as_a_whole(made: Made):
    engine = made({"a": "auto", "b": "ask", "c": "auto"}, waves=WAVE)
    manage(engine)
    (wave,) = engine.store.waves.recent()
    assert wave.approval_needed


def test_a_wave_that_was_rejected_is_not_proposed_again(made: Made):
    engine = made({"a": "ask", "b": "ask", "c": "ask"}, waves=WAVE)
    manage(engine)
    (wave,) = engine.store.waves.recent()
    engine.type(f"wave reject {wave.id}", by=BEN)
    pass_time(engine, timedelta(days=2), timedelta(hours=6))
    assert len(engine.store.waves.recent()) == 1


def test_a_wave_that_only_asks_gives_way_to_a_newer_version(made: Made):
    engine = made({"a": "ask", "b": "ask", "c": "ask"}, waves=WAVE)
    manage(engine)
    engine.registry.packages.append(V5)
    pass_time(engine, timedelta(minutes=10))
    newer, older = engine.store.waves.recent()
    assert (older.state, older.last.reason) == (WaveState.ABORTED, WaveReason.SUPERSEDED)
    assert (newer.state, newer.package_arn) == (WaveState.PROPOSED, V5.arn)
    assert [m.endpoint for m in newer.members] == ["a", "b", "c"]


def test_production_gets_what_has_soaked_on_staging(made: Made):
    engine = made({"prod": "auto", "staging": "auto"})
    endpoints = engine.world.fleet.endpoints
    endpoints["prod"] = endpoints["prod"].model_copy(
        update={"follows": Follows(endpoint="staging", soak=timedelta(hours=6))}
    )
    pass_time(engine, timedelta(hours=5), timedelta(minutes=30))
    assert [r.endpoint for r in rollouts(engine)] == ["staging"]
    pass_time(engine, timedelta(hours=3), timedelta(minutes=30))
    assert [(r.endpoint, r.phase, r.approvals) for r in rollouts(engine)[:1]] == [("prod", Phase.SUCCEEDED, ())]


# What people do outside of the bot


def test_what_was_changed_outside_the_bot_is_asked_about_once(made: Made):
    engine = made({"a": "auto"})
    pass_time(engine, timedelta(minutes=30))
    move_by_hand(engine, "a")
    pass_time(engine, timedelta(minutes=30))
    asked, _ = rollouts(engine)
    assert asked.phase is Phase.AWAITING_APPROVAL
    assert "it was changed outside the bot" in asked.reason
    engine.press("Reject", by=BEN)
    pass_time(engine, timedelta(days=2), timedelta(hours=6))
    assert len(rollouts(engine)) == 2


# What was lost


def test_after_the_store_was_emptied_what_the_bot_made_is_changed_only_after_an_approval(made: Made):
    engine = made({"a": "auto"})
    pass_time(engine, timedelta(hours=1))
    engine.type("lock a --reason 'load test'", by=BEN)
    engine.registry.packages.append(V5)
    engine.redis.flushall()
    pass_time(engine, timedelta(hours=1))
    assert engine.estate.updates() == 1
    engine.press("Approve", by=BEN)
    pass_time(engine, timedelta(hours=1))
    assert engine.estate.updates() == 2
    engine.registry.packages.append(package_of("sentiment", 6))
    pass_time(engine, timedelta(hours=1))
    assert engine.estate.updates() == 3


def test_after_the_store_was_emptied_a_wave_over_what_the_bot_made_needs_approval(made: Made):
    engine = made({"a": "auto", "b": "auto", "c": "auto"}, waves=WAVE)
    wave = engine.world.fleet.waves.pop("all")
    pass_time(engine, timedelta(hours=1))
    engine.world.fleet.waves["all"] = wave
    engine.registry.packages.append(V5)
    engine.redis.flushall()
    manage(engine)
    (proposed,) = engine.store.waves.recent()
    assert (proposed.approval_needed, proposed.state) == (True, WaveState.PROPOSED)


def moved_off_its_version(engine: EstateEngine, endpoint: str) -> None:
    """Somebody updates an endpoint that no rollout ever touched, in AWS, to a config of an older version."""
    moved = engine.estate[endpoint]
    older = standing_on(engine.clock, f"{endpoint}-older", V3)
    engine.estate.configs |= older.configs
    engine.estate.models |= older.models
    moved.config, moved.moved_at = f"{endpoint}-older-made-by-hand", engine.clock()


def test_what_somebody_took_off_by_hand_does_not_come_back_alone_after_the_store_was_emptied(made: Made):
    engine = made({"a": "auto"}, runs=V4)
    manage(engine)
    moved_off_its_version(engine, "a")
    manage(engine)
    manage(engine)
    ids = {rollouts(engine)[0].id}
    for _ in range(2):
        engine.redis.flushall()
        pass_time(engine, timedelta(minutes=20))
        (asking,) = rollouts(engine)
        assert asking.phase is Phase.AWAITING_APPROVAL
        assert "asks because it was changed outside the bot" in asking.reason
        ids.add(asking.id)
    assert engine.estate.updates() == 0
    assert len(ids) == 3, "a card of before is another one's"


def test_once_a_rollout_has_landed_the_change_outside_is_over(made: Made):
    engine = made({"a": "auto"}, runs=V4)
    manage(engine)
    moved_off_its_version(engine, "a")
    manage(engine)
    assert OUTSIDE_TAG in engine.estate["a"].own_tags
    engine.press("Approve", by=BEN)
    pass_time(engine, timedelta(hours=1))
    assert engine.estate.updates() == 1
    assert OUTSIDE_TAG not in engine.estate["a"].own_tags


def test_settings_of_the_file_are_brought_field_by_field(made: Made):
    engine = made({"a": "auto"}, versions=(V3,), more=", instance_type: ml.m5.2xlarge, environment: {WORKERS: '4'}")
    pass_time(engine, timedelta(minutes=30))
    (rollout,) = rollouts(engine)
    assert rollout.phase is Phase.SUCCEEDED
    assert rollout.change == Change(instance_type="ml.m5.2xlarge", env={"WORKERS": "4"})


def test_a_person_who_syncs_one_endpoint_waits_for_no_plans_of_the_bots(made: Made):
    engine = made({f"e{n}": "ask" for n in range(6)})
    manage(engine)
    assert len(engine.store.rollouts.active()) == 5
    (left,) = {f"e{n}" for n in range(6)} - {s.rollout.endpoint for s in engine.store.rollouts.active()}
    engine.type(f"sync {left}", by=ANNA)
    assert [r.requester for r in rollouts(engine, left)] == [ANNA]


def test_sync_of_all_counts_what_the_same_person_has_opened_already(made: Made):
    engine = made({f"e{n}": "manual" for n in range(8)})
    for _ in range(2):
        engine.ask("sync --all")
    assert len(engine.store.rollouts.active()) == 5


def test_a_wave_that_cannot_be_told_anywhere_is_not_said_to_bring_anything(made: Made):
    waves = "waves:\n  both: {stages: [[a], [b]]}\n"
    engine = made({"a": "auto", "b": "auto"}, waves=waves)
    for name in ("a", "b"):
        engine.world.fleet.endpoints[name] = engine.world.fleet.endpoints[name].model_copy(update={"channel": None})
    manage(engine)
    assert engine.store.waves.active() == ()
    assert all(not engine.store.proposals.on_each({name: ""})[name] for name in ("a", "b"))


def test_where_the_newest_is_held_the_next_good_one_is_brought(made: Made):
    engine = made({"a": "auto"}, versions=(V3, V4, V5), runs=V3)
    hold = Hold(
        kind=HoldKind.HELD, endpoint="a", since=engine.clock(), actor=BEN, reason="worse", package_arn=V5.arn, rank=5
    )
    engine.store.holds.put_back("a", [hold])
    pass_time(engine, timedelta(minutes=30))
    (rollout,) = rollouts(engine)
    assert (rollout.phase, rollout.change) == (Phase.SUCCEEDED, Change(package=V4.arn))
    assert rollout.reason == "sentiment version 4 is approved (sentiment version 5 is held there)"
    pass_time(engine, timedelta(minutes=30))
    assert len(rollouts(engine)) == 1


def test_an_ab_test_is_left_alone_also_when_the_version_beside_the_new_one_is_revoked(made: Made):
    engine = made({"a": "auto"})
    engine.type("ab start a --version 4 --weight 10")
    engine.press("Approve", by=BEN)
    engine.play(lambda: rollouts(engine)[0].has_running_trial)
    engine.registry.decides(V3, ApprovalStatus.REJECTED)
    manage(engine)
    assert "REVOKED" in engine.ask("status a")
    assert len(rollouts(engine)) == 1
    told = engine.ask("sync a")
    assert "sentiment version 3 is not approved" in told
    assert "ab finish a --keep A, or --keep B" in told
    assert len(rollouts(engine)) == 1
