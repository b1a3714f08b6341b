"""What DescribeEndpoint and ListEndpoints say about an endpoint, as values."""

from datetime import UTC, datetime
from typing import Any

from bot.domain.endpoint import Document, EndpointStatus, Listed, PendingDeployment, Snapshot, VariantState
from bot.domain.errors import GatewayError

_STATUSES = frozenset(EndpointStatus)


def snapshot_of(answer: Document, at: datetime) -> Snapshot:
    """An endpoint as DescribeEndpoint shows it. Raises GatewayError for a status that nobody knows yet."""
    return Snapshot(
        name=answer["EndpointName"],
        arn=answer["EndpointArn"],
        status=_status(answer),
        config_name=_config_name(answer),
        last_modified=answer["LastModifiedTime"].astimezone(UTC),
        observed_at=at,
        failure_reason=answer.get("FailureReason") or None,
        variants=_variants(answer),
        pending=_pending(answer.get("PendingDeploymentSummary")),
        guardrails=_shifts_in_steps(answer.get("LastDeploymentConfig", {})),
    )


def listed_of(summary: Document) -> Listed:
    """An endpoint as ListEndpoints shows it."""
    status = summary["EndpointStatus"]
    return Listed(
        name=summary["EndpointName"],
        arn=summary["EndpointArn"],
        # One endpoint in a status of tomorrow must not hide all others: whoever looks at it is told by `describe`.
        status=EndpointStatus(status) if status in _STATUSES else None,
        created=summary["CreationTime"].astimezone(UTC),
        last_modified=summary["LastModifiedTime"].astimezone(UTC),
    )


def _status(answer: Document) -> EndpointStatus:
    try:
        return EndpointStatus(answer["EndpointStatus"])
    except ValueError as error:
        raise GatewayError(
            "DescribeEndpoint",
            "UnknownEndpointStatus",
            answer.get("ResponseMetadata", {}).get("RequestId"),
            f"{answer['EndpointName']} is in status {answer['EndpointStatus']}, which this version of the bot does not know",
        ) from error


def _config_name(answer: Document) -> str:
    name = answer.get("EndpointConfigName")
    if not name:
        raise GatewayError(
            "DescribeEndpoint",
            "NoEndpointConfigName",
            answer.get("ResponseMetadata", {}).get("RequestId"),
            f"the answer about {answer['EndpointName']} names no endpoint config",
        )
    return str(name)


def _variants(summary: Document) -> tuple[VariantState, ...]:
    return tuple(_variant(variant) for variant in summary.get("ProductionVariants", ()))


def _variant(summary: Document) -> VariantState:
    news = sorted(
        summary.get("VariantStatus", ()), key=lambda s: s["StartTime"].timestamp() if "StartTime" in s else 0.0
    )
    latest = news[-1] if news else {}
    weight = summary.get("CurrentWeight", summary.get("DesiredWeight"))
    return VariantState(
        name=summary["VariantName"],
        current_count=summary.get("CurrentInstanceCount"),
        desired_count=summary.get("DesiredInstanceCount"),
        weight=weight,
        stage=latest.get("Status"),
        message=latest.get("StatusMessage") or None,
        image_digest=_digests(summary.get("DeployedImages", ())),
    )


def _digests(images: Any) -> str | None:
    """`sha256:…` of what runs; those of a pipeline's containers in order, separated by commas."""
    resolved = [image["ResolvedImage"] for image in images if image.get("ResolvedImage")]
    return ", ".join(image.rpartition("@")[2] for image in resolved) or None


def _pending(summary: Document | None) -> PendingDeployment | None:
    if not summary:
        return None
    started_at = summary.get("StartTime")
    return PendingDeployment(
        config_name=summary["EndpointConfigName"],
        variants=_variants(summary),
        started_at=started_at.astimezone(UTC) if started_at else None,
    )


def _shifts_in_steps(deployment: Document) -> bool:
    if deployment.get("RollingUpdatePolicy"):
        return True
    routing = deployment.get("BlueGreenUpdatePolicy", {}).get("TrafficRoutingConfiguration", {})
    return routing.get("Type") in ("CANARY", "LINEAR")
