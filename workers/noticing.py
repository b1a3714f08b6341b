"""Says what the bot has to say by itself: each thing once, also when Slack's answer to it was lost."""

import logging
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.errors import SlackRefused, TransientError
from bot.messages.blocks import Message
from bot.messages.ids import METADATA_EVENT
from workers.world import World

log = logging.getLogger(__name__)

NOTICE = "notice"
"""The slot that these messages fill."""

_LOOK_BACK = timedelta(days=1)
"""How far back a message whose post was not seen to end is looked for."""

_REFUSED_FOR = timedelta(minutes=10)
"""Rounds come every few seconds; a channel that the bot was not invited to is not tried in each of them."""


@dataclass(frozen=True)
class Noticing:
    """Posts notices. One of a key is said at one time: rounds and errands that say them are held by one worker."""

    world: World

    def say(self, key: str, channel: str, message: Message, *, look_first: bool = False) -> str | None:
        """Post a message, unless it was posted before.

        Args:
            key: What it is about; the same key is said once.
            channel: Where.
            message: What.
            look_first: Look in the channel before it is posted: the store may have forgotten that it was.

        Returns:
            Its message_ts, also where it was posted before; None where Slack does not take it, which is tried again later.

        Raises:
            TransientError: Slack did not answer; the next call posts it, or finds it.
        """
        notices, slack = self.world.store.notices, self.world.slack
        is_first = notices.first_time(key)
        if not is_first and (said := notices.recall(key)) is not None:
            return said
        refused = f"slack refused {channel}"
        if self.world.store.memory.recall(refused) is not None:
            notices.forget(key)
            return None
        identity = {"notice": key, "slot": NOTICE}
        try:
            found = None if is_first and not look_first else self._found(channel, identity)
            message_ts = found or slack.post(
                channel,
                text=message.text,
                blocks=message.blocks,
                metadata={"event_type": METADATA_EVENT, "event_payload": identity},
            )
        except SlackRefused as exc:
            log.warning("%s is not told in %s: %s", key, channel, exc)
            self.world.store.memory.remember(refused, exc.error, _REFUSED_FOR)
            notices.forget(key)
            return None
        except TransientError as exc:
            if not exc.outcome_unknown:
                notices.forget(key)
            raise
        notices.remember(key, message_ts)
        return message_ts

    def amend(self, channel: str, message_ts: str, message: Message) -> None:
        """Edit a notice. What Slack does not let us edit, because somebody deleted it perhaps, is left as it is.

        Raises:
            TransientError: Slack did not answer; the same edit may be tried again.
        """
        try:
            self.world.slack.edit(channel, message_ts, text=message.text, blocks=message.blocks)
        except SlackRefused as exc:
            log.warning("the message %s in %s stays as it is: %s", message_ts, channel, exc)

    def _found(self, channel: str, identity: dict[str, str]) -> str | None:
        since = self.world.clock() - _LOOK_BACK
        return self.world.slack.find_own(
            channel, event_type=METADATA_EVENT, payload=identity, since=since, thread_ts=None
        )
