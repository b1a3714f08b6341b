"""Documents in SageMaker's shape: what a Create operation takes of a Describe answer, and whether two say the same.

Everything here is read from botocore's service model, so members that a later botocore adds are carried without a change here.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from bot.domain.content import ORDERED_MEMBERS
from bot.domain.endpoint import Document


def sendable(described: Document, shape: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The part of a Describe answer that fits `shape`, and the paths of what did not.

    Args:
        described: The answer, or a part of it.
        shape: botocore's input shape of the Create operation.
    """
    left_out: list[str] = []
    return _structure(described, shape, "", left_out), tuple(left_out)


def _structure(value: Document, shape: Any, path: str, left_out: list[str]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for member, content in value.items():
        where = f"{path}.{member}" if path else member
        if member not in shape.members:
            left_out.append(where)
            continue
        fitting = _fit(content, shape.members[member], where, left_out)
        if not _means_absent(fitting, shape.members[member]):
            kept[member] = fitting
    return kept


def _fit(value: Any, shape: Any, path: str, left_out: list[str]) -> Any:
    if shape.type_name == "structure" and isinstance(value, Mapping) and not shape.is_document_type:
        return _structure(value, shape, path, left_out)
    if shape.type_name == "list" and value is not None:
        return [_fit(item, shape.member, f"{path}[{index}]", left_out) for index, item in enumerate(value)]
    if shape.type_name == "map" and value is not None:
        return {key: _fit(item, shape.value, f"{path}.{key}", left_out) for key, item in value.items()}
    return value


def _means_absent(value: Any, shape: Any) -> bool:
    """Describe returns some absent members as empty ones, which Create would refuse for what they lack."""
    if shape.type_name == "structure":
        return not value and bool(shape.required_members)
    if shape.type_name == "list":
        return not value and shape.metadata.get("min", 0) > 0
    return value is None


def holds(sent: Any, found: Any) -> bool:
    """Whether `found` says everything that `sent` says.

    Members that only `found` has are defaults that SageMaker filled in (a volume size, a weight), so they do not count.
    """
    if isinstance(sent, Mapping):
        if not isinstance(found, Mapping):
            return not sent and found is None
        return all(_member_holds(member, sent, found) for member in sent)
    if isinstance(sent, list | tuple):
        return (isinstance(found, list | tuple) and _same_items(sent, found)) or (not sent and not found)
    if isinstance(sent, bool):
        return sent == bool(found)  # an absent flag is one that is off
    if isinstance(sent, float) and isinstance(found, float):
        return math.isclose(sent, found, rel_tol=1e-6)  # SageMaker keeps weights in single precision
    return bool(sent == found)


def _member_holds(member: str, sent: Document, found: Document) -> bool:
    ours, theirs = sent[member], found.get(member)
    if member == "Environment" and "ModelPackageName" not in sent:
        # One variable more is other content. Only for a container by package it may be the package's own.
        return dict(ours) == dict(theirs or {})
    if member in ORDERED_MEMBERS:
        return len(ours) == len(theirs or ()) and all(holds(a, b) for a, b in zip(ours, theirs or (), strict=True))
    if member == "ModelPackageName":
        # SageMaker lower-cases resource names inside ARNs.
        return bool(ours.lower() == str(theirs).lower())
    return holds(ours, theirs)


def _same_items(sent: Iterable[Any], found: Iterable[Any]) -> bool:
    rest = list(found)
    for item in sent:
        partner = next((index for index, other in enumerate(rest) if holds(item, other)), None)
        if partner is None:
            return False
        del rest[partner]
    return not rest
