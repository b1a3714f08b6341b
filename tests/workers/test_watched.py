"""What follows from the looks at a watch: nothing, a word to people, or the way back; and what people press meanwhile."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from fakes.engine import FLEET, Engine, a_config
from fakes.looks import EVIDENCE, FINE, OPEN, FakeLooks, look_with, worse
from fakes.records import ANNA, BEN, CARL, CURRENT, ENDPOINT, TARGET, a_call, a_plan, at, rollback_at

from bot.domain.endpoint import EndpointStatus
from bot.domain.errand import Click
from bot.domain.hold import HoldKind
from bot.domain.phases import BOT_ACTOR, Kind, Phase, Reason
from bot.domain.reconcile import watch_ends_at
from bot.domain.rollout import Rollout
from bot.domain.verdict import VerdictKind
from bot.domain.watchplan import Restraint
from bot.messages.ids import InputId
from bot.store.rollouts import Write
from workers.rollbacks import watch_of

EVE = "U0EVE"
MINUTE = timedelta(minutes=1)
Make = Callable[[str], Engine]


@pytest.fixture
def make() -> Iterator[Make]:
    """An engine whose fleet file says that policy of automatic rollbacks."""
    made: list[Engine] = []

    def one(policy: str) -> Engine:
        made.append(Engine(FLEET.replace("warm_up: 1m", f"warm_up: 1m, auto_rollback: {policy}")))
        return made[-1]

    yield one
    for engine in made:
        engine.close()


@pytest.fixture
def looks() -> FakeLooks:
    return FakeLooks()


def watched(engine: Engine, looks: FakeLooks) -> str:
    """A promotion up to its watch."""
    look_with(engine, looks)
    rollout_id = engine.promote()
    engine.press("Approve", by=BEN)
    engine.play_until(Phase.WATCHING, rollout_id)
    return rollout_id


def after_looks(engine: Engine, looks: FakeLooks, count: int) -> None:
    """Let time pass for that many more looks."""
    wanted = looks.count + count
    engine.play(lambda: looks.count >= wanted)
    engine.tell()


def rollbacks(engine: Engine) -> list[Rollout]:
    return [r for r in engine.store.rollouts.recent() if r.kind is Kind.ROLLBACK]


def told(engine: Engine, who: str) -> str:
    return dict(engine.slack.whispers).get(who, "")


# By itself


def test_two_looks_in_a_row_that_say_worse_roll_back_by_themselves(make: Make, looks: FakeLooks) -> None:
    engine = make("all")
    rollout_id = watched(engine, looks)
    looks.says = worse()
    after_looks(engine, looks, 1)
    assert engine.phase(rollout_id) is Phase.WATCHING
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK
    rollout = engine.rollout(rollout_id)
    back = next(t for t in rollout.transitions if t.phase is Phase.ROLLING_BACK)
    assert (back.reason, back.actor, back.note) == (Reason.WATCH_REGRESSED, BOT_ACTOR, EVIDENCE)
    assert rollout.verdict == worse()
    assert rollout.comparison is not None
    (child,) = rollbacks(engine)
    assert (child.requester, child.parent_id, child.phase) == (BOT_ACTOR, rollout_id, Phase.ROLLED_BACK)
    assert engine.endpoints.config == CURRENT
    assert VerdictKind.REGRESSED in engine.slack.shown("summary").words
    assert "alert" not in engine.slack.slots()


def test_one_bad_look_is_an_outlier(make: Make, looks: FakeLooks) -> None:
    engine = make("all")
    rollout_id = watched(engine, looks)
    looks.script = [worse(), FINE, worse(), OPEN, worse(), None, FINE]
    engine.play_until(Phase.SUCCEEDED, rollout_id)
    assert looks.script == []
    assert engine.rollout(rollout_id).worse_since is None
    assert rollbacks(engine) == []


def test_the_last_look_needs_no_other(make: Make, looks: FakeLooks) -> None:
    engine = make("all")
    rollout_id = watched(engine, looks)
    looks.says = None
    engine.play(lambda: engine.clock() >= engine.rollout(rollout_id).last.at + 9 * MINUTE)
    looks.says = worse()
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK


def test_the_same_numbers_seen_twice_confirm_nothing(make: Make, looks: FakeLooks) -> None:
    engine = make("all")
    rollout_id = watched(engine, looks)
    looks.says, looks.is_stale = worse(), True
    after_looks(engine, looks, 4)
    assert engine.phase(rollout_id) is Phase.WATCHING
    looks.is_stale = False
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK


@pytest.mark.parametrize("policy", ["hard", "all"])
def test_a_crossed_limit_rolls_back_at_the_first_look(make: Make, looks: FakeLooks, policy: str) -> None:
    engine = make(policy)
    rollout_id = watched(engine, looks)
    looks.says = worse(is_hard=True)
    after_looks(engine, looks, 1)
    assert looks.count == 1
    assert engine.phase(rollout_id) is Phase.ROLLING_BACK
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK
    assert len(rollbacks(engine)) == 1


@pytest.mark.parametrize(
    ("policy", "is_hard", "may_act", "restraint"),
    [
        ("off", True, True, Restraint.SWITCHED_OFF),
        ("off", False, True, Restraint.SWITCHED_OFF),
        ("hard", False, True, Restraint.NO_LIMIT_CROSSED),
        ("all", True, False, Restraint.NOT_GRAVE),
    ],
)
def test_what_the_bot_may_not_roll_back_is_told_once_and_left_to_people(
    make: Make, looks: FakeLooks, policy: str, is_hard: bool, may_act: bool, restraint: Restraint
) -> None:
    engine = make(policy)
    rollout_id = watched(engine, looks)
    looks.says = worse(is_hard=is_hard, may_act=may_act)
    after_looks(engine, looks, 2)
    assert engine.rollout(rollout_id).restraint is restraint
    alert = engine.slack.shown("alert")
    assert EVIDENCE in alert.words
    assert {"Roll back", "Accept"} <= set(alert.buttons)
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    rollout = engine.rollout(rollout_id)
    assert rollout.verdict is not None
    assert rollout.verdict.kind is VerdictKind.REGRESSED
    assert engine.slack.slots().count("alert") == 1
    assert rollbacks(engine) == []
    assert engine.endpoints.config == rollout.target_config


def test_a_busy_endpoint_is_rolled_back_once_it_has_settled(make: Make, looks: FakeLooks) -> None:
    engine = make("all")
    rollout_id = watched(engine, looks)
    looks.says = worse(is_hard=True)
    engine.endpoints.status = EndpointStatus.SYSTEM_UPDATING
    after_looks(engine, looks, 3)
    rollout = engine.rollout(rollout_id)
    assert (rollout.phase, rollout.worse_since) == (Phase.WATCHING, None)
    engine.endpoints.status = EndpointStatus.IN_SERVICE
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK


def test_a_tick_that_dies_after_its_look_rolls_back_at_the_next(make: Make, looks: FakeLooks) -> None:
    engine = make("all")
    rollout_id = watched(engine, looks)
    looks.says = worse(is_hard=True)

    def die() -> None:
        looks.before_each = lambda: None
        raise RuntimeError("killed")

    looks.before_each = die
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK
    assert len(engine.crashes) == 1
    assert len(rollbacks(engine)) == 1


def nobodys(engine: Engine) -> Rollout:
    """A rollout in its watch that no person asked for or approved, after one that the bot rolled back by itself."""
    own = rollback_at(Phase.ROLLED_BACK, requester=BOT_ACTOR, id="rown2345", parent_id=None)
    call = a_call(accepted_at=engine.clock())
    rollout = at(
        Phase.WATCHING,
        now=engine.clock(),
        requester=BOT_ACTOR,
        approvals=(),
        cutover_at=engine.clock(),
        update=call,
        plan=a_plan(),
        watch=watch_of(engine.world.fleet.endpoint(ENDPOINT)),
    )
    steps = tuple(step.model_copy(update={"actor": BOT_ACTOR}) for step in rollout.transitions)
    rollout = rollout.with_(transitions=steps)
    engine.endpoints.configs[TARGET] = a_config(TARGET)
    engine.endpoints.config = TARGET
    engine.store.rollouts.commit([Write(own, 0), Write(rollout, 0, engine.clock())], engine.clock())
    return rollout


def test_never_twice_in_a_row_without_a_person(make: Make, looks: FakeLooks) -> None:
    engine = make("all")
    look_with(engine, looks)
    rollout = nobodys(engine)
    looks.says = worse(is_hard=True)
    after_looks(engine, looks, 2)
    found = engine.rollout(rollout.id)
    assert (found.phase, found.restraint) == (Phase.WATCHING, Restraint.TWICE_IN_A_ROW)
    engine.press("Extend by 5 min", by=BEN)
    assert engine.play_out(rollout.id) is Phase.ROLLED_BACK, "now a person is in it"


# Accepting


def test_an_accepted_regression_stays_whatever_later_looks_say(make: Make, looks: FakeLooks) -> None:
    engine = make("hard")
    rollout_id = watched(engine, looks)
    looks.says = worse()
    after_looks(engine, looks, 2)
    engine.press("Accept", by=BEN, delivery="trigger accept")
    assert engine.slack.views[-1][0] == "trigger accept"
    engine.submit({InputId.REASON: "a known trade-off"}, by=BEN)
    looks.says = worse(is_hard=True)
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    rollout = engine.rollout(rollout_id)
    assert rollout.acceptance is not None
    assert (rollout.acceptance.actor, rollout.acceptance.reason) == (BEN, "a known trade-off")
    assert rollbacks(engine) == []
    assert "a known trade-off" in engine.slack.shown("summary").words


def test_a_regression_is_accepted_after_the_watch_too(make: Make, looks: FakeLooks) -> None:
    engine = make("off")
    rollout_id = watched(engine, looks)
    looks.says = worse()
    engine.play_out(rollout_id)
    summary = engine.slack.shown("summary")
    engine.press("Accept", by=ANNA, on=summary)
    engine.tell()
    rollout = engine.rollout(rollout_id)
    assert rollout.acceptance is not None
    assert (rollout.phase, rollout.acceptance.actor) == (Phase.SUCCEEDED, ANNA)
    engine.press("Roll back", by=BEN)
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK, "the way back stays open to people"


def test_others_may_not_accept_and_the_second_is_told_who_was_first(make: Make, looks: FakeLooks) -> None:
    engine = make("off")
    rollout_id = watched(engine, looks)
    looks.says = worse()
    after_looks(engine, looks, 2)
    alert = engine.slack.shown("alert")
    value = alert.buttons["Accept"]["value"]
    engine.press("Accept", by=EVE)
    assert "or an approver may accept it" in told(engine, EVE)
    assert engine.rollout(rollout_id).acceptance is None
    for who in (BEN, CARL):
        engine.click(Click.ACCEPT, value, by=who, on=alert)
    assert f"<@{BEN}> accepted it already" in told(engine, CARL)


def test_who_presses_accept_while_the_bot_is_looking_is_heard_first(make: Make, looks: FakeLooks) -> None:
    engine = make("hard")
    rollout_id = watched(engine, looks)
    looks.says = worse()
    after_looks(engine, looks, 2)
    looks.says = worse(is_hard=True)
    alert = engine.slack.shown("alert")

    def accept() -> None:
        looks.before_each = lambda: None
        engine.press("Accept", by=BEN, on=alert)

    looks.before_each = accept
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    assert rollbacks(engine) == []


def test_accept_comes_too_late_for_what_goes_back(make: Make, looks: FakeLooks) -> None:
    engine = make("hard")
    rollout_id = watched(engine, looks)
    looks.says = worse()
    after_looks(engine, looks, 2)
    alert = engine.slack.shown("alert")
    value = alert.buttons["Accept"]["value"]
    engine.press("Roll back", by=CARL)
    engine.click(Click.ACCEPT, value, by=BEN, on=alert)
    assert "It is being rolled back already" in told(engine, BEN)
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK
    assert engine.rollout(rollout_id).acceptance is None


def test_the_reason_of_an_acceptance_can_be_added_later(make: Make, looks: FakeLooks) -> None:
    engine = make("off")
    rollout_id = watched(engine, looks)
    looks.says = worse()
    after_looks(engine, looks, 2)
    engine.press("Accept", by=BEN)
    engine.tell()
    engine.press("Add a reason", by=CARL)
    assert f"Only <@{BEN}>, who accepted this, can say why" in told(engine, CARL)
    engine.press("Add a reason", by=BEN)
    engine.submit({InputId.REASON: "known"}, by=BEN)
    acceptance = engine.rollout(rollout_id).acceptance
    assert acceptance is not None
    assert acceptance.reason == "known"
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED, "the watch goes on when the reason is there"


# Watching for longer


def test_an_extended_watch_ends_later(make: Make, looks: FakeLooks) -> None:
    engine = make("hard")
    rollout_id = watched(engine, looks)
    began = engine.rollout(rollout_id).last.at
    after_looks(engine, looks, 2)
    engine.press("Extend by 5 min", by=BEN)
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    assert engine.rollout(rollout_id).last.at >= began + 11 * MINUTE
    assert f"Extended by 5 min by @{BEN}" in engine.slack.shown("watch").words


def test_others_may_not_extend_it_and_a_second_press_at_once_is_one(make: Make, looks: FakeLooks) -> None:
    engine = make("hard")
    rollout_id = watched(engine, looks)
    after_looks(engine, looks, 1)
    for who in (EVE, BEN, CARL):
        engine.press("Extend by 5 min", by=who)
    assert "or an approver may extend its watch" in told(engine, EVE)
    assert f"<@{BEN}> extended the watch a moment ago" in told(engine, CARL)
    assert [e.actor for e in engine.rollout(rollout_id).extensions] == [BEN]


def test_a_watch_without_an_answer_is_taken_up_again(make: Make, looks: FakeLooks) -> None:
    engine = make("hard")
    rollout_id = watched(engine, looks)
    looks.says = OPEN
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    engine.clock.tick(timedelta(hours=2))
    engine.press("Watch longer", by=ANNA)
    assert engine.phase(rollout_id) is Phase.WATCHING
    lease = engine.store.rollouts.lease_of(ENDPOINT)
    assert lease is not None
    assert lease.rollout_id == rollout_id
    looks.says = FINE
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    rollout = engine.rollout(rollout_id)
    assert rollout.verdict == FINE
    assert [t.reason for t in rollout.transitions[-2:]] == [Reason.WATCH_RESUMED, Reason.WATCH_OVER]
    assert engine.slack.slots().count("summary") == 1
    assert engine.store.rollouts.lease_of(ENDPOINT) is None


def test_a_watch_that_was_taken_up_again_may_end_in_the_way_back(make: Make, looks: FakeLooks) -> None:
    engine = make("all")
    rollout_id = watched(engine, looks)
    looks.says = OPEN
    engine.play_out(rollout_id)
    engine.press("Watch longer", by=ANNA)
    looks.says = worse(is_hard=True)
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK


def test_what_a_newer_rollout_replaced_is_not_watched_again(make: Make, looks: FakeLooks) -> None:
    engine = make("hard")
    rollout_id = watched(engine, looks)
    looks.says = OPEN
    engine.play_out(rollout_id)
    summary = engine.slack.shown("summary")
    value = summary.buttons["Watch longer"]["value"]
    newer = engine.promote(5)
    engine.press("Approve", by=BEN)
    engine.play_until(Phase.UPDATING, newer)
    engine.click(Click.EXTEND_WATCH, value, by=ANNA, on=summary)
    assert newer in told(engine, ANNA)
    engine.play_out(newer)
    engine.click(Click.EXTEND_WATCH, value, by=BEN, on=summary)
    assert f"superseded by rollout {newer}" in told(engine, BEN)
    assert "there is nothing of it to watch" in told(engine, BEN)
    assert engine.phase(rollout_id) is Phase.SUCCEEDED


def test_who_extends_while_the_last_look_is_taken_is_heard_first(make: Make, looks: FakeLooks) -> None:
    engine = make("hard")
    rollout_id = watched(engine, looks)
    after_looks(engine, looks, 1)
    ends_at = watch_ends_at(engine.rollout(rollout_id))

    def extend() -> None:
        if engine.clock() >= ends_at:
            looks.before_each = lambda: None
            engine.press("Extend by 5 min", by=BEN)

    looks.before_each = extend
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    assert engine.rollout(rollout_id).last.at >= ends_at + 5 * MINUTE


# By hand, and what is held after it


def test_who_rolls_back_while_the_bot_is_about_to_makes_it_one_rollback(make: Make, looks: FakeLooks) -> None:
    engine = make("all")
    rollout_id = watched(engine, looks)
    looks.says = worse(is_hard=True)

    def roll_back() -> None:
        looks.before_each = lambda: None
        engine.press("Roll back", by=CARL)

    looks.before_each = roll_back
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK
    (child,) = rollbacks(engine)
    assert child.requester == CARL
    assert engine.endpoints.updates == [engine.rollout(rollout_id).target_config, CURRENT]


def test_who_rolls_back_by_hand_during_the_watch_holds_the_version_for_what_the_watch_had_found(
    make: Make, looks: FakeLooks
) -> None:
    engine = make("off")
    rollout_id = watched(engine, looks)
    looks.says = worse()
    after_looks(engine, looks, 2)
    engine.press("Roll back", by=CARL)
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK
    (hold,) = engine.store.holds.on(ENDPOINT)
    assert (hold.kind, hold.actor, hold.reason, hold.label) == (HoldKind.HELD, CARL, EVIDENCE, "sentiment version 4")
