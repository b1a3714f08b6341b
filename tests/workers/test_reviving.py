"""The store is emptied while something is under way: it goes on from the note on its endpoint, in the same thread."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

import pytest
from fakes.account import DELETING, GONE, LANDED, MOVED_BY_HAND, SETTLED, UPDATING, UPDATING_SILENTLY, rolled_back
from fakes.emptied import empty
from fakes.engine import FLEET, Engine
from fakes.failing import always, throttled
from fakes.records import ANNA, BEN, CARL, CURRENT, ENDPOINT, rollback_at
from fakes.surroundings import a_target

from bot.domain.errors import GatewayError
from bot.domain.hold import HoldKind
from bot.domain.lock import UNREAD
from bot.domain.phases import BOT_ACTOR, Kind, Phase, Reason
from bot.domain.reconcile import watch_ends_at
from bot.domain.rollout import Rollout
from bot.domain.scaling import SUSPENDED_SWITCHES
from bot.domain.under_way import NOTE_TAGS
from bot.domain.watchplan import Acceptance
from bot.queue import QueueName
from bot.store.keys import Due
from bot.store.rollouts import Write
from workers.rounds import RoundName

DENIED = GatewayError("AddTags", "AccessDenied", "no")
LONG = (UPDATING,) * 6 + (LANDED,)
A_PROMOTION = ["card", "plan", "progress", "revived", "watch", "summary", "chart"]
POINTER = "pointer"


@pytest.fixture
def judging() -> Iterator[Engine]:
    """Rolls back by itself whatever is worse for sure."""
    made = Engine(FLEET.replace("warm_up: 1m", "warm_up: 1m, auto_rollback: all"))
    yield made
    made.close()


def updating(engine: Engine, *, script: tuple[object, ...] = LONG, ask: str = "--version 4") -> str:
    """A promotion that SageMaker is at work on."""
    engine.endpoints.plays(script)  # type: ignore[arg-type]
    engine.type(f"promote {ENDPOINT} {ask}")
    rollout_id = engine.store.rollouts.recent(ENDPOINT)[0].id
    engine.press("Approve", by=BEN)
    engine.play(lambda: engine.endpoints.updates != [] and engine.rollout(rollout_id).snapshot is not None)
    engine.play(lambda: engine.rollout(rollout_id).update is not None and engine.endpoints.pending is not None)
    engine.tell()
    return rollout_id


def watching(engine: Engine) -> str:
    """A promotion some way into its watch."""
    rollout_id = engine.promote()
    engine.press("Approve", by=BEN)
    engine.play_until(Phase.WATCHING, rollout_id)
    landed = engine.clock()
    engine.play(lambda: engine.clock() >= landed + timedelta(minutes=2))
    engine.tell()
    return rollout_id


def story(engine: Engine) -> list[str]:
    """What stands in the channel, in order; uploads are no messages."""
    told = [slot for slot in engine.slack.slots() if slot != POINTER]
    return [*told, *(["chart"] if engine.slack.files else [])]


def rollbacks(engine: Engine) -> list[Rollout]:
    return [r for r in engine.store.rollouts.recent(ENDPOINT) if r.kind is Kind.ROLLBACK]


def noted(engine: Engine) -> bool:
    return any(tag in engine.endpoints.own_tags for tag in NOTE_TAGS)


# Updating


def test_an_update_is_followed_and_watched_to_its_good_end(engine: Engine) -> None:
    rollout_id = updating(engine)
    before = engine.rollout(rollout_id)
    plan = engine.slack.shown("plan").words
    empty(engine)
    after = engine.rollout(rollout_id)
    assert (after.phase, after.restored, after.last.reason) == (Phase.UPDATING, True, Reason.RESTORED_FROM_TAGS)
    assert (after.requester, after.thread, after.target_config) == (ANNA, before.thread, before.target_config)
    assert after.called_at == before.called_at
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    assert story(engine) == A_PROMOTION
    assert engine.slack.shown("plan").words == plan
    assert "State: succeeded" in engine.slack.shown("card").words
    assert len(engine.endpoints.updates) == 1
    assert not noted(engine)


def test_its_thread_says_that_the_store_was_emptied_and_that_it_goes_on(engine: Engine) -> None:
    updating(engine)
    empty(engine)
    engine.tell()
    told = engine.slack.shown("revived").words
    assert "Store emptied: the bot lost what it knew of this rollout, and found it again" in told
    assert "It is followed to its end and watched as before. Nothing has to be approved again." in told


def test_the_card_names_the_versions_as_before(engine: Engine) -> None:
    updating(engine)
    empty(engine)
    engine.tell()
    assert "sentiment version 3 → sentiment version 4" in engine.slack.shown("card").words
    assert "State: updating" in engine.slack.shown("card").words


def test_a_bad_version_is_rolled_back_and_held(judging: Engine) -> None:
    rollout_id = updating(judging)
    judging.metrics.after_us = 900_000
    empty(judging)
    assert judging.play_out(rollout_id) is Phase.ROLLED_BACK
    judging.settle()
    assert judging.endpoints.config == CURRENT
    (hold,) = judging.store.holds.on(ENDPOINT)
    assert (hold.kind, hold.label) == (HoldKind.HELD, "sentiment version 4")
    assert "State: rolled back" in judging.slack.shown("card").words
    assert judging.slack.slots().count("card") == 1


def test_a_silent_rollback_of_sagemaker_is_told(engine: Engine) -> None:
    rollout_id = updating(engine, script=(UPDATING, UPDATING, UPDATING, UPDATING, rolled_back("No capacity.")))
    empty(engine)
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK_BY_AWS
    assert "No capacity." in engine.slack.shown("ending").words
    assert len(engine.endpoints.updates) == 1


def test_one_that_sagemaker_rolled_back_while_nothing_was_known_is_told(engine: Engine) -> None:
    rollout_id = updating(engine)
    engine.endpoints._script = []
    engine.clock.tick(timedelta(minutes=3))
    engine.endpoints._play(rolled_back("No capacity."))
    engine.redis.flushall()
    engine.begin_rounds()
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK_BY_AWS
    assert len(engine.endpoints.updates) == 1


def test_an_update_without_a_sign_of_its_call_is_called_off_and_never_called_again(engine: Engine) -> None:
    rollout_id = updating(engine)
    called_at = engine.rollout(rollout_id).called_at
    assert called_at is not None
    engine.endpoints._script, engine.endpoints.pending = [], None
    engine.endpoints.status, engine.endpoints.moved_at = SETTLED.status, called_at - timedelta(hours=1)
    empty(engine)
    assert engine.play_out(rollout_id) is Phase.CANCELLED
    told = engine.slack.shown("ending").words
    assert "The bot's store was emptied around the moment of the call, and SageMaker shows no sign of it." in told
    assert "ask again with the same command" in told
    assert len(engine.endpoints.updates) == 1


def test_an_endpoint_that_somebody_moved_meanwhile_needs_a_human(engine: Engine) -> None:
    rollout_id = updating(engine, script=(UPDATING, UPDATING, UPDATING, MOVED_BY_HAND))
    empty(engine)
    assert engine.play_out(rollout_id) is Phase.NEEDS_HUMAN


def test_a_rollback_that_was_queued_is_not_forgotten(engine: Engine) -> None:
    rollout_id = updating(engine)
    engine.press("Cancel", by=BEN)
    engine.tell()
    empty(engine)
    assert engine.rollout(rollout_id).rollback_queued_by == BEN
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK
    assert engine.endpoints.config == CURRENT


def test_a_marketplace_update_that_shows_no_pending_deployment_goes_on_as_well(engine: Engine) -> None:
    rollout_id = updating(engine, script=(*(UPDATING_SILENTLY,) * 6, LANDED))
    empty(engine)
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    assert story(engine) == A_PROMOTION


def test_another_environment_is_told_as_the_change_of_settings_that_it_is(engine: Engine) -> None:
    rollout_id = updating(engine, ask="--env WORKERS=4")
    empty(engine)
    engine.tell()
    assert "change the settings of sentiment version 3" in engine.slack.shown("card").words
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED


def test_autoscaling_that_was_suspended_for_the_update_comes_back(engine: Engine) -> None:
    engine.autoscaling.put(a_target(ENDPOINT))
    rollout_id = updating(engine)
    empty(engine)
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    assert "Autoscaling is as it was before" in engine.slack.shown("progress").words


@pytest.mark.parametrize("by_hand", [SUSPENDED_SWITCHES[:1], SUSPENDED_SWITCHES])
@pytest.mark.parametrize("is_called", [True, False])
def test_what_somebody_had_suspended_by_hand_stays_so(
    engine: Engine, by_hand: tuple[str, ...], is_called: bool
) -> None:
    suspended = {switch: switch in by_hand for switch in SUSPENDED_SWITCHES}
    engine.autoscaling.put(a_target(ENDPOINT, SuspendedState=suspended))
    rollout_id = updating(engine) if is_called else about_to_call(engine, target=False)
    empty(engine)
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    assert engine.autoscaling.targets["AllTraffic"].document["SuspendedState"] == suspended


def test_autoscaling_that_was_not_taken_away_yet_is_left_alone(engine: Engine) -> None:
    engine.autoscaling.put(a_target(ENDPOINT, SuspendedState=dict.fromkeys(SUSPENDED_SWITCHES, True)))
    rollout_id = engine.promote()
    engine.endpoints.fail("create_config", *always(throttled("CreateEndpointConfig"), 3))
    engine.press("Approve", by=BEN)
    engine.play(lambda: noted(engine))
    empty(engine)
    assert engine.play_out(rollout_id) is Phase.CANCELLED
    assert engine.autoscaling.count("restore") == 0


# Watching


def test_a_watch_goes_on_from_where_it_began(engine: Engine) -> None:
    rollout_id = watching(engine)
    before = engine.rollout(rollout_id)
    empty(engine)
    after = engine.rollout(rollout_id)
    assert after.phase is Phase.WATCHING
    assert after.cutover_at == before.cutover_at
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    verdict = engine.rollout(rollout_id).verdict
    assert verdict is not None
    assert story(engine) == ["card", "plan", "progress", "watch", "revived", "summary", "chart"]
    assert not noted(engine)


def test_a_progress_that_the_emptying_left_half_said_is_said_to_its_end(engine: Engine) -> None:
    engine.autoscaling.put(a_target(ENDPOINT))
    rollout_id = engine.promote()
    engine.press("Approve", by=BEN)
    engine.play(lambda: engine.endpoints.updates != [])
    engine.tell()
    engine.workers_are_busy.add(QueueName.TELLS)
    engine.play_until(Phase.WATCHING, rollout_id)
    assert "▸" in engine.slack.shown("progress").words
    engine.workers_are_busy.clear()
    empty(engine)
    engine.play_out(rollout_id)
    assert "▸" not in engine.slack.shown("progress").words


def test_a_bad_version_is_rolled_back_by_the_revived_watch(judging: Engine) -> None:
    rollout_id = watching(judging)
    empty(judging)
    judging.metrics.after_us = 900_000
    assert judging.play_out(rollout_id) is Phase.ROLLED_BACK
    judging.settle()
    assert judging.endpoints.config == CURRENT
    assert [hold.label for hold in judging.store.holds.on(ENDPOINT)] == ["sentiment version 4"]


def test_what_somebody_accepted_the_bot_does_not_roll_back_after_all(judging: Engine) -> None:
    rollout_id = watching(judging)
    stored = judging.store.rollouts.load(rollout_id)
    assert stored is not None
    accepted = stored.rollout.with_(acceptance=Acceptance(actor=BEN, at=judging.clock()))
    judging.store.rollouts.commit([Write(accepted, stored.revision, judging.clock())], judging.clock())
    judging.settle()
    judging.metrics.after_us = 900_000
    empty(judging)
    assert judging.play_out(rollout_id) is Phase.SUCCEEDED
    assert rollbacks(judging) == []


def test_the_roll_back_button_of_a_revived_watch_works(engine: Engine) -> None:
    rollout_id = watching(engine)
    empty(engine)
    engine.tell()
    engine.press("Roll back", by=ANNA, on=engine.slack.shown("watch"))
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK
    assert engine.endpoints.config == CURRENT
    assert engine.slack.slots().count("progress") == 2  # its own, and that of the way back


def test_a_watch_that_people_extended_ends_no_sooner(engine: Engine) -> None:
    rollout_id = watching(engine)
    for _ in range(2):
        engine.press("Extend by 5 min", by=BEN)
        engine.clock.tick(timedelta(minutes=1))
        engine.tell()
    before = watch_ends_at(engine.rollout(rollout_id))
    empty(engine)
    assert watch_ends_at(engine.rollout(rollout_id)) == before
    engine.tell()
    assert "Extended by 10 min before the store was emptied" in engine.slack.shown("watch").words
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    assert engine.clock() >= before


def test_a_watch_that_was_over_for_hours_is_not_begun_anew_but_told(engine: Engine) -> None:
    rollout_id = watching(engine)
    engine.redis.flushall()
    engine.clock.tick(timedelta(hours=5))
    engine.begin_rounds()
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    engine.tell()
    told = engine.slack.shown("revived").words
    assert f"nobody judged the new version. Look at metrics {ENDPOINT}; to go back: rollback {ENDPOINT}" in told


def test_after_its_end_there_is_nothing_to_revive(engine: Engine, promoted: str) -> None:
    told = [p.words for p in engine.slack.posted]
    empty(engine)
    engine.play(lambda: False, limit=timedelta(minutes=30))
    assert engine.store.rollouts.recent(ENDPOINT) == ()
    assert [p.words for p in engine.slack.posted] == told


@pytest.fixture
def promoted(engine: Engine) -> str:
    return engine.promoted()


# Ways back


def going_back(engine: Engine, how: str) -> tuple[str, str]:
    """A way back that SageMaker is at work on: the rollout that it undoes, and the rollback."""
    rollout_id = engine.promoted()
    engine.endpoints.plays(LONG)
    if how == "button":
        engine.press("Roll back", by=ANNA)
    else:
        engine.type(f"rollback {ENDPOINT}", by=ANNA)
    engine.play(lambda: len(engine.endpoints.updates) == 2)
    engine.tell()
    return rollout_id, rollbacks(engine)[0].id


@pytest.mark.parametrize("how", ["button", "command"])
def test_a_way_back_goes_on_and_what_it_undoes_ends_with_it(engine: Engine, how: str) -> None:
    parent, child = going_back(engine, how)
    empty(engine)
    assert engine.rollout(child).phase is Phase.ROLLING_BACK
    assert engine.play_out(child) is Phase.ROLLED_BACK
    assert engine.play_out(parent) is Phase.ROLLED_BACK
    engine.tell()
    assert engine.endpoints.config == CURRENT
    assert len(engine.endpoints.updates) == 2
    cards = [p.words for p in engine.slack.posted if p.slot == "card"]
    assert ["State: rolled back" in words for words in cards] == [True] * len(cards)
    assert [hold.label for hold in engine.store.holds.on(ENDPOINT)] == ["sentiment version 4"]
    assert engine.slack.slots().count("revived") == 1
    assert not noted(engine)


def test_a_way_back_that_landed_unseen_is_brought_to_its_end(engine: Engine) -> None:
    parent, child = going_back(engine, "button")
    while engine.endpoints.config != CURRENT:
        engine.endpoints.describe(ENDPOINT)
    empty(engine)
    assert engine.play_out(child) is Phase.ROLLED_BACK
    assert engine.play_out(parent) is Phase.ROLLED_BACK


def test_a_way_back_that_undoes_no_rollout_still_holds_the_version_that_it_leaves(engine: Engine) -> None:
    engine.promoted(4)
    engine.promoted(5)
    engine.endpoints.plays(LONG)
    engine.type(f"rollback {ENDPOINT} --to {CURRENT}", by=BEN)
    engine.play(lambda: len(engine.endpoints.updates) == 3)
    (back,) = rollbacks(engine)
    assert back.parent_id is None
    empty(engine)
    assert engine.play_out(back.id) is Phase.ROLLED_BACK
    (hold,) = engine.store.holds.on(ENDPOINT)
    assert (hold.kind, hold.label, hold.actor) == (HoldKind.HELD, "sentiment version 5", BEN)


# Other kinds


def test_another_count_is_followed_to_its_end(engine: Engine) -> None:
    engine.endpoints.plays((*(UPDATING_SILENTLY,) * 5, SETTLED))
    engine.type(f"scale {ENDPOINT} --count 3")
    (rollout,) = engine.store.rollouts.recent(ENDPOINT)
    engine.press("Approve", by=BEN)
    engine.play(lambda: engine.rollout(rollout.id).update is not None)
    empty(engine)
    assert engine.rollout(rollout.id).count_change == rollout.count_change
    assert engine.play_out(rollout.id) is Phase.SUCCEEDED
    assert engine.slack.slots().count("ending") == 1


def test_a_deletion_is_followed_to_its_end_and_holds_the_endpoint(engine: Engine) -> None:
    engine.endpoints.plays((*(DELETING,) * 4, GONE))
    engine.type(f"teardown {ENDPOINT} --reason over")
    (rollout,) = engine.store.rollouts.recent(ENDPOINT)
    for who in (BEN, CARL):
        if engine.phase(rollout.id) is Phase.AWAITING_APPROVAL:
            engine.press("Approve", by=who)
    engine.play(lambda: engine.rollout(rollout.id).update is not None)
    empty(engine)
    assert engine.play_out(rollout.id) is Phase.SUCCEEDED
    (hold,) = engine.store.holds.on(ENDPOINT)
    assert hold.is_of_teardown


def test_what_was_only_being_prepared_is_called_off_in_its_thread(engine: Engine) -> None:
    rollout_id = engine.promote()
    engine.endpoints.fail("create_config", *always(throttled("CreateEndpointConfig"), 3))
    engine.press("Approve", by=BEN)
    engine.play(lambda: noted(engine))
    assert engine.phase(rollout_id) is Phase.PREPARING
    emptied_at = engine.clock()
    empty(engine)
    assert engine.play_out(rollout_id) is Phase.CANCELLED
    assert engine.rollout(rollout_id).created_at >= emptied_at, "when it was asked for is not known any more"
    assert "emptied before SageMaker was asked for anything" in engine.slack.shown("ending").words
    assert engine.endpoints.updates == []


def about_to_call(engine: Engine, options: str = "", *, target: bool = True) -> str:
    """A promotion for which everything is ready, and whose call is still to come."""
    if target:
        engine.autoscaling.put(a_target(ENDPOINT))
    engine.autoscaling.fail("suspend", *always(throttled("RegisterScalableTarget"), 3))
    engine.type(f"promote {ENDPOINT} --version 4 {options}")
    rollout_id = engine.store.rollouts.recent(ENDPOINT)[0].id
    engine.press("Approve", by=BEN)
    engine.play(lambda: engine.phase(rollout_id) is Phase.UPDATING)
    engine.tell()
    assert engine.endpoints.updates == []
    return rollout_id


def test_a_plain_update_for_which_everything_was_ready_is_begun(engine: Engine) -> None:
    rollout_id = about_to_call(engine)
    empty(engine)
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    assert len(engine.endpoints.updates) == 1
    assert not engine.autoscaling.targets["AllTraffic"].is_suspended
    assert "Autoscaling is as it was before" in engine.slack.shown("progress").words


def test_what_a_lock_held_before_its_call_is_held_by_it_still(engine: Engine) -> None:
    rollout_id = about_to_call(engine)
    engine.begin_rounds()
    engine.type("lock sentiment-prod --reason x", by=BEN)
    engine.redis.flushall()
    engine.store.due.begin(Due.ROUNDS, [RoundName.REVIVE], engine.clock())
    engine.play(lambda: engine.rollout(rollout_id).stopped_by is not None)
    assert engine.rollout(rollout_id).stopped_by == UNREAD
    engine.tell()
    progress = engine.slack.shown("progress").words
    assert "Waits for any lock that SageMaker's tags may tell of to end; nothing is touched until then." in progress
    engine.begin_rounds()
    engine.play(lambda: engine.rollout(rollout_id).stopped_by != UNREAD)
    assert engine.rollout(rollout_id).stopped_by == f"the lock of <@{BEN}> (x)"
    assert engine.endpoints.updates == []
    engine.type("unlock sentiment-prod", by=BEN)
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED


def test_nothing_is_begun_on_an_endpoint_that_moved_since(engine: Engine) -> None:
    rollout_id = about_to_call(engine)
    engine.redis.flushall()
    engine.endpoints.moved_at += timedelta(minutes=1)
    engine.begin_rounds()
    assert engine.play_out(rollout_id) is Phase.CANCELLED
    assert engine.endpoints.updates == []
    assert not engine.autoscaling.targets["AllTraffic"].is_suspended


def test_what_would_have_taken_more_than_its_config_is_called_off(engine: Engine) -> None:
    rollout_id = about_to_call(engine, "--count 3")
    empty(engine)
    assert engine.play_out(rollout_id) is Phase.CANCELLED
    assert engine.endpoints.updates == []


# Once, cheaply, and whatever AWS does


def test_each_endpoint_is_searched_once_and_never_again_in_quiet_times(engine: Engine) -> None:
    empty(engine)
    engine.endpoints.calls.clear()
    engine.parts.rounds.run(RoundName.REVIVE)
    engine.parts.rounds.run(RoundName.REVIVE)
    assert engine.endpoints.calls == []


def test_two_stores_emptied_in_a_row_post_nothing_twice(engine: Engine) -> None:
    rollout_id = updating(engine)
    for _ in range(2):
        empty(engine)
        engine.tell()
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    assert story(engine) == A_PROMOTION


def test_what_aws_does_not_tell_now_is_searched_in_the_next_round(engine: Engine) -> None:
    rollout_id = updating(engine)
    engine.endpoints.fail("tags", *always(throttled("ListTags"), 2))
    empty(engine)
    assert engine.store.rollouts.load(rollout_id) is None
    engine.clock.tick(timedelta(minutes=1))
    engine.settle()
    assert engine.phase(rollout_id) is Phase.UPDATING


def test_an_endpoint_is_searched_again_where_the_store_was_emptied_during_the_search(engine: Engine) -> None:
    rollout_id = updating(engine)
    tags = engine.endpoints.tags

    def emptied_meanwhile(arn: str) -> Mapping[str, str]:
        engine.redis.flushall()
        return {}

    engine.redis.flushall()
    engine.endpoints.tags = emptied_meanwhile  # type: ignore[method-assign]
    engine.parts.rounds.rounds[RoundName.REVIVE].run()
    engine.endpoints.tags = tags  # type: ignore[method-assign]
    assert engine.store.kept.searched([ENDPOINT]) == frozenset()
    empty(engine)
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED


def test_what_is_found_while_somebody_else_has_the_endpoint_is_followed_as_soon_as_it_is_free(engine: Engine) -> None:
    rollout_id = updating(engine, script=((UPDATING,) * 60 + (LANDED,)))
    engine.redis.flushall()
    other = rollback_at(Phase.PLANNING, id="goesback", approval_needed=False)
    engine.store.rollouts.commit([Write(other, 0)], engine.clock())
    engine.begin_rounds()
    engine.play(lambda: False, timedelta(minutes=1))
    assert engine.store.rollouts.load(rollout_id) is None
    blocked = other.to(Phase.BLOCKED, Reason.PREFLIGHT_BLOCKED, engine.clock(), BOT_ACTOR)
    engine.store.rollouts.commit([Write(blocked, 1)], engine.clock())
    engine.play(lambda: engine.store.rollouts.load(rollout_id) is not None, timedelta(minutes=1))
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED


def test_a_note_that_aws_refuses_stops_no_update(engine: Engine) -> None:
    engine.endpoints.fail("change_tags", *always(DENIED, 9))
    assert engine.phase(engine.promoted()) is Phase.SUCCEEDED


def test_an_update_that_no_note_explains_is_told_once_in_its_channel(engine: Engine) -> None:
    engine.endpoints.fail("change_tags", *always(DENIED, 9))
    rollout_id = updating(engine)
    for _ in range(2):
        empty(engine)
    told = [p.words for p in engine.slack.posted if p.slot == "notice"]
    assert len(told) == 1
    assert f"which rollout {rollout_id} made" in told[0]
    assert "the bot rolls nothing back by itself" in told[0]
    assert engine.store.rollouts.load(rollout_id) is None


def test_a_note_fits_into_three_tags_of_256_characters(engine: Engine) -> None:
    updating(engine)
    values = [engine.endpoints.own_tags[tag] for tag in NOTE_TAGS]
    assert all(0 < len(value) <= 256 for value in values)


def test_nobody_is_made_to_approve_again(engine: Engine) -> None:
    rollout_id = updating(engine)
    empty(engine)
    engine.play_out(rollout_id)
    assert not any("Approve" in p.buttons for p in engine.slack.posted)
    assert engine.rollout(rollout_id).last.actor == BOT_ACTOR
