"""Moves what is due into queues, under a lease: however many hosts run one, one pumps."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.errand import ReplyTo, SettleBreaksErrand, short_id
from bot.domain.errors import StoreUnavailable
from bot.domain.phases import BOT_ACTOR
from bot.queue import QueueName, queue
from bot.store import Store
from bot.store.due import Hold
from bot.store.keys import PUMP, Due
from workers.ports import Clock

log = logging.getLogger(__name__)

BEAT_SECONDS = 0.1
"""How late a due entry may be moved; an idle look costs three small Redis commands."""

PUMP_LEASE = timedelta(seconds=3)
PUMP_TURN = timedelta(seconds=1)
"""The lease is prolonged once a turn."""


@dataclass(frozen=True)
class Pump:
    """One loop. Everything it does is idempotent, so losing the lease in the middle of a turn harms nothing."""

    store: Store
    clock: Clock
    lease: timedelta
    sweep: timedelta
    rounds: tuple[str, ...] = ()
    """Names of what comes round again and again."""
    is_outdated: Callable[[], bool] = lambda: False
    """Whether another pump, with other timing, shall take the place of this one; asked once a turn."""

    def run(self, stop: threading.Event) -> None:
        """Pump until told to stop, or outdated. Redis being away is waited out."""
        hold = Hold(self.store.connection, PUMP, PUMP_LEASE)
        next_turn = next_sweep = self.clock()
        holding = False
        while not stop.wait(BEAT_SECONDS):
            try:
                now = self.clock()
                if now >= next_turn:
                    if self.is_outdated():
                        break
                    holding = hold.prolong() or hold.take()
                    next_turn = now + PUMP_TURN
                if not holding:
                    continue
                self.turn()
                if now >= next_sweep:
                    self.tidy()
                    next_sweep = now + self.sweep
            except StoreUnavailable as exc:
                log.warning("the pump waits for the store: %s", exc)
                holding = False
                stop.wait(1.0)
        if holding:
            hold.release()

    def turn(self) -> int:
        """Dispatch everything that is due now; returns how much it was. Clicks go before ticks, ticks before news."""
        now = self.clock()
        return sum(self.store.due.dispatch(kind, now, self.lease) for kind in Due)

    def tidy(self) -> None:
        """Re-drive rollouts without a due time, strike off lapsed locks, and let RQ notice jobs whose worker died."""
        now = self.clock()
        found = self.store.due.sweep(now)
        if found:
            log.warning("%d active rollouts had no due time; they have one now", found)
        if self.rounds:
            self.store.due.begin(Due.ROUNDS, self.rounds, now)
        if self.store.locks.sweep(now):
            self._settle_breaks(now)
        for name in QueueName:
            # RQ itself notices an abandoned job only after minutes; its rollout went on long before, so this is housekeeping.
            queue(name, self.store.connection).started_job_registry.cleanup()

    def _settle_breaks(self, now: datetime) -> None:
        """Have a worker edit the messages of requests that are over; one errand a minute until it is done."""
        errand = SettleBreaksErrand(
            id=short_id(f"settle breaks {int(now.timestamp() // 60)}"),
            actor=BOT_ACTOR,
            reply=ReplyTo(user_id=BOT_ACTOR),
            at=now,
        )
        self.store.errands.put(errand, QueueName.TELLS, now, self.lease)
