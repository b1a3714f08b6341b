"""Model artifacts in S3: how large they are, which decides how long an instance needs to start; and reports about models."""

import re
from contextlib import closing
from datetime import timedelta
from typing import Any

from workers.gateways.aws_errors import Subject, translated
from workers.gateways.remembering import Remembering

LARGEST_REPORT_BYTES = 200_000

_PLACE = re.compile(r"s3://(?P<bucket>[^/]+)/(?P<key>.*[^/])")

KNOWN_FOR = timedelta(minutes=10)


class S3Artifacts:
    """`ports.Artifacts` for one account and region."""

    def __init__(self, client: Any, remembering: Remembering) -> None:
        """Take a boto3 `s3` client. Of artifacts, only the head is ever asked for."""
        self._client = client
        self._remembering = remembering

    def size(self, url: str) -> int | None:
        """Bytes of the object at an `s3://` url; None for a prefix, what is missing, and what may not be read."""
        place = _PLACE.fullmatch(url)
        if place is None:
            return None
        found: int | None = self._remembering.answer(
            f"size of {url}", KNOWN_FOR, lambda: self._ask(place["bucket"], place["key"])
        )
        return found

    def text(self, url: str) -> str | None:
        """What a small text object says; None for one that is missing, larger than a report, or may not be read."""
        place = _PLACE.fullmatch(url)
        if place is None:
            return None
        found: str | None = self._remembering.answer(
            f"content of {url}", KNOWN_FOR, lambda: self._read(place["bucket"], place["key"])
        )
        return found

    def _read(self, bucket: str, key: str) -> str | None:
        with translated("GetObject", Subject("object", f"s3://{bucket}/{key}")):
            answer = self._client.get_object(Bucket=bucket, Key=key)
            # Closed by hand: in a `with` of its own the body gives its raw stream, whose errors are urllib3's and nobody's.
            with closing(answer["Body"]) as body:
                if answer["ContentLength"] > LARGEST_REPORT_BYTES:
                    return None
                content: bytes = body.read()
        return content.decode(errors="replace")

    def _ask(self, bucket: str, key: str) -> int:
        with translated("HeadObject", Subject("object", f"s3://{bucket}/{key}")):
            return int(self._client.head_object(Bucket=bucket, Key=key)["ContentLength"])
