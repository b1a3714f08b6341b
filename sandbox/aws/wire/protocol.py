"""What a wire protocol can do, and what the JSON-like ones share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple
from typing import Protocol as TypingProtocol

from botocore.model import OperationModel, Shape
from botocore.utils import parse_timestamp

from ..errors import AwsError


class Reply(NamedTuple):
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes


class Protocol(TypingProtocol):
    """Reads requests and writes answers along the shapes of an operation."""

    def read(self, operation: OperationModel, body: bytes) -> dict[str, Any]:
        """The parameters. What does not fit the shape is passed on as it is, for validation to refuse.

        Raises:
            AwsError: The body cannot be read at all.
        """
        ...

    def write(self, operation: OperationModel, answer: dict[str, Any], request_id: str) -> Reply: ...

    def write_error(self, error: AwsError, request_id: str) -> Reply: ...


def convert(shape: Shape, value: Any, leaf: Callable[[Shape, Any], Any]) -> Any:
    """`value` rebuilt along `shape` with `leaf` applied to its scalars; absent members are left out."""
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        members = shape.members
        given = {name: item for name, item in value.items() if item is not None}
        return {n: convert(members[n], item, leaf) if n in members else item for n, item in given.items()}
    if kind == "list" and isinstance(value, list | tuple):
        return [convert(shape.member, item, leaf) for item in value]
    if kind == "map" and isinstance(value, dict):
        return {key: convert(shape.value, item, leaf) for key, item in value.items()}
    return leaf(shape, value)


def read_time(value: int | float | str) -> datetime:
    """An instant from epoch seconds or ISO 8601, in UTC."""
    try:
        moment: datetime = parse_timestamp(value)
    except (ValueError, OverflowError, RuntimeError) as exc:
        raise unreadable(f"{value!r} is not a timestamp") from exc
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def unreadable(message: str) -> AwsError:
    return AwsError("SerializationException", message)


def reply_headers(content_type: str, request_id: str, **more: str) -> dict[str, str]:
    return {"Content-Type": content_type, "x-amzn-requestid": request_id, **more}
