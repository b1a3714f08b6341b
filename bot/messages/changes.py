"""Fields that change, as lines: what weighs most first."""

import re
from collections.abc import Sequence

from bot.domain.plan import Difference
from bot.messages.blocks import clip, code, listed

_MOST = 12  # fills a phone's screen; whoever needs all of them looks at the config itself
_LONGEST_VALUE = 120
_LONG_HASH = re.compile(r"(?<=-)([0-9a-f]{4})[0-9a-f]{28}$")

_WEIGHTS = (
    re.compile(r"ModelPackageName|\.Image\b|ModelData|ModelName|EndpointConfigName"),  # what runs
    re.compile(r"InstanceType|InstancePools|ServerlessConfig|InstanceCount"),  # on what, and how much of it
)


def change_lines(differences: Sequence[Difference]) -> str:
    """A bullet for each difference, what weighs most first; what is left out is counted."""
    return listed([change_line(d) for d in sorted(differences, key=_weight)], most=_MOST)


def change_line(difference: Difference) -> str:
    """`path`: `before` → `after`."""
    return f"{code(difference.path)}: {_value(difference.before)} → {_value(difference.after)}"


def _weight(difference: Difference) -> int:
    return next((i for i, pattern in enumerate(_WEIGHTS) if pattern.search(difference.path)), len(_WEIGHTS))


def _value(value: str | None) -> str:
    if value is None:
        return "(not set)"
    if not value:
        return "(empty)"
    # Of an ARN, its end tells one from the other, and of a Marketplace package's hash, its beginning; the whole of them fills a
    # phone's screen twice.
    short = f"…/{value.partition('/')[2]}" if value.startswith("arn:") and "/" in value else value
    short = _LONG_HASH.sub(r"\1…", short)
    return code(clip(short, _LONGEST_VALUE).replace("\n", " "))
