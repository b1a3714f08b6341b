"""Waves over the whole engine: approved once, stage by stage, stopped by the first regression, told in one thread."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fakes.account import FAILED, rolled_back
from fakes.engine import CHANNEL, HOME
from fakes.estate import EstateEngine, package_of
from fakes.failing import throttled
from fakes.messenger import Posted
from fakes.records import ANNA, BEN, CARL

from bot.domain.board import OutsideChange
from bot.domain.commands import WaveStart
from bot.domain.endpoint import ApprovalStatus
from bot.domain.errors import GatewayError, RevisionConflict, SlackRefused
from bot.domain.fleet import EndpointSpec, parse_fleet
from bot.domain.phases import Phase, Reason
from bot.domain.rollout import Rollout
from bot.domain.wave import MemberState, Proposing, Wave, WaveApproval, WaveReason, WaveState, Wish
from bot.grammar import Context
from bot.queue import QueueName
from workers.waves import Waves
from workers.world import Aws

DORA = "U0DORA"
ENDPOINTS = ("canary", "eu-prod", "us-prod")
FLEET = f"""
version: 1
defaults:
  region: us-east-1
  channel: {HOME}
  approval: {{users: [{BEN}, {CARL}], quorum: 1, expires_after: 4h}}
  watch: {{duration: 1m, warm_up: 30s, metric_period: 30s}}
  timing: {{poll: 1m, settle: 10s, lease: 10s}}
waves:
  sentiment: {{stages: [[canary], [eu-prod, us-prod]], soak: 30m, at_once: AT_ONCE}}
endpoints:
  canary: {{model_package_group: sentiment}}
  eu-prod: {{model_package_group: sentiment}}
  us-prod: {{model_package_group: sentiment}}
"""
V3, V4 = package_of("sentiment", 3), package_of("sentiment", 4)
HOUR = timedelta(hours=1)


def made(fleet: str = FLEET, *, at_once: int = 2) -> EstateEngine:
    return EstateEngine(fleet.replace("AT_ONCE", str(at_once)), dict.fromkeys(ENDPOINTS, V3), [V3, V4])


@pytest.fixture
def engine() -> Iterator[EstateEngine]:
    engine = made()
    engine.begin_rounds()
    yield engine
    engine.close()
    assert engine.crashes == []


def waves_of(engine: EstateEngine) -> Waves:
    waves = engine.parts.desk.carriers[WaveStart]
    assert isinstance(waves, Waves)
    return waves


def proposed(engine: EstateEngine, words: str = "wave start sentiment --version 4", *, by: str = ANNA) -> str:
    """A wave up to its plan; returns its id."""
    engine.type(words, by=by)
    return engine.store.waves.recent()[0].id


def started(engine: EstateEngine) -> str:
    wave_id = proposed(engine)
    engine.press("Start wave", by=BEN)
    assert wave_of(engine, wave_id).state is WaveState.RUNNING
    return wave_id


def wave_of(engine: EstateEngine, wave_id: str) -> Wave:
    stored = engine.store.waves.load(wave_id)
    assert stored is not None
    return stored.wave


def rollouts_of(engine: EstateEngine, endpoint: str) -> list[Rollout]:
    return list(engine.store.rollouts.recent(endpoint))


def play_until(engine: EstateEngine, wave_id: str, *states: WaveState) -> Wave:
    engine.play(lambda: wave_of(engine, wave_id).state in states, limit=timedelta(hours=6))
    wave = wave_of(engine, wave_id)
    assert wave.state in states, [m.note for m in wave.members]
    return wave


def begun(engine: EstateEngine, endpoint: str) -> None:
    engine.play(lambda: bool(rollouts_of(engine, endpoint)), limit=timedelta(hours=6))
    assert rollouts_of(engine, endpoint)


def in_thread(engine: EstateEngine, wave_id: str, slot: str) -> Posted:
    (found,) = [
        p
        for p in engine.slack.posted
        if p.metadata and p.metadata["event_payload"] == {"rollout": wave_id, "slot": slot}
    ]
    return found


def test_a_wave_brings_its_version_to_all_stage_by_stage(engine: EstateEngine) -> None:
    wave_id = started(engine)
    wave = play_until(engine, wave_id, WaveState.FINISHED)
    assert {m.state for m in wave.members} == {MemberState.DONE}
    assert engine.estate.updates() == 3
    (canary,), (eu,), (us,) = (rollouts_of(engine, name) for name in ENDPOINTS)
    assert [r.phase for r in (canary, eu, us)] == [Phase.SUCCEEDED] * 3
    done = canary.entered(Phase.SUCCEEDED)
    assert done is not None
    assert min(eu.created_at, us.created_at) >= done + timedelta(minutes=30)
    assert canary.vouched_by == (BEN,)
    assert canary.approvals == ()


def test_its_thread_tells_plan_stages_and_end(engine: EstateEngine) -> None:
    wave_id = started(engine)
    play_until(engine, wave_id, WaveState.FINISHED)
    engine.tell()
    card = in_thread(engine, wave_id, "card")
    assert (card.channel, card.thread_ts) == (CHANNEL, None)
    assert "State: finished" in card.words
    assert "3 of 3 done" in card.words
    assert card.buttons == {}
    plan = in_thread(engine, wave_id, "plan")
    assert plan.thread_ts == card.ts
    assert f"Approved by <@{BEN}>" in plan.message.blocks[-1]["elements"][0]["text"]
    assert plan.buttons == {}
    assert "Stage 1 of 2: 1 of 1 done" in in_thread(engine, wave_id, "progress 1").words
    second = in_thread(engine, wave_id, "progress 2").words
    assert "Stage 2 of 2: 2 of 2 done" in second
    assert "done, on sentiment version 4" in second
    assert "Finished: 3 of 3 endpoints on sentiment version 4." in in_thread(engine, wave_id, "ending").words
    link = wave_of(engine, wave_id).members[0].link
    canary_card = next(p for p in engine.slack.posted if p.channel == HOME and "canary" in p.words)
    assert link.endswith(f"{HOME}/p{canary_card.ts}")


def test_before_anybody_approves_nothing_is_touched(engine: EstateEngine) -> None:
    wave_id = proposed(engine)
    engine.play(lambda: False, limit=HOUR)
    assert engine.store.rollouts.recent() == ()
    plan = in_thread(engine, wave_id, "plan").words
    assert "canary: sentiment version 3 → sentiment version 4" in plan
    assert "Stage 2" in plan
    assert set(in_thread(engine, wave_id, "plan").buttons) == {"Start wave", "Not now"}


def test_a_plan_that_nobody_decides_on_lapses(engine: EstateEngine) -> None:
    wave_id = proposed(engine)
    play_until(engine, wave_id, WaveState.EXPIRED)
    assert "No endpoint was touched." in in_thread(engine, wave_id, "ending").words


def test_not_now_ends_it(engine: EstateEngine) -> None:
    wave_id = proposed(engine)
    engine.press("Not now", by=CARL)
    assert wave_of(engine, wave_id).state is WaveState.REJECTED
    assert "Rejected by" in in_thread(engine, wave_id, "plan").words


def test_the_requester_and_outsiders_cannot_start_it(engine: EstateEngine) -> None:
    wave_id = proposed(engine, by=BEN)
    engine.press("Start wave", by=BEN)
    assert "somebody else has to approve it" in engine.slack.whispers[-1][1]
    engine.press("Start wave", by=DORA)
    assert "you may not for canary, eu-prod, us-prod" in engine.slack.whispers[-1][1]
    assert wave_of(engine, wave_id).state is WaveState.PROPOSED


def test_a_click_that_is_delivered_twice_starts_it_once(engine: EstateEngine) -> None:
    wave_id = proposed(engine)
    plan = in_thread(engine, wave_id, "plan")
    value = plan.buttons["Start wave"]["value"]
    for _ in range(2):
        engine.press_command(value, by=BEN, delivery="the same", on=plan)
    assert wave_of(engine, wave_id).approvers() == (BEN,)
    assert len(rollouts_of(engine, "canary")) == 1


def test_a_plan_that_moved_is_shown_again_instead_of_being_run(engine: EstateEngine) -> None:
    wave_id = proposed(engine)
    seen = in_thread(engine, wave_id, "plan").buttons["Start wave"]
    engine.type('lock us-prod --reason "load test"', by=CARL)
    engine.press("Start wave", by=BEN)
    assert "a fresh plan took its place" in engine.slack.whispers[-1][1]
    wave = wave_of(engine, wave_id)
    assert (wave.state, wave.approvals) == (WaveState.PROPOSED, ())
    plan = in_thread(engine, wave_id, "plan")
    assert "drawn up again" in plan.words
    assert "us-prod stands under the lock of" in plan.words
    assert plan.buttons["Start wave"]["value"] != seen["value"]
    engine.press("Start wave", by=BEN)
    assert wave_of(engine, wave_id).state is WaveState.RUNNING


def test_the_first_endpoint_that_goes_back_stops_it_and_the_rest_is_held(engine: EstateEngine) -> None:
    engine.estate["eu-prod"].plays((rolled_back("Health checks failed."),))
    wave_id = started(engine)
    wave = play_until(engine, wave_id, WaveState.STOPPED)
    assert wave.last.endpoints == ("eu-prod",)
    engine.play(lambda: not wave_of(engine, wave_id).is_active, limit=timedelta(hours=6))
    engine.tell()
    told = in_thread(engine, wave_id, f"alert {len(wave.steps) - 1}").words
    assert "Stopped at eu-prod: SageMaker ended the update on eu-prod-made-by-hand." in told
    assert "Health checks failed." in told
    assert "): done, on sentiment version 4" in told


def test_a_stop_holds_the_version_where_it_did_not_come(engine: EstateEngine) -> None:
    engine.estate["canary"].plays((rolled_back("Health checks failed."),))
    wave_id = started(engine)
    play_until(engine, wave_id, WaveState.STOPPED)
    assert rollouts_of(engine, "eu-prod") == []
    (hold,) = engine.store.holds.on("us-prod")
    assert (hold.package_arn, hold.wave_id) == (V4.arn, wave_id)
    assert engine.store.holds.on("canary")[0].wave_id is None
    assert "sentiment version 4 is held on eu-prod, us-prod" in in_thread(engine, wave_id, "alert 2").words
    engine.play(lambda: False, limit=HOUR)
    assert engine.estate.updates() == 1


def test_a_rollback_to_some_config_during_the_soak_stops_it_and_holds_the_rest(engine: EstateEngine) -> None:
    wave_id = started(engine)
    engine.play(lambda: wave_of(engine, wave_id).members[0].state is MemberState.DONE, limit=timedelta(hours=6))
    older = engine.estate.configs["canary-made-by-hand"].model_copy(update={"name": "canary-older"})
    engine.estate.configs[older.name] = older
    engine.type(f"rollback canary --to {older.name}", by=BEN)
    engine.press("Approve", by=CARL)
    wave = play_until(engine, wave_id, WaveState.STOPPED)
    assert wave.last.endpoints == ("canary",)
    assert wave.last.note == f"rolled back afterwards by <@{BEN}>"
    engine.tell()
    assert "Stopped at canary" in in_thread(engine, wave_id, f"alert {len(wave.steps) - 1}").words
    assert [h.wave_id for h in engine.store.holds.on("us-prod")] == [wave_id]
    assert rollouts_of(engine, "eu-prod") == []


def test_resume_goes_on_without_the_bad_one(engine: EstateEngine) -> None:
    engine.estate["canary"].plays((rolled_back("Health checks failed."),))
    wave_id = started(engine)
    play_until(engine, wave_id, WaveState.STOPPED)
    engine.press("Resume", by=CARL, on=in_thread(engine, wave_id, "alert 2"))
    assert engine.store.holds.on("us-prod") == ()
    wave = play_until(engine, wave_id, WaveState.FINISHED)
    assert [m.state for m in wave.members] == [MemberState.LEFT_OUT, MemberState.DONE, MemberState.DONE]
    assert len(rollouts_of(engine, "canary")) == 1
    engine.tell()
    assert "Resume" not in in_thread(engine, wave_id, "alert 2").buttons


def test_what_was_only_planned_is_taken_back_and_comes_again_after_a_pause(engine: EstateEngine) -> None:
    engine.workers_are_busy.add(QueueName.SLOW)
    wave_id = started(engine)
    assert [r.phase for r in rollouts_of(engine, "canary")] == [Phase.PLANNING]
    engine.press("Pause", by=ANNA)
    assert wave_of(engine, wave_id).state is WaveState.PAUSED
    assert [r.last.reason for r in rollouts_of(engine, "canary")] == [Reason.WAVE_HALTED]
    engine.workers_are_busy.clear()
    engine.play(lambda: False, limit=HOUR)
    assert engine.estate.updates() == 0
    engine.press("Resume", by=ANNA)
    play_until(engine, wave_id, WaveState.FINISHED)
    assert [r.phase for r in rollouts_of(engine, "canary")] == [Phase.SUCCEEDED, Phase.CANCELLED]
    assert engine.estate.updates() == 3


def test_what_is_only_being_prepared_is_taken_back_too(engine: EstateEngine) -> None:
    engine.workers_are_busy.add(QueueName.TICKS)
    started(engine)
    assert rollouts_of(engine, "canary")[0].phase is Phase.PREPARING
    engine.press("Pause", by=ANNA)
    engine.workers_are_busy.clear()
    engine.play(lambda: False, limit=timedelta(minutes=20))
    assert rollouts_of(engine, "canary")[0].last.reason is Reason.WAVE_HALTED
    assert engine.estate.updates() == 0


def test_what_has_begun_goes_on_to_its_end_after_a_pause(engine: EstateEngine) -> None:
    started(engine)
    engine.play(lambda: rollouts_of(engine, "canary")[0].phase is Phase.UPDATING)
    engine.press("Pause", by=ANNA)
    engine.play(lambda: False, limit=HOUR)
    assert rollouts_of(engine, "canary")[0].phase is Phase.SUCCEEDED
    assert engine.estate.updates() == 1


def test_a_pause_between_the_decision_and_the_rollout_that_follows_keeps_it_from_being_opened(
    engine: EstateEngine,
) -> None:
    wave_id = proposed(engine)
    decided = engine.store.waves.load(wave_id)
    assert decided is not None
    wave = decided.wave.to(WaveState.RUNNING, WaveReason.APPROVED, engine.clock(), BEN)
    begun = wave.members[0].with_(state=MemberState.UNDER_WAY)
    approvals = (WaveApproval(actor=BEN, at=engine.clock()),)
    wave = wave.with_(members=(begun, *wave.members[1:]), approvals=approvals)
    running = engine.store.waves.commit(wave, decided.revision, engine.clock())
    engine.type(f"wave pause {wave_id}", by=ANNA)
    with pytest.raises(RevisionConflict):
        waves_of(engine).moving._open_missing(running, {})
    assert rollouts_of(engine, "canary") == []
    assert wave_of(engine, wave_id).members[0].state is MemberState.WAITING


def test_abort_ends_it_and_keeps_the_version_away(engine: EstateEngine) -> None:
    wave_id = started(engine)
    engine.play(lambda: wave_of(engine, wave_id).members[0].state is MemberState.DONE)
    engine.press("Abort", by=CARL)
    engine.play(lambda: False, limit=HOUR)
    assert wave_of(engine, wave_id).state is WaveState.ABORTED
    assert engine.estate.updates() == 1
    assert [h.wave_id for h in engine.store.holds.on("us-prod")] == [wave_id]


def test_somebody_may_start_again_what_an_earlier_wave_kept_away(engine: EstateEngine) -> None:
    wave_id = started(engine)
    engine.press("Abort", by=CARL)
    again = started(engine)
    assert again != wave_id
    wave = play_until(engine, again, WaveState.FINISHED)
    assert {m.endpoint for m in wave.members} >= {"eu-prod", "us-prod"}
    assert engine.store.holds.on("us-prod") == ()


def test_a_cancelled_member_pauses_it_and_resume_leaves_it_out() -> None:
    engine = made(FLEET.replace("  eu-prod: {model", "  eu-prod: {windows: ['Mon 09:00-09:01 UTC'], model"))
    engine.begin_rounds()
    wave_id = started(engine)
    engine.play(lambda: any(r.phase is Phase.SCHEDULED for r in rollouts_of(engine, "eu-prod")), limit=2 * HOUR)
    engine.type(f"cancel {rollouts_of(engine, 'eu-prod')[0].id}", by=BEN)
    wave = play_until(engine, wave_id, WaveState.PAUSED)
    assert wave.last.reason is WaveReason.MEMBER_CALLED_OFF
    engine.play(lambda: not any(m.is_at_work for m in wave_of(engine, wave_id).members))
    engine.press("Resume", by=CARL)
    wave = play_until(engine, wave_id, WaveState.FINISHED)
    assert [m.state for m in wave.members] == [MemberState.DONE, MemberState.LEFT_OUT, MemberState.DONE]
    assert engine.crashes == []
    engine.close()


def test_a_lock_makes_one_endpoint_wait_and_says_so(engine: EstateEngine) -> None:
    wave_id = started(engine)
    engine.play(lambda: wave_of(engine, wave_id).members[0].state is MemberState.DONE)
    engine.type('lock eu-prod --reason "load test"', by=CARL)
    engine.play(lambda: wave_of(engine, wave_id).members[2].state is MemberState.DONE)
    engine.tell()
    assert (
        "eu-prod: on sentiment version 3, not begun (waits for the lock of"
        in in_thread(engine, wave_id, "progress 2").words
    )
    assert rollouts_of(engine, "eu-prod") == []
    engine.type("unlock eu-prod", by=CARL)
    play_until(engine, wave_id, WaveState.FINISHED)


def test_locked_endpoints_keep_no_other_of_their_stage_waiting_and_each_says_what_it_waits_for() -> None:
    names = ("a", "b", "c", "d")
    fleet = FLEET.split("waves:")[0] + "waves:\n  all: {stages: [[a, b, c, d]], at_once: 1}\nendpoints:\n"
    fleet += "".join(f"  {name}: {{model_package_group: sentiment}}\n" for name in names)
    engine = EstateEngine(fleet, dict.fromkeys(names, V3), [V3, V4])
    engine.begin_rounds()
    wave_id = proposed(engine, "wave start all --version 4")
    engine.press("Start wave", by=BEN)
    for name in ("b", "c"):
        engine.type(f'lock {name} --reason "load test"', by=CARL)
    engine.play(lambda: wave_of(engine, wave_id).members[3].state is MemberState.DONE, limit=timedelta(hours=2))
    wave = wave_of(engine, wave_id)
    assert [m.state for m in wave.members] == [
        MemberState.DONE,
        MemberState.WAITING,
        MemberState.WAITING,
        MemberState.DONE,
    ]
    assert all("waits for the lock of" in m.note for m in wave.of(MemberState.WAITING))
    assert engine.crashes == []
    engine.close()


def test_an_endpoint_that_leaves_the_fleet_file_during_a_wave_is_left_out_and_called_so(engine: EstateEngine) -> None:
    wave_id = started(engine)
    engine.play(lambda: wave_of(engine, wave_id).members[0].state is MemberState.DONE)
    text = FLEET.replace("AT_ONCE", "2").replace("[eu-prod, us-prod]", "[us-prod]")
    fleet = parse_fleet(text.replace("  eu-prod: {model_package_group: sentiment}\n", ""), "fleet.yaml")
    object.__setattr__(engine.world, "fleet", fleet)
    wave = play_until(engine, wave_id, WaveState.FINISHED)
    assert {m.endpoint: m.note for m in wave.of(MemberState.LEFT_OUT)} == {
        "eu-prod": "it is not in the fleet file any more"
    }


def test_a_quota_that_is_too_small_for_two_lets_one_go_at_a_time() -> None:
    engine = made()
    engine.begin_rounds()
    engine.quotas.limits["ml.m5.xlarge"] = 9
    engine.usage.used["ml.m5.xlarge"] = 6
    wave_id = started(engine)
    most = 0

    def finished() -> bool:
        nonlocal most
        wave = wave_of(engine, wave_id)
        most = max(most, len(wave.of(MemberState.UNDER_WAY)))
        return wave.state is not WaveState.RUNNING

    engine.play(finished, limit=timedelta(hours=6))
    assert wave_of(engine, wave_id).state is WaveState.FINISHED
    assert most == 1
    assert engine.crashes == []
    engine.close()


def test_an_account_that_refuses_the_bot_keeps_its_own_wave_waiting_and_no_other() -> None:
    names = ("a1", "a2", "b")
    waves = "waves:\n  abroad: {stages: [[a1, a2]], at_once: 2}\n  home: {stages: [[b]]}\nendpoints:\n"
    fleet = (
        FLEET.split("waves:")[0] + waves + "".join(f"  {name}: {{model_package_group: sentiment}}\n" for name in names)
    )
    engine = EstateEngine(fleet, dict.fromkeys(names, V3), [V3, V4])
    engine.begin_rounds()
    for wave in ("abroad", "home"):
        proposed(engine, f"wave start {wave} --version 4")
    abroad, home = (stored.wave.id for stored in engine.store.waves.active())
    allowed = engine.world.aws

    def refused(spec: EndpointSpec) -> Aws:
        if spec.name != "b":
            raise GatewayError("AssumeRole", "AccessDenied", message="not authorized to perform sts:AssumeRole")
        return allowed(spec)

    for wave_id in (abroad, home):
        stored = engine.store.waves.load(wave_id)
        assert stored is not None
        approvals = (WaveApproval(actor=BEN, at=engine.clock()),)
        running = stored.wave.to(WaveState.RUNNING, WaveReason.APPROVED, engine.clock(), BEN, approvals=approvals)
        engine.store.waves.commit(running, stored.revision, engine.clock())
    object.__setattr__(engine.world, "aws", refused)
    play_until(engine, home, WaveState.FINISHED)
    assert [m.state for m in wave_of(engine, abroad).members] == [MemberState.WAITING] * 2
    object.__setattr__(engine.world, "aws", allowed)
    play_until(engine, abroad, WaveState.FINISHED)
    assert engine.crashes == []
    engine.close()


def test_endpoints_that_run_it_already_or_cannot_are_told_and_passed_by(engine: EstateEngine) -> None:
    engine.type("promote canary --version 4")
    engine.press("Approve", by=BEN)
    engine.play_until(Phase.SUCCEEDED, rollouts_of(engine, "canary")[0].id)
    engine.type('hold eu-prod --reason "customer tests"', by=CARL)
    wave_id = proposed(engine)
    plan = in_thread(engine, wave_id, "plan").words
    assert "No change needed: canary runs sentiment version 4 already" in plan
    assert "eu-prod held: customer tests" in plan
    assert [m.endpoint for m in wave_of(engine, wave_id).members] == ["us-prod"]


def test_an_endpoint_that_runs_a_test_is_passed_by(engine: EstateEngine) -> None:
    engine.type("ab start canary --version 4 --weight 10")
    engine.press("Approve", by=BEN)
    engine.play(lambda: rollouts_of(engine, "canary")[0].has_running_trial)
    wave_id = proposed(engine)
    assert "canary runs an A/B test" in in_thread(engine, wave_id, "plan").words
    assert "canary" not in {m.endpoint for m in wave_of(engine, wave_id).members}


def test_a_version_that_is_not_approved_goes_nowhere(engine: EstateEngine) -> None:
    engine.registry.packages.append(package_of("sentiment", 5, ApprovalStatus.PENDING))
    engine.type("wave start sentiment --version 5")
    answer = engine.slack.responses[-1][1]
    assert "nothing to change: canary sentiment version 5 is PendingManualApproval" in answer
    assert answer.endswith("Nothing was started.")
    assert engine.store.waves.recent() == ()


def test_without_a_version_it_is_what_the_fleet_file_says(engine: EstateEngine) -> None:
    wave_id = proposed(engine, "wave start sentiment")
    wave = wave_of(engine, wave_id)
    assert wave.package_arn == V4.arn
    assert [m.change.package for m in wave.members] == [V4.arn] * 3


def test_the_plan_says_what_else_it_changes_and_what_somebody_did_that_it_would_undo() -> None:
    engine = made(FLEET.replace("eu-prod: {", "eu-prod: {instance_type: ml.m5.2xlarge, "))
    engine.begin_rounds()
    engine.estate["us-prod"].config, moved_by_hand = "us-prod-by-hand", engine.estate["us-prod"].config
    engine.estate.configs["us-prod-by-hand"] = engine.estate.configs[moved_by_hand].model_copy(
        update={"name": "us-prod-by-hand"}
    )
    change = OutsideChange(config="us-prod-by-hand", at=engine.clock() - HOUR, actor="carl")
    engine.store.standings.put_back("us-prod", change, engine.clock())
    wave_id = proposed(engine, "wave start sentiment")
    engine.tell()
    words = in_thread(engine, wave_id, "plan").words
    assert "eu-prod: sentiment version 3 → sentiment version 4; instance_type: ml.m5.xlarge → ml.m5.2xlarge" in words
    assert "⚠ it was changed outside the bot by carl, Sun 22 Nov 07:00 UTC" in words
    assert "canary: sentiment version 3 → sentiment version 4\n" in words
    engine.close()


def test_an_unknown_wave_is_answered_with_the_nearest(engine: EstateEngine) -> None:
    engine.type("wave start sentimant")
    assert "Did you mean sentiment?" in engine.slack.responses[-1][1]
    engine.type("wave pause wnothere")
    assert "There is no wave “wnothere”." in engine.slack.responses[-1][1]


def test_a_wave_that_an_emptied_store_forgot_says_how_its_endpoints_stand_and_how_to_go_on(
    engine: EstateEngine,
) -> None:
    wave_id = started(engine)
    engine.play(lambda: wave_of(engine, wave_id).of(MemberState.DONE) != (), limit=timedelta(hours=6))
    engine.tell()
    engine.redis.flushall()
    before = engine.estate.updates()
    engine.press("Pause", by=BEN, on=in_thread(engine, wave_id, "card"))
    told = engine.slack.whispers[-1][1]
    assert told.startswith(
        f"Wave {wave_id} is not known any more: the store was emptied since. Nothing was changed. What"
    )
    assert in_thread(engine, wave_id, "card").buttons == {}, "they can do nothing any more"
    assert "Of wave sentiment, canary runs sentiment version 4, by this wave; eu-prod runs sentiment version 3;" in told
    assert told.endswith("To go on: wave start sentiment")
    again = proposed(engine, "wave start sentiment")
    engine.type(f"wave abort {wave_id}", by=BEN)
    assert f"Wave {again} took its place: it is awaiting approval" in engine.slack.responses[-1][1]
    assert engine.estate.updates() == before


def test_that_a_wave_was_forgotten_while_it_ran_is_told_once_and_its_update_goes_on(engine: EstateEngine) -> None:
    engine.type("wave start sentiment --version 4", channel=HOME)
    wave_id = engine.store.waves.recent()[0].id
    engine.press("Start wave", by=BEN)
    canary = wave_of(engine, wave_id).members[0].rollout_id(wave_id)
    engine.play(lambda: engine.rollout(canary).phase is Phase.UPDATING)
    engine.tell()
    card = in_thread(engine, wave_id, "card")
    engine.redis.flushall()
    engine.begin_rounds()
    engine.play(lambda: engine.store.rollouts.load(canary) is not None, limit=timedelta(minutes=5))
    assert engine.rollout(canary).wave_id == wave_id
    engine.play_out(canary)
    engine.play(lambda: False, limit=timedelta(minutes=2))
    assert engine.phase(canary) is Phase.SUCCEEDED
    said = [
        p.words for p in engine.slack.posted if p is not card and f"Wave {wave_id} is not known any more" in p.words
    ]
    assert len(said) == 1
    assert "nobody begins the next ones. Of wave sentiment, canary runs" in said[0]
    assert said[0].endswith("To go on: wave start sentiment")
    assert card.buttons == {}
    assert engine.estate["eu-prod"].updates == []


def test_a_wave_of_which_nothing_is_left_says_so(engine: EstateEngine) -> None:
    wave_id = proposed(engine)
    engine.tell()
    engine.redis.flushall()
    engine.type(f"wave reject {wave_id}", by=BEN)
    told = engine.slack.responses[-1][1]
    assert told.startswith(
        f"Wave {wave_id} is not known any more: the store was emptied since. Nothing was changed. Nobody"
    )
    assert told.endswith("To begin anew: wave start NAME; the fleet file has sentiment.")


def test_two_waves_do_not_cross(engine: EstateEngine) -> None:
    wave_id = started(engine)
    engine.type("wave start sentiment --version 3")
    assert (
        f"Wave {wave_id} (sentiment, sentiment version 4) is running, and comes first"
        in (engine.slack.responses[-1][1])
    )


def test_of_two_waves_that_were_asked_for_at_the_same_moment_one_runs(engine: EstateEngine) -> None:
    wave_id = proposed(engine)
    stored = engine.store.waves.load(wave_id)
    assert stored is not None
    engine.store.waves.commit(stored.wave.with_(id="wtwin222"), 0, engine.clock())
    engine.press("Start wave", by=BEN)
    engine.type("wave approve wtwin222", by=BEN)
    assert f"Wave {wave_id} (sentiment, sentiment version 4) is running" in engine.slack.responses[-1][1]
    assert wave_of(engine, "wtwin222").state is WaveState.PROPOSED


def test_a_freeze_keeps_it_from_being_started_and_approved(engine: EstateEngine) -> None:
    wave_id = proposed(engine)
    engine.type("freeze --reason holidays", by=CARL)
    engine.press("Start wave", by=BEN)
    assert "frozen" in engine.slack.whispers[-1][1].lower()
    assert wave_of(engine, wave_id).state is WaveState.PROPOSED
    engine.type("wave start sentiment")
    assert "Nothing was" in engine.slack.responses[-1][1]
    assert len(engine.store.waves.recent()) == 1


def test_in_its_thread_the_wave_goes_without_saying(engine: EstateEngine) -> None:
    wave_id = started(engine)
    card = in_thread(engine, wave_id, "card")
    context = engine.intake.context_of(card.channel, card.ts)
    assert context == Context(wave_id=wave_id)
    engine.type("wave pause", by=ANNA, context=context)
    assert wave_of(engine, wave_id).state is WaveState.PAUSED


def test_in_a_members_thread_too(engine: EstateEngine) -> None:
    wave_id = started(engine)
    engine.tell()
    card = next(p for p in engine.slack.posted if p.channel == HOME and "canary" in p.words)
    context = engine.intake.context_of(HOME, card.ts)
    assert context is not None
    assert (context.wave_id, context.endpoint) == (wave_id, "canary")


def test_where_the_bot_is_no_member_nothing_is_started(engine: EstateEngine) -> None:
    engine.slack.fail("post", SlackRefused("chat.postMessage", "not_in_channel"))
    wave_id = proposed(engine)
    assert wave_of(engine, wave_id).state is WaveState.ABORTED
    assert "/invite @endpoint-bot" in engine.slack.responses[-1][1]


def test_what_slack_refused_for_a_while_is_told_later(engine: EstateEngine) -> None:
    engine.slack.fail("post", *[throttled("chat.postMessage")] * 2)
    wave_id = proposed(engine)
    engine.play(lambda: engine.store.waves.untold() == (), limit=timedelta(minutes=5))
    assert set(in_thread(engine, wave_id, "plan").buttons) == {"Start wave", "Not now"}


def test_a_message_that_somebody_deleted_comes_back(engine: EstateEngine) -> None:
    wave_id = started(engine)
    engine.slack.delete("progress 1")
    play_until(engine, wave_id, WaveState.FINISHED)
    engine.tell()
    assert "1 of 1 done" in in_thread(engine, wave_id, "progress 1").words


def test_a_crash_between_the_decision_and_its_rollout_is_mended_by_the_next_round(engine: EstateEngine) -> None:
    wave_id = proposed(engine)
    stored = engine.store.waves.load(wave_id)
    assert stored is not None
    approvals = (WaveApproval(actor=BEN, at=engine.clock()),)
    running = stored.wave.to(WaveState.RUNNING, WaveReason.APPROVED, engine.clock(), BEN, approvals=approvals)
    (canary, *others) = running.members
    decided = running.with_(members=(canary.with_(state=MemberState.UNDER_WAY), *others))
    engine.store.waves.commit(decided, stored.revision, engine.clock())
    play_until(engine, wave_id, WaveState.FINISHED)
    assert len(rollouts_of(engine, "canary")) == 1


# The endpoint manager's way


def propose(
    engine: EstateEngine, *, needs_approval: bool, seed: str = "v4", endpoints: tuple[str, ...] = ENDPOINTS
) -> str:
    wish = Wish(package_arn=V4.arn, only=endpoints)
    proposing = Proposing("sentiment", wish, seed, needs_approval)
    waves_of(engine).propose(proposing)
    return proposing.wave_id


def test_the_manager_proposes_once_and_people_decide(engine: EstateEngine) -> None:
    wave_id = propose(engine, needs_approval=True)
    propose(engine, needs_approval=True)
    assert [w.id for w in engine.store.waves.recent()] == [wave_id]
    assert in_thread(engine, wave_id, "card").channel == HOME
    engine.press("Start wave", by=BEN)
    play_until(engine, wave_id, WaveState.FINISHED)


def test_where_all_are_auto_it_runs_by_itself(engine: EstateEngine) -> None:
    wave_id = propose(engine, needs_approval=False, endpoints=("canary", "us-prod"))
    wave = play_until(engine, wave_id, WaveState.FINISHED)
    assert [m.endpoint for m in wave.members] == ["canary", "us-prod"]
    assert "policy for all of them is auto" in in_thread(engine, wave_id, "plan").words
    assert engine.estate.updates() == 2


def test_a_wave_that_could_not_be_told_holds_its_version_nowhere(engine: EstateEngine) -> None:
    engine.slack.fail("post", SlackRefused("chat.postMessage", "not_in_channel"))
    wave_id = propose(engine, needs_approval=False)
    assert wave_of(engine, wave_id).last.reason is WaveReason.CHANNEL_UNREACHABLE
    engine.play(lambda: False, limit=HOUR)
    assert [engine.store.holds.on(name) for name in ENDPOINTS] == [()] * 3
    assert engine.store.rollouts.recent() == ()
    again = propose(engine, needs_approval=False, seed="once the bot is invited")
    play_until(engine, again, WaveState.FINISHED)


def test_a_newer_proposal_takes_the_place_of_an_older_one(engine: EstateEngine) -> None:
    older = propose(engine, needs_approval=True)
    newer = propose(engine, needs_approval=True, seed="v4 again")
    assert wave_of(engine, older).last.reason is WaveReason.SUPERSEDED
    assert wave_of(engine, newer).state is WaveState.PROPOSED


def test_the_bot_never_takes_the_place_of_a_persons_wave(engine: EstateEngine) -> None:
    theirs = proposed(engine)
    mine = propose(engine, needs_approval=False)
    assert engine.store.waves.load(mine) is None
    assert wave_of(engine, theirs).state is WaveState.PROPOSED


def test_endpoints_of_a_wave_are_claimed_until_it_is_over(engine: EstateEngine) -> None:
    wave_id = started(engine)
    assert {name: wave.id for name, wave in waves_of(engine).claims().items()} == dict.fromkeys(ENDPOINTS, wave_id)
    play_until(engine, wave_id, WaveState.FINISHED)
    assert waves_of(engine).claims() == {}


def test_the_bot_brings_no_version_that_is_held(engine: EstateEngine) -> None:
    engine.estate["canary"].plays((FAILED,))
    wave_id = propose(engine, needs_approval=False)
    play_until(engine, wave_id, WaveState.STOPPED)
    again = propose(engine, needs_approval=False, seed="again")
    assert engine.store.waves.load(again) is None
    engine.play(lambda: False, limit=HOUR)
    assert engine.estate.updates() == 1
