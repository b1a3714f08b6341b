"""The thread as a projection of the rollout: posts what is missing, edits what changed, and repairs what was lost.

Nothing is sent because something happened; what shall be there follows from the record, and the difference is sent. So a message
that Slack refused is sent later, one that somebody deleted comes back, and a crash between a post and its bookkeeping is mended by
looking for our own message before posting again. A Slack failure never stops a rollout.
"""

import hashlib
import json
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.errors import RevisionConflict, SlackRefused, TransientError
from bot.domain.rollout import BOT_ACTOR, Phase, Reason, Rollout
from bot.messages.blocks import Message
from bot.messages.ids import METADATA_EVENT
from bot.messages.slots import Slot, SlotName
from bot.messages.thread import render_pointer, wanted_slots
from bot.store.keys import Due
from bot.store.rollouts import Write
from bot.store.slots import SlotState
from workers.heartbeat import beating
from workers.world import World

log = logging.getLogger(__name__)

EDITS_A_MINUTE = 40
"""chat.update allows 50 a minute for the whole workspace; what is left is for news that cannot wait."""

LONGEST_WAIT = timedelta(seconds=30)
UNREACHABLE = frozenset({"channel_not_found", "not_in_channel", "is_archived", "restricted_action", "no_permission"})
GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found"})
TOO_NEW = frozenset({"invalid_blocks", "invalid_blocks_format"})

POST, EDIT, UPLOAD = "chat.postMessage", "chat.update", "files.uploadV2"


class Later(Exception):
    """Not now: Slack asked to wait, or the workspace's budget of this minute is used up."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"in {wait}")
        self.wait = wait


@dataclass(frozen=True)
class Notifier:
    """Brings threads up to date, one rollout at a time."""

    world: World

    def tell(self, rollout_id: str) -> None:
        """Make the rollout's thread say what the record says; whatever cannot be done now is due again later."""
        store, lease = self.world.store, self.world.lease
        with store.due.hold("tell", rollout_id, lease) as hold:
            if hold is None:
                return

            def beat() -> None:
                hold.prolong()
                store.due.put_off(Due.TELLS, rollout_id, self.world.clock() + lease)

            with beating(beat, lease):
                self._tell(rollout_id)

    def _tell(self, rollout_id: str) -> None:
        store = self.world.store
        stored = store.rollouts.load(rollout_id)
        if stored is None:
            store.due.remove(Due.TELLS, rollout_id)
            return
        try:
            self._bring_up_to_date(stored.rollout)
        except Later as later:
            store.due.set(Due.TELLS, rollout_id, self.world.clock() + later.wait)
            return
        except TransientError as exc:
            wait = exc.retry_after or store.slots.next_wait(rollout_id, LONGEST_WAIT)
            log.warning("rollout %s: Slack did not answer well, again in %s: %s", rollout_id, wait, exc)
            store.due.set(Due.TELLS, rollout_id, self.world.clock() + wait)
            return
        except SlackRefused as exc:
            again = self._refused(stored.rollout, exc)
            if again is not None:
                store.due.set(Due.TELLS, rollout_id, self.world.clock() + again)
            return
        store.slots.reset_wait(rollout_id)
        store.due.settle_tell(rollout_id, stored.news, self.world.clock())

    def _bring_up_to_date(self, rollout: Rollout) -> None:
        rollout = self._in_parents_thread(rollout) if rollout.in_parent_thread else rollout
        done = self.world.store.slots.load(rollout.id)
        for slot in wanted_slots(rollout):
            self._bring_slot(rollout, slot, done.get(slot.name))
            if slot.name is SlotName.CARD:
                rollout = rollout if rollout.thread.thread_ts is not None else self._with_thread(rollout)
                self._post_pointer(rollout, done.get(SlotName.POINTER))

    def _in_parents_thread(self, rollout: Rollout) -> Rollout:
        """A rollback may be older than its thread: Slack may have been away when the parent's card should have been posted."""
        if rollout.thread.thread_ts is not None or rollout.parent_id is None:
            return rollout
        parent = self.world.store.rollouts.load(rollout.parent_id)
        if parent is None or parent.rollout.thread.thread_ts is None:
            raise Later(timedelta(seconds=1))
        return rollout.with_(thread=parent.rollout.thread)

    def _with_thread(self, rollout: Rollout) -> Rollout:
        card = self.world.store.slots.load(rollout.id)[SlotName.CARD]
        assert card.message_ts is not None
        self.world.store.rollouts.set_thread(rollout, card.message_ts)
        return rollout.with_(thread=rollout.thread.model_copy(update={"thread_ts": card.message_ts}))

    def _bring_slot(self, rollout: Rollout, slot: Slot, state: SlotState | None) -> None:
        digest = _digest(slot.message)
        if slot.name is SlotName.CHART:
            self._bring_chart(rollout, slot, state, digest)
        elif state is None or state.is_uncertain:
            self._post(rollout, slot, state, digest)
        elif state.digest != digest:
            self._edit(rollout, slot, state, digest)

    def _post(self, rollout: Rollout, slot: Slot, state: SlotState | None, digest: str) -> None:
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

    def _edit(self, rollout: Rollout, slot: Slot, state: SlotState, digest: str) -> None:
        slots = self.world.store.slots
        assert state.message_ts is not None
        self._wait_if_paused(EDIT)
        now = self.world.clock()
        can_wait = rollout.is_active and slot.name in (SlotName.CARD, SlotName.PROGRESS, SlotName.WATCH)
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

    def _edit_with_fallback(self, channel: str, message_ts: str, message: Message) -> None:
        try:
            self.world.slack.edit(channel, message_ts, text=message.text, blocks=message.blocks)
        except SlackRefused as exc:
            if exc.error not in TOO_NEW:
                raise
            log.error("Slack refused our blocks, editing to plain text: %s", exc)
            self.world.slack.edit(channel, message_ts, text=message.text, blocks=())

    def _bring_chart(self, rollout: Rollout, slot: Slot, state: SlotState | None, digest: str) -> None:
        """Upload the picture once. An upload tells no message_ts, so "is it there?" is asked by its name."""
        if (state is not None and not state.is_uncertain) or rollout.comparison is None or rollout.cutover_at is None:
            return
        slots, thread_ts = self.world.store.slots, rollout.thread.thread_ts
        assert thread_ts is not None
        filename = f"{rollout.endpoint}-{rollout.id}.png"
        posted = SlotState(intended_at=self.world.clock(), message_ts=filename, digest=digest)
        if state is not None and self.world.slack.has_own_file(rollout.thread.channel_id, thread_ts, filename):
            slots.save(rollout.id, slot.name, posted)
            return
        self._wait_if_paused(UPLOAD)
        slots.save(rollout.id, slot.name, SlotState(intended_at=posted.intended_at))
        try:
            self.world.slack.upload(
                rollout.thread.channel_id,
                thread_ts,
                filename=filename,
                content=draw(rollout),
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

    def _post_pointer(self, rollout: Rollout, state: SlotState | None) -> None:
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
        except (SlackRefused, TransientError) as exc:
            log.warning("rollout %s: no line in %s: %s", rollout.id, home, exc)
        slots.save(rollout.id, SlotName.POINTER, posted)

    def _wait_if_paused(self, method: str) -> None:
        wait = self.world.store.slots.paused_for(method)
        if wait is not None:
            raise Later(wait)

    def _pause_if_asked(self, method: str, exc: Exception) -> None:
        """A 429 counts for the whole workspace, so every rollout's notifier waits it out."""
        if isinstance(exc, TransientError) and exc.retry_after is not None:
            self.world.store.slots.pause(method, exc.retry_after)

    def _refused(self, rollout: Rollout, exc: SlackRefused) -> timedelta | None:
        """Slack will not have it: when to try again, or None if never. Without a card nobody could follow, so nothing begins."""
        log.error("rollout %s: %s", rollout.id, exc)
        if exc.error in UNREACHABLE and rollout.thread.thread_ts is None and rollout.is_waiting:
            return self._give_up_unseen(rollout)
        return self.world.store.slots.next_wait(rollout.id, timedelta(minutes=5))

    def _invite(self, rollout: Rollout) -> None:
        """Tell the requester privately how to let the bot in."""
        if rollout.reply is None or rollout.reply.response_url is None:
            return
        name = self.world.slack.own_name()
        self.world.slack.respond(
            rollout.reply.response_url,
            text=(
                f"I am not in this channel, so I cannot tell the story of {rollout.endpoint} here. Nothing was started. "
                f"Type `/invite @{name}`, then ask again."
            ),
        )

    def _give_up_unseen(self, rollout: Rollout) -> timedelta | None:
        now = self.world.clock()
        try:
            self._invite(rollout)
        except TransientError as exc:
            return exc.retry_after or self.world.store.slots.next_wait(rollout.id, LONGEST_WAIT)
        except SlackRefused as exc:
            log.error("rollout %s: nobody could be told: %s", rollout.id, exc)
        stored = self.world.store.rollouts.load(rollout.id)
        if stored is not None and stored.rollout.is_waiting:
            over = stored.rollout.to(Phase.CANCELLED, Reason.CHANNEL_UNREACHABLE, now, BOT_ACTOR)
            try:
                self.world.store.rollouts.commit([Write(over, stored.revision)], now)
            except RevisionConflict:
                return timedelta(seconds=1)
        self.world.store.due.remove(Due.TELLS, rollout.id)
        return None


def draw(rollout: Rollout) -> bytes:
    """The chart of a finished watch, as PNG.

    matplotlib is imported here, because it takes a second of CPU and most processes never draw.
    """
    from workers.charts import render_chart

    assert rollout.comparison is not None
    assert rollout.cutover_at is not None
    return render_chart(rollout.comparison, title=rollout.endpoint, cutover=rollout.cutover_at, watch=rollout.watch)


def _has_just_moved(rollout: Rollout, now: datetime) -> bool:
    """News of a new phase goes before news of progress."""
    return now - rollout.last.at < timedelta(seconds=30)


def _digest(message: Message) -> str:
    return hashlib.sha256(json.dumps([message.text, message.blocks], sort_keys=True).encode()).hexdigest()[:16]
