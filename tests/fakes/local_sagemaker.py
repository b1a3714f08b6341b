"""SageMaker in this process: the gateway over the AWS stand-in without HTTP, with what Describe adds to what was created."""

from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator
from sandbox_aws.local import LocalAws

from bot.domain.endpoint import ConfigRecord, EndpointStatus, ModelPackage, ModelRecord, Snapshot, VariantState
from fakes.clock import NOW
from fakes.documents import ACME, ACME_NEXT, SENTIMENT, SENTIMENT_NEXT, DrawnEndpoint, service_model
from fakes.live import ACCOUNT
from sandbox.aws.errors import AwsError
from workers.cloning import LiveEndpoint, models_named_by
from workers.gateways.sagemaker import SageMakerEndpoints

Shown = Callable[[str, dict[str, Any]], dict[str, Any]]
"""What Describe makes of a document of a kind ("Model", "EndpointConfig") before it answers."""


class LocalClient:
    """boto3's `sagemaker` client as far as the gateway uses it. Every request must pass botocore's own validation."""

    def __init__(self, aws: LocalAws, shown: Shown) -> None:
        self._aws = aws
        self._shown = shown
        self.meta = SimpleNamespace(
            config=Config(retries={"total_max_attempts": 1}),
            service_model=service_model(),
            events=SimpleNamespace(register=lambda *event, **options: None),  # nothing is parsed here
        )

    def create_model(self, **request: Any) -> dict[str, Any]:
        return self._ask("CreateModel", request)

    def create_endpoint_config(self, **request: Any) -> dict[str, Any]:
        return self._ask("CreateEndpointConfig", request)

    def describe_model(self, **request: Any) -> dict[str, Any]:
        return self._shown("Model", self._ask("DescribeModel", request))

    def describe_endpoint_config(self, **request: Any) -> dict[str, Any]:
        return self._shown("EndpointConfig", self._ask("DescribeEndpointConfig", request))

    def get_paginator(self, operation: str) -> SimpleNamespace:
        assert operation == "list_tags"
        return SimpleNamespace(paginate=lambda **request: iter([self._ask("ListTags", request)]))

    def _ask(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        report = ParamValidator().validate(request, service_model().operation_model(operation).input_shape)
        assert not report.has_errors(), report.generate_report()
        try:
            return self._aws.ask(operation, **request)
        except AwsError as error:
            raise ClientError({"Error": {"Code": error.code, "Message": error.message}}, operation) from error


class LocalSageMaker:
    """One account that holds nothing but what a test puts there, and the packages of the sample fleet."""

    def __init__(self) -> None:
        self._aws = LocalAws()
        self._region = self._aws.stand_in.world.region("123456789012", "us-east-1")
        self.clear()

    def clear(self) -> None:
        """Forget all models and configs."""
        self._region.models.clear()
        self._region.configs.clear()

    def gateway(self, shown: Shown = lambda kind, answer: answer) -> SageMakerEndpoints:
        """The product's own gateway to this account."""
        return SageMakerEndpoints(LocalClient(self._aws, shown), lambda: NOW)

    def put(
        self, drawn: DrawnEndpoint, tags: Mapping[str, str], shown: Shown, states: Iterator[VariantState]
    ) -> LiveEndpoint:
        """Create what was drawn and read it back through the gateway, as the planner does."""
        self.clear()
        gateway = self.gateway(shown)
        for name, document in drawn.models.items():
            gateway.create_model(ModelRecord(name=name, arn="", document=document, tags=tags))
        gateway.create_config(ConfigRecord(name="c1", arn="", document=drawn.config, tags=tags))
        for kept in self._region.tags.values():
            kept["aws:cloudformation:stack-name"] = "by-aws"  # only AWS may set such a tag; nobody may send it
        config = gateway.describe_config("c1")
        return LiveEndpoint(
            snapshot(states), config, {n: gateway.describe_model(n) for n in models_named_by(config)}, PACKAGES
        )


def snapshot(states: Iterator[VariantState]) -> Snapshot:
    """The endpoint in service on the config `c1`."""
    return Snapshot(
        name="stt-prod",
        arn=f"{ACCOUNT}:endpoint/stt-prod",
        status=EndpointStatus.IN_SERVICE,
        config_name="c1",
        last_modified=NOW,
        observed_at=NOW,
        variants=tuple(states),
    )


def _versioned(arn: str) -> ModelPackage:
    version = int(arn.rpartition("/")[2])
    return ModelPackage(
        arn=arn, name="sentiment", group="sentiment", version=version, status="Completed", created_at=NOW
    )


def _marketplace(arn: str) -> ModelPackage:
    name = arn.rpartition("/")[2]
    return ModelPackage(
        arn=arn, name=name, status="Completed", is_marketplace=True, product_id="acme-stt-en", created_at=NOW
    )


PACKAGES = {arn: _versioned(arn) for arn in (SENTIMENT, SENTIMENT_NEXT)} | {
    arn: _marketplace(arn) for arn in (ACME, ACME_NEXT)
}
