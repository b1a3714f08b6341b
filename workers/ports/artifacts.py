"""Model artifacts in S3."""

from typing import Protocol


class Artifacts(Protocol):
    """S3, asked about one object at a time."""

    def text(self, url: str) -> str | None:
        """What a small text object at an `s3://` url says; None for one that is missing, too large, or may not be read."""
        ...

    def size(self, url: str) -> int | None:
        """Bytes of the object at an `s3://` url; None for a prefix, what is missing, and what may not be read."""
        ...
