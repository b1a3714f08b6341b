"""Holds in Redis: written with the rollout that they follow from, lifted with the one that proves better, each change audited."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from fakes.clock import NOW
from fakes.records import BEN, CARL, ENDPOINT, a_plan, a_verdict, at

from bot.domain.errors import RevisionConflict, UserError
from bot.domain.hold import Hold, HoldKind
from bot.domain.phases import Phase, Reason
from bot.domain.rollout import Rollout
from bot.store import Store, keys
from bot.store.rollouts import Stored, Write

BY_BEN = Hold(kind=HoldKind.BY_PERSON, endpoint=ENDPOINT, since=NOW, actor=BEN, reason="tests until Friday")


def audited(store: Store) -> list[dict[str, Any]]:
    return [json.loads(fields[b"entry"]) for _, fields in store.connection.xrange(keys.AUDIT)]


def written(store: Store, *steps: Rollout) -> Stored:
    """The rollout committed step by step."""
    (stored,) = store.rollouts.commit([Write(steps[0], 0, NOW)], NOW)
    for step in steps[1:]:
        (stored,) = store.rollouts.commit([Write(step, stored.revision, NOW)], NOW)
    return stored


def rolled_back(id: str, rank: int) -> tuple[Rollout, Rollout]:
    plan = a_plan(content_hash=f"hash{rank}", package_arn=f"arn:group/{rank}", rank=rank)
    before = at(Phase.ROLLING_BACK, id=id, plan=plan)
    return before, before.to(Phase.ROLLED_BACK, Reason.ROLLBACK_LANDED, NOW, BEN)


def succeeded(id: str, rank: int) -> tuple[Rollout, Rollout]:
    plan = a_plan(content_hash=f"hash{rank}", package_arn=f"arn:group/{rank}", rank=rank)
    before = at(Phase.WATCHING, id=id, plan=plan)
    return before, before.to(Phase.SUCCEEDED, Reason.WATCH_OVER, NOW, "bot", verdict=a_verdict())


def put(store: Store, hold: Hold, errand: str = "e1") -> Sequence[Hold]:
    return store.holds.put(hold.endpoint, errand, NOW, lambda standing: (hold,))


def test_a_version_is_held_in_the_transaction_that_ends_its_rollback(store: Store) -> None:
    written(store, *rolled_back("r4", 4))
    (hold,) = store.holds.on(ENDPOINT)
    assert (hold.kind, hold.rollout_id, hold.package_arn) == (HoldKind.HELD, "r4", "arn:group/4")
    assert [entry["held"]["rollout_id"] for entry in audited(store) if "held" in entry] == ["r4"]


def test_a_later_version_that_ends_well_lifts_it_and_an_earlier_one_does_not(store: Store) -> None:
    written(store, *rolled_back("r4", 4))
    written(store, *succeeded("r3", 3))
    assert len(store.holds.on(ENDPOINT)) == 1
    written(store, *succeeded("r5", 5))
    assert store.holds.on(ENDPOINT) == ()
    (lifted,) = [entry for entry in audited(store) if "lifted" in entry]
    assert (lifted["rollout"], lifted["lifted"]["rollout_id"], lifted["actor"]) == ("r5", "r4", "bot")


def test_of_two_holds_of_the_same_version_the_later_counts(store: Store) -> None:
    for id in ("r4", "r4again"):
        written(store, *rolled_back(id, 4))
    written(store, *rolled_back("r5", 5))
    assert {hold.rollout_id for hold in store.holds.on(ENDPOINT)} == {"r4again", "r5"}


def test_what_people_hold_stands_beside_it_and_only_people_lift_it(store: Store) -> None:
    written(store, *rolled_back("r4", 4))
    put(store, BY_BEN)
    written(store, *succeeded("r5", 5))
    assert store.holds.on(ENDPOINT) == (BY_BEN,)
    assert store.holds.lift(ENDPOINT, "e2", CARL, NOW, tuple) == (BY_BEN,)
    assert store.holds.on(ENDPOINT) == ()
    assert audited(store)[-1]["actor"] == CARL


def test_holds_of_other_endpoints_are_apart(store: Store) -> None:
    put(store, BY_BEN)
    assert store.holds.on_each([ENDPOINT, "other"]) == {ENDPOINT: (BY_BEN,), "other": ()}
    assert store.holds.on_each([]) == {}


def test_an_errand_that_is_run_again_has_its_effect_once(store: Store) -> None:
    assert put(store, BY_BEN) == (BY_BEN,)
    assert store.holds.lift(ENDPOINT, "e2", BEN, NOW, tuple) == (BY_BEN,)
    assert store.holds.lift(ENDPOINT, "e2", BEN, NOW, lambda standing: pytest.fail("decided again")) == (BY_BEN,)
    assert put(store, BY_BEN) == (BY_BEN,), "the first errand, late"
    assert store.holds.on(ENDPOINT) == ()


def test_a_refusal_changes_nothing(store: Store) -> None:
    def refuse(standing: Sequence[Hold]) -> Sequence[Hold]:
        raise UserError("no")

    with pytest.raises(UserError):
        store.holds.put(ENDPOINT, "e1", NOW, refuse)
    assert store.holds.on(ENDPOINT) == ()
    assert put(store, BY_BEN) == (BY_BEN,)


def test_holds_that_change_between_look_and_transaction_are_a_conflict(store: Store) -> None:
    def meddle(standing: Sequence[Hold]) -> Sequence[Hold]:
        store.connection.hset(keys.holds_on(ENDPOINT), "x", BY_BEN.model_dump_json())
        return (BY_BEN,)

    with pytest.raises(RevisionConflict, match="changed meanwhile"):
        store.holds.put(ENDPOINT, "e1", NOW, meddle)
