"""What an endpoint serves with, as the fleet file's blocks say it. The docstrings are the schema's."""

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from bot.domain.fleet.values import Block, WholeNumber
from bot.domain.names import KmsKey, S3Path, SecurityGroupId, SubnetId, TopicArn


class Serverless(Block):
    """What a serverless endpoint has instead of instances."""

    memory_mb: Annotated[WholeNumber, Field(ge=1024, le=6144, multiple_of=1024)]
    """1024, 2048, 3072, 4096, 5120 or 6144."""
    max_concurrency: Annotated[WholeNumber, Field(ge=1, le=200)]
    """How many requests are served at once."""
    provisioned_concurrency: Annotated[WholeNumber, Field(ge=1, le=200)] | None = None
    """Concurrency that is kept warm; not more than max_concurrency."""

    @field_validator("provisioned_concurrency")
    @classmethod
    def _fits_into_maximum(cls, provisioned: int | None, info: ValidationInfo) -> int | None:
        maximum = info.data.get("max_concurrency")
        if provisioned is not None and maximum is not None and provisioned > maximum:
            raise ValueError(f"must not be more than max_concurrency, which is {maximum}")
        return provisioned


class Autoscaling(Block):
    """Target tracking by Application Auto Scaling."""

    min: Annotated[WholeNumber, Field(ge=0)]
    """Instances; 0 only for kind: async."""
    max: Annotated[WholeNumber, Field(ge=1)]
    """Instances."""
    metric: Literal[
        "SageMakerVariantInvocationsPerInstance", "SageMakerVariantConcurrentRequestsPerModelHighResolution"
    ] = "SageMakerVariantInvocationsPerInstance"
    """Predefined metric of Application Auto Scaling."""
    target: Annotated[float, Field(strict=True, gt=0)]
    """The value of the metric that is held."""

    @field_validator("max")
    @classmethod
    def _is_not_below_minimum(cls, maximum: int, info: ValidationInfo) -> int:
        minimum = info.data.get("min")
        if minimum is not None and maximum < minimum:
            raise ValueError(f"must not be less than min, which is {minimum}")
        return maximum


class AsyncInference(Block):
    """Where an async endpoint puts its answers, and how many requests an instance works on at once."""

    output_path: S3Path
    """Where the answers go: s3://bucket/folder."""
    failure_path: S3Path | None = None
    """Where SageMaker writes why a request failed."""
    max_concurrency: Annotated[WholeNumber, Field(ge=1, le=1000)] | None = None
    """How many requests SageMaker gives to one instance at once; left out, SageMaker chooses."""
    success_topic: TopicArn | None = None
    """SNS topic that hears of every answer."""
    error_topic: TopicArn | None = None
    """SNS topic that hears of every request that failed."""
    kms_key: KmsKey | None = None
    """Encrypts the answers in S3."""


class Vpc(Block):
    """The network that the model's containers are connected to."""

    subnets: Annotated[tuple[SubnetId, ...], Field(min_length=1, max_length=16)]
    """Ids of subnets, subnet-…; two in different zones, so that one may fail."""
    security_groups: Annotated[tuple[SecurityGroupId, ...], Field(min_length=1, max_length=5)]
    """Ids of security groups, sg-…."""


class DataCapture(Block):
    """Requests and answers that SageMaker copies to S3, for Model Monitor or for people."""

    percentage: Annotated[WholeNumber, Field(ge=1, le=100)]
    """How many of a hundred requests are copied."""
    destination: S3Path
    """Where they go: s3://bucket/folder."""
    capture: Annotated[tuple[Literal["input", "output"], ...], Field(min_length=1)] = ("input", "output")
    """What is copied: requests (input), answers (output), or both."""
    kms_key: KmsKey | None = None
    """Encrypts the copies in S3."""
