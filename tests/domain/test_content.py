"""The hash of content: the same for the same content, another one for any other."""

from collections import OrderedDict
from types import MappingProxyType
from typing import Any

import pytest

from bot.domain.content import ORDERED_MEMBERS, content_hash_of


@pytest.mark.parametrize(
    "said_otherwise",
    [
        {"B": [{"N": 2}, {"N": 1}], "A": "x"},
        OrderedDict(A="x", B=({"N": 1}, {"N": 2})),
        MappingProxyType({"A": "x", "B": [MappingProxyType({"N": 1}), {"N": 2}]}),
    ],
    ids=["reordered", "other types", "read-only"],
)
def test_order_and_types_are_no_content(said_otherwise: Any) -> None:
    assert content_hash_of({"A": "x", "B": [{"N": 1}, {"N": 2}]}) == content_hash_of(said_otherwise)


@pytest.mark.parametrize(
    "other",
    [{"A": "y", "B": [1, 2]}, {"A": "x", "B": [1, 3]}, {"A": "x", "B": [1]}, {"A": "x", "B": [1, 2, 2]}, {"A": "x"}],
)
def test_other_content_has_another_hash(other: Any) -> None:
    assert content_hash_of({"A": "x", "B": [1, 2]}) != content_hash_of(other)


@pytest.mark.parametrize("member", sorted(ORDERED_MEMBERS))
def test_where_order_is_content_another_order_is_other_content(member: str) -> None:
    assert content_hash_of({member: ["a", "b"]}) != content_hash_of({member: ["b", "a"]})
