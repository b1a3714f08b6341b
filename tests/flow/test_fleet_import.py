"""fleet import beside the running processes: what it prints is a fleet file of what really runs."""

from __future__ import annotations

import pytest

from bot.domain.fleet import parse_fleet
from sandbox.stack import Stack

from .story import terminal

pytestmark = pytest.mark.flow


def test_what_is_printed_can_be_read_and_says_what_runs(stack: Stack) -> None:
    told = terminal(stack, "fleet", "import")
    assert told.returncode == 0, told.stderr
    fleet = parse_fleet(told.stdout, "imported.yaml")
    stt, sentiment, credibility = (fleet.endpoint(name) for name in ("stt-prod", "sentiment-prod", "credibility"))
    assert (stt.kind, stt.is_marketplace) == ("streaming", True)
    assert (stt.instance_type, stt.instance_count) == ("ml.g5.2xlarge", 2)
    assert (sentiment.model_package_group, sentiment.region) == ("sentiment", "us-east-1")
    assert credibility.serverless is not None
    assert "lic-" not in told.stdout
