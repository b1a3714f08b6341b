"""The schema that editors check the fleet file with."""

import json
import runpy
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from bot.domain.fleet import FleetFileError, fleet_schema, parse_fleet

EXAMPLE = Path("fleet.example.yaml").read_text()
VALIDATOR = Draft202012Validator(fleet_schema())


def complaints(text: str) -> list[str]:
    # Through JSON, because an editor knows neither Python's dates nor its sets.
    return [error.message for error in VALIDATOR.iter_errors(json.loads(json.dumps(yaml.safe_load(text))))]


def test_published_schema_is_up_to_date():
    assert json.loads(Path("fleet.schema.json").read_text()) == fleet_schema()


def test_schema_is_printed_by_the_module(capsys):
    runpy.run_module("bot.domain.fleet", run_name="__main__")
    assert capsys.readouterr().out == Path("fleet.schema.json").read_text()


def test_schema_is_a_schema():
    Draft202012Validator.check_schema(fleet_schema())


def test_example_fits_the_schema():
    assert complaints(EXAMPLE) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("version: 1", "version: 2"),
        ("  policy: ask", "  polcy: ask"),
        ("policy: auto", "policy: always"),
        ("expires_after: 4h", "expires_after: 4"),
        ("duration: 30m                  #", "duration: 0m #"),
        ("users: [U0ANNA, U0BEN]", "users: [anna]"),
        ("quorum: 1", "quorum: 0"),
        ("kind: streaming", "kind: stream"),
        ("instance_count: 2\n    environment", "instance_count: two\n    environment"),
        ('"120"', "120"),
        ("error_rate: 2%", "error_rate: 200%"),
        ("p99_ms: 800", "p99_ms: -1"),
        ("size: 10%", "size: much"),
        ("channel: C0SENTIMENT", "channel: '#sentiment'"),
        ("channel: C0SENTIMENT", "timing: {sweep: 5s}"),
        ("memory_mb: 3072", "memory_mb: 3000"),
        ("    serverless: {memory_mb: 3072, max_concurrency: 20}\n", ""),
        ("model_package_group: credibility", "model_package_group: credibility\n    instance_type: ml.m5.large"),
        ("kind: serverless", "kind: realtime"),
        ("    model_package_group: product-perception\n", ""),
        ("  product-perception:\n", "  product_perception:\n"),
        ("ml.g5.2xlarge", "g5.2xlarge"),
        ("max: 8, ", ""),
        ("windows: []", "windows: [weekdays]"),
    ],
)
def test_schema_and_reader_refuse_the_same_mistakes(right, wrong):
    text = EXAMPLE.replace(right, wrong, 1)
    assert text != EXAMPLE
    assert complaints(text)
    with pytest.raises(FleetFileError):
        parse_fleet(text, "f")


def test_every_key_is_explained_to_the_editor_unless_its_name_says_all():
    silent = {
        f"{name}.{key}"
        for name, block in fleet_schema()["$defs"].items()
        for key, value in block.get("properties", {}).items()  # lists of words, such as roles, have none
        if "description" not in value and "$ref" not in value
    }
    assert silent == set()


def test_every_block_and_every_list_of_words_is_explained_to_the_editor():
    assert {name for name, block in fleet_schema()["$defs"].items() if not block.get("description")} == set()


@pytest.mark.parametrize(
    "watch",
    [
        "metrics: {p75: critical}",
        "metrics: {p50: grave}",
        "check: {}",
        "tolerance: {relative: 200%}",
        "auto_rollback: on",
    ],
)
def test_schema_and_reader_refuse_the_same_mistakes_about_the_watch(watch):
    text = EXAMPLE.replace("  product-perception:\n", f"  product-perception:\n    watch: {{{watch}}}\n", 1)
    assert text != EXAMPLE
    assert complaints(text)
    with pytest.raises(FleetFileError):
        parse_fleet(text, "f")
