"""The store is emptied while SageMaker creates an endpoint: what its plan promised comes to be all the same."""

from collections.abc import Iterator

import pytest
from fakes.account import CREATING, SETTLED
from fakes.emptied import empty
from fakes.engine import FLEET, Engine
from fakes.records import ANNA, BEN, ENDPOINT

from bot.domain.phases import Kind, Phase

DECLARED = FLEET.replace(
    "    model_package_group: sentiment\n",
    "    model_package_group: sentiment\n    execution_role: arn:aws:iam::123456789012:role/sagemaker\n"
    "    instance_type: ml.m5.xlarge\n    instance_count: 2\n"
    "    autoscaling: {min: 2, max: 6, target: 200}\n    alarms: {p99_ms: 800}\n",
)


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine(DECLARED)
    made.endpoints.exists = False
    yield made
    assert made.crashes == []
    made.close()


def test_a_creation_is_followed_to_its_end_with_its_autoscaling_and_its_alarms(engine: Engine) -> None:
    engine.endpoints.plays((*[CREATING] * 6, SETTLED))
    engine.type(f"deploy {ENDPOINT}")
    rollout_id = engine.store.rollouts.recent(ENDPOINT)[0].id
    engine.press("Approve", by=BEN)
    engine.play(lambda: engine.endpoints.count("create") == 1 and engine.rollout(rollout_id).called_at is not None)
    engine.tell()
    empty(engine)
    revived = engine.rollout(rollout_id)
    assert (revived.kind, revived.phase, revived.restored, revived.requester) == (
        Kind.CREATE,
        Phase.UPDATING,
        True,
        ANNA,
    )
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    engine.play(lambda: "AllTraffic" in engine.autoscaling.targets)
    assert engine.autoscaling.targets["AllTraffic"].maximum == 6
    assert list(engine.alarms.known) == [f"bot-{ENDPOINT}.p99"]
    assert engine.endpoints.count("create") == 1
