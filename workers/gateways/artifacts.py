"""Model artifacts in S3: how large they are, which decides how long an instance needs to start."""

import re
from datetime import timedelta
from typing import Any

from workers.gateways.aws_errors import Subject, translated
from workers.gateways.remembering import Remembering

KNOWN_FOR = timedelta(minutes=10)


class S3Artifacts:
    """`ports.Artifacts` for one account and region."""

    def __init__(self, client: Any, remembering: Remembering) -> None:
        """Take a boto3 `s3` client. Only the head of an object is ever asked for."""
        self._client = client
        self._remembering = remembering

    def size(self, url: str) -> int | None:
        """Bytes of the object at an `s3://` url; None for a prefix, what is missing, and what may not be read."""
        place = re.fullmatch(r"s3://(?P<bucket>[^/]+)/(?P<key>.*[^/])", url)
        if place is None:
            return None
        found: int | None = self._remembering.answer(
            f"size of {url}", KNOWN_FOR, lambda: self._ask(place["bucket"], place["key"])
        )
        return found

    def _ask(self, bucket: str, key: str) -> int:
        with translated("HeadObject", Subject("object", f"s3://{bucket}/{key}")):
            return int(self._client.head_object(Bucket=bucket, Key=key)["ContentLength"])
