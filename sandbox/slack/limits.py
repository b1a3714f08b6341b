"""Slack's rate limits: per method and minute, and one message per second and channel for chat.postMessage.

Tiers are those of Slack's documentation ("20+ per minute" and so on, "occasional bursts" allowed); the plus and the bursts
are played by `BURST` further calls in the window. Numbers per method follow slackapi/java-slack-sdk's MethodsRateLimits.
"""

from __future__ import annotations

import math
import time
from collections import defaultdict, deque
from collections.abc import Callable

WINDOW_SECONDS = 60.0
BURST = 10
TIER_1, TIER_2, TIER_3, TIER_4, HUNDREDS = 1, 20, 50, 100, 300
POST_MESSAGE_BURST = 5
"""Messages that one channel takes at once before one per second is enforced."""

PER_MINUTE = {
    "apps.connections.open": TIER_3,
    "auth.test": HUNDREDS,
    "blocks.validate": HUNDREDS,
    "chat.delete": TIER_3,
    "chat.getPermalink": HUNDREDS,
    "chat.postEphemeral": TIER_4,
    "chat.postMessage": HUNDREDS,
    "chat.update": TIER_3,
    "conversations.history": TIER_3,
    "conversations.info": TIER_3,
    "conversations.join": TIER_3,
    "conversations.list": TIER_2,
    "conversations.members": TIER_4,
    "conversations.open": TIER_3,
    "conversations.replies": TIER_3,
    "files.completeUploadExternal": TIER_4,
    "files.getUploadURLExternal": TIER_4,
    "files.info": TIER_4,
    "reactions.add": TIER_3,
    "usergroups.list": TIER_2,
    "usergroups.users.list": TIER_2,
    "users.info": TIER_4,
    "users.list": TIER_2,
    "views.open": TIER_4,
    "views.publish": TIER_4,
    "views.push": TIER_4,
    "views.update": TIER_4,
}


class RateLimits:
    """Counts calls and says how long a caller that was too fast must wait."""

    def __init__(self, mode: str = "real", clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.set_mode(mode)

    def set_mode(self, mode: str) -> None:
        """`real`, `off`, or a factor such as `10x`; what was counted is forgotten.

        Raises:
            ValueError: anything else.
        """
        factor = 1.0
        if mode not in ("real", "off"):
            factor = float(mode.removesuffix("x").removesuffix("×"))
            if factor <= 0 or mode[-1] not in "x×":
                raise ValueError(f"{mode!r} is no rate limit mode; there are real, off and a factor such as 10x")
        self.mode = mode
        self._factor = factor
        self.reset()

    def reset(self) -> None:
        """Forgets what was counted."""
        self._calls: dict[str, deque[float]] = defaultdict(deque)
        self._channels: dict[str, tuple[float, float]] = {}

    def check(self, method: str, channel: str | None) -> int | None:
        """Counts a call; None if it may proceed, else the seconds for Retry-After. A refused call is not counted."""
        if self.mode == "off":
            return None
        now = self._clock()
        wait = self._wait_in_window(method, now)
        if wait is None and method == "chat.postMessage" and channel:
            wait = self._wait_in_channel(channel, now)
        if wait is None:
            self._calls[method].append(now)
            return None
        return max(1, math.ceil(wait))

    def _wait_in_window(self, method: str, now: float) -> float | None:
        calls = self._calls[method]
        while calls and calls[0] <= now - WINDOW_SECONDS:
            calls.popleft()
        allowed = (PER_MINUTE.get(method, TIER_3) + BURST) * self._factor
        return None if len(calls) < allowed else calls[0] + WINDOW_SECONDS - now

    def _wait_in_channel(self, channel: str, now: float) -> float | None:
        tokens, counted_at = self._channels.get(channel, (float(POST_MESSAGE_BURST), now))
        tokens = min(float(POST_MESSAGE_BURST), tokens + (now - counted_at) * self._factor)
        if tokens < 1:
            self._channels[channel] = (tokens, now)
            return (1 - tokens) / self._factor
        self._channels[channel] = (tokens - 1, now)
        return None
