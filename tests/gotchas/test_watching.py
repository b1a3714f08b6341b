"""What the board and the watch must not be wrong about."""

from datetime import timedelta

from fakes.engine import ENDPOINT, Engine
from fakes.records import a_comparison, at

from bot.domain.board import BoardState
from bot.domain.phases import Phase
from bot.domain.verdict import VerdictKind
from workers.judge import judge


def test_gotcha_03_a_deleted_model_is_told_before_aws_has_to_patch_the_endpoint(engine: Engine) -> None:
    del engine.endpoints.models["model-v3"]
    answer = engine.ask(f"status {ENDPOINT}")
    assert BoardState.UNPATCHABLE in answer
    assert "the model model-v3 was deleted, so AWS cannot patch its instances" in answer


def test_gotcha_03_a_deleted_config_is_told_too(engine: Engine) -> None:
    engine.endpoints.configs.clear()
    answer = engine.ask("status")
    assert f"{ENDPOINT}: {BoardState.UNPATCHABLE}" in answer.replace("*", "")
    assert "create a config by hand and update the endpoint to it, once." in answer


def test_gotcha_27_wrong_requests_of_callers_are_no_fault_of_the_new_fleet() -> None:
    watch = at(Phase.WATCHING).watch
    compared = a_comparison()
    requests = compared.after.requests
    assert requests is not None
    refused = compared.model_copy(update={"after": compared.after.model_copy(update={"errors_4xx": requests / 2})})
    assert judge(refused, watch) == judge(compared, watch)
    broken = compared.model_copy(update={"after": compared.after.model_copy(update={"errors_5xx": requests / 2})})
    assert judge(broken, watch).kind is VerdictKind.REGRESSED


def test_gotcha_23_the_numbers_of_before_stay_in_the_record_when_cloudwatch_forgets_them(engine: Engine) -> None:
    rollout_id = engine.promoted()
    engine.clock.now += timedelta(days=400)
    kept = engine.rollout(rollout_id).comparison
    assert kept is not None
    assert kept.before.p50_us is not None
