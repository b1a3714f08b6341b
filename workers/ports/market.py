"""AWS Marketplace, as a buyer."""

from typing import Protocol

from bot.domain.track import Release


class Subscriptions(Protocol):
    """Agreements of one account."""

    def is_active(self, product_id: str) -> bool | None:
        """Whether the account is subscribed to the product; None when that may not be read."""
        ...


class Catalog(Protocol):
    """What sellers offer, the same in all accounts."""

    def releases(self, product_id: str) -> tuple[Release, ...] | None:
        """The versions that are offered of a product; None when that may not be read."""
        ...
