"""What JSON documents say, whatever the order in which they say it: the same content always has the same hash."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

ORDERED_MEMBERS = frozenset({"Containers", "FeatureHeaders", "FeatureTypes", "LabelHeaders"})
"""SageMaker's lists whose order is content: containers of a pipeline run one after the other, and the explainer's headers and
types name columns by their place. SageMaker may return any other list reordered."""


def canonical(value: Any, member: str = "") -> Any:
    """The value as plain dicts and lists, lists sorted wherever their order means nothing.

    Args:
        value: A document or a part of one.
        member: The name under which the value stands.
    """
    if isinstance(value, Mapping):
        return {key: canonical(item, key) for key, item in value.items()}
    if isinstance(value, list | tuple):
        items = [canonical(item) for item in value]
        return items if member in ORDERED_MEMBERS else sorted(items, key=_written)
    return value


def content_hash_of(content: Any) -> str:
    """16 hex digits over what the content says."""
    return hashlib.sha256(_written(canonical(content)).encode()).hexdigest()[:16]


def _written(content: Any) -> str:
    return json.dumps(content, sort_keys=True, default=str)
