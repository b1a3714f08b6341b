"""A serverless endpoint that somebody made smaller by hand: it is brought back to the fleet file, and a rollback undoes that."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fakes.account import rolled_back
from fakes.engine import HOME
from fakes.estate import EstateEngine, package_of
from fakes.records import ANNA, BEN

from bot.domain.commands import Change
from bot.domain.endpoint import VariantState
from bot.domain.phases import Kind, Phase
from bot.domain.rollout import Rollout
from bot.domain.serverless import ServerlessSize
from workers.rounds import RoundName

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
  a:
    kind: serverless
    model_package_group: sentiment
    policy: POLICY
    serverless: {{memory_mb: 3072, max_concurrency: 20}}
"""
V3, V4 = package_of("sentiment", 3), package_of("sentiment", 4)
BY_HAND = {"MemorySizeInMB": 1024, "MaxConcurrency": 20}
AS_DECLARED = {"MemorySizeInMB": 3072, "MaxConcurrency": 20}
"""What the file does not say, ProvisionedConcurrency, stays away."""


class Serverless(EstateEngine):
    """One serverless endpoint, called a, that somebody made smaller."""

    def __init__(self, policy: str = "ask", versions=(V3,), **size: int) -> None:
        super().__init__(FLEET.replace("POLICY", policy), {"a": V3}, versions)
        made = self.estate["a"]
        config = self.estate.configs[made.config]
        variant = {"VariantName": "AllTraffic", "ModelName": "a-model", "ServerlessConfig": {**BY_HAND, **size}}
        self.estate.configs[made.config] = config.model_copy(update={"document": {"ProductionVariants": [variant]}})
        made.variants = (VariantState(name="AllTraffic", weight=1.0),)

    @property
    def size(self) -> dict[str, int]:
        """The one that runs."""
        (variant,) = self.estate.describe_config(self.estate["a"].config).variants()
        return dict(variant["ServerlessConfig"])

    def rollouts(self) -> tuple[Rollout, ...]:
        return self.store.rollouts.recent("a", limit=50)

    def look(self) -> None:
        """A census and a round of the manager, and what is due at once after it."""
        for name in (RoundName.REVIVE, RoundName.CENSUS, RoundName.TAGS, RoundName.MANAGE):
            self.parts.rounds.rounds[name].run()
        self.settle()

    def go_on(self, time: timedelta) -> None:
        """Let time pass, with a look every five minutes."""
        end = self.clock() + time
        while self.clock() < end:
            until = min(self.clock() + timedelta(minutes=5), end)
            self.play(lambda: False, limit=until - self.clock())
            self.clock.now = until
            self.look()


@pytest.fixture
def made() -> Iterator:
    engines: list[Serverless] = []

    def make(*args, **size: int) -> Serverless:
        engines.append(Serverless(*args, **size))
        return engines[-1]

    yield make
    for engine in engines:
        engine.close()


def test_sync_brings_the_size_back_once_somebody_approved_the_plan_that_shows_it(made):
    engine = made("manual")
    answer = engine.ask("sync a")
    (rollout,) = engine.rollouts()
    assert f"a: rollout {rollout.id} is opened" in answer
    assert rollout.change == Change(serverless=ServerlessSize(memory_mb=3072))
    assert rollout.plan is not None
    assert [(d.path, d.before, d.after) for d in rollout.plan.differences] == [
        ("AllTraffic.ServerlessConfig.MemorySizeInMB", "1024", "3072")
    ]
    assert rollout.plan.new_models == {}
    engine.press("Approve", by=BEN)
    engine.go_on(timedelta(minutes=30))
    (rollout,) = engine.rollouts()
    assert rollout.phase is Phase.SUCCEEDED
    assert engine.size == AS_DECLARED
    assert "Nothing to do on a: it is as the fleet file and the registry say." in engine.ask("sync a")


def test_under_auto_it_comes_by_itself_and_together_with_a_version(made):
    engine = made("auto", (V3, V4))
    engine.go_on(timedelta(minutes=30))
    (rollout,) = engine.rollouts()
    assert rollout.change == Change(package=V4.arn, serverless=ServerlessSize(memory_mb=3072))
    assert (rollout.phase, engine.size) == (Phase.SUCCEEDED, AS_DECLARED)


def test_a_rollback_brings_the_size_of_before_and_it_is_not_proposed_again(made):
    engine = made("ask")
    engine.look()
    engine.press("Approve", by=BEN)
    engine.go_on(timedelta(minutes=30))
    assert engine.size == AS_DECLARED
    engine.type("rollback a", by=ANNA)
    engine.press("Approve", by=BEN)
    engine.go_on(timedelta(minutes=30))
    assert engine.size == BY_HAND
    assert [(r.kind, r.phase) for r in engine.rollouts()] == [
        (Kind.ROLLBACK, Phase.ROLLED_BACK),
        (Kind.UPDATE, Phase.ROLLED_BACK),
    ]
    assert "a: DRIFTED" in engine.ask("status a")


def test_more_kept_warm_than_the_file_lets_be_served_is_blocked_with_what_to_write(made):
    engine = made("ask", MaxConcurrency=50, ProvisionedConcurrency=30)
    engine.look()
    (rollout,) = engine.rollouts()
    assert rollout.phase is Phase.BLOCKED
    assert rollout.plan is not None
    (blocker,) = rollout.plan.blockers
    assert "30 at once would be kept warm, of 20" in blocker.text
    assert engine.estate.updates() == 0


def test_what_moved_after_the_approval_is_not_overwritten(made):
    engine = made("ask")
    engine.look()
    config = engine.estate.configs[engine.estate["a"].config]
    variant = {**config.variants()[0], "ServerlessConfig": {**BY_HAND, "MaxConcurrency": 10}}
    engine.estate.configs["by-hand"] = config.model_copy(
        update={"name": "by-hand", "document": {"ProductionVariants": [variant]}}
    )
    engine.estate["a"].config = "by-hand"
    engine.press("Approve", by=BEN)
    engine.play(lambda: False, limit=timedelta(minutes=2))
    assert engine.estate.updates() == 0


def test_an_update_that_sagemaker_undoes_leaves_the_size_as_it_was(made):
    engine = made("auto")
    engine.estate["a"].plays((rolled_back("Failed."),))
    engine.go_on(timedelta(minutes=15))
    (rollout,) = engine.rollouts()
    assert (rollout.phase, engine.size) == (Phase.ROLLED_BACK_BY_AWS, BY_HAND)
