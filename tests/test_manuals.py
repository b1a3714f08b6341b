"""The manuals are held against the code: commands, settings, keys, metrics, states and switches that they must not miss or make up."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.domain.rollout import Phase
from bot.grammar import parse_argv
from sandbox.aws.faults import KINDS as AWS_FAULTS
from sandbox.aws.switches import SWITCHES
from sandbox.slack.faults import CALL_KINDS, DELIVERY_KINDS
from sandbox.stories import STORIES

ROOT = Path(__file__).parent.parent
MANUALS = ("engine", "install", "operate", "sandbox", "strategies")
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


def test_every_scenario_fault_and_story_is_explained():
    manual = text_of("docs/sandbox.md")
    kinds = [kind.rstrip(":") for kind in CALL_KINDS]
    names = [*(s.name for s in SWITCHES), *AWS_FAULTS, *kinds, *DELIVERY_KINDS, *(s.name for s in STORIES)]
    assert not [name for name in names if not re.search(rf"`{re.escape(name)}\b", manual)]


def test_links_between_the_manuals_lead_somewhere():
    for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            assert (path.parent / link).exists(), f"{path.name} links to {link}"
