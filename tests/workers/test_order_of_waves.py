"""The order, the soak and the stop of the manager's waves, whatever some of their endpoints are busy with when they are opened."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fakes.account import FAILED, UPDATING
from fakes.engine import HOME
from fakes.estate import EstateEngine, package_of
from fakes.records import BEN

from bot.domain.endpoint import EndpointStatus
from bot.domain.hold import Hold, HoldKind
from bot.domain.phases import Phase
from bot.domain.wave import MemberState, Wave, WaveState
from workers.rounds import RoundName

NAMES = ("canary", "eu", "kiosk", "us")
FLEET = f"""
version: 1
defaults:
  region: us-east-1
  channel: {HOME}
  approval: {{users: [{BEN}], expires_after: 4h}}
  watch: {{duration: 5m, warm_up: 1m, metric_period: 30s, auto_rollback: all}}
  timing: {{poll: 15s, settle: 10s, lease: 10s}}
manager: {{every: 1m, census: 30s}}
waves:
  intent: {{stages: [[canary], [eu, kiosk, us]], soak: 30m, at_once: 3}}
endpoints:
  canary: {{model_package_group: intent, policy: auto}}
  eu: {{model_package_group: intent, policy: auto}}
  kiosk: {{model_package_group: intent, policy: auto}}
  us: {{model_package_group: intent, policy: auto}}
"""
V4, V5, V6 = (package_of("intent", n) for n in (4, 5, 6))


def made(fleet: str = FLEET) -> EstateEngine:
    engine = EstateEngine(fleet, dict.fromkeys(NAMES, V4), [V4])
    manage(engine)
    engine.registry.packages.append(V5)
    return engine


@pytest.fixture
def engine() -> Iterator[EstateEngine]:
    engine = made()
    yield engine
    engine.close()
    assert engine.crashes == []


def manage(engine: EstateEngine) -> None:
    """A census, the waves, and a round of the manager, with everything that is due at once after it."""
    for name in (RoundName.REVIVE, RoundName.CENSUS, RoundName.TAGS, RoundName.WAVES, RoundName.MANAGE):
        engine.parts.rounds.rounds[name].run()
    engine.settle()


def pass_time(engine: EstateEngine, time: timedelta, step: timedelta = timedelta(minutes=1)) -> None:
    end = engine.clock() + time
    while engine.clock() < end:
        until = min(engine.clock() + step, end)
        engine.play(lambda: False, limit=until - engine.clock())
        engine.clock.now = until
        manage(engine)


def scales(engine: EstateEngine, name: str, *, is_over: bool = False) -> None:
    """Somebody scales it in AWS: it serves on, and takes no update meanwhile."""
    engine.estate[name].status = EndpointStatus.IN_SERVICE if is_over else EndpointStatus.UPDATING
    engine.estate[name].moved_at = engine.clock()


def waves(engine: EstateEngine) -> list[Wave]:
    """Oldest first."""
    return list(reversed(engine.store.waves.recent()))


def members(wave: Wave) -> list[str]:
    return [member.endpoint for member in wave.members]


def runs(engine: EstateEngine, name: str) -> str:
    config = engine.estate.configs[engine.estate[name].config]
    (container,) = engine.estate.models[config.variants()[0]["ModelName"]].containers()
    return str(container["ModelPackageName"])


def wave_now(engine: EstateEngine, wave: Wave) -> Wave:
    return next(known for known in waves(engine) if known.id == wave.id)


def play_until_over(engine: EstateEngine, wave: Wave) -> Wave:
    while wave_now(engine, wave).state is WaveState.RUNNING:
        pass_time(engine, timedelta(minutes=5), timedelta(minutes=5))
    return wave_now(engine, wave)


def test_while_the_canary_is_busy_nothing_begins_behind_it_and_then_all_get_one_wave(engine: EstateEngine) -> None:
    scales(engine, "canary")
    pass_time(engine, timedelta(minutes=3))
    assert waves(engine) == []
    assert "Nothing was started on eu: canary comes first in the wave intent: it is being updated." in (
        engine.ask("sync eu")
    )
    scales(engine, "canary", is_over=True)
    pass_time(engine, timedelta(minutes=2))
    (wave,) = waves(engine)
    assert members(wave) == list(NAMES)


def test_who_was_busy_when_a_wave_was_opened_waits_for_its_end_and_is_named_in_its_plan(engine: EstateEngine) -> None:
    scales(engine, "kiosk")
    manage(engine)
    (first,) = waves(engine)
    assert members(first) == ["canary", "eu", "us"]
    assert [(left.endpoint, left.why) for left in first.left_out] == [("kiosk", "waits: it is being updated")]
    scales(engine, "kiosk", is_over=True)
    pass_time(engine, timedelta(minutes=5))
    assert [wave.id for wave in waves(engine)] == [first.id]
    assert "Nothing was started on kiosk: canary comes first in the wave intent: it is" in engine.ask("sync kiosk")
    while wave_now(engine, first).members[1].state is MemberState.WAITING:
        pass_time(engine, timedelta(minutes=5), timedelta(minutes=5))
        assert [wave.id for wave in waves(engine)] == [first.id]
    assert f"wave {first.id} (intent, intent version 5) is running, and no two waves of one name go on at a time" in (
        engine.ask("sync kiosk")
    )
    assert play_until_over(engine, first).state is WaveState.FINISHED
    pass_time(engine, timedelta(minutes=2))
    _, second = waves(engine)
    assert members(second) == ["kiosk"]
    assert play_until_over(engine, second).state is WaveState.FINISHED
    assert runs(engine, "kiosk") == V5.arn


def test_what_went_bad_in_a_wave_does_not_come_to_whom_it_left_out(engine: EstateEngine) -> None:
    engine.estate["canary"].plays((UPDATING, FAILED))
    scales(engine, "kiosk")
    manage(engine)
    scales(engine, "kiosk", is_over=True)
    (wave,) = waves(engine)
    assert play_until_over(engine, wave).state is WaveState.STOPPED
    assert {name: [h.wave_id for h in engine.store.holds.on(name)] for name in ("eu", "kiosk")} == {
        "eu": [wave.id],
        "kiosk": [wave.id],
    }
    pass_time(engine, timedelta(hours=2), timedelta(minutes=10))
    assert runs(engine, "kiosk") == V4.arn
    assert len(waves(engine)) == 1
    engine.type(f"wave resume {wave.id}", by=BEN)
    assert [h for h in engine.store.holds.on("kiosk") if h.wave_id is not None] == []


def test_what_somebody_tried_on_the_canary_and_rolled_back_comes_to_nobody_after_it(engine: EstateEngine) -> None:
    hold = Hold(
        kind=HoldKind.HELD,
        endpoint="canary",
        since=engine.clock(),
        actor=BEN,
        reason="worse",
        package_arn=V5.arn,
        rank=5,
    )
    engine.store.holds.put_back("canary", [hold])
    pass_time(engine, timedelta(minutes=5))
    assert waves(engine) == []
    assert "intent version 5 is held on canary since" in engine.ask("sync eu")
    engine.registry.packages.append(V6)
    pass_time(engine, timedelta(minutes=2))
    (wave,) = waves(engine)
    assert (members(wave), wave.package_arn) == (list(NAMES), V6.arn)


def test_what_a_person_brought_to_the_canary_soaks_there_before_it_comes_to_the_next_stage() -> None:
    engine = made(
        FLEET.replace(
            "canary: {model_package_group: intent, policy: auto}",
            "canary: {model_package_group: intent, policy: manual}",
        )
    )
    engine.type("promote canary --version 5")
    engine.press("Approve", by=BEN)
    engine.type('lock eu --reason "load test"', by=BEN)
    engine.play_until(Phase.SUCCEEDED, engine.store.rollouts.recent("canary")[0].id)
    done = engine.rollout(engine.store.rollouts.recent("canary")[0].id).last.at
    while not waves(engine):
        pass_time(engine, timedelta(minutes=2))
    (wave,) = waves(engine)
    assert members(wave) == ["kiosk", "us"]
    landed = engine.rollout(engine.store.rollouts.recent("canary")[0].id).entered(Phase.WATCHING)
    assert landed is not None
    assert landed + timedelta(minutes=30) <= wave.created_at <= done + timedelta(minutes=35)
    assert engine.crashes == []
    engine.close()


def test_a_canary_that_is_left_to_people_keeps_nobody_waiting_and_is_named_in_the_plan() -> None:
    engine = made(
        FLEET.replace(
            "canary: {model_package_group: intent, policy: auto}",
            "canary: {model_package_group: intent, policy: manual}",
        )
    )
    manage(engine)
    (wave,) = waves(engine)
    assert members(wave) == ["eu", "kiosk", "us"]
    assert [(left.endpoint, left.why) for left in wave.left_out] == [("canary", "stays as it is: its policy is manual")]
    assert engine.crashes == []
    engine.close()


def test_settings_of_the_canary_and_a_version_of_the_others_are_no_two_waves_at_a_time(engine: EstateEngine) -> None:
    engine.estate["canary"].config = brought_by_hand(engine, "canary")
    canary = engine.world.fleet.endpoints["canary"]
    engine.world.fleet.endpoints["canary"] = canary.model_copy(update={"instance_type": "ml.m5.4xlarge"})
    while len(waves(engine)) < 2:
        pass_time(engine, timedelta(minutes=1))
        assert len(engine.store.waves.active()) <= 1
    version, settings = waves(engine)
    assert (members(version), version.state) == (["eu", "kiosk", "us"], WaveState.FINISHED)
    assert (members(settings), settings.state) == (["canary"], WaveState.PROPOSED), "it was changed by hand, so it asks"
    assert {runs(engine, name) for name in NAMES} == {V5.arn}


def brought_by_hand(engine: EstateEngine, name: str) -> str:
    """A config with version 5, as somebody made it."""
    there = engine.estate.configs[engine.estate[name].config]
    model = engine.estate.models[there.variants()[0]["ModelName"]]
    document = {**model.document, "PrimaryContainer": {"ModelPackageName": V5.arn}}
    engine.estate.models["v5-by-hand"] = model.model_copy(update={"name": "v5-by-hand", "document": document})
    variants = [{**there.variants()[0], "ModelName": "v5-by-hand"}]
    made = there.model_copy(
        update={"name": "v5-by-hand", "document": {**there.document, "ProductionVariants": variants}}
    )
    engine.estate.configs[made.name] = made
    return made.name


def test_who_follows_an_earlier_stage_of_its_wave_gets_the_version_in_that_wave() -> None:
    engine = made(FLEET.replace("eu: {", "eu: {follows: {endpoint: canary, soak: 24h}, "))
    manage(engine)
    (wave,) = waves(engine)
    assert members(wave) == list(NAMES)
    assert engine.crashes == []
    engine.close()


def test_a_no_to_a_wave_is_one_for_whom_it_left_out(engine: EstateEngine) -> None:
    canary = engine.world.fleet.endpoints["canary"]
    engine.world.fleet.endpoints["canary"] = canary.model_copy(update={"policy": "ask"})
    scales(engine, "kiosk")
    manage(engine)
    (wave,) = waves(engine)
    engine.type(f"wave reject {wave.id}", by=BEN)
    scales(engine, "kiosk", is_over=True)
    pass_time(engine, timedelta(minutes=10))
    assert [w.id for w in waves(engine)] == [wave.id]


def test_a_sync_of_a_later_stage_says_what_comes_first_and_one_of_the_first_stage_opens_it(
    engine: EstateEngine,
) -> None:
    engine.parts.rounds.rounds[RoundName.CENSUS].run()
    answer = engine.ask("sync us")
    assert (
        "Nothing was started on us: canary comes first in the wave intent, and intent version 5 is not there yet; "
        "to begin there: sync canary; to bring it to all of them in order: wave start intent." in answer
    )
    assert waves(engine) == []
    assert "the wave intent" in engine.ask("sync canary")
    (wave,) = waves(engine)
    assert (members(wave), wave.state) == (["canary"], WaveState.PROPOSED)
    assert {left.why for left in wave.left_out} == {"waits: sync was asked for others only"}


def test_a_wave_that_somebody_starts_does_what_its_plan_says_and_takes_the_place_of_the_bots_own(
    engine: EstateEngine,
) -> None:
    canary = engine.world.fleet.endpoints["canary"]
    engine.world.fleet.endpoints["canary"] = canary.model_copy(update={"policy": "ask"})
    manage(engine)
    engine.type('lock canary --reason "load test"', by=BEN)
    engine.type("wave start intent --version 5")
    older, newer = waves(engine)
    assert older.state is WaveState.ABORTED
    assert members(newer) == ["eu", "kiosk", "us"]
    assert [left.endpoint for left in newer.left_out] == ["canary"]
    assert newer.of(MemberState.WAITING) == newer.members
