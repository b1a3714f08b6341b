"""Pydantic's complaints in plain words, for people who never heard of pydantic."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import ErrorDetails

_WORDS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "value_error": lambda ctx: str(ctx["error"]),
    "missing": lambda ctx: "is missing",
    "extra_forbidden": lambda ctx: "unknown key",
    "int_type": lambda ctx: "must be a whole number",
    "float_type": lambda ctx: "must be a number",
    "bool_type": lambda ctx: "must be true or false",
    "string_type": lambda ctx: "must be text: put it in quotes",
    "string_too_long": lambda ctx: f"is longer than {ctx['max_length']} characters",
    "string_too_short": lambda ctx: "is empty",
    "too_short": lambda ctx: "is empty",
    "too_long": lambda ctx: f"lists more than {ctx['max_length']}",
    "greater_than_equal": lambda ctx: f"must be at least {ctx['ge']}",
    "greater_than": lambda ctx: f"must be more than {ctx['gt']}",
    "less_than_equal": lambda ctx: f"must be at most {ctx['le']}",
    "multiple_of": lambda ctx: f"must be a multiple of {ctx['multiple_of']}",
    "enum": lambda ctx: f"must be {ctx['expected'].replace(chr(39), '')}",
    "literal_error": lambda ctx: f"must be {ctx['expected'].replace(chr(39), '')}",
    "tuple_type": lambda ctx: "must be a list: [a, b]",
    "dict_type": lambda ctx: "must be a mapping of keys to values",
    "mapping_type": lambda ctx: "must be a mapping of keys to values",
    "model_type": lambda ctx: "must be a mapping of keys to values",
}


def problem_of(error: ErrorDetails) -> str:
    """What is wrong, to be read behind the name of the field; kinds of error that we do not raise keep pydantic's text."""
    words = _WORDS.get(error["type"])
    return words(error.get("ctx", {})) if words else error["msg"]
