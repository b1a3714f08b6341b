"""The registry gateway against botocore's service model."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.domain.endpoint import ApprovalStatus
from bot.domain.errors import ResourceBusy, ResourceMissing
from workers.gateways.registry import ModelRegistry

from .clients import make_client, scripted

THEN = datetime(2026, 11, 1, tzinfo=UTC)
ACCOUNT = "arn:aws:sagemaker:us-east-1:123456789012"
ACME = "arn:aws:sagemaker:us-east-1:865070037744:model-package/acme-stt-en-v1-0123456789abcdef0123456789abcdef"


SOURCE = {"S3Uri": "s3://models/v5/", "S3DataType": "S3Prefix", "CompressionType": "None"}


def summary(version: int, status: str = "Completed", approval: str = "Approved") -> dict[str, Any]:
    return {
        "ModelPackageName": "sentiment",
        "ModelPackageGroupName": "sentiment",
        "ModelPackageVersion": version,
        "ModelPackageArn": f"{ACCOUNT}:model-package/sentiment/{version}",
        "CreationTime": THEN,
        "ModelPackageStatus": status,
        "ModelApprovalStatus": approval,
    }


def described(**members: Any) -> dict[str, Any]:
    return {"ModelPackageStatusDetails": {"ValidationStatuses": []}, **members}


def test_version_is_described_without_its_model_card() -> None:
    answer = described(
        **summary(4, approval="PendingManualApproval"),
        ModelPackageDescription="better",
        InferenceSpecification={
            "Containers": [
                {"Image": "repo:4", "ModelDataUrl": "s3://models/v4/model.tar.gz"},
                {"Image": "repo:5", "ModelDataSource": {"S3DataSource": SOURCE}},
                {"Image": "repo:6"},
            ],
            "SupportedRealtimeInferenceInstanceTypes": ["ml.m5.xlarge", "ml.m5.2xlarge"],
        },
    )
    with scripted("sagemaker") as (client, script):
        asked = {"ModelPackageName": answer["ModelPackageArn"], "IncludedData": "MetadataOnly"}
        script.add_response("describe_model_package", answer, asked)
        package = ModelRegistry(client).describe_package(answer["ModelPackageArn"])
    assert (package.group, package.version, package.approval) == ("sentiment", 4, ApprovalStatus.PENDING)
    assert package.instance_types == ("ml.m5.xlarge", "ml.m5.2xlarge")
    assert package.model_data == ("s3://models/v4/model.tar.gz", "s3://models/v5/")
    assert (package.is_marketplace, package.description, package.is_deployable) == (False, "better", False)


def test_a_product_id_in_any_container_makes_a_marketplace_package() -> None:
    answer = described(
        ModelPackageName=ACME.rpartition("/")[2],
        ModelPackageArn=ACME,
        CreationTime=THEN,
        ModelPackageStatus="Completed",
        InferenceSpecification={"Containers": [{"Image": "a"}, {"Image": "b", "ProductId": "prod-abc"}]},
    )
    with scripted("sagemaker") as (client, script):
        script.add_response("describe_model_package", answer)
        package = ModelRegistry(client).describe_package(ACME)
    assert (package.is_marketplace, package.product_id) == (True, "prod-abc")
    assert (package.approval, package.version, package.is_deployable) == (None, None, True)
    assert package.label == "acme-stt-en-v1"


def test_approved_versions_are_read_over_all_pages_newest_first() -> None:
    asked = {
        "ModelPackageGroupName": "sentiment",
        "ModelApprovalStatus": "Approved",
        "SortBy": "CreationTime",
        "SortOrder": "Descending",
        "MaxResults": 100,
    }
    with scripted("sagemaker") as (client, script):
        # Version 3 was created after version 4: SageMaker numbers when registration begins.
        first = {"ModelPackageSummaryList": [summary(3), summary(4)], "NextToken": "more"}
        script.add_response("list_model_packages", first, asked)
        script.add_response(
            "list_model_packages", {"ModelPackageSummaryList": [summary(1)]}, {**asked, "NextToken": "more"}
        )
        versions = ModelRegistry(client).list_versions("sentiment", ApprovalStatus.APPROVED)
    assert [package.version for package in versions] == [4, 3, 1]


def test_versions_of_every_approval_are_read_when_none_is_named() -> None:
    with scripted("sagemaker") as (client, script):
        asked = {
            "ModelPackageGroupName": "sentiment",
            "SortBy": "CreationTime",
            "SortOrder": "Descending",
            "MaxResults": 100,
        }
        found = [summary(2, approval="Rejected"), summary(1, status="Failed")]
        script.add_response("list_model_packages", {"ModelPackageSummaryList": found}, asked)
        versions = ModelRegistry(client).list_versions("sentiment")
    assert [(p.approval, p.is_completed) for p in versions] == [
        (ApprovalStatus.REJECTED, True),
        (ApprovalStatus.APPROVED, False),
    ]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("ValidationException", "Model Package Group sentiment does not exist."),
        ("ValidationException", "ModelPackageGroup arn:aws:sagemaker:x does not exist."),
        ("ResourceNotFound", "gone"),
    ],
)
def test_missing_group_is_named(code: str, message: str) -> None:
    with scripted("sagemaker") as (client, script):
        script.add_client_error("list_model_packages", code, message)
        with pytest.raises(ResourceMissing) as caught:
            ModelRegistry(client).list_versions("sentiment")
    assert (caught.value.kind, caught.value.name) == ("model package group", "sentiment")


def test_every_approval_status_of_botocores_model_is_known() -> None:
    statuses = make_client("sagemaker").meta.service_model.shape_for("ModelApprovalStatus").enum
    assert {status.value for status in ApprovalStatus} == set(statuses)


def test_missing_version_is_named() -> None:
    with scripted("sagemaker") as (client, script):
        script.add_client_error("describe_model_package", "ValidationException", f"ModelPackage {ACME} does not exist.")
        with pytest.raises(ResourceMissing) as caught:
            ModelRegistry(client).describe_package(ACME)
    assert (caught.value.kind, caught.value.name) == ("model package", ACME)


def test_who_changed_a_version_last_and_why_is_told() -> None:
    reviewer = "arn:aws:sts::123456789012:assumed-role/ml-reviewers/anna"
    answer = described(
        **summary(4),
        ApprovalDescription="good on the holdout set",
        LastModifiedTime=THEN,
        LastModifiedBy={"IamIdentity": {"Arn": reviewer}},
        CustomerMetadataProperties={"mlflow.run_id": "0a1b"},
    )
    with scripted("sagemaker") as (client, script):
        script.add_response("describe_model_package", answer)
        package = ModelRegistry(client).describe_package(answer["ModelPackageArn"])
    assert (package.approval_note, package.modified_at, package.modified_by) == (
        "good on the holdout set",
        THEN,
        reviewer,
    )
    assert package.properties == {"mlflow.run_id": "0a1b"}


@pytest.mark.parametrize(
    ("context", "who"),
    [({"UserProfileName": "anna", "UserProfileArn": "arn:aws:sagemaker:x"}, "arn:aws:sagemaker:x"), ({}, "")],
)
def test_somebody_in_studio_is_known_by_their_profile(context: dict[str, str], who: str) -> None:
    answer = described(**summary(4), LastModifiedBy=context)
    with scripted("sagemaker") as (client, script):
        script.add_response("describe_model_package", answer)
        assert ModelRegistry(client).describe_package(answer["ModelPackageArn"]).modified_by == who


def test_a_version_is_approved_with_a_note_that_sagemaker_takes() -> None:
    arn = f"{ACCOUNT}:model-package/sentiment/4"
    asked = {"ModelPackageArn": arn, "ModelApprovalStatus": "Approved", "ApprovalDescription": "x" * 1024}
    with scripted("sagemaker") as (client, script):
        script.add_response("update_model_package", {"ModelPackageArn": arn}, asked)
        ModelRegistry(client).set_approval(arn, ApprovalStatus.APPROVED, "x" * 2000)


def test_two_who_decide_at_the_same_moment_conflict() -> None:
    arn = f"{ACCOUNT}:model-package/sentiment/4"
    with scripted("sagemaker") as (client, script):
        script.add_client_error("update_model_package", "ConflictException", "There was a conflict.")
        with pytest.raises(ResourceBusy):
            ModelRegistry(client).set_approval(arn, ApprovalStatus.REJECTED, "no")
