"""What SageMaker accepts as a tag's value, and how people's words get through its small alphabet and back."""

import re
import unicodedata
from urllib.parse import quote

TAG_VALUE_LIMIT = 256

NOTHING = "-"
"""Stands for what is not there, in a value of several words."""

_ESCAPES = re.compile(r"(?:=[0-9A-F]{2})+")
_CUT_ESCAPE = re.compile(r"=[0-9A-F]?$")


def tag_value(text: str) -> str:
    """The text as SageMaker takes it: other characters become underscores, and what is too long is cut."""
    # SageMaker's alphabet for tags: [\p{L}\p{Z}\p{N}_.:/=+\-@]*
    legal = "".join(c if c in "_.:/=+-@" or unicodedata.category(c)[0] in "LZN" else "_" for c in text)
    return legal[:TAG_VALUE_LIMIT]


def escaped(text: str) -> str:
    """Characters that no tag may have, as `=` and their bytes in hex: a percent sign is `=25`."""
    return "".join(c if c != "=" and tag_value(c) == c else quote(c, safe="").replace("%", "=") for c in text)


def unescaped(text: str) -> str:
    """The inverse; an escape that was cut at the end is left out."""
    whole = _CUT_ESCAPE.sub("", text)
    return _ESCAPES.sub(lambda found: bytes.fromhex(found[0].replace("=", "")).decode(errors="ignore"), whole)


def one_word(text: str) -> str:
    """The text as one word of a value that has several."""
    return text.replace(" ", "_") or NOTHING
