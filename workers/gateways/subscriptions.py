"""AWS Marketplace agreements: what an account is subscribed to."""

from datetime import timedelta
from typing import Any

from workers.gateways.aws_errors import Subject, translated
from workers.gateways.remembering import Remembering

KNOWN_FOR = timedelta(minutes=1)
"""Short, because whoever is told that there is no subscription goes and subscribes."""


class MarketplaceSubscriptions:
    """`ports.Subscriptions` for one account."""

    def __init__(self, client: Any, remembering: Remembering) -> None:
        """Take a boto3 `marketplace-agreement` client for us-east-1, where all agreements are kept."""
        self._client = client
        self._remembering = remembering

    def is_active(self, product_id: str) -> bool | None:
        """Whether an active agreement names the product; None when that may not be read."""
        found: bool | None = self._remembering.answer(
            f"subscription to {product_id}", KNOWN_FOR, lambda: self._ask(product_id)
        )
        return found

    def _ask(self, product_id: str) -> bool:
        # Only a few combinations of filters are allowed, with one value each; this is one of them.
        wanted = {
            "PartyType": "Acceptor",
            "AgreementType": "PurchaseAgreement",
            "ResourceIdentifier": product_id,
            "Status": "ACTIVE",
        }
        with translated("SearchAgreements", Subject("agreement about", product_id)):
            answer = self._client.search_agreements(
                catalog="AWSMarketplace",
                filters=[{"name": name, "values": [value]} for name, value in wanted.items()],
            )
        return bool(answer.get("agreementViewSummaries"))
