"""Everything that the stand-in keeps, put together once. Handlers of the Web API, of deliveries and of the control API work on this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.slack.delivery.courier import Courier
from sandbox.slack.delivery.http import HttpDelivery
from sandbox.slack.delivery.response_urls import ResponseUrls
from sandbox.slack.delivery.socket_mode import SocketMode
from sandbox.slack.delivery.triggers import Triggers
from sandbox.slack.faults import Faults
from sandbox.slack.files import Files
from sandbox.slack.journal import Journal
from sandbox.slack.limits import RateLimits
from sandbox.slack.people import AppConfig
from sandbox.slack.stream import Stream
from sandbox.slack.views import Views
from sandbox.slack.workspace import Workspace


@dataclass(frozen=True)
class Options:
    """What the command line decides."""

    port: int
    delivery: str = "socket"
    request_url: str = "http://127.0.0.1:3000/slack/events"
    signing_secret: str = "sandbox-signing-secret"
    bot_token: str = "xoxb-sandbox"
    app_token: str = "xapp-sandbox"
    rate_limits: str = "real"
    event_retry_delays: Sequence[float] = (0.0, 60.0, 300.0)
    app: AppConfig = field(default_factory=AppConfig)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class World:
    """One workspace with its app, its troubles and its records."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.stream = Stream()
        self.workspace = Workspace(self.stream, options.app)
        self.views = Views(self.stream)
        self.files = Files(self.stream)
        self.journal = Journal()
        self.faults = Faults()
        self.limits = RateLimits(options.rate_limits)
        self.triggers = Triggers()
        self.responses = ResponseUrls(self.workspace, self.files, options.base_url)
        self.offered: dict[tuple[str, str], dict[str, list[dict[str, Any]]]] = {}
        """Options that the app suggested: (person, view or message) → action id → options."""
        self.socket_mode = SocketMode(self._tell_connection)
        self.http: HttpDelivery | None = None
        if options.delivery == "http":
            self.http = HttpDelivery(options.request_url, options.signing_secret)
        transport = self.http or self.socket_mode
        self.courier = Courier(transport, self.faults, self.journal, options.event_retry_delays)

    def reset(self) -> None:
        """A fresh workspace; the app stays connected."""
        for part in (
            self.workspace,
            self.views,
            self.files,
            self.journal,
            self.faults,
            self.limits,
            self.triggers,
            self.responses,
        ):
            part.reset()
        self.offered.clear()
        self.stream.publish({"type": "reset"})

    async def close(self) -> None:
        """Ends connections and background work."""
        await self.courier.close()
        await self.socket_mode.close()

    def _tell_connection(self, connected: bool) -> None:
        self.stream.publish({"type": "app_connection", "connected": connected})
