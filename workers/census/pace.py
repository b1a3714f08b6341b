"""The pace at which one account and region is asked: so many calls a second, fewer after AWS asked for a slower pace."""

import functools
import json
import logging
import math
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, TypeVar, cast

from bot.domain.errors import TransientError
from workers.ports import Clock, Memory

log = logging.getLogger(__name__)

RATE = 25.0
"""Calls a second, as long as AWS does not mind. SageMaker's limits are not published, and others share them with the bot; a loop
that makes one call after another comes to about 20."""

SLOWEST = 0.5
BURST = 100
"""Calls that may come at once after a pause: a fleet of twenty is then looked at without waiting."""

RECOVERY = 1.25
"""What the rate grows by for each while without a complaint, up to the usual one."""

RECOVER_EVERY = timedelta(minutes=1)
AFTER_THROTTLING = timedelta(seconds=1)
ATTEMPTS = 4

_REMEMBERED = timedelta(hours=1)

P = TypeVar("P")


class OutOfTime(Exception):
    """The time that was given is over before the next call may be made: whoever asks goes on another time."""


def pause(seconds: float) -> None:
    """Let a moment pass: the one wait inside a job, because the pace that AWS asks for is finer than any schedule."""
    threading.Event().wait(seconds)


class Pace:
    """Lets calls through one after another; threads share it, and the rate is remembered for every process."""

    def __init__(
        self,
        memory: Memory,
        place: str,
        clock: Clock,
        wait: Callable[[float], None],
        deadline: datetime,
        *,
        usual: float = RATE,
        burst: float = BURST,
    ) -> None:
        """Take the time, and how to wait.

        Args:
            memory: Where the rate of the place is remembered, if it is not the usual one.
            place: The account and region.
            clock: The time.
            wait: Waits for so many seconds.
            deadline: No call is made after this.
            usual: Calls a second, as long as AWS does not mind.
            burst: Calls that may come at once after a pause.
        """
        self._usual, self._burst = usual, burst
        self._memory, self._place = memory, place
        self._clock, self._wait, self._deadline = clock, wait, deadline
        self._lock = threading.Lock()
        self.rate, self._free_at = self._remembered()

    def take(self, calls: int = 1) -> None:
        """Wait until so many calls may be made.

        Raises:
            OutOfTime: that is after the deadline; nothing was taken.
        """
        with self._lock:
            now = self._clock()
            earliest = now - timedelta(seconds=self._burst / self.rate)
            turn = max(self._free_at, earliest)
            if max(turn, now) > self._deadline:
                raise OutOfTime
            self._free_at = turn + timedelta(seconds=calls / self.rate)
        if turn > now:
            self._wait((turn - now).total_seconds())

    def slow_down(self, retry_after: timedelta | None) -> None:
        """AWS asked for a slower pace: half of it from now on, after a pause, and no burst."""
        with self._lock:
            self.rate = max(self.rate / 2, SLOWEST)
            self._free_at = max(self._free_at, self._clock() + (retry_after or AFTER_THROTTLING))
        self.keep()
        log.warning("%s: AWS asks for a slower pace; %.1f calls a second from now on", self._place, self.rate)

    def keep(self) -> None:
        """Remember the pace, so that whoever looks next goes on with it instead of beginning with a burst."""
        state = {"at": self._clock().timestamp(), "rate": self.rate, "free_at": self._free_at.timestamp()}
        self._memory.remember(self._key, json.dumps(state), _REMEMBERED)

    def _remembered(self) -> tuple[float, datetime]:
        """The rate after the last complaint, grown again by the time that has gone by, and the next free turn."""
        now = self._clock()
        known = self._memory.recall(self._key)
        if known is None:
            return self._usual, now - timedelta(seconds=self._burst / self._usual)
        state: dict[str, float] = json.loads(known)
        quiet = (now.timestamp() - state["at"]) / RECOVER_EVERY.total_seconds()
        return min(self._usual, state["rate"] * math.pow(RECOVERY, quiet)), datetime.fromtimestamp(
            state["free_at"], UTC
        )

    @property
    def _key(self) -> str:
        return f"pace of {self._place}"


class _Paced:
    """A port whose every call takes its turn, and is repeated at a slower pace when AWS asks for one."""

    def __init__(self, port: object, pace: Pace, calls: Mapping[str, int]) -> None:
        self._port, self._pace, self._calls = port, pace, calls

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)

        @functools.wraps(method)
        def in_turn(*args: Any, **options: Any) -> Any:
            for attempt in range(ATTEMPTS):
                self._pace.take(self._calls.get(name, 1) if options.get("with_tags", True) else 1)
                try:
                    return method(*args, **options)
                except TransientError as error:
                    if error.is_throttled:
                        self._pace.slow_down(error.retry_after)
                    if not error.is_throttled or attempt == ATTEMPTS - 1:
                        raise
            raise AssertionError("the last attempt returns or raises")

        return in_turn


def paced(port: P, pace: Pace, calls: Mapping[str, int] = MappingProxyType({})) -> P:
    """The port at that pace.

    Args:
        port: Any port that only looks.
        pace: Of its account and region.
        calls: How many requests a method makes, where it is not one.
    """
    return cast(P, _Paced(port, pace, calls))
