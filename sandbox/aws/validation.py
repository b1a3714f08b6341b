"""Values against botocore shapes: everything that AWS checks, of which the client checks only a part.

botocore itself lets maximum lengths and values, patterns and enums pass; AWS does not. Texts are those of the services
("1 validation error detected: Value 'x' at 'endpointName' failed to satisfy constraint: ...").
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import Any

from botocore.model import Shape

from .errors import AwsError, validation

# Java's Unicode classes, as ranges that Python's `re` understands inside and outside brackets.
_UNICODE_CLASSES = {
    r"\p{L}": r"A-Za-zªµºÀ-\u1fff\u2c00-\ud7ff\uf900-\ufdff\U00010000-\U0010ffff",
    r"\p{M}": r"\u0300-\u036f",
    r"\p{Zs}": r"\u0020\u00a0\u2000-\u200a\u3000",
    r"\p{Z}": r"\u0020\u00a0\u2000-\u200a\u2028\u2029\u3000",
    r"\p{N}": r"0-9²³¹¼-¾\u0660-\u0669\u2070-\u2189",
    r"\p{P}": r"!-#%-*,-/:;?@\[-\]_{}¡§«¶·»¿\u2010-\u2027\u2030-\u205e",
    r"\p{S}": r"$+<->\^`|~¢-©¬®-±´×÷\u20a0-\u23ff\u2500-\u27bf\U0001f300-\U0001faff",
    r"\p{C}": r"\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ue000-\uf8ff\ufeff",
    r"\p{Alnum}": r"A-Za-z0-9",
    r"\p{Print}": r"\u0020-\u007e",
}
_ASTRAL_IN_UTF16 = r"\uD800\uDC00-\uDBFF\uDFFF"
_NUMBERS = {"integer", "long", "float", "double"}


@lru_cache(maxsize=2048)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """A model's pattern (Java syntax, always matched against the whole value) for Python's ``re``."""
    translated = pattern.replace(_ASTRAL_IN_UTF16, r"\U00010000-\U0010ffff")
    translated = re.sub(r"\$\{\d+,\d+\}", "$", translated)  # a slip in a few models: "(...)${1,128}"
    for name, ranges in _UNICODE_CLASSES.items():
        translated = translated.replace(name, ranges if "[" in translated else f"[{ranges}]")
    return re.compile(translated)


def check_request(shape: Shape | None, params: dict[str, Any]) -> None:
    """Raise the ValidationException that AWS would answer, listing every broken constraint."""
    found = find_violations(shape, params)
    if found:
        noun = "error" if len(found) == 1 else "errors"
        raise validation(f"{len(found)} validation {noun} detected: {'; '.join(found)}")


def find_violations(shape: Shape | None, value: Any) -> list[str]:
    """Every constraint of ``shape`` that ``value`` breaks, in AWS's words; a value of another type raises."""
    if shape is None:
        return []
    checker = _Checker()
    checker.check(shape, value, "")
    return checker.found


_PLAIN = {"timestamp": datetime, "double": float}


class _Checker:
    def __init__(self) -> None:
        self.found: list[str] = []

    def check(self, shape: Shape, value: Any, path: str) -> None:
        kind = shape.type_name
        if kind == "structure":
            self._structure(shape, value, path)
        elif kind == "list":
            self._list(shape, value, path)
        elif kind == "map":
            self._map(shape, value, path)
        else:
            self._scalar(shape, value, path)

    def _fail(self, value: Any, path: str, constraint: str) -> None:
        shown = "null" if value is None else f"'{_shown(value)}'"
        self.found.append(f"Value {shown} at '{path}' failed to satisfy constraint: Member must {constraint}")

    def _structure(self, shape: Any, value: Any, path: str) -> None:
        _expect(dict, value, shape, path)
        for name in shape.required_members:
            if value.get(name) is None:
                self._fail(None, _member(path, name), "not be null")
        if getattr(shape, "is_tagged_union", False) and len(value) != 1:
            self._fail(sorted(value), path, "be exactly one of the union's members")
        for name, item in value.items():
            if name not in shape.members:
                self._fail(item, _member(path, name), f"be one of {sorted(shape.members)}")
            elif item is not None:
                self.check(shape.members[name], item, _member(path, name))

    def _list(self, shape: Any, value: Any, path: str) -> None:
        _expect(list, value, shape, path)
        self._bounds(shape, len(value), value, path, "have length")
        if set(map(type, value)) == {_PLAIN.get(shape.member.type_name)} and not shape.member.metadata:
            return  # weeks of datapoints: there is nothing about a single one of them that could be wrong
        for index, item in enumerate(value, start=1):
            self.check(shape.member, item, f"{path}.{index}.member")

    def _map(self, shape: Any, value: Any, path: str) -> None:
        _expect(dict, value, shape, path)
        self._bounds(shape, len(value), value, path, "have length")
        for key, item in value.items():
            self.check(shape.key, key, f"{path}.key")
            self.check(shape.value, item, f"{path}.{key}.member")

    def _scalar(self, shape: Shape, value: Any, path: str) -> None:
        kind = shape.type_name
        if kind in _NUMBERS:
            _expect((int, float), value, shape, path)
            if kind in {"integer", "long"} and not float(value).is_integer():
                raise _cannot_convert(value, shape, path)
            self._bounds(shape, value, value, path, "have value")
        elif kind == "boolean":
            _expect(bool, value, shape, path)
        elif kind == "timestamp":
            _expect(datetime, value, shape, path)
        elif kind == "blob":
            _expect(bytes, value, shape, path)
            self._bounds(shape, len(value), value, path, "have length")
        else:
            _expect(str, value, shape, path)
            self._text(shape, value, path)

    def _text(self, shape: Any, value: str, path: str) -> None:
        if shape.enum and value not in shape.enum:
            self._fail(value, path, f"satisfy enum value set: [{', '.join(shape.enum)}]")
            return
        self._bounds(shape, len(value), value, path, "have length")
        pattern = shape.metadata.get("pattern")
        if pattern and not compile_pattern(pattern).fullmatch(value):
            self._fail(value, path, f"satisfy regular expression pattern: {pattern}")

    def _bounds(self, shape: Shape, measure: float, value: Any, path: str, verb: str) -> None:
        low, high = shape.metadata.get("min"), shape.metadata.get("max")
        if low is not None and measure < float(low):
            self._fail(value, path, f"{verb} greater than or equal to {low}")
        if high is not None and measure > float(high):
            self._fail(value, path, f"{verb} less than or equal to {high}")


def _member(path: str, name: str) -> str:
    """AWS names members in lower camel case: ``productionVariants.1.member.variantName``."""
    lowered = name[:1].lower() + name[1:]
    return f"{path}.{lowered}" if path else lowered


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 200 else f"{text[:200]}..."


def _expect(types: type | tuple[type, ...], value: Any, shape: Shape, path: str) -> None:
    is_number_check = types == (int, float)
    if not isinstance(value, types) or (is_number_check and isinstance(value, bool)):
        raise _cannot_convert(value, shape, path)


def _cannot_convert(value: Any, shape: Shape, path: str) -> AwsError:
    return AwsError(
        "SerializationException", f"{type(value).__name__} at '{path}' can not be converted to {shape.type_name}"
    )
