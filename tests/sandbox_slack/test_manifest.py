"""With a manifest, the app gets what it declares and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import pytest

from sandbox.slack.driver import SlackDriver
from sandbox.slack.process import running_slack
from sandbox_slack.clients import CHANNEL, client_of, error_of

MANIFEST = """
display_information: {name: endpoint-bot}
features:
  slash_commands:
    - {command: /ship, description: Ship it, should_escape: false}
  shortcuts:
    - {name: Roll back, type: message, callback_id: rollback_from_message, description: Roll back}
oauth_config: {scopes: {bot: [commands, "chat:write", "channels:history"]}}
settings: {event_subscriptions: {bot_events: [app_mention]}}
"""


@pytest.fixture(scope="module")
def slack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlackDriver]:
    path = tmp_path_factory.mktemp("app") / "manifest.yaml"
    path.write_text(MANIFEST)
    with running_slack("--manifest", str(path)) as slack:
        yield slack


def test_a_method_needs_its_scope(slack: SlackDriver) -> None:
    client = client_of(slack)
    client.chat_postMessage(channel=CHANNEL, text="hello")
    assert client.conversations_history(channel=CHANNEL)["messages"][0]["text"] == "hello"
    with pytest.raises(Exception, match="missing_scope") as refused:
        client.usergroups_users_list(usergroup="S0MLOPS")
    answer = refused.value.response  # type: ignore[attr-defined]
    assert (answer["needed"], answer["provided"]) == ("usergroups:read", "commands,chat:write,channels:history")
    assert error_of(lambda: client.conversations_history(channel="D0ANNA")) == "missing_scope"


def test_only_declared_commands_exist(slack: SlackDriver) -> None:
    anna = slack.person("anna")
    assert anna.command("/endpoint status").status == "refused_by_slack"
    assert anna.command("/ship @ben").status == "dispatch_failed"  # nobody is connected, but Slack knows it
    assert slack.deliveries()[-1]["payload"]["text"] == "@ben"


def test_only_subscribed_events_are_sent(slack: SlackDriver) -> None:
    anna = slack.person("anna")
    assert anna.say("@endpoint-bot hi") is not None
    assert anna.say("hi", channel="@endpoint-bot") is None
    assert anna.open_home() is None


def test_the_page_learns_the_shortcuts(slack: SlackDriver) -> None:
    with build_opener(ProxyHandler({})).open(f"{slack.url}/sandbox/state?as=anna") as response:
        app = json.loads(response.read())["app"]
    assert [shortcut["callback_id"] for shortcut in app["shortcuts"]] == ["rollback_from_message"]


def test_a_file_that_is_no_manifest_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("fleet: []")
    command = [sys.executable, "-m", "sandbox.slack", "--manifest", str(tmp_path / "other.yaml")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "--manifest" in ended.stderr


def test_the_process_ends_with_its_parent() -> None:
    command = [sys.executable, "-m", "sandbox.slack", "--stop-with-stdin"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        process.stdin.close()  # what the kernel does when the parent is gone
        assert process.wait(5) == 0
