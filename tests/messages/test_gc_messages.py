"""What gc says: grouped by endpoint, within Slack's limits, and with a button only where there is something to delete."""

from datetime import timedelta

from fakes.clock import NOW

from bot.domain.collecting import Orphan
from bot.domain.errand import CommandValue
from bot.messages.blocks import SECTION_LIMIT, Message
from bot.messages.gc import render_collected, render_orphans
from bot.messages.plain import plain
from workers.cloning import target_name

WEEK = timedelta(days=7)


def orphan(endpoint: str = "sentiment-prod", kind: str = "endpoint config", number: int = 1) -> Orphan:
    name = target_name(endpoint, f"rabcd{number:03d}", "0123456789abcdef")
    return Orphan(kind=kind, name=name, made=NOW - timedelta(days=number))


def buttons(message: Message) -> list[dict[str, object]]:
    return [e for b in message.blocks if b["type"] == "actions" for e in b["elements"]]


def test_the_list_is_grouped_by_endpoint_and_its_button_types_gc_delete() -> None:
    found = (orphan(), orphan(number=3), orphan(kind="model"), orphan("stt-prod"))
    message = render_orphans(found, WEEK)
    words = plain(message)
    assert "3 endpoint configs and 1 model" in words
    assert "sentiment-prod: 2 endpoint configs and 1 model, the oldest made 2026-11-19 08:00 UTC" in words
    assert "stt-prod: 1 endpoint config, the oldest" in words
    (button,) = buttons(message)
    assert button["text"] == {"type": "plain_text", "text": "Delete 4", "emoji": False}
    assert CommandValue.model_validate_json(str(button["value"])).command.name == "gc"
    assert "confirm" in button


def test_where_there_is_nothing_to_delete_there_is_no_button() -> None:
    message = render_orphans((), WEEK)
    assert buttons(message) == []
    assert "nothing to clean up" in message.text


def test_many_endpoints_fit_into_one_message() -> None:
    message = render_orphans([orphan(f"endpoint-with-a-rather-long-name-{n:04d}") for n in range(500)], WEEK)
    assert all(len(b["text"]["text"]) <= SECTION_LIMIT for b in message.blocks if b["type"] == "section")
    assert "and 486 more" in plain(message)


def test_what_was_deleted_what_stayed_and_what_is_left_is_told() -> None:
    words = plain(render_collected([orphan()], "U0BEN", skipped=1, left=1200))
    assert "deleted 1 endpoint config that nothing needed" in words
    assert "1 other turned out to be needed at the last look, and stayed." in words
    assert "1,200 more could be deleted" in words
    assert "Nothing was deleted" in render_collected([], "U0BEN", skipped=0, left=0).text
