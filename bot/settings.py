"""The settings of both processes: the only reader of the environment.

Every mistake is reported at once, one line each, naming the variable and never repeating a secret. boto3's own variables
(`AWS_REGION`, `AWS_ENDPOINT_URL`, credentials) are not read here: boto3 takes them from the environment by itself.
"""

import ipaddress
from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from dotenv import load_dotenv
from pydantic import BaseModel, ConfigDict, SecretStr

from bot.domain.errors import RolloutBotError
from bot.domain.fleet import Fleet
from bot.fleet_file import FleetFile, FleetFileMissing

SLACK_API_URLS = ("https://slack.com/api/", "https://www.slack.com/api/")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

_PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")

Process = Literal["bot", "worker"]


class SettingsError(RolloutBotError):
    """Settings are missing or wrong: `mistakes` has one line for each, ready for stderr."""

    def __init__(self, mistakes: tuple[str, ...]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class Settings(BaseModel):
    """What the environment says. Its `repr` shows no secret."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    process: Process
    slack_bot_token: SecretStr
    slack_signing_secret: SecretStr | None
    """Present whenever the bot listens by HTTP."""
    slack_app_token: SecretStr | None
    slack_api_url: str
    """slack_sdk's `base_url`, for every call."""
    redis_url: SecretStr
    """May carry a password."""
    fleet_file: Path
    mlflow_tracking_uri: SecretStr | None
    """May carry a password."""
    mlflow_tracking_token: SecretStr | None
    host: str
    port: int
    metrics_port: int | None
    """Where the workers serve /metrics and /healthz; None: nowhere."""
    workers: int
    """Worker processes per queue."""
    log_level: str

    @property
    def socket_mode(self) -> bool:
        """Whether the bot listens through Socket Mode instead of HTTP."""
        return self.slack_app_token is not None

    @property
    def slack_is_local(self) -> bool:
        """Whether Slack is a stand-in on this machine; worth a line in the log."""
        return self.slack_api_url not in SLACK_API_URLS


def read_dotenv() -> None:
    """Put what `.env` in the working directory says into the environment, where it says nothing yet.

    boto3 and slack_sdk read the environment by themselves, so it has to stand there. Values are taken literally: a `$` in a
    secret is a `$`.
    """
    load_dotenv(Path(".env"), override=False, interpolate=False)


def load_settings(environ: Mapping[str, str], process: Process) -> Settings:
    """Read the settings of one process. A variable that is empty counts as not set.

    Raises:
        SettingsError: something is missing or wrong; carries all mistakes.
    """
    reader = _Reader(environ)
    app_token = reader.optional("SLACK_APP_TOKEN", _token("xapp-"))
    listens_by_http = process == "bot" and not reader.is_set("SLACK_APP_TOKEN")
    signing_secret = (
        reader.required(
            "SLACK_SIGNING_SECRET",
            hint="it signs what Slack sends by HTTP; with SLACK_APP_TOKEN set, Socket Mode needs none",
        )
        if listens_by_http
        else reader.optional("SLACK_SIGNING_SECRET")
    )
    values = {
        "process": process,
        "slack_bot_token": reader.required("SLACK_BOT_TOKEN", _token("xoxb-"), hint="the bot token, xoxb-…"),
        "slack_signing_secret": signing_secret,
        "slack_app_token": app_token,
        "slack_api_url": reader.optional("SLACK_API_URL", _slack_api_url) or SLACK_API_URLS[0],
        "redis_url": reader.required("REDIS_URL", _redis_url, hint="for example redis://localhost:6379/0"),
        "fleet_file": fleet_path(environ),
        "mlflow_tracking_uri": reader.optional("MLFLOW_TRACKING_URI", _mlflow_uri),
        "mlflow_tracking_token": reader.optional("MLFLOW_TRACKING_TOKEN"),
        "host": reader.optional("HOST") or "0.0.0.0",
        "port": reader.whole_number("PORT", 0, 65_535, default=3000),
        "metrics_port": reader.whole_number("METRICS_PORT", 0, 65_535),
        "workers": reader.whole_number("WORKERS", 1, 1_000, default=1),
        "log_level": reader.optional("LOG_LEVEL", _log_level) or "INFO",
    }
    if reader.mistakes:
        raise SettingsError(tuple(reader.mistakes))
    return Settings.model_validate(values)


def bypass_proxy_for_local_slack(settings: Settings, environ: MutableMapping[str, str]) -> None:
    """Take the proxy variables out of `environ` when Slack is a stand-in on this machine.

    slack_sdk sends even loopback calls through HTTPS_PROXY: it ignores NO_PROXY, takes an empty `proxy=` argument for "read
    the environment", and Bolt's per-request clients read it anew. So the environment is the only place to say no.
    """
    if settings.slack_is_local:
        for variable in _PROXY_VARIABLES:
            environ.pop(variable, None)


def fleet_path(environ: Mapping[str, str]) -> Path:
    """Where the fleet file is."""
    return Path(_Reader(environ).optional("FLEET_FILE") or "fleet.yaml")


def load_fleet(path: Path) -> Fleet:
    """Read the fleet file.

    Raises:
        FleetFileError: the file has mistakes.
        SettingsError: there is no such file, or it cannot be read.
    """
    return open_fleet_file(path).fleet


def open_fleet_file(path: Path) -> FleetFile:
    """Read the fleet file, to be read again when it changes. Raises what `load_fleet` raises."""
    try:
        return FleetFile(path)
    except FleetFileMissing as error:
        hint = "" if path.exists() else "; fleet.example.yaml is one to begin with"
        raise SettingsError((f"FLEET_FILE: {error}{hint}",)) from error


class _Reader:
    """Reads variables one by one and gathers the mistakes."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.mistakes: list[str] = []

    def is_set(self, variable: str) -> bool:
        return bool(self._environ.get(variable, "").strip())

    def optional(self, variable: str, check: Callable[[str], str] = str) -> str | None:
        """The value, checked; None if it is not set or wrong."""
        if not self.is_set(variable):
            return None
        try:
            return check(self._environ[variable].strip())
        except ValueError as error:
            self.mistakes.append(f"{variable}: {error}")
            return None

    def required(self, variable: str, check: Callable[[str], str] = str, *, hint: str) -> str | None:
        if not self.is_set(variable):
            self.mistakes.append(f"{variable}: is not set: {hint}")
        return self.optional(variable, check)

    def whole_number(self, variable: str, low: int, high: int, default: int | None = None) -> int | None:
        text = self.optional(variable)
        if text is None:
            return default
        if text.isascii() and text.isdigit() and len(text) <= 9 and low <= int(text) <= high:
            return int(text)
        self.mistakes.append(f"{variable}: must be a whole number from {low} to {high}")
        return default


def _token(prefix: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        rest = value.removeprefix(prefix)
        if rest == value or not rest or not rest.isascii() or not rest.isprintable() or " " in rest:
            raise ValueError(f"must be a token that begins with {prefix}")
        return value

    return check


def _slack_api_url(value: str) -> str:
    if value in SLACK_API_URLS:
        return value
    if not value.endswith("/api/"):
        raise ValueError("must end in /api/, as in https://slack.com/api/")
    url = _split(value)
    if url.scheme not in ("http", "https") or url.username is not None or not _is_loopback(url.hostname or ""):
        raise ValueError(
            "must be https://slack.com/api/ or an address on this machine, such as http://127.0.0.1:8080/api/"
        )
    return value


def _split(value: str) -> SplitResult:
    try:
        url = urlsplit(value)
        _ = url.port  # read, because a wrong one shows only then
    except ValueError:
        # Not urllib's own words: they may repeat a password.
        raise ValueError("is no URL that can be read: look at its host and port") from None
    return url


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _mlflow_uri(value: str) -> str:
    if _split(value).scheme not in ("http", "https") or not _split(value).hostname:
        raise ValueError("is no address of a tracking server: those look like https://mlflow.example.com")
    return value


def _redis_url(value: str) -> str:
    if _split(value).scheme not in ("redis", "rediss", "unix"):
        raise ValueError("must begin with redis://, rediss:// or unix://")
    return value


def _log_level(value: str) -> str:
    if value.upper() not in LOG_LEVELS:
        raise ValueError(f"must be one of {', '.join(LOG_LEVELS)}")
    return value.upper()
