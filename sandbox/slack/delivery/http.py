"""HTTP delivery: signed POSTs to the app's request URL, with the bodies and headers that Slack uses."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientError, ClientSession, ClientTimeout

from sandbox.slack.delivery.transport import ACK_SECONDS, COMMAND, EVENT, Answer, Retry, Undeliverable
from sandbox.slack.people import VERIFICATION_TOKEN

JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"


class HttpDelivery:
    """Posts payloads to one request URL."""

    def __init__(self, request_url: str, signing_secret: str) -> None:
        self._request_url = request_url
        self._signing_secret = signing_secret
        self._session: ClientSession | None = None

    @property
    def is_connected(self) -> bool:
        return True  # nothing is known about the app before it is called

    async def send(self, kind: str, payload: dict[str, Any], retry: Retry | None = None) -> Answer:
        """Posts a payload: events as JSON, commands as a form, interactions as a form with one JSON field."""
        if kind == EVENT:
            body, content_type = json.dumps(payload), JSON_TYPE
        elif kind == COMMAND:
            body, content_type = urlencode(payload), FORM_TYPE
        else:
            body, content_type = urlencode({"payload": json.dumps(payload)}), FORM_TYPE
        return await self._post(body, content_type, retry)

    async def verify(self) -> tuple[bool, str]:
        """Sends the `url_verification` challenge that Slack sends when the request URL is saved; says whether it was met."""
        challenge = secrets.token_urlsafe(32)
        body = json.dumps({"token": VERIFICATION_TOKEN, "challenge": challenge, "type": "url_verification"})
        try:
            answer = await self._post(body, JSON_TYPE, None)
        except TimeoutError:
            return False, "The request URL did not answer within 3 seconds."
        except Undeliverable as error:
            return False, f"The request URL cannot be reached: {error}"
        returned = answer.body.get("challenge") if isinstance(answer.body, dict) else answer.body
        if answer.status == 200 and returned == challenge:
            return True, "The request URL returned the challenge."
        return False, f"The request URL answered {answer.status} without the challenge."

    async def close(self) -> None:
        """Closes kept-alive connections, at shutdown."""
        if self._session:
            await self._session.close()

    async def _post(self, body: str, content_type: str, retry: Retry | None) -> Answer:
        timestamp = str(int(time.time()))
        headers = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": sign(self._signing_secret, timestamp, body),
        }
        if retry:
            headers |= {"X-Slack-Retry-Num": str(retry.attempt), "X-Slack-Retry-Reason": retry.reason}
        if self._session is None:
            self._session = ClientSession(timeout=ClientTimeout(total=ACK_SECONDS))
        try:
            async with self._session.post(self._request_url, data=body.encode(), headers=headers) as response:
                return Answer(response.status, parsed(await response.text(), response.content_type))
        except TimeoutError as error:
            raise TimeoutError from error
        except (ClientError, OSError) as error:
            raise Undeliverable(str(error)) from error


def sign(secret: str, timestamp: str, body: str) -> str:
    """Slack's v0 signature of a request body."""
    return "v0=" + hmac.new(secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256).hexdigest()


def parsed(text: str, content_type: str) -> Any:
    """The body of an acknowledgement; plain text stands for a message text."""
    if not text:
        return None
    if content_type == JSON_TYPE:
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            return text
    return text
