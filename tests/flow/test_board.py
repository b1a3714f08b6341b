"""The board in pages and by filters, the Home tab, and the audit trail, on real processes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from sandbox.slack.driver import Message
from sandbox.stack import Options, Stack

from .running import started
from .story import quick_fleet, terminal
from .test_commands import answer
from .test_locks import announced

pytestmark = pytest.mark.flow

PLANNED = 30
"""Endpoints that the fleet file declares and that nobody has created: with the four of the sample, two pages."""


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Stack]:
    """A fleet of 34, with a manager that looks every second."""
    path = quick_fleet(tmp_path_factory.mktemp("crowded"))
    fleet = yaml.safe_load(path.read_text())
    fleet["manager"] = {"every": "1h", "census": "1s"}
    fleet["defaults"]["policy"] = "manual"
    fleet["endpoints"] |= {f"planned-{n:02}": {"model_package_group": "sentiment"} for n in range(PLANNED)}
    path.write_text(yaml.safe_dump(fleet))
    with started(Options(fleet=path), request) as stack:
        yield stack


def home_of(stack: Stack, name: str) -> str:
    """What somebody sees in the Home tab, as JSON text."""
    return json.dumps((stack.slack.person(name).home() or {}).get("blocks"))


def wait_for_home(stack: Stack, name: str, words: str) -> str:
    return stack.slack.wait_for(
        lambda: next(text for text in [home_of(stack, name)] if words in text), 30, f"a Home tab with {words!r}"
    )


def test_the_next_page_takes_the_place_of_the_first(crowded: Stack) -> None:
    answer(crowded, "status", expected="Page 1 of 2")
    anna = crowded.slack.person("anna")
    before = [message.ts for message in anna.ephemerals()]
    anna.click("Next page")

    def turned() -> Message:
        return next(message for message in anna.ephemerals() if "Page 2 of 2" in message.plain)

    shown = crowded.slack.wait_for(turned, 30, "the second page")
    assert "stt-prod" in shown.plain
    assert [message.ts for message in anna.ephemerals()] == before
    assert "Previous page" in shown.buttons


def test_rows_are_chosen_by_state_owner_and_pattern(crowded: Stack) -> None:
    mine = answer(crowded, "status --state out-of-date --owner @anna", expected="out of date, owned by")
    assert "stt-prod" in mine
    assert "sentiment-prod: " not in mine
    some = answer(crowded, "status planned-0*", expected="10 of 34 endpoints")
    assert some.count("NOT_DEPLOYED · ") == 10
    assert "Did you mean sentiment-prod" in answer(crowded, "status sentimant*", expected="Did you mean")


def test_the_home_tab_is_drawn_steered_and_kept_true(crowded: Stack) -> None:
    anna = crowded.slack.person("anna")
    delivery = anna.open_home()
    assert delivery is not None
    assert delivery.status == "ok"
    assert wait_for_home(crowded, "anna", "*Yours*").index("stt-prod") < home_of(crowded, "anna").index("planned-00")
    anna.choose("home.rows", '{"only":"mine","page":1}', where="home")
    crowded.slack.wait_for(lambda: "planned-00" not in home_of(crowded, "anna"), 30, "only her own endpoints")
    assert crowded.slack.person("ben").home() is None
    crowded.slack.person("ben").command('/endpoint lock stt-prod --reason "load test"')
    wait_for_home(crowded, "anna", "load test")
    drawn = len(crowded.slack.calls("views.publish"))
    anna.click("Details", where="home")
    told = crowded.slack.wait_for(
        lambda: next(m.plain for m in anna.messages("D0ANNA") if "Variants" in m.plain), 30, "an answer beside the tab"
    )
    assert "load test" in told
    assert len(crowded.slack.calls("views.publish")) == drawn, "nothing changed, so nothing is drawn"
    assert [call["error"] for call in crowded.slack.calls("views.publish") if not call["ok"]] == []


def test_the_audit_trail_is_a_file_in_slack_and_lines_in_a_terminal(crowded: Stack) -> None:
    announced(crowded, 'freeze --reason "audit me"', by="ben", expected="Everything is frozen by @ben")
    answer(crowded, "audit --since 1h", expected="The audit trail: ")

    def shared() -> dict[str, Any]:
        files = [file for message in crowded.slack.root_messages() for file in message.files]
        return next(file for file in files if file["name"].endswith(".jsonl"))

    file = crowded.slack.wait_for(shared, 30, "the file")
    in_slack = [json.loads(line) for line in crowded.slack.download(file).decode().splitlines()]
    assert "audit me" in [entry.get("reason") for entry in in_slack]
    printed = terminal(crowded, "audit", "--since", "1h")
    assert printed.returncode == 0
    assert [json.loads(line) for line in printed.stdout.strip().splitlines()][: len(in_slack)] == in_slack
    crowded.slack.person("ben").command("/endpoint thaw")
