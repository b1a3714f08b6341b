"""How the driver reads messages to people: flattened blocks, resolved mentions, and a transcript."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.slack.plain_text import button_labels, lines_of, readable
from sandbox.slack.transcript import transcript
from sandbox_slack.clients import actions, button, section

NAMES = {"U0ANNA": "anna", "U0BOT": "endpoint-bot", "S0MLOPS": "ml-ops", "C0RANDOM": "random"}


@pytest.mark.parametrize(
    ("mrkdwn", "text"),
    [
        ("*stt-prod* is _fine_ and ~old~", "stt-prod is fine and old"),
        ("*_both_*", "both"),
        ("<@U0ANNA> of <!subteam^S0MLOPS> in <#C0RANDOM|random>, <!here>", "@anna of @ml-ops in #random, @here"),
        ("<https://x.io|the docs> or <https://y.io>", "the docs or https://y.io"),
        ("at <!date^1790000000^{time}|07:12 UTC>", "at 07:12 UTC"),
        ("`--env A_B=c_d` and snake_case_name", "`--env A_B=c_d` and snake_case_name"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2"),
        ("3 * 4 * 5", "3 * 4 * 5"),
    ],
)
def test_mrkdwn_reads_as_people_see_it(mrkdwn: str, text: str) -> None:
    assert readable(mrkdwn, NAMES) == text


def test_blocks_become_lines_in_reading_order() -> None:
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": "Plan"}},
        {**section("*model* v1 → v2\nby <@U0ANNA>"), "accessory": button("Details", "d")},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "*p99*\n412 ms"}]},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "r-17"}, {"type": "plain_text", "text": "4 min"}]},
        {"type": "image", "alt_text": "p99 before and after", "image_url": "https://x.io/c.png"},
        {"type": "table", "rows": [[cell("metric"), cell("ms")], [cell("p50"), cell("87")]]},
        {
            "type": "rich_text",
            "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "literal *text*"}]}],
        },
        actions(button("Approve", "a"), button("Reject", "r")),
    ]
    assert lines_of(blocks, NAMES) == [
        "Plan",
        "model v1 → v2",
        "by @anna",
        "p99",
        "412 ms",
        "r-17 · 4 min",
        "[image: p99 before and after]",
        "metric  ms",
        "p50     87",
        "literal *text*",
    ]
    assert button_labels(blocks) == ["Details", "Approve", "Reject"]


def cell(text: str) -> dict[str, Any]:
    return {"type": "raw_text", "text": text}


def message(ts: str, user: str, text: str, **fields: Any) -> dict[str, Any]:
    defaults = {"blocks": [], "files": [], "thread_ts": None, "ephemeral": False, "visible_to": None, "version": 1}
    return {"ts": ts, "user": user, "text": text, **defaults, **fields}


def test_a_transcript_is_laid_out_for_a_reader() -> None:
    root = message(
        "100.000000", "U0BOT", "", blocks=[section("*stt-prod*: updating"), actions(button("Cancel", "c"))], version=3
    )
    reply = message("102.000000", "U0BOT", "see", thread_ts="100.000000", files=[{"name": "chart.png", "size": 24_300}])
    psst = message("103.000000", "U0BOT", "not yours", thread_ts="100.000000", ephemeral=True, visible_to="U0ANNA")
    click = {
        "kind": "interactive",
        "time": 101.5,
        "took_seconds": 0.5,
        "payload": {
            "type": "block_actions",
            "trigger_id": "1",
            "user": {"id": "U0ANNA"},
            "container": {"message_ts": "100.000000"},
            "actions": [{"action_id": "c", "text": {"text": "Cancel"}}],
        },
    }
    told = transcript("#ml-deploys", [root, reply, psst], [click, click], NAMES)
    assert told == (
        "#ml-deploys\n"
        "\n"
        "00:01:40  endpoint-bot  (edited 2×)\n"
        "          stt-prod: updating\n"
        "          [Cancel]\n"
        "    │ 00:01:41  anna presses [Cancel]\n"
        "    │ 00:01:42  endpoint-bot\n"
        "    │           see\n"
        "    │           [chart.png 24 kB]\n"
        "    │ 00:01:43  endpoint-bot  (only anna sees this)\n"
        "    │           not yours\n"
    )
