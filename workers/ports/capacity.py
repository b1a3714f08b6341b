"""What an account may have, what it has, and what that costs. None always means "not known", never zero."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol


class Quotas(Protocol):
    """Service Quotas of one account and region."""

    def limit(self, instance_type: str, *, wanted: int = 0) -> int | None:
        """How many instances of the type endpoints may use together; None when it is not known or may not be read.

        A limit below `wanted`, as many as there shall be, is at most a minute old: whoever is told of it has it raised.
        """
        ...

    def serverless_concurrency(self, *, wanted: int = 0) -> int | None:
        """How many requests at once all serverless endpoints may allocate together; `wanted` and None as above."""
        ...


class Usage(Protocol):
    """What the endpoints of one account and region use."""

    def instances(self) -> Mapping[str, int]:
        """Instances by type over all endpoints, pending deployments and instance pools included; about a minute old at most."""
        ...

    def serverless_concurrency(self) -> int:
        """Requests at once that all serverless endpoints allocate together, as fresh as that."""
        ...


class Prices(Protocol):
    """AWS's price list for one region, on demand."""

    def hourly(self, instance_type: str) -> Decimal | None:
        """US dollars per hour of one hosting instance; None when it is not known or may not be read."""
        ...
