"""The size of a serverless endpoint, as the fleet file writes it and as SageMaker does."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from bot.domain.endpoint import Document
from bot.domain.model import Value

SERVERLESS = "ServerlessConfig"
"""The member that a variant has instead of instances."""

MEMBERS: Mapping[str, str] = {
    "memory_mb": "MemorySizeInMB",
    "max_concurrency": "MaxConcurrency",
    "provisioned_concurrency": "ProvisionedConcurrency",
}
"""SageMaker's name for each of the fleet file's."""

_Concurrency = Annotated[int, Field(ge=1, le=200)]


class ServerlessSize(Value):
    """How large a serverless variant shall be; what is None stays as it is."""

    memory_mb: Annotated[int, Field(ge=1024, le=6144, multiple_of=1024)] | None = None
    max_concurrency: _Concurrency | None = None
    provisioned_concurrency: _Concurrency | None = None

    @property
    def keys(self) -> frozenset[str]:
        """What of the size is said."""
        return frozenset(key for key in MEMBERS if getattr(self, key) is not None)

    def over(self, present: Document) -> dict[str, Any]:
        """That ServerlessConfig with what is said here in it, and everything else as it stands."""
        return {**present, **{MEMBERS[key]: getattr(self, key) for key in MEMBERS if key in self.keys}}
