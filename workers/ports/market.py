"""AWS Marketplace, as a buyer."""

from typing import Protocol


class Subscriptions(Protocol):
    """Agreements of one account."""

    def is_active(self, product_id: str) -> bool | None:
        """Whether the account is subscribed to the product; None when that may not be read."""
        ...
