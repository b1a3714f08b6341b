"""SageMaker's control plane: endpoints, endpoint configs and models."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from bot.domain.endpoint import (
    ConfigRecord,
    Document,
    EndpointStatus,
    Listed,
    ModelRecord,
    Snapshot,
)
from bot.domain.errors import ResourceExists, ResourceMissing, TransientError
from workers.gateways.aws_errors import Subject, translated
from workers.gateways.newer import NEWER, note_newer_members
from workers.gateways.shapes import holds, sendable
from workers.gateways.sightings import listed_of, snapshot_of
from workers.ports import Clock

log = logging.getLogger(__name__)

DESCRIBE_ONLY = frozenset(
    {"EndpointConfigArn", "ModelArn", "CreationTime", "DeploymentRecommendation", "ResponseMetadata"}
)
"""Members that no Create operation takes, by design; anything else that is left out of a document is told."""


class SageMakerEndpoints:
    """`ports.Endpoints` for one account and region."""

    def __init__(self, client: Any, clock: Clock, *, retrying: Any = None) -> None:
        """Take boto3 `sagemaker` clients and the time.

        botocore must not repeat an UpdateEndpoint whose answer was lost, for that is a second update of the endpoint. Whoever
        calls this gateway tries again, knowing what may have happened. Everything else may be repeated: looking changes nothing,
        and creating is idempotent by name. A plan needs a dozen looks that all work; where AWS throttles, it would never be
        made if each were tried only once.

        Args:
            client: For what changes an endpoint; made with `Config(retries={"total_max_attempts": 1})`.
            clock: The time.
            retrying: For everything else, and may try again by itself; None takes `client` for that too.

        Raises:
            ValueError: the client for changes retries by itself.
        """
        if (client.meta.config.retries or {}).get("total_max_attempts") != 1:
            raise ValueError("SageMakerEndpoints needs a client with total_max_attempts=1")
        self._once = client
        self._client = retrying if retrying is not None else client
        note_newer_members(self._client)
        self._clock = clock

    def describe(self, name: str) -> Snapshot:
        """One observation. Raises ResourceMissing(kind="endpoint")."""
        with translated("DescribeEndpoint", Subject("endpoint", name)):
            answer = self._client.describe_endpoint(EndpointName=name)
        return snapshot_of(answer, self._clock())

    def list(self) -> tuple[Listed, ...]:
        """All endpoints, 100 a page."""
        with translated("ListEndpoints", Subject("endpoints", "all")):
            pages = self._client.get_paginator("list_endpoints").paginate(PaginationConfig={"PageSize": 100})
            return tuple(listed_of(summary) for page in pages for summary in page["Endpoints"])

    def list_statuses(self, status: EndpointStatus) -> frozenset[str]:
        """Names of all endpoints in that status, 100 a page."""
        with translated("ListEndpoints", Subject("endpoints in status", status)):
            pages = self._client.get_paginator("list_endpoints").paginate(
                StatusEquals=status.value, PaginationConfig={"PageSize": 100}
            )
            return frozenset(summary["EndpointName"] for page in pages for summary in page["Endpoints"])

    def describe_config(self, name: str) -> ConfigRecord:
        """Raises ResourceMissing(kind="endpoint config")."""
        with translated("DescribeEndpointConfig", Subject("endpoint config", name)):
            answer = self._client.describe_endpoint_config(EndpointConfigName=name)
        document, left_out = self._document("CreateEndpointConfig", answer, without="EndpointConfigName")
        for variant in (*document.get("ProductionVariants", ()), *document.get("ShadowProductionVariants", ())):
            _drop_what_create_refuses(variant)
        arn = answer["EndpointConfigArn"]
        name = answer["EndpointConfigName"]
        return ConfigRecord(name=name, arn=arn, document=document, tags=self.tags(arn), left_out=left_out)

    def describe_model(self, name: str, *, with_tags: bool = True) -> ModelRecord:
        """Raises ResourceMissing(kind="model")."""
        with translated("DescribeModel", Subject("model", name)):
            answer = self._client.describe_model(ModelName=name)
        document, left_out = self._document("CreateModel", answer, without="ModelName")
        if not document.get("Containers"):
            document.pop(
                "Containers", None
            )  # Describe fills in an empty list beside PrimaryContainer; Create takes one of them
        arn = answer["ModelArn"]
        name = answer["ModelName"]
        tags = self.tags(arn) if with_tags else {}
        return ModelRecord(name=name, arn=arn, document=document, tags=tags, left_out=left_out)

    def create_model(self, draft: ModelRecord) -> None:
        """Create it; a model of that name with the same content is success. Raises ResourceExists, NotSubscribed."""
        packages = (c["ModelPackageName"] for c in draft.containers() if "ModelPackageName" in c)
        package = next((arn.rpartition(":model-package/")[2] for arn in packages), None)
        subject = Subject("model", draft.name, package=package)
        try:
            with translated("CreateModel", subject):
                self._client.create_model(ModelName=draft.name, Tags=_tag_list(draft.tags), **draft.document)
        except ResourceExists:
            if not holds(draft.document, self._found("CreateModel", self.describe_model, draft.name).document):
                raise

    def create_config(self, draft: ConfigRecord) -> None:
        """Create it; a config of that name with the same content is success. Raises ResourceExists, ResourceMissing(model)."""
        try:
            with translated("CreateEndpointConfig", Subject("endpoint config", draft.name)):
                self._client.create_endpoint_config(
                    EndpointConfigName=draft.name, Tags=_tag_list(draft.tags), **draft.document
                )
        except ResourceExists:
            found = self._found("CreateEndpointConfig", self.describe_config, draft.name)
            if not holds(_without_counts(draft.document), _without_counts(found.document)):
                raise

    def update(
        self,
        name: str,
        config_name: str,
        *,
        counts_from_config: bool = False,
        weights_from_config: bool = False,
        deployment: Document | None = None,
    ) -> None:
        """UpdateEndpoint, exactly one HTTP request, keeping live instance counts and weights.

        Args:
            name: The endpoint.
            config_name: The config that it shall be on.
            counts_from_config: Take instance counts from the config, for a change that asks for another count.
            weights_from_config: Take traffic weights from the config.
            deployment: The DeploymentConfig; without one SageMaker replaces the fleet all at once.

        Raises:
            ResourceBusy: SageMaker is busy with the endpoint; nothing was begun.
            TransientError: with `outcome_unknown=True` the update may have begun.
        """
        request: dict[str, Any] = {
            "EndpointName": name,
            "EndpointConfigName": config_name,
            "RetainAllVariantProperties": True,
        }
        # Retaining everything would keep what is live and ignore what was asked for.
        asked_for = {"DesiredInstanceCount": counts_from_config, "DesiredWeight": weights_from_config}
        if any(asked_for.values()):
            request["ExcludeRetainedVariantProperties"] = [
                {"VariantPropertyType": kind} for kind, is_asked in asked_for.items() if is_asked
            ]
        if deployment is not None:
            request["DeploymentConfig"] = deployment
        with translated("UpdateEndpoint", Subject("endpoint", name)):
            self._once.update_endpoint(**request)

    def set_weights_and_capacities(
        self, name: str, weights: Mapping[str, float] | None = None, counts: Mapping[str, int] | None = None
    ) -> None:
        """UpdateEndpointWeightsAndCapacities, exactly one HTTP request.

        Raises:
            ResourceBusy: SageMaker is busy with the endpoint; nothing was begun.
            TransientError: with `outcome_unknown=True` the change may have begun.
        """
        weights, counts = weights or {}, counts or {}
        desired: dict[str, dict[str, Any]] = {
            variant: {"VariantName": variant} for variant in dict.fromkeys((*weights, *counts))
        }
        for variant, weight in weights.items():
            desired[variant]["DesiredWeight"] = weight
        for variant, count in counts.items():
            desired[variant]["DesiredInstanceCount"] = count
        with translated("UpdateEndpointWeightsAndCapacities", Subject("endpoint", name)):
            self._once.update_endpoint_weights_and_capacities(
                EndpointName=name, DesiredWeightsAndCapacities=list(desired.values())
            )

    def create(self, name: str, config_name: str, tags: Mapping[str, str]) -> None:
        """CreateEndpoint, exactly one HTTP request. Raises ResourceExists, ResourceMissing(kind="endpoint config"), QuotaExceeded."""
        with translated("CreateEndpoint", Subject("endpoint", name)):
            self._once.create_endpoint(EndpointName=name, EndpointConfigName=config_name, Tags=_tag_list(tags))

    def delete(self, name: str) -> None:
        """DeleteEndpoint, exactly one HTTP request. Raises ResourceBusy, ResourceMissing(kind="endpoint")."""
        with translated("DeleteEndpoint", Subject("endpoint", name)):
            self._once.delete_endpoint(EndpointName=name)

    def change_tags(self, arn: str, put: Mapping[str, str], remove: Sequence[str] = ()) -> None:
        """AddTags, then DeleteTags; each only where there is something to do."""
        if put:
            with translated("AddTags", Subject("resource", arn)):
                self._client.add_tags(ResourceArn=arn, Tags=[{"Key": k, "Value": v} for k, v in put.items()])
        if remove:
            with translated("DeleteTags", Subject("resource", arn)):
                self._client.delete_tags(ResourceArn=arn, TagKeys=list(remove))

    def tags(self, arn: str) -> Mapping[str, str]:
        """The tags of any SageMaker resource, without `aws:` ones, which nobody but AWS may set."""
        with translated("ListTags", Subject("resource", arn)):
            pages = self._client.get_paginator("list_tags").paginate(ResourceArn=arn)
            listed = {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}
        return {key: value for key, value in listed.items() if not key.lower().startswith("aws:")}

    def _document(self, operation: str, answer: Document, *, without: str) -> tuple[dict[str, Any], tuple[str, ...]]:
        """What the operation takes of the answer, and the paths of settings that it cannot take, whoever does not know them."""
        shape = self._client.meta.service_model.operation_model(operation).input_shape
        document, unsendable = sendable({k: v for k, v in answer.items() if k not in (NEWER, without)}, shape)
        left_out = (*(path for path in unsendable if path not in DESCRIBE_ONLY), *answer.get(NEWER, ()))
        if left_out:
            log.warning("%s of %s has members that %s does not take: %s", without, answer[without], operation, left_out)
        return document, left_out

    def _found(self, operation: str, describe: Any, name: str) -> Any:
        try:
            return describe(name)
        except ResourceMissing as error:
            # The name is taken, yet cannot be read: SageMaker reads its own writes late.
            raise TransientError(operation, f"SageMaker does not show {name} yet") from error


def _drop_what_create_refuses(variant: dict[str, Any]) -> None:
    # 1. Elastic Inference is gone: Describe still shows the member on old configs, Create refuses it.
    variant.pop("AcceleratorType", None)
    # 2. Describe returns a volume size for serverless variants, which have no volume (seen by ACK's sagemaker-controller).
    if "ServerlessConfig" in variant:
        variant.pop("VolumeSizeInGB", None)


def _without_counts(document: Document) -> Document:
    """The document as far as two attempts at one draft must agree.

    Live instance counts are written into a draft, and autoscaling may move them between a crash and the next attempt. A change
    that asks for another count has another fingerprint and so another name.
    """
    return {
        member: [{k: v for k, v in variant.items() if k != "InitialInstanceCount"} for variant in content]
        if member in ("ProductionVariants", "ShadowProductionVariants")
        else content
        for member, content in document.items()
    }


def _tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
