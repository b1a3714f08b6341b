"""AWS's price list: what an hour of a hosting instance costs, on demand."""

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from bot.domain.endpoint import Document
from workers.gateways.aws_errors import Subject, translated
from workers.gateways.remembering import Remembering

KNOWN_FOR = timedelta(days=1)


class PriceList:
    """`ports.Prices` for one region; the list itself is AWS's, the same for every account."""

    def __init__(self, client: Any, region: str, remembering: Remembering) -> None:
        """Take a boto3 `pricing` client for us-east-1, which has the prices of all regions."""
        self._client = client
        self._region = region
        self._remembering = remembering

    def hourly(self, instance_type: str) -> Decimal | None:
        """US dollars per hour of one hosting instance; None when it is not known or may not be read."""
        found = self._remembering.answer(f"price of {instance_type}", KNOWN_FOR, lambda: self._ask(instance_type))
        return Decimal(found) if found is not None else None

    def _ask(self, instance_type: str) -> str | None:
        wanted = {"instanceName": instance_type, "regionCode": self._region, "component": "Hosting"}
        with translated("GetProducts", Subject("price of", instance_type)):
            pages = self._client.get_paginator("get_products").paginate(
                ServiceCode="AmazonSageMaker",
                Filters=[{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in wanted.items()],
            )
            products = [json.loads(product) for page in pages for product in page["PriceList"]]
        prices = {price for product in products for price in _hourly_prices(product)}
        # Two prices for one thing are a list that was misread: better unknown than wrong.
        return str(prices.pop()) if len(prices) == 1 else None


def _hourly_prices(product: Document) -> Iterator[Decimal]:
    """Every price per hour in US dollars of a product, whose terms and dimensions are keyed by codes that mean nothing."""
    for term in product.get("terms", {}).get("OnDemand", {}).values():
        for dimension in term.get("priceDimensions", {}).values():
            if dimension.get("unit") not in ("Hrs", "Hours", "hours"):
                continue
            try:
                price = Decimal(dimension.get("pricePerUnit", {}).get("USD", ""))
            except InvalidOperation:
                continue
            if price > 0:
                yield price.normalize()
