"""What an endpoint serves with, as the fleet file's blocks say it. The docstrings are the schema's."""

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from bot.domain.fleet.values import Block, WholeNumber


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
