"""One message of a thread, once: posted, edited, uploaded, and looked for where it is not sure whether Slack took it."""

import hashlib
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.domain.errors import SlackRefused, TransientError
from bot.domain.phases import Reason
from bot.domain.rollout import Rollout
from bot.domain.rollout_parts import Thread
from bot.messages.blocks import Message
from bot.messages.ids import METADATA_EVENT
from bot.messages.slots import Slot, SlotName
from bot.messages.thread import render_pointer
from bot.store.slots import SlotState
from workers.world import World

log = logging.getLogger(__name__)

EDITS_A_MINUTE = 40
"""chat.update allows 50 a minute for the whole workspace; what is left is for news that cannot wait."""

GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found"})
TOO_NEW = frozenset({"invalid_blocks", "invalid_blocks_format"})

_CAN_WAIT = frozenset({SlotName.CARD, SlotName.PROGRESS, SlotName.WATCH, SlotName.ALERT})
"""Messages whose every edit is followed by another one, as long as their story goes on."""

POST, EDIT, UPLOAD = "chat.postMessage", "chat.update", "files.uploadV2"


class Later(Exception):
    """Not now: Slack asked to wait, or the workspace's budget of this minute is used up."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"in {wait}")
        self.wait = wait


def draw_chart(rollout: Rollout) -> bytes:
    """The chart of a finished watch, as PNG.

    matplotlib is imported here, because it takes a second of CPU and most processes never draw.
    """
    from workers.charts import render_chart

    assert rollout.comparison is not None
    assert rollout.cutover_at is not None
    return render_chart(
        rollout.comparison,
        title=rollout.endpoint,
        cutover=rollout.cutover_at,
        watch=rollout.watch,
        verdict=rollout.verdict,
    )


class Told(Protocol):
    """Whose story a thread tells: a rollout, or a wave."""

    @property
    def id(self) -> str: ...

    @property
    def thread(self) -> Thread: ...

    @property
    def is_active(self) -> bool: ...

    @property
    def last(self) -> "Dated": ...


class Dated(Protocol):
    """Something that happened."""

    @property
    def at(self) -> datetime: ...


@dataclass(frozen=True)
class Posting:
    """Brings single slots of a thread up to date. Raises Later, TransientError or SlackRefused for what cannot be done now."""

    world: World
    draw: Callable[[Rollout], bytes] = draw_chart
    """How charts are drawn."""

    def bring_slot(self, rollout: Rollout, slot: Slot, state: SlotState | None) -> None:
        """Make one slot say what it shall say: post what is missing, edit what differs, leave alone what is right."""
        if slot.name is SlotName.CHART:
            self._bring_chart(rollout, slot, state, _digest(slot.message))
        else:
            self.bring_message(rollout, slot, state)

    def bring_message(self, rollout: Told, slot: Slot, state: SlotState | None) -> None:
        """The same for what is no picture."""
        digest = _digest(slot.message)
        if state is None or state.is_uncertain:
            self._post(rollout, slot, state, digest)
        elif state.digest != digest:
            self._edit(rollout, slot, state, digest)

    def _post(self, rollout: Told, slot: Slot, state: SlotState | None, digest: str) -> None:
        """Post it once: the intent is written down first, and an intent without an end is looked up before it is repeated."""
        slots, now = self.world.store.slots, self.world.clock()
        channel = rollout.thread.channel_id
        thread_ts = rollout.thread.thread_ts if slot.in_thread or rollout.thread.thread_ts else None
        identity = {"rollout": rollout.id, "slot": str(slot.name)}
        if state is not None:
            found = self.world.slack.find_own(
                channel, event_type=METADATA_EVENT, payload=identity, since=state.intended_at, thread_ts=thread_ts
            )
            if found is not None:
                # Its content may be of an older revision: an empty digest makes the next pass edit it.
                slots.save(rollout.id, slot.name, state.model_copy(update={"message_ts": found}))
                self._edit(rollout, slot, state.model_copy(update={"message_ts": found}), digest)
                return
        self._wait_if_paused(POST)
        intent = SlotState(intended_at=now)
        slots.save(rollout.id, slot.name, intent)
        try:
            message_ts = self._post_with_fallback(channel, slot.message, thread_ts, identity)
        except (TransientError, SlackRefused) as exc:
            if not (isinstance(exc, TransientError) and exc.outcome_unknown):
                slots.forget(rollout.id, slot.name)
            self._pause_if_asked(POST, exc)
            raise
        slots.save(rollout.id, slot.name, intent.model_copy(update={"message_ts": message_ts, "digest": digest}))
        slots.reset_wait(rollout.id)

    def _post_with_fallback(
        self, channel: str, message: Message, thread_ts: str | None, identity: dict[str, str]
    ) -> str:
        metadata = {"event_type": METADATA_EVENT, "event_payload": identity}
        try:
            return self.world.slack.post(
                channel, text=message.text, blocks=message.blocks, thread_ts=thread_ts, metadata=metadata
            )
        except SlackRefused as exc:
            if exc.error not in TOO_NEW:
                raise
            log.error("Slack refused our blocks, posting plain text: %s", exc)
            return self.world.slack.post(channel, text=message.text, blocks=(), thread_ts=thread_ts, metadata=metadata)

    def _edit(self, rollout: Told, slot: Slot, state: SlotState, digest: str) -> None:
        slots = self.world.store.slots
        assert state.message_ts is not None
        self._wait_if_paused(EDIT)
        now = self.world.clock()
        can_wait = rollout.is_active and slot.name.partition(" ")[0] in _CAN_WAIT
        if not slots.spend(EDIT, now, EDITS_A_MINUTE) and can_wait and not _has_just_moved(rollout, now):
            raise Later(timedelta(seconds=61 - now.second))
        try:
            self._edit_with_fallback(rollout.thread.channel_id, state.message_ts, slot.message)
        except SlackRefused as exc:
            if exc.error not in GONE:
                raise
            slots.forget(rollout.id, slot.name)
            self._post(rollout, slot, None, digest)
            return
        except TransientError as exc:
            self._pause_if_asked(EDIT, exc)
            raise
        slots.save(rollout.id, slot.name, state.model_copy(update={"digest": digest}))
        slots.reset_wait(rollout.id)

    def _edit_with_fallback(self, channel: str, message_ts: str, message: Message) -> None:
        try:
            self.world.slack.edit(channel, message_ts, text=message.text, blocks=message.blocks)
        except SlackRefused as exc:
            if exc.error not in TOO_NEW:
                raise
            log.error("Slack refused our blocks, editing to plain text: %s", exc)
            self.world.slack.edit(channel, message_ts, text=message.text, blocks=())

    def _bring_chart(self, rollout: Rollout, slot: Slot, state: SlotState | None, digest: str) -> None:
        """Upload the picture once, and once more after a watch that was taken up again.

        An upload tells no message_ts, so "is it there?" is asked by its name, which counts the editions.
        """
        if rollout.comparison is None or rollout.cutover_at is None:
            return
        slots, thread_ts = self.world.store.slots, rollout.thread.thread_ts
        assert thread_ts is not None
        edition = 1 + sum(t.reason is Reason.WATCH_RESUMED for t in rollout.transitions)
        filename = f"{rollout.endpoint}-{rollout.id}{f'-{edition}' if edition > 1 else ''}.png"
        if state is not None and not state.is_uncertain and (edition == 1 or state.message_ts == filename):
            return
        posted = SlotState(intended_at=self.world.clock(), message_ts=filename, digest=digest)
        if (
            state is not None
            and state.is_uncertain
            and self.world.slack.has_own_file(rollout.thread.channel_id, thread_ts, filename)
        ):
            slots.save(rollout.id, slot.name, posted)
            return
        self._wait_if_paused(UPLOAD)
        slots.save(rollout.id, slot.name, SlotState(intended_at=posted.intended_at))
        try:
            self.world.slack.upload(
                rollout.thread.channel_id,
                thread_ts,
                filename=filename,
                content=self.draw(rollout),
                title=slot.message.text,
                alt_text=slot.message.text,
            )
        except SlackRefused as exc:
            log.error("rollout %s: the chart could not be uploaded: %s", rollout.id, exc)
        except TransientError as exc:
            if not exc.outcome_unknown:
                slots.forget(rollout.id, slot.name)
            self._pause_if_asked(UPLOAD, exc)
            raise
        slots.save(rollout.id, slot.name, posted)

    def post_pointer(self, rollout: Rollout, state: SlotState | None) -> None:
        """One line in the endpoint's own channel. That nobody may read it there must not stop the story here."""
        home, thread_ts = rollout.home_channel, rollout.thread.thread_ts
        if home is None or thread_ts is None or not (state is None or state.is_uncertain):
            return
        slots, slack = self.world.store.slots, self.world.slack
        identity = {"rollout": rollout.id, "slot": str(SlotName.POINTER)}
        posted = SlotState(intended_at=self.world.clock(), message_ts="-")
        try:
            ts = None
            if state is not None:
                ts = slack.find_own(
                    home, event_type=METADATA_EVENT, payload=identity, since=state.intended_at, thread_ts=None
                )
            if ts is None:
                slots.save(rollout.id, SlotName.POINTER, SlotState(intended_at=posted.intended_at))
                message = render_pointer(rollout, slack.permalink(rollout.thread.channel_id, thread_ts))
                ts = self._post_with_fallback(home, message, None, identity)
            posted = posted.model_copy(update={"message_ts": ts})
        except SlackRefused as exc:
            log.warning("rollout %s: no line in %s: %s", rollout.id, home, exc)
        except TransientError as exc:
            if not exc.outcome_unknown:
                slots.forget(rollout.id, SlotName.POINTER)
            self._pause_if_asked(POST, exc)
            raise
        slots.save(rollout.id, SlotName.POINTER, posted)

    def _wait_if_paused(self, method: str) -> None:
        wait = self.world.store.slots.paused_for(method)
        if wait is not None:
            raise Later(wait)

    def _pause_if_asked(self, method: str, exc: Exception) -> None:
        """A 429 counts for the whole workspace, so every rollout's notifier waits it out."""
        if isinstance(exc, TransientError) and exc.retry_after is not None:
            self.world.store.slots.pause(method, exc.retry_after)


def _has_just_moved(rollout: Told, now: datetime) -> bool:
    """News of a new phase goes before news of progress."""
    return now - rollout.last.at < timedelta(seconds=30)


def _digest(message: Message) -> str:
    return hashlib.sha256(json.dumps([message.text, message.blocks], sort_keys=True).encode()).hexdigest()[:16]
