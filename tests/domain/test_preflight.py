"""Preflight by tables: what each check finds, and what it says to do about it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from fakes.clock import NOW
from fakes.records import CURRENT, TARGET, a_snapshot

from bot.domain.endpoint import BUSY_STATUSES, ApprovalStatus, ConfigRecord, EndpointStatus, ModelPackage
from bot.domain.fleet import Approval, EndpointSpec, StepSize, Strategy
from bot.domain.plan import Difference, Finding, Level
from bot.domain.preflight import CHECKS, Facts, run_preflight
from bot.domain.rollout import Kind


def a_config(name: str, *variants: str) -> ConfigRecord:
    produced = [{"VariantName": v, "ModelName": "m", "InstanceType": "ml.m5.xlarge"} for v in variants]
    return ConfigRecord(name=name, arn=f"arn:{name}", document={"ProductionVariants": produced})


def a_package(**fields: Any) -> ModelPackage:
    values = {"arn": "arn:v4", "name": "sentiment", "group": "sentiment", "version": 4, "status": "Completed"}
    return ModelPackage(**{**values, "approval": ApprovalStatus.APPROVED, "created_at": NOW, **fields})


def a_spec(**fields: Any) -> EndpointSpec:
    values = {"name": "sentiment-prod", "model_package_group": "sentiment", "approval": Approval(users=("U0BEN",))}
    return EndpointSpec(**{**values, **fields})


UPDATE = Facts(
    spec=a_spec(),
    kind=Kind.UPDATE,
    snapshot=a_snapshot(),
    current_config=a_config(CURRENT, "AllTraffic"),
    target_config=a_config(TARGET, "AllTraffic"),
    target_config_name=TARGET,
    differences=(Difference(path="x", before="3", after="4"),),
    package=a_package(),
    models={"m": True},
    instance_types=frozenset({"ml.m5.xlarge"}),
)
ROLLBACK = replace(UPDATE, kind=Kind.ROLLBACK, differences=(), package=None)
MARKETPLACE = "arn:aws:sagemaker:us-east-1:865070037744:model-package/stt-v1"


def found(facts: Facts) -> Mapping[str, Finding]:
    findings = run_preflight(facts)
    by_check = {f.check: f for f in findings}
    assert len(by_check) == len(findings), "each check answers once"
    return by_check


def test_a_sound_change_is_ok_throughout_and_reads_in_order() -> None:
    findings = run_preflight(UPDATE)
    assert [f.check for f in findings] == ["in_service", "variant_names", "version_approved", "way_back"]
    assert {f.level for f in findings} == {Level.OK}


def test_whatever_is_not_ok_says_what_to_do() -> None:
    facts = replace(
        UPDATE,
        differences=(),
        snapshot=a_snapshot(EndpointStatus.FAILED),
        target_config=a_config(TARGET, "Other"),
        spec=a_spec(variant="Missing", strategy=Strategy(type="canary", size=StepSize(unit="percent", value=10))),
        package=a_package(status="Pending", instance_types=("ml.g5.xlarge",)),
        models={"m": False},
    )
    findings = run_preflight(facts)
    assert len(findings) == len(CHECKS) - 1  # this endpoint has no track
    assert all(f.next_step for f in findings)


def test_nothing_to_change_is_said_first() -> None:
    first = run_preflight(replace(UPDATE, differences=()))[0]
    assert (first.check, first.level) == ("something_changes", Level.BLOCKER)
    assert "something_changes" not in found(ROLLBACK)


@pytest.mark.parametrize("status", list(EndpointStatus))
@pytest.mark.parametrize("facts", [UPDATE, ROLLBACK])
def test_only_an_endpoint_in_service_may_be_changed(status: EndpointStatus, facts: Facts) -> None:
    finding = found(replace(facts, snapshot=a_snapshot(status)))["in_service"]
    assert status.value in finding.text
    if status is EndpointStatus.IN_SERVICE:
        assert finding.level is Level.OK
    elif status is EndpointStatus.UPDATE_ROLLBACK_FAILED and facts.kind is Kind.ROLLBACK:
        assert finding.level is Level.WARNING
    else:
        assert finding.level is Level.BLOCKER
        assert ("Ask again when" in finding.next_step) is (status in BUSY_STATUSES)


def test_variants_keep_their_names() -> None:
    finding = found(replace(UPDATE, target_config=a_config(TARGET, "AllTraffic", "Extra")))["variant_names"]
    assert finding.level is Level.BLOCKER
    assert "AllTraffic now, AllTraffic, Extra in the target config" in finding.text


def test_the_fleet_file_must_name_a_variant_that_is_there() -> None:
    finding = found(replace(UPDATE, spec=a_spec(variant="Main")))["declared_variant"]
    assert finding.text == "The fleet file names the variant Main, but the endpoint has AllTraffic."


@pytest.mark.parametrize(
    ("fields", "level", "words"),
    [
        ({}, Level.OK, "sentiment version 4 is Approved and Completed."),
        ({"approval": ApprovalStatus.REJECTED}, Level.BLOCKER, "is Rejected, not Approved"),
        ({"approval": ApprovalStatus.PENDING}, Level.BLOCKER, "is PendingManualApproval, not Approved"),
        ({"status": "InProgress"}, Level.BLOCKER, "is InProgress, not Completed"),
        ({"approval": None}, Level.OK, "Marketplace packages have no approval state"),
    ],
)
def test_a_version_must_be_completed_and_approved(fields: dict[str, Any], level: Level, words: str) -> None:
    finding = found(replace(UPDATE, package=a_package(**fields)))["version_approved"]
    assert finding.level is level
    assert words in finding.text


def test_a_change_of_settings_asks_nothing_about_versions() -> None:
    assert not {"version_approved", "track", "instance_type"} & found(replace(UPDATE, package=None)).keys()


def test_a_package_off_the_track_is_a_warning() -> None:
    spec = a_spec(track=(MARKETPLACE,), model_package_group=None)
    assert found(replace(UPDATE, spec=spec))["track"].level is Level.WARNING
    assert "track" not in found(replace(UPDATE, spec=spec, package=a_package(arn=MARKETPLACE)))


@pytest.mark.parametrize(
    ("supported", "level"),
    [((), None), (("ml.m5.xlarge",), Level.OK), (("ml.g5.xlarge", "ml.g5.2xlarge"), Level.BLOCKER)],
)
def test_the_instance_type_must_be_supported(supported: tuple[str, ...], level: Level | None) -> None:
    finding = found(replace(UPDATE, package=a_package(instance_types=supported))).get("instance_type")
    assert (finding and finding.level) == level


def test_nothing_is_said_of_instance_types_where_there_are_none() -> None:
    facts = replace(UPDATE, package=a_package(instance_types=("ml.g5.xlarge",)), instance_types=frozenset())
    assert "instance_type" not in found(facts)


@pytest.mark.parametrize(
    ("facts", "level", "words"),
    [
        (UPDATE, Level.OK, f"The way back is there: config {CURRENT}"),
        (replace(UPDATE, models={"m": False}), Level.WARNING, "the model m was deleted"),
        (replace(UPDATE, models={"m": False, "a": False}), Level.WARNING, "the models a, m were deleted"),
        (ROLLBACK, Level.OK, f"The config {TARGET} and its models exist."),
        (replace(ROLLBACK, target_config=None), Level.BLOCKER, f"The config {TARGET} was deleted"),
        (replace(ROLLBACK, models={"m": False}), Level.BLOCKER, "is there, but its model m was deleted"),
        (replace(ROLLBACK, models={"m": False, "a": False}), Level.BLOCKER, "its models a, m were deleted"),
    ],
)
def test_the_way_back_is_looked_at_before_it_is_needed(facts: Facts, level: Level, words: str) -> None:
    finding = found(facts)["way_back"]
    assert finding.level is level
    assert words in finding.text


def test_a_strategy_that_is_not_used_is_said_for_updates() -> None:
    declared = a_spec(strategy=Strategy(type="canary", size=StepSize(unit="percent", value=10)))
    assert found(replace(UPDATE, spec=declared))["strategy"].level is Level.WARNING
    assert "strategy" not in found(replace(ROLLBACK, spec=declared))
