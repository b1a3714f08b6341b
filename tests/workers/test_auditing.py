"""The audit trail as JSON lines: uploaded in Slack, printed in a terminal."""

import json
from datetime import timedelta

from fakes.engine import Engine
from fakes.records import ANNA, BEN, ENDPOINT

from bot.domain.commands import Audit
from bot.domain.errand import ReplyTo
from bot.domain.errors import SlackRefused


def entries(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_every_decision_is_a_line_in_a_terminal(engine: Engine) -> None:
    rollout_id = engine.promote()
    engine.press("Approve", by=BEN)
    engine.type(f'lock {ENDPOINT} --reason "tests & *stars* <now>"', by=BEN)
    answer = engine.terminal("audit --since 7d")
    assert answer.exit_status == 0
    told = entries(answer.text)
    assert all("recorded_at" in entry for entry in told)
    assert [e["phase"] for e in told if e.get("rollout") == rollout_id and "phase" in e][:2] == [
        "planning",
        "awaiting_approval",
    ]
    (decision,) = [e["decision"] for e in told if "decision" in e]
    assert decision["actor"] == BEN
    (lock,) = [e for e in told if "lock" in e]
    assert (lock["actor"], lock["reason"]) == (BEN, "tests & *stars* <now>")


def test_in_slack_it_comes_as_a_file_where_it_was_asked_for(engine: Engine) -> None:
    engine.promote()
    told = engine.ask("audit")
    ((thread_ts, filename),) = engine.slack.files
    assert (thread_ts, filename) == (None, f"audit-{engine.clock():%Y%m%d-%H%M}.jsonl")
    lines = entries(engine.slack.contents[filename].decode())
    assert told == f"The audit trail: {len(lines)} decisions of the last 7 d, oldest first, one JSON object a line."


def test_what_is_older_is_left_out(engine: Engine) -> None:
    engine.promote()
    engine.clock.tick(timedelta(days=400))
    assert engine.terminal("audit --since 1h").text == ""


def test_a_trail_longer_than_one_reading_is_told_whole_and_once(engine: Engine) -> None:
    for number in range(2001):
        engine.redis.xadd("endpoint-bot:audit", {"entry": json.dumps({"number": number})}, id=f"{number + 10**12}-0")
    start = engine.clock() - timedelta(days=365 * 30)
    assert [entry["number"] for entry in engine.store.audit.since(start)] == list(range(2001))


def test_a_bot_that_is_no_member_says_how_to_invite_it(engine: Engine) -> None:
    engine.slack.fail("upload", SlackRefused("files.upload", "not_in_channel"))
    assert engine.ask("audit") == (
        "The file could not be put here: invite the bot with /invite @endpoint-bot, then ask again."
    )


def test_outside_every_conversation_there_is_no_place_for_a_file(engine: Engine) -> None:
    engine.intake.take_command(Audit(), actor=ANNA, reply=ReplyTo(user_id=ANNA), delivery_id="trigger home")
    engine.settle()
    (told,) = engine.slack.posted
    assert (told.channel, told.words) == (
        ANNA,
        "A file can be given in a channel or in the bot's messages only: type the command there.",
    )
