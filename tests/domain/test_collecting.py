"""What nothing needs any more, and what is never among it."""

from datetime import timedelta

from fakes.clock import NOW
from fakes.records import at, opened

from bot.domain.collecting import KEPT_GENERATIONS, KeptConfig, KeptModel, Orphans, endpoint_part, orphans_among
from bot.domain.phases import Kind, Phase
from bot.domain.rollout import Rollout
from workers.cloning import target_name

WEEK = timedelta(days=7)
LONG_AGO = NOW - timedelta(days=60)


def name_of(number: int, endpoint: str = "sentiment-prod") -> str:
    return target_name(endpoint, f"rabcde{number:02d}", "0123456789abcdef")


def config(number: int, **fields: object) -> KeptConfig:
    previous = name_of(number - 1) if number > 1 else "by-hand"
    made = {"name": name_of(number), "arn": "", "created": LONG_AGO, "models": (name_of(number),), "previous": previous}
    return KeptConfig.model_validate({**made, "rollout_id": f"rabcde{number:02d}", **fields})


def model(number: int, **fields: object) -> KeptModel:
    made = {"name": name_of(number), "arn": "", "created": LONG_AGO, "rollout_id": f"rabcde{number:02d}"}
    return KeptModel.model_validate({**made, **fields})


def among(
    *configs: KeptConfig, running: set[str], rollouts: tuple[Rollout, ...] = (), held: tuple[str, ...] = ()
) -> Orphans:
    return orphans_among(
        {c.name: c for c in configs},
        {m.name: m for m in (model(number) for number in range(1, 10))},
        running=running,
        rollouts=rollouts,
        held=held,
        older_than=WEEK,
        now=NOW,
    )


def names(found: Orphans) -> list[str]:
    return [o.name for o in found.configs]


def test_what_runs_and_the_last_ways_back_stay_and_the_rest_goes_with_its_models() -> None:
    chain = [config(number) for number in range(1, 8)]
    found = among(*chain, running={name_of(7)})
    assert names(found) == [name_of(n) for n in range(1, 7 - KEPT_GENERATIONS)]
    kept = {name_of(n) for n in range(7 - KEPT_GENERATIONS, 8)}
    assert not kept & {o.name for o in found.all}
    assert {o.name for o in found.models} == {name_of(n) for n in (1, 2, 3, 8, 9)}


def test_what_people_made_stays_whatever_it_is_called() -> None:
    untagged = config(1, rollout_id=None)
    unlike_ours = config(2, name="sentiment-prod-config-2")
    assert names(among(untagged, unlike_ours, running=set())) == []


def test_a_model_that_a_config_of_peoples_names_stays() -> None:
    by_hand = config(1, name="by-hand", rollout_id=None, models=(name_of(4),))
    assert name_of(4) not in {o.name for o in among(by_hand, running=set()).models}


def test_what_is_young_stays() -> None:
    young = config(1, created=NOW - timedelta(days=6))
    assert names(among(young, running=set())) == []


def test_what_a_rollout_was_about_lately_stays_however_old_it_is() -> None:
    plan = at(Phase.SUCCEEDED).plan
    assert plan is not None
    lately = at(Phase.SUCCEEDED, plan=plan.model_copy(update={"current_config": name_of(1)}))
    assert names(among(config(1), running=set(), rollouts=(lately,))) == []
    assert names(among(config(1), running=set())) == [name_of(1)]


def test_what_an_active_rollout_is_about_stays_however_long_it_takes() -> None:
    ages = NOW - timedelta(days=30)
    active = opened(now=ages, rollback_to=name_of(1))
    assert names(among(config(1), running=set(), rollouts=(active,))) == []


def test_what_a_hold_is_about_stays() -> None:
    assert names(among(config(1), running=set(), held=("rabcde01",))) == []


def test_a_deleted_endpoint_can_be_restored_and_rolled_back_within_the_window() -> None:
    chain = [config(1), config(2, torn_down=NOW - timedelta(days=6))]
    assert names(among(*chain, running=set())) == []
    forgotten = [config(1), config(2, torn_down=NOW - timedelta(days=8))]
    assert names(among(*forgotten, running=set())) == [name_of(1), name_of(2)]


def test_a_teardown_that_could_leave_no_note_is_known_by_its_rollout() -> None:
    plan = at(Phase.SUCCEEDED).plan
    assert plan is not None
    gone = plan.model_copy(update={"current_config": name_of(2), "target_config": ""})
    teardown = at(Phase.SUCCEEDED, kind=Kind.TEARDOWN, plan=gone)
    assert names(among(config(1), config(2), running=set(), rollouts=(teardown,))) == []


def test_leftovers_are_told_by_endpoint() -> None:
    assert endpoint_part(name_of(1)) == "sentiment-prod"
    assert endpoint_part("made-by-hand") == "made-by-hand"
