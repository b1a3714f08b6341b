"""The thread as a projection of the rollout: posts what is missing, edits what changed, and repairs what was lost.

Nothing is sent because something happened; what shall be there follows from the record, and the difference is sent. So a message
that Slack refused is sent later, one that somebody deleted comes back, and a crash between a post and its bookkeeping is mended by
looking for our own message before posting again. A Slack failure never stops a rollout.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.board import in_turn
from bot.domain.errors import RevisionConflict, SlackRefused, TransientError
from bot.domain.phases import BOT_ACTOR, Phase, Reason
from bot.domain.rollout import Rollout
from bot.messages.slots import SlotName
from bot.messages.thread import wanted_slots
from bot.store.keys import Due
from bot.store.leases import holds_endpoint
from bot.store.rollouts import Write
from workers.heartbeat import beating
from workers.posting import Later, Posting
from workers.world import World

log = logging.getLogger(__name__)

LONGEST_WAIT = timedelta(seconds=30)
UNREACHABLE = frozenset({"channel_not_found", "not_in_channel", "is_archived", "restricted_action", "no_permission"})

SOON_MENDED = timedelta(hours=1)
"""For so long after its end a story is tried to be told often: somebody may invite the bot again."""

A_DAY, FORGOTTEN_AFTER = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True)
class Notifier:
    """Brings threads up to date, one rollout at a time."""

    world: World
    posting: Posting

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
        if stored.rollout.queued_behind is not None:  # whose card says who waits
            store.due.set(Due.TELLS, stored.rollout.queued_behind, self.world.clock())

    def _bring_up_to_date(self, rollout: Rollout) -> None:
        rollout = self._in_parents_thread(rollout) if rollout.in_parent_thread else rollout
        done = self.world.store.slots.load(rollout.id)
        for slot in wanted_slots(rollout, self._behind(rollout)):
            self.posting.bring_slot(rollout, slot, done.get(slot.name))
            if slot.name is SlotName.CARD and rollout.thread.thread_ts is None:
                rollout = self._with_thread(rollout)
        self.posting.post_pointer(rollout, done.get(SlotName.POINTER))

    def _behind(self, rollout: Rollout) -> tuple[Rollout, ...]:
        """Who waits until this one is over, in the order of their turns."""
        if not holds_endpoint(rollout):
            return ()
        active = in_turn(s.rollout for s in self.world.store.rollouts.active(rollout.endpoint))
        return tuple(r for r in active if r.is_waiting and r.queued_behind == rollout.id)

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

    def _refused(self, rollout: Rollout, exc: SlackRefused) -> timedelta | None:
        """Slack will not have it: when to try again, or None if never. Without a card nobody could follow, so nothing begins."""
        log.error("rollout %s: %s", rollout.id, exc)
        if exc.error in UNREACHABLE and rollout.thread.thread_ts is None and rollout.is_waiting:
            return self._give_up_unseen(rollout)
        age = self.world.clock() - rollout.last.at
        if exc.error in UNREACHABLE and not rollout.is_active and age > SOON_MENDED:
            return self._seldom(rollout, age)
        return self.world.store.slots.next_wait(rollout.id, timedelta(minutes=5))

    def _seldom(self, rollout: Rollout, age: timedelta) -> timedelta | None:
        """The story is over, and its channel is closed to the bot: hardly anybody will open it again."""
        if age < FORGOTTEN_AFTER:
            return A_DAY
        self.world.store.due.remove(Due.TELLS, rollout.id)
        return None

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
