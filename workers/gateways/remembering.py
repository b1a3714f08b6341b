"""Answers that a plan can do without: remembered for every process, and "not known" where AWS gives none.

A plan asks for quotas, prices and the like several times an hour, and they change seldom. Where the role may not ask, or AWS does not
answer, the plan says "unknown" instead of failing; that too is remembered, so that it costs one request and one line in the log.
"""

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bot.domain.errors import GatewayError, TransientError
from workers.ports import Memory

log = logging.getLogger(__name__)

REFUSED_FOR = timedelta(minutes=5)
"""After a refusal: about as long as a new permission needs to be noticed."""

UNANSWERED_FOR = timedelta(minutes=1)

_UNKNOWN = "null"


class Remembering:
    """Asks at most once in a while for each key; one instance per account and region, whose keys it keeps apart."""

    def __init__(self, memory: Memory, scope: str) -> None:
        """Take the memory that all processes share.

        Args:
            memory: Where answers are kept, as JSON.
            scope: The account and region in words, the same in every process.
        """
        self._memory = memory
        self._scope = scope

    def answer(self, key: str, ttl: timedelta, ask: Callable[[], Any]) -> Any:
        """What is remembered under the key, or else what `ask` returns; None when AWS refuses or does not answer.

        Args:
            key: What is asked, in words; the log shows it.
            ttl: How long the answer may be used.
            ask: Asks AWS, and returns JSON values; None, for "there is no answer", is remembered for a few minutes only.
        """
        known = self.recall(key)
        if known is not None:
            return json.loads(known)
        try:
            found = ask()
            kept_for = ttl if found is not None else REFUSED_FOR
        except GatewayError as error:
            log.warning("%s (%s): not known, because AWS refused: %s", key, self._scope, error)
            found, kept_for = None, REFUSED_FOR
        except TransientError as error:
            log.warning("%s (%s): not known, because AWS did not answer: %s", key, self._scope, error)
            found, kept_for = None, UNANSWERED_FOR
        self.remember(key, json.dumps(found) if found is not None else _UNKNOWN, kept_for)
        return found

    def recall(self, key: str) -> str | None:
        """The text that is remembered under the key."""
        return self._memory.recall(f"{self._scope} {key}")

    def remember(self, key: str, value: str, ttl: timedelta) -> None:
        """Remember a text for every process."""
        self._memory.remember(f"{self._scope} {key}", value, ttl)
