"""Slack's Web API, as far as the workers speak to it.

Nothing in here waits or tries again: a rate limit becomes a TransientError that says how long to wait, and a message whose
answer was lost is looked for (`find_own`) before it is posted again, because chat.postMessage has no idempotency key.
"""

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient

from bot.domain.errors import SlackRefused
from workers.gateways.slack_errors import refusal, translated
from workers.ports import Memory

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 10  # a worker has other rollouts to look after; slack_sdk would wait for 30

GROUP_TTL = timedelta(seconds=60)  # usergroups.* allow 20 calls a minute; who joins a group gets in within this time

TIMEZONE_TTL = timedelta(days=1)  # who has travelled is understood in the new zone after a day at the latest

CLOCK_SKEW = timedelta(minutes=2)  # how far our clock may be ahead of the one that Slack stamps messages with

_PAGE = 200
_PAGES_LIMIT = 10

Blocks = Sequence[Mapping[str, Any]]


def make_web_client(token: str, base_url: str, *, proxy: str | None = None) -> WebClient:
    """A client that never repeats a call by itself: the SDK's connection retry can post a message twice.

    Args:
        token: The bot token, `xoxb-…`.
        base_url: `https://slack.com/api/`, or a stand-in's.
        proxy: Overrides what HTTPS_PROXY says.
    """
    return WebClient(token=token, base_url=base_url, proxy=proxy, timeout=TIMEOUT_SECONDS, retry_handlers=[])


class SlackMessenger:
    """`ports.Messenger` for one workspace."""

    def __init__(self, client: WebClient, memory: Memory) -> None:
        """Take a client made by `make_web_client`, and where answers about groups are remembered.

        Raises:
            ValueError: the client retries by itself.
        """
        if client.retry_handlers:
            raise ValueError("SlackMessenger needs a client without retry handlers: see make_web_client")
        self._client = client
        self._memory = memory
        self._identity: Mapping[str, str] | None = None
        self._missing_scopes: set[str] = set()

    def post(
        self,
        channel_id: str,
        *,
        text: str,
        blocks: Blocks,
        thread_ts: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> str:
        """chat.postMessage; returns the message_ts."""
        with translated("chat.postMessage"):
            answer = self._client.chat_postMessage(
                channel=channel_id,
                text=text,
                blocks=_plain(blocks),
                thread_ts=thread_ts,
                metadata=None if metadata is None else dict(metadata),
                unfurl_links=False,
                unfurl_media=False,
                link_names=False,
            )
        return str(answer["ts"])

    def edit(self, channel_id: str, message_ts: str, *, text: str, blocks: Blocks) -> None:
        """chat.update; the message keeps its metadata."""
        with translated("chat.update"):
            self._client.chat_update(
                channel=channel_id, ts=message_ts, text=text, blocks=_plain(blocks), link_names=False
            )

    def whisper(
        self, channel_id: str, user_id: str, *, text: str, blocks: Blocks = (), thread_ts: str | None = None
    ) -> None:
        """chat.postEphemeral: only that person sees it, and only while looking."""
        with translated("chat.postEphemeral"):
            self._client.chat_postEphemeral(
                channel=channel_id,
                user=user_id,
                text=text,
                blocks=_plain(blocks) or None,
                thread_ts=thread_ts,
                link_names=False,
            )

    def respond(
        self, response_url: str, *, text: str, blocks: Blocks = (), in_channel: bool = False, in_place: bool = False
    ) -> None:
        """Answer through a command's or click's response_url, beside the message that was clicked unless told otherwise."""
        webhook = WebhookClient(response_url, timeout=TIMEOUT_SECONDS, proxy=self._client.proxy, retry_handlers=[])
        with translated("response_url"):
            answer = webhook.send(
                text=text,
                blocks=_plain(blocks) or None,
                response_type="in_channel" if in_channel else "ephemeral",
                replace_original=in_place,
                unfurl_links=False,
                unfurl_media=False,
            )
        if answer.status_code != 200:
            raise refusal("response_url", answer.status_code, _webhook_error(answer.body), answer.headers)

    def upload(
        self, channel_id: str, thread_ts: str | None, *, filename: str, content: bytes, title: str, alt_text: str
    ) -> None:
        """Upload a file into a thread, or without one into the channel, in Slack's three steps; an error names the step."""
        with translated("files.upload"):
            self._client.files_upload_v2(
                channel=channel_id,
                thread_ts=thread_ts,
                filename=filename,
                content=content,
                title=title,
                alt_txt=alt_text,
            )

    def find_own(
        self, channel_id: str, *, event_type: str, payload: Mapping[str, str], since: datetime, thread_ts: str | None
    ) -> str | None:
        """The message_ts of our own message that carries this metadata, or None.

        Needs the scope channels:history or groups:history; without it the answer is None, and the log says so once.
        """
        oldest = f"{(since - CLOCK_SKEW).timestamp():.6f}"
        for message in self._messages(channel_id, thread_ts, oldest=oldest):
            metadata = message.get("metadata") or {}
            carried = metadata.get("event_payload") or {}
            if (
                metadata.get("event_type") == event_type
                and payload.items() <= carried.items()
                and self._is_own(message)
            ):
                return str(message["ts"])
        return None

    def has_own_file(self, channel_id: str, thread_ts: str, filename: str) -> bool:
        """Whether we already shared a file of that name in the thread; False without the history scopes."""
        return any(
            file.get("name") == filename
            for message in self._messages(channel_id, thread_ts)
            if self._is_own(message)
            for file in message.get("files") or ()
        )

    def permalink(self, channel_id: str, message_ts: str) -> str:
        """chat.getPermalink."""
        with translated("chat.getPermalink"):
            return str(self._client.chat_getPermalink(channel=channel_id, message_ts=message_ts)["permalink"])

    def group_members(self, group: str) -> frozenset[str]:
        """User ids in a user group, by its id (S…) or @handle; remembered for a minute.

        Every failure raises: who cannot be looked up must not count as allowed.

        Raises:
            SlackRefused: there is no such group, or it may not be read.
        """
        key = f"slack group {group}"
        known = self._memory.recall(key)
        if known is not None:
            return frozenset(json.loads(known))
        group_id = self._group_id(group[1:]) if group.startswith("@") else group
        with translated("usergroups.users.list"):
            answer = self._client.usergroups_users_list(usergroup=group_id, include_disabled=False)
        members = frozenset(str(user) for user in answer["users"])
        self._memory.remember(key, json.dumps(sorted(members)), GROUP_TTL)
        return members

    def handle_of(self, user_id: str) -> str:
        """A user's handle, without the @: what `@handle` in a fleet file is compared with; empty if they have none.

        Every failure raises.
        """
        with translated("users.info"):
            answer = self._client.users_info(user=user_id)
        return str(answer["user"].get("name") or "")

    def timezone_of(self, user_id: str) -> str | None:
        """A user's time zone by its IANA name, remembered for a day; None where Slack does not tell (guests, bots).

        Every failure raises.
        """
        key = f"slack timezone {user_id}"
        known = self._memory.recall(key)
        if known is None:
            with translated("users.info"):
                answer = self._client.users_info(user=user_id)
            known = str(answer["user"].get("tz") or "")
            self._memory.remember(key, known, TIMEZONE_TTL)
        return known or None

    def open_view(self, trigger_id: str, view: Mapping[str, Any]) -> None:
        """views.open: Slack takes a trigger_id once, and for 3 seconds."""
        with translated("views.open"):
            self._client.views_open(trigger_id=trigger_id, view=dict(view))

    def publish_home(self, user_id: str, blocks: Blocks) -> None:
        """views.publish, without a hash: whoever draws last has drawn what is true now."""
        with translated("views.publish"):
            self._client.views_publish(user_id=user_id, view={"type": "home", "blocks": _plain(blocks)})

    def own_name(self) -> str:
        """The bot user's name, for "invite me" hints."""
        return self._whoami()["user"]

    def _group_id(self, handle: str) -> str:
        with translated("usergroups.list"):
            groups = self._client.usergroups_list(include_disabled=False)["usergroups"]
        found = next((g["id"] for g in groups if g["handle"].casefold() == handle.casefold()), None)
        if found is None:
            raise SlackRefused("usergroups.list", "no_such_subteam")
        return str(found)

    def _whoami(self) -> Mapping[str, str]:
        if self._identity is None:
            with translated("auth.test"):
                answer = self._client.auth_test()
            self._identity = {key: str(answer.get(key) or "") for key in ("user", "user_id", "bot_id")}
        return self._identity

    def _is_own(self, message: Mapping[str, Any]) -> bool:
        # Another app may post look-alike metadata; what it cannot forge is who posted.
        own = self._whoami()
        return message.get("user") == own["user_id"] or bool(own["bot_id"] and message.get("bot_id") == own["bot_id"])

    def _messages(self, channel_id: str, thread_ts: str | None, *, oldest: str = "0") -> Iterator[Mapping[str, Any]]:
        method = "conversations.replies" if thread_ts else "conversations.history"
        request: dict[str, Any] = {
            "channel": channel_id,
            "oldest": oldest,
            "limit": _PAGE,
            "include_all_metadata": True,
        }
        if thread_ts:
            request["ts"] = thread_ts
        call: Callable[..., Any] = (
            self._client.conversations_replies if thread_ts else self._client.conversations_history
        )
        for _ in range(_PAGES_LIMIT):
            try:
                with translated(method):
                    answer = call(**request)
            except SlackRefused as error:
                if error.error != "missing_scope":
                    raise
                self._say_missing_scope(method)
                return
            yield from answer["messages"]
            request["cursor"] = (answer.get("response_metadata") or {}).get("next_cursor")
            if not request["cursor"]:
                return

    def _say_missing_scope(self, method: str) -> None:
        if method not in self._missing_scopes:
            self._missing_scopes.add(method)
            log.warning(
                "%s needs the scopes channels:history and groups:history. Without them a message whose answer was lost is "
                "posted a second time. Add them to the app and reinstall it.",
                method,
            )


def _plain(blocks: Blocks) -> list[dict[str, Any]]:
    return [dict(block) for block in blocks]


def _webhook_error(body: str) -> str:
    """Response URLs answer in plain text (`expired_url`, `used_url`) or in JSON, depending on what went wrong."""
    try:
        return str(json.loads(body)["error"])
    except (ValueError, KeyError, TypeError):
        return body.strip()
