"""Another size of a serverless endpoint: what is said replaces, what is not said stays, and what it takes away is told."""

from dataclasses import replace

import pytest
from fakes.facts import ROLLBACK, UPDATE, a_config, found
from fakes.records import CURRENT, TARGET
from pydantic import ValidationError

from bot.domain.commands import COMMANDS, Change, Promote
from bot.domain.endpoint import Document
from bot.domain.plan import Level
from bot.domain.preflight import Facts
from bot.domain.serverless import ServerlessSize
from bot.grammar import parse, render

SMALL = {"MemorySizeInMB": 2048, "MaxConcurrency": 10}


def test_what_is_said_replaces_and_what_is_not_said_stays():
    present = {**SMALL, "ProvisionedConcurrency": 2, "MemberOfTomorrow": "x"}
    assert ServerlessSize(max_concurrency=20).over(present) == {**present, "MaxConcurrency": 20}
    assert ServerlessSize().over(present) == present


@pytest.mark.parametrize(
    "size", [{"memory_mb": 1000}, {"memory_mb": 7168}, {"max_concurrency": 0}, {"provisioned_concurrency": 201}]
)
def test_a_size_that_sagemaker_does_not_have_is_none(size: dict[str, int]):
    with pytest.raises(ValidationError):
        ServerlessSize.model_validate(size)


def test_a_change_of_size_asks_for_no_version():
    assert not Change(serverless=ServerlessSize(memory_mb=1024)).wants_newest


def test_a_change_without_a_size_is_written_as_if_there_were_no_such_word():
    assert "serverless" not in Change(count=2).model_dump(mode="json")


def test_a_size_travels_to_the_workers():
    command = Promote(endpoint="a", change=Change(count=2, serverless=ServerlessSize(memory_mb=1024)))
    assert COMMANDS.validate_json(command.model_dump_json()) == command


def test_nobody_types_a_size_and_a_command_is_written_without_it():
    command = Promote(endpoint="a", change=Change(version=4, serverless=ServerlessSize(memory_mb=1024)))
    assert parse(render(command)) == Promote(endpoint="a", change=Change(version=4))


# preflight


def resized(now: Document | None, then: Document | None, facts: Facts = UPDATE) -> Facts:
    sizes = {
        name: {"ServerlessConfig": size, **({"InstanceType": None, "InitialInstanceCount": None} if size else {})}
        for name, size in ((CURRENT, now), (TARGET, then))
    }
    configs = {name: a_config(name, "AllTraffic", **fields) for name, fields in sizes.items()}
    return replace(facts, current_config=configs[CURRENT], target_config=configs[TARGET])


def test_more_kept_warm_than_served_at_once_is_refused_before_sagemaker_does():
    now = {**SMALL, "ProvisionedConcurrency": 8}
    finding = found(resized(now, {**now, "MaxConcurrency": 5}))
    said = finding["serverless_size"]
    assert said.level is Level.BLOCKER
    assert said.text == "8 at once would be kept warm, of 5 that are served at once: SageMaker refuses that."
    assert "provisioned_concurrency of 5 or less" in said.next_step


@pytest.mark.parametrize(
    ("then", "words"),
    [
        ({"MaxConcurrency": 5}, "It serves 5 requests at once, 10 so far; SageMaker throttles what is more."),
        ({"MemorySizeInMB": 1024}, "It has 1024 MB of memory, 2048 so far; a model that needs more fails."),
    ],
)
def test_less_than_before_is_told(then: Document, words: str):
    finding = found(resized(SMALL, {**SMALL, **then}))["serverless_size"]
    assert (finding.level, finding.text) == (Level.WARNING, words)


@pytest.mark.parametrize(
    "then", [SMALL, {**SMALL, "MaxConcurrency": 20}, {**SMALL, "ProvisionedConcurrency": 10}, None]
)
def test_of_more_or_the_same_nothing_is_said(then: Document | None):
    assert "serverless_size" not in found(resized(SMALL, then))


def test_the_way_back_to_a_smaller_size_is_never_in_doubt():
    assert "serverless_size" not in found(resized({**SMALL, "MaxConcurrency": 20}, SMALL, ROLLBACK))
