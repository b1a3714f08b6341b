"""gc lists and deletes what rollouts left behind, and never what runs, what is a way back, or what people made."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fakes.clock import NOW
from fakes.engine import FLEET, Engine, a_config, a_model
from fakes.failing import throttled
from fakes.records import ANNA, BEN, CARL, CURRENT, ENDPOINT
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bot.domain.endpoint import ConfigRecord
from bot.domain.errors import AccessDenied, RolloutBotError
from bot.domain.phases import Kind, Phase
from workers.cloning import target_name
from workers.lifecycle.collecting import LONGEST
from workers.lifecycle.surveying import LONGEST_SURVEY

ROLE = "arn:aws:iam::123456789012:role/sagemaker"
DECLARED = FLEET + f"    execution_role: {ROLE}\n    instance_type: ml.m5.xlarge\n    tier: staging\n"


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine(DECLARED)
    yield made
    assert made.crashes == []
    made.close()


def chained(engine: Engine, generations: int = 6) -> list[str]:
    """Configs and models as so many promotions leave them, the first of them from what people made; the last one runs."""
    names = [CURRENT]
    for number in range(1, generations + 1):
        name = target_name(ENDPOINT, f"rabcde{number:02d}", "0123456789abcdef")
        tags = {"rollout:id": f"rabcde{number:02d}", "rollout:previous-config": names[-1]}
        engine.endpoints.configs[name] = a_config(name, name, tags)
        engine.endpoints.models[name] = a_model(name).model_copy(update={"tags": tags})
        names.append(name)
    engine.endpoints.config, engine.endpoints.moved_at = names[-1], engine.clock()
    return names


def after_weeks(engine: Engine) -> None:
    for name in (*engine.endpoints.configs, *engine.endpoints.models):
        engine.leftovers.created.setdefault(name, engine.clock())
    engine.clock.tick(timedelta(days=30))


def collected(engine: Engine, *, by: str = BEN) -> list[str]:
    engine.type("gc --delete", by=by)
    return engine.leftovers.deleted


def test_the_list_counts_them_by_endpoint_and_offers_to_delete_them(engine: Engine) -> None:
    chained(engine)
    after_weeks(engine)
    engine.type("gc", by=ANNA)
    text = engine.slack.responses[-1][1]
    assert f"{ENDPOINT}: 2 endpoint configs and 2 models" in text
    assert "Delete 4" in text
    assert engine.leftovers.deleted == []


def test_what_is_old_and_beyond_the_last_ways_back_goes(engine: Engine) -> None:
    left = chained(engine)
    after_weeks(engine)
    deleted = collected(engine)
    assert deleted == [*left[1:3], *left[1:3]]  # configs, then models, which bear the same names
    assert CURRENT in engine.endpoints.configs
    assert set(left[3:]) <= set(engine.endpoints.configs)
    assert collected(engine) == deleted, "nothing is left the second time"


def test_the_way_back_works_after_everything_was_collected(engine: Engine) -> None:
    chained(engine)
    before = engine.endpoints.config
    rollout_id = engine.promoted(5)
    after_weeks(engine)
    collected(engine)
    engine.press("Roll back", by=BEN)
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK
    assert engine.endpoints.config == before


def test_nothing_young_goes(engine: Engine) -> None:
    chained(engine)
    assert collected(engine) == []


def test_only_an_approver_of_the_fleets_defaults_may_delete(engine: Engine) -> None:
    chained(engine)
    after_weeks(engine)
    assert collected(engine, by=ANNA) == []
    assert "Only an approver" in engine.slack.responses[-1][1]


def test_what_became_needed_between_the_list_and_the_deletion_stays(engine: Engine) -> None:
    """Somebody moves the endpoint back by hand while gc is at it."""
    left = chained(engine)
    after_weeks(engine)
    original = engine.leftovers.delete_config

    def moved_meanwhile(name: str) -> None:
        original(name)
        engine.endpoints.config = left[2]
        engine.endpoints.moved_at = engine.clock()

    engine.leftovers.delete_config = moved_meanwhile  # type: ignore[method-assign]
    assert left[2] not in collected(engine)
    assert left[2] in engine.endpoints.configs


def test_one_gc_deletes_for_a_while_and_says_what_is_left(engine: Engine) -> None:
    chained(engine)
    after_weeks(engine)
    original = engine.leftovers.delete_config

    def slow(name: str) -> None:
        original(name)
        engine.clock.tick(LONGEST)

    engine.leftovers.delete_config = slow  # type: ignore[method-assign]
    assert len(collected(engine)) == 1
    assert "3 more could be deleted" in engine.slack.responses[-1][1]
    assert len(collected(engine)) == 2


DENIED = AccessDenied(operation="DeleteModel", code="AccessDeniedException")


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [(DENIED, "not allowed"), (throttled("DeleteModel"), "throttled")],
    ids=["no permission", "throttled"],
)
def test_whoever_reads_that_aws_refused_a_deletion_reads_what_was_deleted_before(
    engine: Engine, refusal: RolloutBotError, reason: str
) -> None:
    left = chained(engine)
    after_weeks(engine)
    engine.leftovers.fail("delete_model", refusal)
    assert collected(engine) == left[1:3], "configs go before the models that they name"
    told = engine.slack.responses[-1][1]
    assert "deleted 2 endpoint configs that nothing needed" in told
    assert "It went no further" in told
    assert reason in told
    assert "2 more could be deleted" in told
    assert "othing was" not in told


def test_a_deletion_that_is_refused_at_once_changed_nothing_and_says_so(engine: Engine) -> None:
    chained(engine)
    after_weeks(engine)
    engine.leftovers.fail("delete_config", DENIED)
    assert collected(engine) == []
    assert engine.slack.responses[-1][1].endswith("Nothing was changed.")


def test_a_last_look_that_does_not_see_everything_stops_it_and_says_what_was_deleted(engine: Engine) -> None:
    left = chained(engine)
    after_weeks(engine)
    deleting, describing = engine.leftovers.delete_config, engine.endpoints.describe_config

    def slowly(name: str, **options: bool) -> ConfigRecord:
        engine.clock.tick(LONGEST_SURVEY)
        return describing(name, **options)

    def somebody_makes_many_more(name: str) -> None:
        deleting(name)
        engine.endpoints.configs |= {f"new-{n}": a_config(f"new-{n}", CURRENT) for n in range(3)}
        engine.endpoints.describe_config = slowly  # type: ignore[method-assign]

    engine.leftovers.delete_config = somebody_makes_many_more  # type: ignore[method-assign]
    assert collected(engine) == [left[1]]
    told = engine.slack.responses[-1][1]
    assert "deleted 1 endpoint config" in told
    assert "nothing may be deleted before everything in" in told


def test_each_deletion_stands_in_the_audit_trail(engine: Engine) -> None:
    left = chained(engine)
    after_weeks(engine)
    collected(engine)
    noted = [entry for entry in engine.store.audit.since(NOW) if "deleted" in entry]
    assert [(entry["actor"], entry["deleted"]["kind"], entry["deleted"]["name"]) for entry in noted] == [
        (BEN, kind, name) for kind in ("endpoint config", "model") for name in left[1:3]
    ]


def test_an_endpoint_that_nobody_declared_keeps_what_it_runs(engine: Engine) -> None:
    """A second survey knows what did not move; what moved is looked at again."""
    left = chained(engine)
    after_weeks(engine)
    engine.type("gc", by=ANNA)
    engine.endpoints.config, engine.endpoints.moved_at = left[1], engine.clock()
    assert left[1] not in collected(engine)


class Life(RuleBasedStateMachine):
    """Endpoints are deployed, promoted, rolled back, torn down and cleaned up after, in any order and over weeks."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = Engine(DECLARED)
        self.version = 3

    def teardown(self) -> None:
        self.engine.close()

    def _approved(self, text: str) -> None:
        self.engine.type(text)
        recent = self.engine.store.rollouts.recent(ENDPOINT, limit=1)
        if recent and recent[0].phase is Phase.AWAITING_APPROVAL:
            for by in (BEN, CARL):
                if self.engine.phase(recent[0].id) is Phase.AWAITING_APPROVAL:
                    self.engine.press("Approve", by=by)
            self.engine.play_out(recent[0].id)

    @rule()
    def promote(self) -> None:
        if self.engine.endpoints.exists:
            self.version = 9 - self.version if self.version in (4, 5) else 4
            self._approved(f"promote {ENDPOINT} --version {self.version}")

    @rule()
    def roll_back(self) -> None:
        if self.engine.endpoints.exists:
            self.engine.type(f"rollback {ENDPOINT}", by=BEN)
            recent = self.engine.store.rollouts.recent(ENDPOINT, limit=1)
            if recent and recent[0].is_active:
                self.engine.play_out(recent[0].id)

    @rule()
    def tear_down(self) -> None:
        self._approved(f'teardown {ENDPOINT} --reason "x"')

    @rule()
    def deploy(self) -> None:
        self._approved(f"deploy {ENDPOINT}")

    @rule()
    def weeks_pass(self) -> None:
        after_weeks(self.engine)

    @rule()
    def days_pass(self) -> None:
        self.engine.clock.tick(timedelta(days=3))

    @rule()
    def clean_up(self) -> None:
        self.engine.type("gc --delete", by=BEN)

    @invariant()
    def nothing_crashed(self) -> None:
        assert self.engine.crashes == []

    @invariant()
    def what_people_made_is_there(self) -> None:
        assert a_config().name in self.engine.endpoints.configs
        assert "model-v3" in self.engine.endpoints.models

    @invariant()
    def what_runs_and_its_last_way_back_are_there(self) -> None:
        endpoints = self.engine.endpoints
        needed = [endpoints.config] if endpoints.exists else []
        if endpoints.exists:
            previous = endpoints.configs[endpoints.config].tags.get("rollout:previous-config")
            needed += [previous] if previous is not None else []
        for teardown in self.engine.store.rollouts.recent(ENDPOINT, limit=1):
            is_restorable = teardown.kind is Kind.TEARDOWN and teardown.phase is Phase.SUCCEEDED
            if is_restorable and teardown.plan and self.engine.clock() - teardown.last.at < timedelta(days=7):
                needed.append(teardown.plan.current_config)
        for name in needed:
            assert name in endpoints.configs
            assert all(v["ModelName"] in endpoints.models for v in endpoints.configs[name].variants())


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=6, stateful_step_count=10, deadline=None, suppress_health_check=list(HealthCheck)
)
