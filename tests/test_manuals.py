"""The manuals are held against the code: commands, settings, keys, metrics, states and switches that they must not miss or make up."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from gotchas.test_all_present import KNOWN

from bot.domain.board import BoardState
from bot.domain.phases import TRANSITIONS, Phase
from bot.grammar import parse_argv
from sandbox.aws.faults import KINDS as AWS_FAULTS
from sandbox.aws.switches import SWITCHES
from sandbox.slack.faults import CALL_KINDS, DELIVERY_KINDS
from sandbox.stories import STORIES

ROOT = Path(__file__).parent.parent
MANUALS = ("engine", "install", "manager", "operate", "sandbox", "strategies")
METRIC = re.compile(r'"(endpoint_bot_\w+)"')


def text_of(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def commands_in(manual: str) -> Iterator[list[str]]:
    for block in re.findall(r"```sh\n(.*?)```", text_of(manual), re.DOTALL):
        for line in block.splitlines():
            found = re.search(r"(?:python -m bot|endpoint-bot bot) ([a-z][^#|]*)", line)
            if found:
                yield found[1].split()


@pytest.mark.parametrize("manual", [f"docs/{name}.md" for name in MANUALS])
def test_commands_in_the_manuals_exist(manual: str):
    for words in commands_in(manual):
        assert parse_argv(words)


def test_every_setting_is_explained():
    read = set(re.findall(r'"([A-Z]+(?:_[A-Z]+)*)"', text_of("bot/settings.py"))) - {"DEBUG", "YAML"}
    read -= {"INFO", "WARNING", "ERROR", "CRITICAL"}
    assert "REDIS_URL" in read
    assert not [name for name in sorted(read) if f"`{name}`" not in text_of("docs/install.md")]


def keys_of(schema: Mapping[str, Any]) -> set[str]:
    named = set(schema.get("properties", {}))
    for part in schema.values():
        if isinstance(part, dict):
            named |= keys_of(part)
    return named


def test_every_key_of_the_fleet_file_is_explained():
    keys = keys_of(json.loads(text_of("fleet.schema.json")))
    assert "quorum" in keys
    manual = text_of("docs/install.md")
    assert not [key for key in sorted(keys) if not re.search(rf"`{key}[`:]", manual)]


def test_every_metric_is_explained():
    names = {name for path in ("bot/http.py", "workers/metrics.py") for name in METRIC.findall(text_of(path))}
    assert len(names) > 5
    assert not [name for name in sorted(names) if name not in text_of("docs/operate.md")]


def test_every_state_is_explained():
    assert not [phase for phase in Phase if f"**{phase.words}**" not in text_of("docs/operate.md")]


def test_every_state_of_the_board_is_explained():
    assert not [state for state in BoardState if f"**{state}**" not in text_of("docs/operate.md")]


def test_the_table_of_states_is_that_of_the_code():
    by_words = {phase.words: phase for phase in Phase}
    rows = re.findall(r"^\| ([a-zA-Z ]+) \| ([a-zA-Z ,]+) \|$", text_of("docs/engine.md"), re.MULTILINE)
    told = {by_words[start]: {by_words[end] for end in ends.split(", ")} for start, ends in rows if start in by_words}
    assert told == {start: set(ends) for start, ends in TRANSITIONS.items() if ends}


def test_every_known_failure_has_its_row():
    rows = re.findall(
        r"^\| (\d+) \|.*\| (?:prevented|detected|told)(?:, \w+)? \|$", text_of("docs/operate.md"), re.MULTILINE
    )
    assert [int(number) for number in rows] == list(range(1, KNOWN + 1))


def test_every_permission_is_explained():
    statements = json.loads(text_of("iam-policy.json"))["Statement"]
    actions = {
        action for s in statements for action in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])
    }
    manual = text_of("docs/install.md")
    assert "sagemaker:UpdateEndpoint" in actions
    assert not [a for a in sorted(actions) if f"`{a}`" not in manual and f"`{a.partition(':')[2]}`" not in manual]


def test_every_scenario_fault_and_story_is_explained():
    manual = text_of("docs/sandbox.md")
    kinds = [kind.rstrip(":") for kind in CALL_KINDS]
    names = [*(s.name for s in SWITCHES), *AWS_FAULTS, *kinds, *DELIVERY_KINDS, *(s.name for s in STORIES)]
    assert not [name for name in names if not re.search(rf"`{re.escape(name)}\b", manual)]


def anchors_in(manual: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.*)$", manual.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_links_between_the_manuals_lead_somewhere():
    for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for link, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", path.read_text(encoding="utf-8")):
            target = path.parent / link if link else path
            assert target.exists(), f"{path.name} links to {link}"
            assert not anchor or anchor in anchors_in(target), f"{path.name} links to {link}#{anchor}"
