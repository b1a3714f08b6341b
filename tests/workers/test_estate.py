"""The estate of fakes itself: many endpoints in one engine."""

from fakes.engine import HOME
from fakes.estate import EstateEngine, package_of
from fakes.records import BEN, CARL

from bot.domain.commands import Change
from bot.domain.errand import rollout_id_for
from bot.domain.phases import Kind, Phase
from workers.opening import OpeningUnasked, Unprompted

FLEET = f"""
version: 1
defaults:
  region: us-east-1
  channel: {HOME}
  approval: {{users: [{BEN}, {CARL}]}}
  watch: {{duration: 5m, warm_up: 1m, metric_period: 30s}}
  timing: {{poll: 15s, settle: 10s, lease: 10s}}
endpoints:
  a: {{model_package_group: one}}
  b: {{model_package_group: two}}
"""


def test_an_endpoint_of_many_is_changed_and_the_others_are_not():
    one, two = package_of("one", 1), package_of("two", 1)
    engine = EstateEngine(FLEET, {"a": one, "b": two}, [one, two, package_of("two", 2)])
    wanted = Unprompted(
        id=rollout_id_for("a test"),
        kind=Kind.UPDATE,
        change=Change(version="latest"),
        channel=HOME,
        reason="two version 2 is approved",
        approval_needed=False,
    )
    rollout = OpeningUnasked(engine.world).open(engine.world.fleet.endpoint("b"), wanted)
    assert engine.play_out(rollout.id) is Phase.SUCCEEDED
    assert engine.estate["b"].updates == [engine.rollout(rollout.id).target_config]
    assert engine.estate["a"].updates == []
    engine.close()
