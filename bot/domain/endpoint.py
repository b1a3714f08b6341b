"""What SageMaker says about an endpoint, in our own values.

The gateways turn AWS answers into these; planner, engine and messages read nothing else. Model and config *documents* stay in
SageMaker's own shape (the members that CreateModel and CreateEndpointConfig accept), because a clone must carry every field
that botocore knows, now or later, and a diff must be able to name it.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.domain.model import Value

Document = Mapping[str, Any]
"""JSON in SageMaker's own shape and spelling."""


class EndpointStatus(StrEnum):
    """SageMaker's EndpointStatus, every member of it (a test holds it against botocore's model)."""

    OUT_OF_SERVICE = "OutOfService"
    CREATING = "Creating"
    UPDATING = "Updating"
    SYSTEM_UPDATING = "SystemUpdating"
    ROLLING_BACK = "RollingBack"
    IN_SERVICE = "InService"
    DELETING = "Deleting"
    FAILED = "Failed"
    UPDATE_ROLLBACK_FAILED = "UpdateRollbackFailed"


BUSY_STATUSES = frozenset(
    {
        EndpointStatus.CREATING,
        EndpointStatus.UPDATING,
        EndpointStatus.SYSTEM_UPDATING,
        EndpointStatus.ROLLING_BACK,
        EndpointStatus.DELETING,
    }
)
"""While an endpoint is in one of these, SageMaker refuses to update, delete or scale it."""


class VariantState(Value):
    """One production variant as DescribeEndpoint shows it now."""

    name: str
    current_count: int | None = None
    desired_count: int | None = None
    weight: float | None = None
    stage: str | None = None
    """SageMaker's VariantStatus (Creating, ActivatingTraffic, Baking, …): shown to people, never branched on."""
    message: str | None = None
    image_digest: str | None = None


class PendingDeployment(Value):
    """The green fleet, while SageMaker tells about it. Endpoints excluded from guardrails may never show one."""

    config_name: str
    variants: tuple[VariantState, ...] = ()
    started_at: datetime | None = None


class Snapshot(Value):
    """One observation of an endpoint."""

    name: str
    arn: str
    status: EndpointStatus
    config_name: str
    last_modified: datetime
    observed_at: datetime
    failure_reason: str | None = None
    variants: tuple[VariantState, ...] = ()
    pending: PendingDeployment | None = None
    guardrails: bool = False
    """Whether a deployment policy (canary, linear, rolling) was used for the last deployment."""

    def is_on(self, config_name: str) -> bool:
        """InService alone is not success: it counts only together with the config that was asked for."""
        return self.status is EndpointStatus.IN_SERVICE and self.config_name == config_name

    def is_moving_to(self, config_name: str) -> bool:
        """Whether SageMaker says that this update is the one under way."""
        return self.pending is not None and self.pending.config_name == config_name


class Listed(Value):
    """An endpoint as a listing shows it: enough to tell whether it moved, not what it runs."""

    name: str
    arn: str
    status: EndpointStatus | None
    """None for a status that this version of the bot does not know."""
    created: datetime
    last_modified: datetime


class Leftover(Value):
    """A config or a model as a listing shows it."""

    name: str
    arn: str
    created: datetime


class ModelRecord(Value):
    """A SageMaker Model: its name, what CreateModel would need to make it again, and its tags (without `aws:` ones)."""

    name: str
    arn: str
    document: Document
    tags: Mapping[str, str] = {}
    left_out: tuple[str, ...] = ()
    """Paths of what SageMaker shows and this bot cannot send, e.g. `ProductionVariants[0].TomorrowsSetting`: a clone would lose it."""

    def containers(self) -> Iterator[Document]:
        """The primary container, or the containers of the pipeline, in order."""
        if primary := self.document.get("PrimaryContainer"):
            yield primary
        yield from self.document.get("Containers", ())


class ConfigRecord(Value):
    """An EndpointConfig: its name, what CreateEndpointConfig would need to make it again, and its tags."""

    name: str
    arn: str
    document: Document
    tags: Mapping[str, str] = {}
    left_out: tuple[str, ...] = ()
    """Paths of what SageMaker shows and this bot cannot send, e.g. `ProductionVariants[0].TomorrowsSetting`: a clone would lose it."""

    def variants(self) -> tuple[Document, ...]:
        """ProductionVariants in SageMaker's own shape."""
        return tuple(self.document.get("ProductionVariants", ()))


class ApprovalStatus(StrEnum):
    """SageMaker's ModelApprovalStatus."""

    APPROVED = "Approved"
    REJECTED = "Rejected"
    PENDING = "PendingManualApproval"


class ModelPackage(Value):
    """A version of the model registry, or an AWS Marketplace package (unversioned, in AWS's own account)."""

    arn: str
    name: str
    group: str | None = None
    version: int | None = None
    status: str
    approval: ApprovalStatus | None = None
    """None for unversioned packages, which have no approval state."""
    is_marketplace: bool = False
    product_id: str | None = None
    instance_types: tuple[str, ...] = ()
    """SupportedRealtimeInferenceInstanceTypes; empty when the package does not say."""
    model_data: tuple[str, ...] = ()
    """S3 urls of what its containers load; empty for Marketplace packages, which do not say, and in lists of versions."""
    quality_report: str | None = None
    """`s3://` url of SageMaker's model quality report; empty in lists of versions."""
    created_at: datetime
    description: str | None = None
    approval_note: str | None = None
    """SageMaker's ApprovalDescription: why it was approved or rejected. Like what follows, not told in lists of versions."""
    modified_at: datetime | None = None
    modified_by: str = ""
    """ARN of whoever changed it last, most often to approve or reject it; empty where SageMaker does not tell."""
    properties: Mapping[str, str] = {}
    """CustomerMetadataProperties: what whoever registered it wrote down, such as `mlflow.run_id`."""

    @property
    def is_completed(self) -> bool:
        """Whether SageMaker finished making the package."""
        return self.status == "Completed"

    @property
    def is_deployable(self) -> bool:
        """Approved (or without an approval state) and completed."""
        return self.is_completed and self.approval in (None, ApprovalStatus.APPROVED)

    @property
    def label(self) -> str:
        """What people call it: `sentiment version 4`, or the Marketplace package's own name without its hash."""
        if self.group is not None and self.version is not None:
            return f"{self.group} version {self.version}"
        head, _, tail = self.name.rpartition("-")
        return head if head and len(tail) == 32 else self.name
