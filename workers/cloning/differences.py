"""Field-level differences between two documents, with paths that people can read and without any secret."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.domain.endpoint import Document
from bot.domain.plan import Difference

MASK = "••••"

_SECRET_KEY = re.compile(r"key|token|secret|passw|credential|license|private|auth", re.IGNORECASE)

_SECRET_INSIDE = re.compile(
    r"""
      [a-z][a-z0-9+.-]*://[^/\s@]+@             # a URL with a user or password in it
    | -----BEGIN\ [A-Z ]+-----                  # PEM
    | \b(?:xox[a-z]|xapp|gh[pousr]|github_pat|glpat|hf|npm|dop_v1|sk|pk|rk)[-_][A-Za-z0-9]   # well-known token prefixes
    | \b(?:AKIA|ASIA)[A-Z0-9]{16}\b             # AWS access key ids
    | \beyJ[A-Za-z0-9_-]+\.                     # JWT
    | \b(?:bearer|basic)\s+\S{8}                # HTTP authorization
    | (?:key|token|secret|passw\w*|pwd|credential|signature|sig)["']?\s*[=:]   # a secret inside a query, a JSON or a DSN
    """,
    re.IGNORECASE | re.VERBOSE,
)

_SECRET_WHOLE = re.compile(
    r"""
      [0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}        # UUID: what licences look like
    | [0-9a-fA-F]{32,}                                   # hex
    | (?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=\D*\d)[A-Za-z0-9_+/=~-]{20,}   # long, of mixed case, with digits, one word
    """,
    re.VERBOSE,
)

_ENVIRONMENT = "Environment"


def masked(key: str, value: str) -> str:
    """The value as people may see it: a secret-looking one is hidden whole, for a part of it would help a guesser.

    Args:
        key: The environment variable's name, or any other field's.
        value: Its value.
    """
    if _SECRET_KEY.search(key) or _SECRET_INSIDE.search(value) or _SECRET_WHOLE.fullmatch(value.strip()):
        return MASK
    return value


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
