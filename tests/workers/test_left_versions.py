"""What people left on purpose, by whatever way: the manager does not bring it back without a click."""

from collections.abc import Callable, Iterator

import pytest
from fakes.engine import HOME
from fakes.estate import EstateEngine, package_of, standing_on
from fakes.records import ANNA, BEN

from bot.domain.hold import HoldKind
from bot.domain.phases import BOT_ACTOR, Phase
from bot.domain.rollout import Rollout
from workers.rounds import RoundName

A = "sentiment-prod"
V3, V4, V5 = (package_of("sentiment", n) for n in (3, 4, 5))
FLEET = f"""
version: 1
defaults:
  region: us-east-1
  channel: {HOME}
  approval: {{users: [{BEN}], expires_after: 4h}}
  watch: {{duration: 5m, warm_up: 1m, metric_period: 30s}}
  timing: {{poll: 15s, settle: 10s, lease: 10s}}
manager: {{every: 1m, census: 30s}}
endpoints:
  {A}: {{model_package_group: sentiment, policy: auto}}
"""


Made = Callable[..., EstateEngine]


@pytest.fixture
def made() -> Iterator[Made]:
    engines: list[EstateEngine] = []

    def make(*versions, runs=V3) -> EstateEngine:
        engines.append(EstateEngine(FLEET, {A: runs}, versions))
        return engines[-1]

    yield make
    for engine in engines:
        assert engine.crashes == []
        engine.close()


def manage(engine: EstateEngine) -> Rollout:
    """A census and a round of the manager; the newest rollout after it."""
    for name in (RoundName.REVIVE, RoundName.CENSUS, RoundName.TAGS, RoundName.MANAGE):
        engine.parts.rounds.rounds[name].run()
    engine.settle()
    return newest(engine)


def newest(engine: EstateEngine) -> Rollout:
    return engine.store.rollouts.recent(A)[0]


def done(engine: EstateEngine, command: str) -> Rollout:
    """What somebody types, approved where that is needed, up to its end, or to where B serves."""
    engine.type(command)
    rollout = newest(engine)
    if rollout.phase is Phase.AWAITING_APPROVAL:
        engine.press("Approve", by=BEN)
    engine.play(lambda: not engine.rollout(rollout.id).is_active or engine.rollout(rollout.id).has_running_trial)
    return engine.rollout(rollout.id)


def ran_by_hand(engine: EstateEngine, package) -> None:
    """Somebody updates it in AWS, to a config that no rollout made."""
    another = standing_on(engine.clock, f"{A}-by-zoe", package)
    engine.estate.configs |= another.configs
    engine.estate.models |= another.models
    engine.estate[A].config, engine.estate[A].moved_at = f"{A}-by-zoe-made-by-hand", engine.clock()


def asked(rollout: Rollout, version: int) -> str:
    """It is the bot's own, waits for a click, and says why."""
    assert (rollout.requester, rollout.phase) == (BOT_ACTOR, Phase.AWAITING_APPROVAL), rollout.reason
    assert rollout.plan is not None
    assert rollout.plan.target_label == f"sentiment version {version}"
    return rollout.reason


@pytest.mark.parametrize("options", ["--weight 10", "--shadow"])
def test_a_version_that_was_tried_beside_what_stayed_is_asked_about(made: Made, options: str) -> None:
    engine = made(V3, V4)
    done(engine, f"ab start {A} --version 4 {options}")
    kept = done(engine, f"ab finish {A} --keep A")
    assert kept.phase is Phase.ROLLED_BACK
    assert f"<@{ANNA}> tried sentiment version 4 and kept the other version in rollout {kept.id}" in asked(
        manage(engine), 4
    )


def test_a_version_that_comes_after_the_one_that_was_tried_arrives_by_itself(made: Made) -> None:
    engine = made(V3, V4)
    done(engine, f"ab start {A} --version 4 --weight 10")
    done(engine, f"ab finish {A} --keep A")
    engine.registry.packages.append(V5)
    found = manage(engine)
    assert (found.requester, found.approval_needed) == (BOT_ACTOR, False)


def test_a_version_that_no_rollout_brought_is_held_once_people_went_back_from_it(made: Made) -> None:
    engine = made(V3, V4)
    ran_by_hand(engine, V4)
    back = done(engine, f"rollback {A} --to {A}-made-by-hand")
    assert back.phase is Phase.ROLLED_BACK
    (hold,) = engine.store.holds.on(A)
    assert (hold.kind, hold.package_arn, hold.label, hold.rank) == (HoldKind.HELD, V4.arn, "sentiment version 4", 4)
    assert "sentiment version 4 is held now" in engine.slack.shown("ending").words
    assert manage(engine).id == back.id


def test_a_version_under_settings_of_somebodys_is_held_with_them(made: Made) -> None:
    engine = made(V3, V4)
    done(engine, f"promote {A} --version 4")
    done(engine, f"promote {A} --env WORKERS=4")
    back = done(engine, f"rollback {A} --to {A}-made-by-hand")
    assert back.phase is Phase.ROLLED_BACK
    assert [hold.package_arn for hold in engine.store.holds.on(A)] == [V4.arn]
    assert manage(engine).id == back.id


def test_a_version_that_somebody_went_back_past_is_asked_about(made: Made) -> None:
    engine = made(V3, V4, V5)
    for version in (4, 5):
        assert done(engine, f"promote {A} --version {version}").phase is Phase.SUCCEEDED
    back = done(engine, f"rollback {A} --to {A}-made-by-hand")
    assert [hold.package_arn for hold in engine.store.holds.on(A)] == [V5.arn]
    assert f"<@{ANNA}> went back past sentiment version 4 in rollout {back.id}" in asked(manage(engine), 4)


def test_going_back_to_the_same_version_holds_nothing_of_it(made: Made) -> None:
    engine = made(V3)
    ran_by_hand(engine, V3)
    back = done(engine, f"rollback {A} --to {A}-made-by-hand")
    assert back.phase is Phase.ROLLED_BACK
    assert engine.store.holds.on(A) == ()


def test_what_somebody_sets_after_that_makes_nobody_forget_it(made: Made) -> None:
    engine = made(V3, V4)
    done(engine, f"promote {A} --version 4")
    left = done(engine, f"promote {A} --version 3")
    for command in (f"scale {A} --count 3", f"promote {A} --env WORKERS=4"):
        assert done(engine, command).phase is Phase.SUCCEEDED
    assert f"left sentiment version 4 for another version in rollout {left.id}" in asked(manage(engine), 4)
