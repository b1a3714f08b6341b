"""Endpoint configs and models that rollouts left behind: listed and, one by one, deleted."""

import logging
from datetime import UTC
from typing import Any

from bot.domain.endpoint import Leftover
from bot.domain.errors import ResourceMissing
from workers.gateways.aws_errors import Subject, translated

log = logging.getLogger(__name__)


class SageMakerLeftovers:
    """`ports.Leftovers` for one account and region."""

    def __init__(self, client: Any) -> None:
        """Take a boto3 `sagemaker` client, which may retry by itself: deleting twice is deleting once."""
        self._client = client

    def configs(self) -> tuple[Leftover, ...]:
        """Every endpoint config, 100 a page."""
        return self._listed("ListEndpointConfigs", "list_endpoint_configs", "EndpointConfig")

    def models(self) -> tuple[Leftover, ...]:
        """Every model, 100 a page."""
        return self._listed("ListModels", "list_models", "Model")

    def delete_config(self, name: str) -> None:
        """DeleteEndpointConfig; gone already is fine."""
        try:
            with translated("DeleteEndpointConfig", Subject("endpoint config", name)):
                self._client.delete_endpoint_config(EndpointConfigName=name)
        except ResourceMissing:
            log.info("endpoint config %s was gone already", name)

    def delete_model(self, name: str) -> None:
        """DeleteModel; gone already is fine."""
        try:
            with translated("DeleteModel", Subject("model", name)):
                self._client.delete_model(ModelName=name)
        except ResourceMissing:
            log.info("model %s was gone already", name)

    def _listed(self, operation: str, paginator: str, noun: str) -> tuple[Leftover, ...]:
        with translated(operation, Subject(f"all {noun}s", "")):
            pages = self._client.get_paginator(paginator).paginate(PaginationConfig={"PageSize": 100})
            return tuple(
                Leftover(
                    name=found[f"{noun}Name"], arn=found[f"{noun}Arn"], created=found["CreationTime"].astimezone(UTC)
                )
                for page in pages
                for found in page[f"{noun}s"]
            )
