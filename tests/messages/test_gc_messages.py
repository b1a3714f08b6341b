"""What gc says: grouped by endpoint, within Slack's limits, and with a button only where there is something to delete."""

from datetime import timedelta
from decimal import Decimal

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
    return Orphan(kind=kind, name=name, endpoint=endpoint, made=NOW - timedelta(days=number))


def alarm(label: str = "errors", endpoint: str = "old-prod", monthly: str = "0.10") -> Orphan:
    return Orphan(kind="alarm", name=f"bot-{endpoint}.{label}", endpoint=endpoint, monthly=Decimal(monthly))


def words(*orphans: Orphan) -> str:
    return plain(render_orphans(orphans, WEEK))


def buttons(message: Message) -> list[dict[str, object]]:
    return [e for b in message.blocks if b["type"] == "actions" for e in b["elements"]]


def test_the_list_is_grouped_by_endpoint_and_its_button_types_gc_delete() -> None:
    found = (orphan(), orphan(number=3), orphan(kind="model"), orphan("stt-prod"))
    message = render_orphans(found, WEEK)
    told = plain(message)
    assert "3 endpoint configs and 1 model" in told
    assert "sentiment-prod: 2 endpoint configs and 1 model, the oldest made 2026-11-19 08:00 UTC" in told
    assert "stt-prod: 1 endpoint config, the oldest" in told
    (button,) = buttons(message)
    assert button["text"] == {"type": "plain_text", "text": "Delete 4", "emoji": False}
    assert CommandValue.model_validate_json(str(button["value"])).command.name == "gc"
    assert "confirm" in button


def test_where_there_is_nothing_to_delete_there_is_no_button() -> None:
    message = render_orphans((), WEEK)
    assert buttons(message) == []
    assert "nothing to clean up" in message.text


def test_an_alarm_that_outlived_its_endpoint_is_told_with_what_it_costs() -> None:
    assert words(alarm()).startswith(
        "1 alarm of the bot's own is left of an endpoint that does not exist any more and that the fleet file does not declare. "
        "It costs about $0.10 a month:\n• old-prod: 1 alarm (errors)\n"
    )


def test_alarms_stand_apart_from_what_costs_nothing() -> None:
    told = words(orphan(), alarm(), alarm("p99"), alarm("p99", "older", "0.30"), orphan("old-prod"))
    assert "Nothing needs 2 endpoint configs of the bot's own" in told
    assert (
        "3 alarms of the bot's own are left of endpoints that do not exist any more and that the fleet file does not declare. "
        "They cost about $0.50 a month:\n• old-prod: 2 alarms (errors, p99)\n• older: 1 alarm (p99)\n"
    ) in told
    assert "Delete 5" in told


def test_deleted_alarms_are_counted_with_the_rest_of_their_endpoint() -> None:
    deleted = (orphan("old-prod"), orphan("old-prod", "model"), alarm(), alarm("p99"))
    told = plain(render_collected(deleted, "U0BEN", skipped=0, left=0))
    assert told == (
        "@U0BEN deleted 1 endpoint config, 1 model and 2 alarms that nothing needed:\n"
        "• old-prod: 1 endpoint config and 1 model, the oldest made 2026-11-21 08:00 UTC; 2 alarms (errors, p99)"
    )


def test_many_endpoints_fit_into_one_message() -> None:
    names = [f"endpoint-with-a-rather-long-name-{n:04d}".ljust(63, "x") for n in range(500)]
    labels = ("errors", "mid-stream", "p99", "p90", "p50", "overhead", "backlog")
    found = [*map(orphan, names), *(alarm(label, name) for name in names for label in labels)]
    message = render_orphans(found, WEEK)
    assert all(len(b["text"]["text"]) <= SECTION_LIMIT for b in message.blocks if b["type"] == "section")
    assert plain(message).count("and 486 more") == 2
    assert "3,500 alarms" in plain(message)


def test_what_was_deleted_what_stayed_and_what_is_left_is_told() -> None:
    told = plain(render_collected([orphan()], "U0BEN", skipped=1, left=1200))
    assert "deleted 1 endpoint config that nothing needed" in told
    assert "1 other turned out to be needed at the last look, and stayed." in told
    assert "1,200 more could be deleted" in told
    assert "Nothing was deleted" in render_collected([], "U0BEN", skipped=0, left=0).text
