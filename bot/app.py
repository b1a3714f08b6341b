"""The Slack process's composition root: Bolt's App over our listeners, with the identity that Slack gave the token."""

import logging
import threading
from typing import Any

from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.intake import Intake
from bot.listeners import register_listeners
from bot.settings import Settings

log = logging.getLogger(__name__)

API_TIMEOUT_SECONDS = 5


class TokenRefused(Exception):
    """Slack does not know the token: a mistake in the settings, not an outage."""


class Identity:
    """Who the bot token is, asked once and remembered; asked again at the next request while Slack does not answer.

    Bolt would ask auth.test before each first request, or refuse to start without it; people who type should not wait for that,
    and an outage of Slack should not stop the process.
    """

    def __init__(self, client: WebClient, token: str) -> None:
        self._client = client
        self._token = token
        self._lock = threading.Lock()
        self._known: AuthorizeResult | None = None

    def fetch(self) -> AuthorizeResult:
        """The identity. Raises TokenRefused, or what slack_sdk raises when Slack cannot be reached."""
        with self._lock:
            if self._known is None:
                self._known = self._ask()
            return self._known

    def is_reachable(self) -> bool:
        """Whether Slack answers auth.test at this moment."""
        try:
            self._client.auth_test()
        except (SlackApiError, OSError) as exc:
            log.warning("Slack is not reachable: %s", exc)
            return False
        return True

    def _ask(self) -> AuthorizeResult:
        try:
            answer = self._client.auth_test()
        except SlackApiError as exc:
            refuse_bad_token(exc)
            raise
        return AuthorizeResult(
            enterprise_id=answer.get("enterprise_id"),
            team_id=answer["team_id"],
            bot_token=self._token,
            bot_id=answer.get("bot_id"),
            bot_user_id=answer["user_id"],
        )


def refuse_bad_token(error: SlackApiError) -> None:
    """Raise TokenRefused if that is what Slack says; every other error may pass by itself."""
    code = str(error.response.get("error"))
    if code in ("invalid_auth", "not_authed", "account_inactive", "token_revoked", "not_allowed_token_type"):
        raise TokenRefused(code) from error


def make_client(settings: Settings) -> WebClient:
    """The Web API client of this process."""
    return WebClient(
        token=settings.slack_bot_token.get_secret_value(),
        base_url=settings.slack_api_url,
        timeout=API_TIMEOUT_SECONDS,
    )


def make_app(settings: Settings, intake: Intake, client: WebClient, identity: Identity) -> App:
    """Bolt with our listeners.

    `process_before_response` makes Bolt answer Slack only after a listener returned, which is after the errand was stored, for events
    too, which Bolt would otherwise acknowledge before anybody looked at them.
    """

    def authorize(**_: Any) -> AuthorizeResult:
        return identity.fetch()

    secret = settings.slack_signing_secret
    bolt_log = logging.getLogger("slack_bolt.endpoint_bot")
    bolt_log.setLevel(logging.ERROR)  # Bolt would warn that SLACK_BOT_TOKEN is set although `authorize` answers for it
    app = App(
        client=client,
        logger=bolt_log,
        authorize=authorize,
        signing_secret=secret.get_secret_value() if secret is not None else "unused in Socket Mode",
        process_before_response=True,
        raise_error_for_unhandled_request=True,
    )
    bolt_log.setLevel(logging.WARNING)
    register_listeners(app, intake)
    return app
