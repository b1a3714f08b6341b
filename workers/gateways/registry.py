"""The model registry: package groups, their versions, and AWS Marketplace packages."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from bot.domain.endpoint import ApprovalStatus, Document, ModelPackage
from workers.gateways.aws_errors import Subject, translated

VERSIONS_LIMIT = 1000
"""Newest versions of a group that are read; what is older than these nobody promotes, and a page costs a request."""

NOTE_LIMIT = 1024
"""Characters of an ApprovalDescription; botocore does not check it."""

_PAGE = 100


class ModelRegistry:
    """`ports.Registry` for one account and region; packages and groups of other accounts by their ARN."""

    def __init__(self, client: Any) -> None:
        """Take a boto3 `sagemaker` client. It may retry by itself: to approve or reject twice comes to the same."""
        self._client = client

    def describe_package(self, arn: str) -> ModelPackage:
        """A version of a group, or an unversioned package. Raises ResourceMissing(kind="model package")."""
        with translated("DescribeModelPackage", Subject("model package", arn)):
            # Everything but the text of the model card, for which the role might need kms:Decrypt.
            answer = self._client.describe_model_package(ModelPackageName=arn, IncludedData="MetadataOnly")
        inference = answer.get("InferenceSpecification", {})
        product_id = _product_id(inference)
        return _package(answer).model_copy(
            update={
                "is_marketplace": product_id is not None,
                "product_id": product_id,
                "instance_types": tuple(inference.get("SupportedRealtimeInferenceInstanceTypes", ())),
                "model_data": tuple(_model_data(inference)),
                "approval_note": answer.get("ApprovalDescription") or None,
                "modified_at": _utc(answer.get("LastModifiedTime")),
                "modified_by": _who(answer.get("LastModifiedBy", {})),
                "quality_report": answer.get("ModelMetrics", {})
                .get("ModelQuality", {})
                .get("Statistics", {})
                .get("S3Uri"),
                "properties": answer.get("CustomerMetadataProperties", {}),
            }
        )

    def set_approval(self, arn: str, status: ApprovalStatus, note: str) -> None:
        """Approve or reject a version of a group; what was noted before is overwritten.

        Raises:
            ResourceMissing: kind="model package".
            ResourceBusy: somebody else changed it at the same moment.
        """
        with translated("UpdateModelPackage", Subject("model package", arn)):
            self._client.update_model_package(
                ModelPackageArn=arn, ModelApprovalStatus=status.value, ApprovalDescription=note[:NOTE_LIMIT]
            )

    def list_versions(self, group: str, approval: ApprovalStatus | None = None) -> tuple[ModelPackage, ...]:
        """Versions of a group, newest first; without instance types, which only `describe_package` knows.

        Raises:
            ResourceMissing: kind="model package group".
        """
        request: dict[str, Any] = {
            "ModelPackageGroupName": group,
            "SortBy": "CreationTime",
            "SortOrder": "Descending",  # SageMaker's default is the oldest first
            "PaginationConfig": {"PageSize": _PAGE, "MaxItems": VERSIONS_LIMIT},
        }
        if approval is not None:
            request["ModelApprovalStatus"] = approval.value
        with translated("ListModelPackages", Subject("model package group", group)):
            pages = self._client.get_paginator("list_model_packages").paginate(**request)
            summaries = [summary for page in pages for summary in page["ModelPackageSummaryList"]]
        return tuple(sorted((_package(s) for s in summaries), key=lambda p: p.version or 0, reverse=True))


def _package(answer: Document) -> ModelPackage:
    """What a summary and a description have in common."""
    approval = answer.get("ModelApprovalStatus")
    group, version = answer.get("ModelPackageGroupName"), answer.get("ModelPackageVersion")
    arn = answer["ModelPackageArn"]
    return ModelPackage(
        arn=arn,
        name=answer.get("ModelPackageName") or group or arn.rpartition("/")[2],
        group=group,
        version=version,
        status=answer["ModelPackageStatus"],
        # Unversioned packages have no approval to wait for, whatever SageMaker may fill in.
        approval=ApprovalStatus(approval) if approval and version is not None else None,
        created_at=answer["CreationTime"].astimezone(UTC),
        description=answer.get("ModelPackageDescription") or None,
    )


def _utc(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment is not None else None


def _who(context: Document) -> str:
    """Whoever changed a package: a role's session or a user by its ARN, or somebody in SageMaker Studio by their profile."""
    names = (context.get("IamIdentity", {}).get("Arn"), context.get("UserProfileArn"), context.get("UserProfileName"))
    return next((str(name) for name in names if name), "")


def _model_data(inference: Document) -> Iterator[str]:
    for container in inference.get("Containers", ()):
        source = container.get("ModelDataSource", {}).get("S3DataSource", {}).get("S3Uri")
        yield from (url for url in (container.get("ModelDataUrl"), source) if url)


def _product_id(inference: Document) -> str | None:
    """The Marketplace product: the SageMaker SDK's own test for a Marketplace package is a ProductId in any container."""
    found = (container.get("ProductId") for container in inference.get("Containers", ()))
    return next((product_id for product_id in found if product_id), None)
