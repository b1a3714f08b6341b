"""What SageMaker accepts as a tag's value."""

import unicodedata

TAG_VALUE_LIMIT = 256


def tag_value(text: str) -> str:
    """The text as SageMaker takes it: other characters become underscores, and what is too long is cut."""
    # SageMaker's alphabet for tags: [\p{L}\p{Z}\p{N}_.:/=+\-@]*
    legal = "".join(c if c in "_.:/=+-@" or unicodedata.category(c)[0] in "LZN" else "_" for c in text)
    return legal[:TAG_VALUE_LIMIT]
