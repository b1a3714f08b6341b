"""What an SQS queue holds."""

from __future__ import annotations

import hashlib
import itertools
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

_HIDDEN_FOR = timedelta(seconds=30)
_MOST_KEPT = 1000


@dataclass
class _Message:
    id: str
    body: str
    visible_from: datetime


@dataclass
class Mailbox:
    """The messages of the queue, and what was last seen of everything that may change."""

    messages: list[_Message] = field(default_factory=list)
    seen: dict[str, str] | None = None
    receipts: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def put(self, body: str, now: datetime) -> None:
        """A message for whoever receives next; the oldest of too many are lost."""
        self.messages.append(_Message(str(uuid.uuid4()), body, now))
        del self.messages[:-_MOST_KEPT]

    def receive(self, most: int, hidden_for: timedelta | None, now: datetime) -> list[dict[str, Any]]:
        """Messages as ReceiveMessage tells them: hidden from others for a while, and back unless they are struck off."""
        visible = [message for message in self.messages if message.visible_from <= now][:most]
        for message in visible:
            message.visible_from = now + (_HIDDEN_FOR if hidden_for is None else hidden_for)
        return [
            {
                "MessageId": message.id,
                "ReceiptHandle": f"{message.id}#{next(self.receipts)}",
                "Body": message.body,
                "MD5OfBody": hashlib.md5(message.body.encode(), usedforsecurity=False).hexdigest(),
            }
            for message in visible
        ]

    def strike_off(self, receipt: str) -> None:
        """Whoever received it has heard it."""
        message_id = receipt.partition("#")[0]
        self.messages = [message for message in self.messages if message.id != message_id]
