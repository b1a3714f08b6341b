"""What the environment may say, and what each mistake reads like."""

import os
from pathlib import Path

import pytest

from bot.domain.fleet import FleetFileError
from bot.settings import SettingsError, bypass_proxy_for_local_slack, load_fleet, load_settings, read_dotenv

WORKER = {"SLACK_BOT_TOKEN": "xoxb-1-secret", "REDIS_URL": "redis://:redis-secret@localhost:6379/0"}
HTTP_BOT = {**WORKER, "SLACK_SIGNING_SECRET": "signing-secret"}
SOCKET_BOT = {**WORKER, "SLACK_APP_TOKEN": "xapp-1-secret"}


def mistakes(environ, process="bot"):
    with pytest.raises(SettingsError) as caught:
        load_settings(environ, process)
    return caught.value.mistakes


def test_little_is_needed_and_the_rest_has_defaults():
    settings = load_settings(WORKER, "worker")
    assert settings.slack_api_url == "https://slack.com/api/"
    assert settings.fleet_file == Path("fleet.yaml")
    assert (settings.host, settings.port, settings.metrics_port) == ("0.0.0.0", 3000, None)
    assert (settings.workers, settings.log_level, settings.mlflow_tracking_uri) == (1, "INFO", None)
    assert not settings.slack_is_local


def test_everything_can_be_set():
    settings = load_settings(
        {
            **SOCKET_BOT,
            "SLACK_SIGNING_SECRET": "s",
            "SLACK_API_URL": "http://127.0.0.1:8080/api/",
            "FLEET_FILE": "other.yaml",
            "MLFLOW_TRACKING_URI": "http://mlflow",
            "HOST": "127.0.0.1",
            "PORT": "0",
            "METRICS_PORT": "65535",
            "WORKERS": "4",
            "LOG_LEVEL": "debug",
        },
        "bot",
    )
    assert settings.slack_is_local
    assert settings.fleet_file == Path("other.yaml")
    assert (settings.host, settings.port, settings.metrics_port) == ("127.0.0.1", 0, 65535)
    assert (settings.workers, settings.log_level) == (4, "DEBUG")
    assert settings.mlflow_tracking_uri is not None


def test_app_token_means_socket_mode_and_needs_no_signing_secret():
    assert load_settings(SOCKET_BOT, "bot").socket_mode
    assert not load_settings(HTTP_BOT, "bot").socket_mode


def test_bot_that_listens_by_http_needs_a_signing_secret():
    (mistake,) = mistakes(WORKER)
    assert mistake.startswith("SLACK_SIGNING_SECRET: is not set")


def test_all_that_is_missing_is_told_at_once_and_empty_counts_as_missing():
    told = mistakes({"SLACK_BOT_TOKEN": " ", "REDIS_URL": ""})
    assert sorted(line.split(":")[0] for line in told) == ["REDIS_URL", "SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"]


@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [
        ("SLACK_BOT_TOKEN", "hunter2", "must be a token that begins with xoxb-"),
        ("SLACK_BOT_TOKEN", "xoxb-", "must be a token that begins with xoxb-"),
        ("SLACK_BOT_TOKEN", "xoxb-hunter2 x", "must be a token that begins with xoxb-"),
        ("SLACK_APP_TOKEN", "xoxb-hunter2", "must be a token that begins with xapp-"),
        ("SLACK_API_URL", "https://slack.com/api", "must end in /api/"),
        ("SLACK_API_URL", "https://hunter2.com/api/", "must be https://slack.com/api/ or an address on this machine"),
        ("SLACK_API_URL", "http://slack.com/api/", "must be https://slack.com/api/ or an address on this machine"),
        ("SLACK_API_URL", "http://127.0.0.1.nip.io/api/", "must be https://slack.com/api/ or"),
        ("SLACK_API_URL", "http://127.0.0.1@hunter2.com/api/", "must be https://slack.com/api/ or"),
        ("SLACK_API_URL", "http://hunter2@127.0.0.1/api/", "must be https://slack.com/api/ or"),
        ("SLACK_API_URL", "ftp://127.0.0.1/api/", "must be https://slack.com/api/ or"),
        ("SLACK_API_URL", "http:///api/", "must be https://slack.com/api/ or"),
        ("SLACK_API_URL", "http://[::1/api/", "is no URL that can be read"),
        ("REDIS_URL", "http://:hunter2@h", "must begin with redis://, rediss:// or unix://"),
        ("REDIS_URL", "redis://:hunter2@h:port/0", "is no URL that can be read"),
        ("PORT", "65536", "must be a whole number from 0 to 65535"),
        ("PORT", "-1", "must be a whole number from 0 to 65535"),
        ("PORT", "²", "must be a whole number from 0 to 65535"),
        ("METRICS_PORT", "http", "must be a whole number from 0 to 65535"),
        ("WORKERS", "0", "must be a whole number from 1 to 1000"),
        ("LOG_LEVEL", "hunter2", "must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL"),
    ],
)
def test_wrong_value_is_told_with_its_variable_and_never_repeated(variable, value, problem):
    (mistake,) = mistakes({**HTTP_BOT, variable: value})
    assert mistake.startswith(f"{variable}: {problem}")
    assert "hunter2" not in mistake


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.10", "[::1]", "localhost:8080"])
def test_slack_may_be_a_stand_in_on_this_machine(host):
    assert load_settings({**HTTP_BOT, "SLACK_API_URL": f"http://{host}/api/"}, "bot").slack_is_local


@pytest.mark.parametrize("url", ["https://slack.com/api/", "https://www.slack.com/api/"])
def test_slacks_own_addresses_are_not_local(url):
    assert not load_settings({**HTTP_BOT, "SLACK_API_URL": url}, "bot").slack_is_local


@pytest.mark.parametrize("url", ["redis://h", "rediss://u:p@h:6380/1", "unix:///run/redis.sock?db=1"])
def test_redis_can_be_reached_in_three_ways(url):
    assert load_settings({**HTTP_BOT, "REDIS_URL": url}, "bot").redis_url.get_secret_value() == url


def test_settings_never_show_a_secret():
    settings = load_settings({**SOCKET_BOT, **HTTP_BOT, "MLFLOW_TRACKING_URI": "http://u:mlflow-secret@h"}, "bot")
    assert "secret@" not in repr(settings) + str(settings)
    assert "-secret'" not in repr(settings) + str(settings)
    assert settings.slack_bot_token.get_secret_value() == "xoxb-1-secret"


def test_whitespace_around_a_value_is_dropped():
    assert (
        load_settings({**WORKER, "SLACK_BOT_TOKEN": " xoxb-1\n"}, "worker").slack_bot_token.get_secret_value()
        == "xoxb-1"
    )


def test_local_slack_is_not_called_through_a_proxy():
    environ = {"HTTPS_PROXY": "http://p", "http_proxy": "http://p", "NO_PROXY": "x", "PATH": "/bin"}
    local = load_settings({**HTTP_BOT, "SLACK_API_URL": "http://localhost:1/api/"}, "bot")
    bypass_proxy_for_local_slack(local, environ)
    assert environ == {"NO_PROXY": "x", "PATH": "/bin"}


def test_real_slack_is_called_through_the_proxy_as_configured():
    environ = {"HTTPS_PROXY": "http://p"}
    bypass_proxy_for_local_slack(load_settings(HTTP_BOT, "bot"), environ)
    assert environ == {"HTTPS_PROXY": "http://p"}


def test_dotenv_fills_in_what_the_environment_leaves_out(tmp_path, monkeypatch):
    (tmp_path / ".env").write_text("REDIS_URL=redis://from-file\nLOG_LEVEL='a$HOME'\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "environ", {"REDIS_URL": "redis://real"})
    read_dotenv()
    assert os.environ == {"REDIS_URL": "redis://real", "LOG_LEVEL": "a$HOME"}


def test_no_dotenv_is_fine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "environ", {})
    read_dotenv()
    assert os.environ == {}


def test_fleet_file_is_read():
    assert "stt-prod" in load_fleet(Path("fleet.example.yaml")).endpoints


def test_missing_fleet_file_is_a_mistake_of_its_setting(tmp_path):
    with pytest.raises(SettingsError) as caught:
        load_fleet(tmp_path / "none.yaml")
    assert caught.value.mistakes[0].startswith(f"FLEET_FILE: no such file: {tmp_path}/none.yaml")


def test_unreadable_fleet_file_is_a_mistake_of_its_setting(tmp_path):
    with pytest.raises(SettingsError) as caught:
        load_fleet(tmp_path)
    assert caught.value.mistakes[0] == f"FLEET_FILE: cannot read {tmp_path}: Is a directory"


def test_fleet_file_that_is_no_text_is_told_with_its_line(tmp_path):
    path = tmp_path / "fleet.yaml"
    path.write_bytes(b"version: 1\nowner: \xff\n")
    with pytest.raises(FleetFileError) as caught:
        load_fleet(path)
    assert str(caught.value) == f"{path}:2: YAML: this is not UTF-8 text"
