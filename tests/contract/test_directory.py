"""Names for a terminal, asked of a stub of Slack: each once, and nobody waits twice for a Slack that is away."""

from __future__ import annotations

import pytest
from slack_sdk import WebClient

from bot.directory import Directory

from .http_stub import Answer, Asked, Stub, serving

KNOWN = {
    "users.info": Answer({"ok": True, "user": {"id": "U0BEN", "name": "ben"}}),
    "usergroups.list": Answer({"ok": True, "usergroups": [{"id": "S0MLOPS", "handle": "ml-ops"}]}),
}


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(variable, raising=False)


def slack(asked: Asked) -> Answer:
    return KNOWN[asked.path.rpartition("/")[2]]


def refusing(asked: Asked) -> Answer:
    return Answer({"ok": False, "error": "user_not_found"})


def away(asked: Asked) -> Answer:
    return Answer(hangs_up=True)


def directory_at(stub: Stub) -> Directory:
    return Directory(WebClient("xoxb-test", base_url=f"{stub.url}/api/", timeout=1, retry_handlers=[]))


def test_people_and_groups_get_their_names_each_asked_once() -> None:
    with serving(slack) as stub:
        directory = directory_at(stub)
        references = ["@U0BEN", "@S0MLOPS", "@U0BEN", "@S0GONE", "@S0MLOPS", "#C0ML"]
        assert [directory.name_of(r) for r in references] == ["@ben", "@ml-ops", "@ben", "@S0GONE", "@ml-ops", "#C0ML"]
        assert len(stub.asked) == 2


def test_whom_slack_does_not_know_stays_an_id() -> None:
    with serving(refusing) as stub:
        directory = directory_at(stub)
        assert [directory.name_of(r) for r in ("@U0EVE", "@U0DAN", "@U0EVE")] == ["@U0EVE", "@U0DAN", "@U0EVE"]
        assert len(stub.asked) == 2


def test_once_slack_is_away_it_is_not_asked_again() -> None:
    with serving(away) as stub:
        directory = directory_at(stub)
        assert [directory.name_of(r) for r in ("@U0BEN", "@U0ANNA", "@S0MLOPS")] == ["@U0BEN", "@U0ANNA", "@S0MLOPS"]
        assert len(stub.asked) == 1
