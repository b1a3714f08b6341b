"""Changes outside the bot, written as a tag and read back."""

import re
from datetime import timedelta

import pytest
from fakes.clock import NOW
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.board import OutsideChange
from bot.domain.outside_tags import OUTSIDE_TAG, outside_in, tags_of_outside

LEGAL = re.compile(r"[\w\s.:/=+\-@]*")
CHANGE = OutsideChange(config="stt-prod-by-hand", at=NOW + timedelta(minutes=5), actor="assumed-role/on call/carl")


@pytest.mark.parametrize(
    "change", [CHANGE, CHANGE.model_copy(update={"actor": ""}), CHANGE.model_copy(update={"of_counts": True})]
)
def test_a_change_is_read_back_as_it_was(change: OutsideChange):
    assert outside_in(tags_of_outside(change)) == change


@given(st.text())
def test_whoever_it_was_the_tag_is_legal_and_tells_when_and_what(actor: str):
    tags = tags_of_outside(CHANGE.model_copy(update={"actor": actor}))
    assert all(LEGAL.fullmatch(value) and len(value) <= 256 for value in tags.values())
    found = outside_in(tags)
    assert found is not None
    assert (found.config, found.at) == (CHANGE.config, CHANGE.at)


@pytest.mark.parametrize("value", ["", "yesterday", "yesterday config c -", "2026-11-22T08:00:00Z other c -", "a b"])
def test_what_nobody_can_read_tells_nothing(value: str):
    assert outside_in({OUTSIDE_TAG: value}) is None
    assert outside_in({}) is None
