"""Small values: plans, endpoints, the board, errands, verdicts."""

import re
from itertools import product

import pytest
from fakes.clock import NOW
from fakes.records import CURRENT, TARGET, a_blocked_plan, a_plan, a_snapshot
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from bot.domain.endpoint import ApprovalStatus, ConfigRecord, EndpointStatus, ModelPackage, ModelRecord
from bot.domain.errand import rollout_id_for, short_id
from bot.domain.names import RolloutId
from bot.domain.verdict import Measurement, Window


def test_a_plan_with_a_blocker_is_blocked() -> None:
    assert a_blocked_plan().is_blocked
    assert not a_plan().is_blocked


@pytest.mark.parametrize(("status", "config"), list(product(EndpointStatus, (CURRENT, TARGET))))
def test_in_service_alone_is_not_success(status: EndpointStatus, config: str) -> None:
    is_there = status is EndpointStatus.IN_SERVICE and config == TARGET
    assert a_snapshot(status, config).is_on(TARGET) is is_there


def test_an_endpoint_moves_to_what_is_pending() -> None:
    assert a_snapshot(pending=TARGET).is_moving_to(TARGET)
    assert not a_snapshot(pending=TARGET).is_moving_to(CURRENT)
    assert not a_snapshot().is_moving_to(TARGET)


def test_a_models_containers_are_its_primary_one_or_its_pipeline() -> None:
    def containers(**document: object) -> list[object]:
        return list(ModelRecord(name="m", arn="", document=document).containers())

    assert containers(PrimaryContainer={"Image": "a"}) == [{"Image": "a"}]
    assert containers(Containers=[{"Image": "a"}, {"Image": "b"}]) == [{"Image": "a"}, {"Image": "b"}]
    assert containers() == []


def test_a_config_has_variants_or_none() -> None:
    assert ConfigRecord(name="c", arn="", document={"ProductionVariants": [{"ModelName": "b"}]}).variants()
    assert ConfigRecord(name="c", arn="", document={}).variants() == ()


def a_package(name: str = "p", **fields: object) -> ModelPackage:
    return ModelPackage.model_validate({"arn": "arn", "name": name, "status": "Completed", "created_at": NOW, **fields})


@pytest.mark.parametrize(
    ("package", "label"),
    [
        (a_package(group="sentiment", version=4), "sentiment version 4"),
        (a_package("acme-stt-en-v2-" + "0" * 32), "acme-stt-en-v2"),
        (a_package("acme-stt-en-v2"), "acme-stt-en-v2"),
        (a_package("0" * 32), "0" * 32),
        (a_package("p", group="sentiment"), "p"),
    ],
)
def test_packages_are_called_what_people_call_them(package: ModelPackage, label: str) -> None:
    assert package.label == label


@pytest.mark.parametrize(
    ("status", "approval", "deployable"),
    [
        ("Completed", ApprovalStatus.APPROVED, True),
        ("Completed", None, True),
        ("Completed", ApprovalStatus.PENDING, False),
        ("Completed", ApprovalStatus.REJECTED, False),
        ("InProgress", ApprovalStatus.APPROVED, False),
    ],
)
def test_only_completed_and_approved_packages_are_deployable(
    status: str, approval: ApprovalStatus | None, deployable: bool
) -> None:
    assert a_package(status=status, approval=approval).is_deployable is deployable


@given(st.text())
def test_ids_are_short_the_same_for_the_same_seed_and_easy_to_read_aloud(seed: str) -> None:
    assert re.fullmatch(r"[2-9a-hj-km-np-z]{10}", short_id(seed))
    assert short_id(seed) == short_id(seed)
    rollout_id = rollout_id_for(seed)
    assert TypeAdapter(RolloutId).validate_python(rollout_id) == rollout_id


def measured(**numbers: float | None) -> Measurement:
    return Measurement(window=Window(start=NOW, end=NOW), **numbers)


@pytest.mark.parametrize(
    ("measurement", "rate"),
    [
        (measured(), None),
        (measured(requests=0.0, errors_5xx=1.0), None),
        (measured(requests=100.0), 0.0),
        (measured(requests=100.0, errors_5xx=1.0, mid_stream_errors=2.0, errors_4xx=50.0), 0.03),
    ],
)
def test_the_error_rate_counts_what_the_server_did_wrong(measurement: Measurement, rate: float | None) -> None:
    assert measurement.error_rate == rate


def test_no_latency_is_not_zero() -> None:
    assert not measured().has_latency
    assert measured(p50_us=0.0).has_latency
