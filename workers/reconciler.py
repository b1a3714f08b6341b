"""One tick of a rollout: claim, observe, decide, save, act, save. Never two side effects, never a wait.

The decision is saved before its side effect is tried. Dying anywhere leaves a due time that is at most one lease away, and a record
from which the next tick finds out by looking what happened.
"""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.autonomy import may_go_back_alone
from bot.domain.endpoint import Snapshot
from bot.domain.errors import (
    GatewayError,
    ResourceMissing,
    RevisionConflict,
    RolloutBotError,
    StoreUnavailable,
    TransientError,
    UserError,
)
from bot.domain.fleet import EndpointSpec
from bot.domain.fleet.windows import next_opening
from bot.domain.lock import UNREAD, heeds_locks, in_words
from bot.domain.outside import with_outside
from bot.domain.phases import BOT_ACTOR, Kind, Phase, Reason
from bot.domain.reconcile import (
    ACTION_OF,
    Action,
    Decision,
    Observation,
    after_error,
    after_success,
    decide,
    is_baking,
    needs_endpoint,
)
from bot.domain.replacing import gives_way, stands
from bot.domain.rollout import Rollout
from bot.domain.rollout_parts import Trouble
from bot.domain.verdict import VerdictKind
from bot.store.keys import Due
from bot.store.leases import holds_endpoint
from bot.store.rollouts import Stored, Write
from workers.acting import Acting
from workers.glance import Glance
from workers.heartbeat import beating
from workers.noting import Noting
from workers.opening import make_way
from workers.ringing import Ringing
from workers.rollbacks import child_of, settled_scaling
from workers.rounds import RoundName, soon
from workers.watching import Look, at_once, judge_bake, look
from workers.world import Aws, World

log = logging.getLogger(__name__)

MOST_CRASHES = 5
"""After this many crashes in a row on one rollout, a person must look."""

Looking = Callable[[World, Aws, EndpointSpec, Rollout, Snapshot, datetime], Look]


@dataclass(frozen=True)
class Reconciler:
    """Moves rollouts on, one tick at a time."""

    world: World
    acting: Acting
    glance: Glance
    ringing: Ringing
    noting: Noting
    look: Looking = look
    """How a watch is looked at."""

    def tick(self, rollout_id: str, revision: int) -> None:
        """Do the tick of that revision, unless somebody else did. A stale tick ends without a successor."""
        stored = self.world.store.rollouts.claim(rollout_id, revision, until=self.world.clock() + self.world.lease)
        if stored is None:
            return
        try:
            self._run(stored)
        except RevisionConflict as exc:
            log.info("tick of %s overtaken: %s", rollout_id, exc)
            self.noting.overtaken(rollout_id)

    def _run(self, stored: Stored) -> None:
        with self._kept(stored):
            decision = self._noted(self._decision(stored.rollout))
        stored = self._saved(stored, decision)
        if decision.action is None:
            return
        with self._kept(stored):
            outcome = self._outcome(stored, decision.action)
        self._saved(stored, outcome)

    def _noted(self, decision: Decision) -> Decision:
        """With a note on the endpoint of what is about to happen: should the store be emptied, that is all that is left."""
        return replace(decision, rollout=self.noting.write(decision.rollout))

    def _saved(self, stored: Stored, decision: Decision) -> Stored:
        saved = self._save(stored, decision)
        self.noting.clear(stored.rollout, saved.rollout)
        return saved

    def _kept(self, stored: Stored) -> AbstractContextManager[None]:
        """Put the due time off as long as AWS takes its time. Ends before a save, which sets the due time itself."""

        def beat() -> None:
            self.world.store.due.put_off(Due.TICKS, stored.rollout.id, self.world.clock() + self.world.lease)

        return beating(beat, self.world.lease)

    def _decision(self, rollout: Rollout) -> Decision:
        now = self.world.clock()
        try:
            return decide(rollout, self._observe(rollout, now), now)
        except (TransientError, GatewayError, UserError) as exc:
            return after_error(rollout, None, exc, now)

    def _outcome(self, stored: Stored, action: Action) -> Decision:
        try:
            acted = self.acting.act(stored, action, self._spec(stored.rollout))
        except (RevisionConflict, StoreUnavailable):
            raise
        except RolloutBotError as exc:
            log.info("rollout %s: %s: %s", stored.rollout.id, action, exc)
            return after_error(stored.rollout, action, exc, self.world.clock())
        done = after_success(acted, action, self.world.clock())
        if action is Action.MAKE_PLAN and stands(acted) and (ahead := self._ahead(stored.rollout)) is not None:
            # Approved while this was planned: the plan would be about a fleet that is being replaced.
            return Decision(stored.rollout.with_(queued_behind=ahead), look_again_in=stored.rollout.pace.poll)
        return done

    def _observe(self, rollout: Rollout, now: datetime) -> Observation:
        """Look at what the phase is decided by, and at nothing else."""
        if rollout.phase is Phase.ROLLING_BACK and rollout.kind is Kind.UPDATE:
            child = self.world.store.rollouts.load(rollout.child_id) if rollout.child_id else None
            return Observation(child=child.rollout if child else None)
        if not needs_endpoint(rollout):
            opens_at = self._opens_at(rollout, now)
            return Observation(ahead=self._ahead(rollout), lock=self._lock(rollout, now), opens_at=opens_at)
        spec = self._spec(rollout)
        lock = self._lock(rollout, now)
        if rollout.kind is Kind.AUTOSCALE and rollout.update is not None:
            return self._with_scaling(self.world.aws(spec), rollout, spec)
        if rollout.phase is not Phase.WATCHING and (same := self.glance.unchanged(rollout, spec, now)) is not None:
            return Observation(snapshot=same, lock=lock)
        aws = self.world.aws(spec)
        snapshot = self._look(aws, rollout)
        if snapshot is None:
            return Observation(is_gone=True, lock=lock)
        if is_baking(rollout):
            comparison, verdict = judge_bake(rollout, aws.metrics, now)
            return Observation(snapshot=snapshot, lock=lock, comparison=comparison, verdict=verdict)
        if rollout.phase is not Phase.WATCHING:
            return Observation(snapshot=snapshot, lock=lock)
        return self._with_outside(aws, self._measure(aws, rollout, snapshot, now), rollout, snapshot, now)

    def _lock(self, rollout: Rollout, now: datetime) -> str | None:
        """The lock or freeze that an approved change has to wait for.

        One that was found again after the store was emptied may have waited for a lock before, so that is read from the tags first.
        """
        if not heeds_locks(rollout):
            return None
        store, endpoint = self.world.store, rollout.endpoint
        if (lock := store.locks.over(endpoint, now)) is not None:
            return in_words(lock)
        return UNREAD if rollout.restored and not store.kept.known([endpoint]) else None

    def _opens_at(self, rollout: Rollout, now: datetime) -> datetime | None:
        """When the change window opens, for an approved change whose time has come while it is closed."""
        if rollout.phase is not Phase.SCHEDULED:
            return None
        opening = next_opening(self._spec(rollout).windows, now)
        return opening if opening > now else None

    def _ahead(self, rollout: Rollout) -> str | None:
        """The rollout that came first on the endpoint, for one that is still to be planned and has to wait its turn."""
        if rollout.phase is not Phase.PLANNING or rollout.kind is Kind.ROLLBACK:
            return None
        others = [s.rollout for s in self.world.store.rollouts.active(rollout.endpoint) if s.rollout.id != rollout.id]
        mine = (rollout.created_at, rollout.id)
        others = [r for r in others if not gives_way(r, rollout)]
        first = [r for r in others if holds_endpoint(r) or (r.is_under_way and (r.created_at, r.id) < mine)]
        return min(first, key=lambda r: (r.created_at, r.id)).id if first else None

    def _look(self, aws: Aws, rollout: Rollout) -> Snapshot | None:
        try:
            return aws.endpoints.describe(rollout.endpoint)
        except ResourceMissing:
            return None

    def _with_scaling(self, aws: Aws, rollout: Rollout, spec: EndpointSpec) -> Observation:
        """What scales the endpoint, after it was asked to be something else."""
        snapshot = self._look(aws, rollout)
        if snapshot is None:
            return Observation(is_gone=True)
        return Observation(
            snapshot=snapshot, scaling=aws.autoscaling.read(spec.name, [v.name for v in snapshot.variants])
        )

    def _measure(self, aws: Aws, rollout: Rollout, snapshot: Snapshot, now: datetime) -> Observation:
        """What CloudWatch's numbers say by now."""
        found = self.look(self.world, aws, self._spec(rollout), rollout, snapshot, now)
        return Observation(
            snapshot=snapshot, yardsticks=found.yardsticks, comparison=found.comparison, verdict=found.verdict
        )

    def _with_outside(
        self, aws: Aws, measured: Observation, rollout: Rollout, snapshot: Snapshot, now: datetime
    ) -> Observation:
        """With what alarms, the check command and the fleet itself say beside the numbers."""
        alarms = self.ringing.heeded_by(rollout, self._spec(rollout))
        verdict = with_outside(measured.verdict, rollout=rollout, snapshot=snapshot, alarms=alarms, now=now)
        if verdict is None or verdict.kind is not VerdictKind.REGRESSED:
            return replace(measured, verdict=verdict)
        comparison = measured.comparison or rollout.comparison
        if comparison is None or not (comparison.points or rollout.worse_since):
            comparison = at_once(rollout, snapshot, aws.metrics, comparison, now)
        earlier = [r for r in self.world.store.rollouts.recent(rollout.endpoint, limit=50) if r.id != rollout.id]
        return replace(
            measured,
            verdict=verdict,
            comparison=comparison,
            may_go_back_alone=may_go_back_alone(rollout, earlier),
        )

    def _save(self, stored: Stored, decision: Decision) -> Stored:
        """Write the decision, a rollback that it wants, and wake whoever waits for this rollout."""
        now = self.world.clock()
        rollout = decision.rollout
        wait = self.world.lease if decision.action is not None else decision.look_again_in
        due = now + wait if wait is not None else None
        writes = [Write(rollout, stored.revision, due)]
        if decision.wants_rollback:
            over = self.world.store.locks.over(rollout.endpoint, now)
            child = child_of(rollout, self._spec(rollout), rollout.last.actor, now, over)
            parent = rollout.with_(child_id=child.id, scaling=settled_scaling(rollout))
            writes = [Write(parent, stored.revision, due), Write(child, 0, now)]
        if stored.rollout.phase is Phase.PLANNING and stands(rollout):
            writes += make_way(self.world, rollout, now)
        saved = self.world.store.rollouts.commit(writes, now)
        if not rollout.is_active and rollout.parent_id is not None:
            self.world.store.due.put_off(Due.TICKS, rollout.parent_id, now)
        if rollout.wave_id is not None and rollout.phase is not stored.rollout.phase:
            soon(self.world, RoundName.WAVES)
        return saved[0]

    def crashed(self, rollout_id: str, error: BaseException) -> None:
        """A tick died of something unforeseen: count it, and after a few give the rollout to a person.

        That the store was away says nothing against the rollout, and its next tick is due already.
        """
        stored = self.world.store.rollouts.load(rollout_id)
        if stored is None or not stored.rollout.is_active or isinstance(error, StoreUnavailable):
            return
        now, rollout = self.world.clock(), stored.rollout
        before = rollout.trouble
        count = 1 + (before.count if before else 0)
        trouble = Trouble(count=count, since=before.since if before else now, last=type(error).__name__)
        rollout = rollout.with_(trouble=trouble)
        if count >= MOST_CRASHES:
            rollout = _given_up(rollout, error, now)
        due = now + rollout.pace.poll if rollout.is_active else None
        self.world.store.rollouts.commit([Write(rollout, stored.revision, due)], now)

    def _spec(self, rollout: Rollout) -> EndpointSpec:
        return self.world.fleet.endpoint(rollout.endpoint)


def _given_up(rollout: Rollout, error: BaseException, now: datetime) -> Rollout:
    """What a person has to look at: the rollout, or at its end only what it still had to put right."""
    note = (
        f"The bot failed {MOST_CRASHES} times in a row at this ({type(error).__name__}); its log has the particulars."
    )
    if rollout.chore is not None:
        return after_error(rollout, ACTION_OF[rollout.chore], RolloutBotError(note), now).rollout
    phase = Phase.FAILED if rollout.called_at is None else Phase.NEEDS_HUMAN
    return rollout.to(phase, Reason.INTERNAL_ERROR, now, BOT_ACTOR, note, trouble=None)
