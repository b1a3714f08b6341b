"""Fields that change, as lines: what weighs most first."""

import re
from collections.abc import Iterator, Sequence

from bot.domain.plan import Difference
from bot.messages.blocks import Block, clip, code, listed, section

_MOST = 12  # fills a phone's screen
_MOST_PARTS = 4  # the first screen, and what follows: a message has room for about 13,000 characters in all
_LONGEST_PART = 2000
_LONGEST_VALUE = 120
_BEFORE_THE_CHANGE = 20
_LONG_HASH = re.compile(r"(?<=-)([0-9a-f]{4})[0-9a-f]{28}$")

_WEIGHTS = (
    re.compile(r"ModelPackageName|\.Image\b|ModelData|ModelName|EndpointConfigName"),  # what runs
    re.compile(r"InstanceType|InstancePools|ServerlessConfig|InstanceCount"),  # on what, and how much of it
)


def change_blocks(heading: str, differences: Sequence[Difference]) -> list[Block]:
    """All of the differences: a screen of what weighs most, and the rest below it, because what is approved must have been shown."""
    lines = [f"• {change_line(d)}" for d in sorted(differences, key=_weight)]
    parts = list(_parts(lines))
    left_out = sum(len(part) for part in parts[_MOST_PARTS:])
    texts = ["\n".join(part) for part in parts[:_MOST_PARTS]]
    if left_out:
        texts.append(f"• … and {left_out} more")
    return [section(f"{heading}\n{texts[0]}"), *(section(text) for text in texts[1:])]


def _parts(lines: Sequence[str]) -> Iterator[list[str]]:
    """The lines, a screen of them first and then as many to a part as fit."""
    part: list[str] = []
    most = _MOST
    for line in lines:
        if part and (len(part) == most or sum(map(len, part)) + len(part) + len(line) > _LONGEST_PART):
            yield part
            part, most = [], len(lines)
        part.append(line)
    yield part


def change_lines(differences: Sequence[Difference]) -> str:
    """A bullet for each difference, what weighs most first; what is left out is counted."""
    return listed([change_line(d) for d in sorted(differences, key=_weight)], most=_MOST)


def change_line(difference: Difference) -> str:
    """`path`: `before` → `after`."""
    before, after = _apart(difference.before, difference.after)
    shown = (_value(before), _value(after))
    if shown[0] == shown[1] and before and after:  # such as two accounts' packages of the same name
        shown = (code(before), code(after))
    return f"{code(difference.path)}: {shown[0]} → {shown[1]}"


def _apart(before: str | None, after: str | None) -> tuple[str | None, str | None]:
    """Both from shortly before where they part, if what is shown of them would look alike."""
    if not before or not after:
        return before, after
    alike = (i for i, (one, other) in enumerate(zip(before, after, strict=False)) if one != other)
    start = next(alike, min(len(before), len(after))) - _BEFORE_THE_CHANGE
    if start < _LONGEST_VALUE - 2 * _BEFORE_THE_CHANGE:
        return before, after
    return f"…{before[start:]}", f"…{after[start:]}"


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
