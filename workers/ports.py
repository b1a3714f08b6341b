"""What the workers need from the world, as small Protocols. The gateways implement them; tests pass fakes.

Every method may raise `TransientError` (throttled, timed out, unreachable) or `GatewayError` (the vendor refused); the
docstrings name what else.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.domain.endpoint import ApprovalStatus, ConfigRecord, EndpointStatus, ModelPackage, ModelRecord, Snapshot
from bot.domain.verdict import Measurement, Point, Window


class Clock(Protocol):
    """The time, as an aware datetime in UTC."""

    def __call__(self) -> datetime: ...


class Memory(Protocol):
    """Remembers texts for a while, for every process."""

    def recall(self, key: str) -> str | None:
        """What was remembered under that key, unless it has lapsed."""
        ...

    def remember(self, key: str, value: str, ttl: timedelta) -> None:
        """Remember it for that long."""
        ...


class Endpoints(Protocol):
    """SageMaker's control plane for one account and region."""

    def describe(self, name: str) -> Snapshot:
        """One observation. Raises ResourceMissing(kind="endpoint")."""
        ...

    def list_statuses(self, status: EndpointStatus) -> frozenset[str]:
        """Names of all endpoints in that status, 100 a page."""
        ...

    def describe_config(self, name: str) -> ConfigRecord:
        """Raises ResourceMissing(kind="endpoint config")."""
        ...

    def describe_model(self, name: str) -> ModelRecord:
        """Raises ResourceMissing(kind="model")."""
        ...

    def create_model(self, draft: ModelRecord) -> None:
        """Create it; if the name is taken by a model with the same content, that is success.

        Raises ResourceExists when the name is taken by something else.
        """
        ...

    def create_config(self, draft: ConfigRecord) -> None:
        """Create it; if the name is taken by a config with the same content, that is success.

        Raises ResourceExists when the name is taken by something else.
        """
        ...

    def update(self, name: str, config_name: str, *, counts_from_config: bool = False) -> None:
        """UpdateEndpoint with RetainAllVariantProperties, exactly one HTTP request: never retried below this call.

        With `counts_from_config`, for a change that asks for another instance count, the counts of the config are taken instead
        of the live ones, which SageMaker would otherwise retain; weights stay live.

        Raises ResourceBusy when SageMaker is busy with the endpoint; TransientError(outcome_unknown=True) when the answer was
        lost or came as a server error, because then the update may have begun.
        """
        ...

    def tags(self, arn: str) -> Mapping[str, str]:
        """The tags of any SageMaker resource, without `aws:` ones."""
        ...


class Registry(Protocol):
    """Model package groups and packages."""

    def describe_package(self, arn: str) -> ModelPackage:
        """Raises ResourceMissing(kind="model package")."""
        ...

    def list_versions(self, group: str, approval: ApprovalStatus | None = None) -> tuple[ModelPackage, ...]:
        """Versions of a group, newest first. Raises ResourceMissing(kind="model package group")."""
        ...


class Metrics(Protocol):
    """CloudWatch, asked for one endpoint's traffic."""

    def measure(self, endpoint: str, variants: Sequence[str], window: Window, *, streaming: bool) -> Measurement:
        """One window as a whole: percentiles are asked for over the whole window, never merged from minutes."""
        ...

    def series(
        self, endpoint: str, variants: Sequence[str], window: Window, period: timedelta, *, streaming: bool
    ) -> tuple[Point, ...]:
        """The window period by period, oldest first; periods without any datapoint are left out."""
        ...


class Messenger(Protocol):
    """Slack, as far as the workers speak to it. Raises SlackRefused(method, error) and TransientError(retry_after)."""

    def post(
        self,
        channel_id: str,
        *,
        text: str,
        blocks: Sequence[Mapping[str, Any]],
        thread_ts: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> str:
        """chat.postMessage; returns the message_ts."""
        ...

    def edit(self, channel_id: str, message_ts: str, *, text: str, blocks: Sequence[Mapping[str, Any]]) -> None:
        """chat.update."""
        ...

    def whisper(
        self,
        channel_id: str,
        user_id: str,
        *,
        text: str,
        blocks: Sequence[Mapping[str, Any]] = (),
        thread_ts: str | None = None,
    ) -> None:
        """chat.postEphemeral: only that person sees it."""
        ...

    def respond(
        self, response_url: str, *, text: str, blocks: Sequence[Mapping[str, Any]] = (), in_channel: bool = False
    ) -> None:
        """Answer through a command's or click's response_url (5 uses, 30 minutes; reaches channels without the bot)."""
        ...

    def upload(
        self, channel_id: str, thread_ts: str, *, filename: str, content: bytes, title: str, alt_text: str
    ) -> None:
        """Upload a file into a thread, in Slack's three steps."""
        ...

    def find_own(
        self, channel_id: str, *, event_type: str, payload: Mapping[str, str], since: datetime, thread_ts: str | None
    ) -> str | None:
        """The message_ts of our own message that carries this metadata, or None: asked after the answer to a post was lost."""
        ...

    def has_own_file(self, channel_id: str, thread_ts: str, filename: str) -> bool:
        """Whether we already shared a file of that name in the thread."""
        ...

    def permalink(self, channel_id: str, message_ts: str) -> str:
        """chat.getPermalink."""
        ...

    def group_members(self, group: str) -> frozenset[str]:
        """User ids in a user group, by its id (S…) or @handle; cached for about a minute."""
        ...

    def handle_of(self, user_id: str) -> str:
        """A user's handle, without the @."""
        ...

    def own_name(self) -> str:
        """The bot user's name, for "invite me" hints."""
        ...
