"""What the board and the watch must not be wrong about."""

from datetime import timedelta

from fakes.engine import ENDPOINT, Engine
from fakes.records import BEN

from bot.domain.board import BoardState
from bot.domain.phases import Phase
from bot.domain.verdict import VerdictKind


def test_gotcha_03_a_deleted_model_is_told_before_aws_has_to_patch_the_endpoint(engine: Engine) -> None:
    del engine.endpoints.models["model-v3"]
    answer = engine.ask(f"status {ENDPOINT}")
    assert BoardState.UNPATCHABLE in answer
    assert "the model model-v3 was deleted, so AWS cannot patch its instances" in answer


def test_gotcha_03_a_deleted_config_is_told_too(engine: Engine) -> None:
    engine.endpoints.configs.clear()
    assert f"{ENDPOINT}: {BoardState.UNPATCHABLE}" in engine.ask("status").replace("*", "")
    answer = engine.ask(f"status {ENDPOINT}")
    assert "create a config by hand and update the endpoint to it, once." in answer


def test_gotcha_27_wrong_requests_of_callers_are_no_fault_of_the_new_fleet(engine: Engine) -> None:
    assert engine.metrics.requests is not None
    engine.metrics.client_errors = engine.metrics.requests / 2
    verdict = engine.rollout(engine.promoted()).verdict
    assert verdict is not None
    assert verdict.kind is not VerdictKind.REGRESSED


def test_gotcha_27_what_fails_in_the_fleet_is_its_fault(engine: Engine) -> None:
    assert engine.metrics.requests is not None
    engine.metrics.errors = engine.metrics.requests / 2
    rollout_id = engine.promote()
    engine.press("Approve", by=BEN)
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK
    verdict = engine.rollout(rollout_id).verdict
    assert verdict is not None
    assert verdict.kind is VerdictKind.REGRESSED


def test_gotcha_23_the_numbers_of_before_stay_in_the_record_when_cloudwatch_forgets_them(engine: Engine) -> None:
    rollout_id = engine.promoted()
    engine.clock.now += timedelta(days=400)
    kept = engine.rollout(rollout_id).comparison
    assert kept is not None
    assert kept.before.p50_us is not None
