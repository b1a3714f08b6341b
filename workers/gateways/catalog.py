"""AWS Marketplace Discovery: the versions that a seller offers. It tells no model package, and may not be there at all."""

from datetime import timedelta
from typing import Any

from bot.domain.track import Release
from workers.gateways.aws_errors import Subject, translated
from workers.gateways.remembering import Remembering

KNOWN_FOR = timedelta(hours=6)
"""Sellers release seldom, and nobody waits for it."""


class MarketplaceCatalog:
    """`ports.Catalog`."""

    def __init__(self, client: Any, remembering: Remembering) -> None:
        """Take a boto3 `marketplace-discovery` client for us-east-1."""
        self._client = client
        self._remembering = remembering

    def releases(self, product_id: str) -> tuple[Release, ...] | None:
        """The versions that are offered of a product; None when that may not be read."""
        found = self._remembering.answer(f"releases of {product_id}", KNOWN_FOR, lambda: self._ask(product_id))
        return None if found is None else tuple(Release.model_validate(release) for release in found)

    def _ask(self, product_id: str) -> list[dict[str, str]]:
        with translated("ListFulfillmentOptions", Subject("product", product_id)):
            pages = self._client.get_paginator("list_fulfillment_options").paginate(productId=product_id)
            options = [option for page in pages for option in page.get("fulfillmentOptions", ())]
        models = (
            option["sageMakerModelFulfillmentOption"]
            for option in options
            if "sageMakerModelFulfillmentOption" in option
        )
        return [
            {
                "version": model["fulfillmentOptionVersion"],
                "title": model["fulfillmentOptionDisplayName"],
                "notes": model.get("releaseNotes", ""),
            }
            for model in models
            if model.get("fulfillmentOptionVersion")
        ]
