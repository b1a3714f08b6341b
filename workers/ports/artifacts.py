"""Model artifacts in S3."""

from typing import Protocol


class Artifacts(Protocol):
    """S3, asked about one object at a time and never for its content."""

    def size(self, url: str) -> int | None:
        """Bytes of the object at an `s3://` url; None for a prefix, what is missing, and what may not be read."""
        ...
