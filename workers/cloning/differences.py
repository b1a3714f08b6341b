"""Field-level differences between two documents, with paths that people can read and without any secret."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bot.domain.endpoint import Document
from bot.domain.masking import MASK, masked
from bot.domain.plan import Difference

_ENVIRONMENT = "Environment"


def differences(before: Document, after: Document, owner: str) -> tuple[Difference, ...]:
    """What changes from one document to the other, field by field.

    Args:
        before: The present document.
        after: The new one.
        owner: What stands before every path, e.g. `AllTraffic.model`.
    """
    return tuple(_walk(before, after, owner, secret=False))


def _walk(before: Any, after: Any, path: str, *, secret: bool) -> Iterator[Difference]:
    if before == after:
        return
    if isinstance(before or {}, Mapping) and isinstance(after or {}, Mapping) and (before or after):
        for key in dict.fromkeys([*(before or {}), *(after or {})]):
            # Environment variables have names that people chose; SageMaker's own fields (`KmsKeyId`) are no secrets.
            yield from _walk(
                (before or {}).get(key),
                (after or {}).get(key),
                f"{path}.{key}",
                secret=path.endswith(f".{_ENVIRONMENT}"),
            )
        return
    key = path.rpartition(".")[2] if secret else ""
    shown_before, shown_after = (None if value is None else masked(key, _words(value)) for value in (before, after))
    if shown_before == shown_after == MASK:
        shown_after = f"{MASK} (changed)"
    yield Difference(path=path, before=shown_before, after=shown_after)


def _words(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
