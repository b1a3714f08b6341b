"""The thread of a wave: brought up to date with its record, and repaired where Slack failed. A Slack failure never stops a wave."""

import logging
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.errors import RevisionConflict, SlackRefused, TransientError
from bot.domain.phases import BOT_ACTOR
from bot.domain.wave import Wave, WaveReason, WaveState
from bot.messages.slots import SlotName
from bot.messages.wave import wave_slots
from bot.store.waves import StoredWave
from workers.heartbeat import beating
from workers.posting import Later, Posting
from workers.world import World

log = logging.getLogger(__name__)

LONGEST_WAIT = timedelta(seconds=30)
LONGEST_WAIT_AFTER_REFUSAL = timedelta(minutes=5)
UNREACHABLE = frozenset({"channel_not_found", "not_in_channel", "is_archived", "restricted_action", "no_permission"})


@dataclass(frozen=True)
class WaveTelling:
    """Tells waves, one at a time."""

    world: World
    posting: Posting

    def tell(self, wave_id: str) -> None:
        """Make its thread say what the record says; what cannot be done now is done by a later round."""
        store, lease = self.world.store, self.world.lease
        if self._waits_for_slack(wave_id):
            return
        with store.due.hold("tell", wave_id, lease) as hold:
            stored = store.waves.load(wave_id) if hold is not None else None
            if hold is None or stored is None:
                return
            with beating(hold.prolong, lease):
                self._tell(stored)

    def _tell(self, stored: StoredWave) -> None:
        wave = stored.wave
        try:
            self._bring_up_to_date(wave)
        except Later as later:
            self._wait_for_slack(wave.id, later.wait)
        except TransientError as exc:
            wait = exc.retry_after or self.world.store.slots.next_wait(wave.id, LONGEST_WAIT)
            log.warning("wave %s: Slack did not answer well, again in %s: %s", wave.id, wait, exc)
            self._wait_for_slack(wave.id, wait)
        except SlackRefused as exc:
            log.error("wave %s: %s", wave.id, exc)
            if exc.error in UNREACHABLE and wave.thread.thread_ts is None:
                self._give_up_unseen(stored)
            else:
                self._wait_for_slack(wave.id, self.world.store.slots.next_wait(wave.id, LONGEST_WAIT_AFTER_REFUSAL))
        else:
            self.world.store.waves.told(stored)

    def _wait_for_slack(self, wave_id: str, wait: timedelta) -> None:
        until = self.world.clock() + wait
        self.world.store.memory.remember(_waiting(wave_id), str(until.timestamp()), wait)

    def _waits_for_slack(self, wave_id: str) -> bool:
        until = self.world.store.memory.recall(_waiting(wave_id))
        return until is not None and self.world.clock().timestamp() < float(until)

    def _bring_up_to_date(self, wave: Wave) -> None:
        slots = self.world.store.slots
        done = slots.load(wave.id)
        for slot in wave_slots(wave):
            self.posting.bring_message(wave, slot, done.get(slot.name))
            if slot.name == SlotName.CARD and wave.thread.thread_ts is None:
                message_ts = slots.load(wave.id)[SlotName.CARD].message_ts
                assert message_ts is not None
                self.world.store.waves.set_thread(wave, message_ts)
                wave = wave.with_(thread=wave.thread.model_copy(update={"thread_ts": message_ts}))

    def _give_up_unseen(self, stored: StoredWave) -> None:
        """Without a card nobody could follow it, so nothing begins."""
        wave, now = stored.wave, self.world.clock()
        if wave.state not in (WaveState.PROPOSED, WaveState.RUNNING):
            self.world.store.waves.told(stored)
            return
        over = wave.to(WaveState.ABORTED, WaveReason.CHANNEL_UNREACHABLE, now, BOT_ACTOR)
        try:
            self.world.store.waves.told(self.world.store.waves.commit(over, stored.revision, now))
        except RevisionConflict as exc:
            log.info("wave %s was written meanwhile: %s", wave.id, exc)


def _waiting(wave_id: str) -> str:
    """Where it is remembered until when Slack is left alone."""
    return f"slack and wave {wave_id}"
