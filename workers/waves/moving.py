"""Moves one wave on: looks, decides, saves, then opens and takes back rollouts. Whatever crashes where, the next look mends it."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.domain.errors import (
    EndpointLocked,
    GatewayError,
    ResourceMissing,
    RevisionConflict,
    SlackRefused,
    TransientError,
)
from bot.domain.hold import Hold
from bot.domain.lock import EVERYTHING, in_words
from bot.domain.names import literal, mention
from bot.domain.phases import BOT_ACTOR, Kind, Phase, Reason
from bot.domain.rollout import Rollout
from bot.domain.version import Version
from bot.domain.wave import (
    Member,
    MemberState,
    Seen,
    Wave,
    WaveState,
    candidates,
    decide_wave,
    looked_at,
    may_be_taken_back,
)
from bot.store.rollouts import Write
from bot.store.waves import StoredWave
from workers.noting import Noting
from workers.opening import OpeningUnasked, Unprompted
from workers.world import World, place_of

log = logging.getLogger(__name__)

LOOKED_AT_AHEAD = 2
"""Of the members whose turn it is and that nothing stands against, so many times as many as may change at once are looked at."""


@dataclass(frozen=True)
class WaveMoving:
    """Moves waves on, one at a time."""

    world: World
    opening: OpeningUnasked

    def move(self, wave_id: str) -> None:
        """Do what is to be done now. A writer who was faster is left to it."""
        stored = self.world.store.waves.load(wave_id)
        if stored is None:
            return
        try:
            self._move(stored)
        except RevisionConflict as exc:
            log.info("wave %s is being moved on by somebody else: %s", wave_id, exc)

    def _move(self, stored: StoredWave) -> None:
        now, wave = self.world.clock(), stored.wave
        rollouts, holds = self._rollouts(wave), self._holds(wave)
        turn = candidates(looked_at(wave, rollouts, holds), now)
        decision = decide_wave(wave, replace(self._seen(wave, turn), rollouts=rollouts, holds=holds), now)
        moved = self._linked(decision.wave, rollouts)
        if moved != wave:
            stored = self.world.store.waves.commit(moved, stored.revision, now)
        for rollout_id in decision.recall:
            self._take_back(rollout_id, moved)
        if moved.state is WaveState.RUNNING:
            self._open_missing(stored, rollouts)

    def _rollouts(self, wave: Wave) -> Mapping[str, Rollout]:
        ids = [m.rollout_id(wave.id) for m in wave.members if m.has_rollout]
        return {s.rollout.id: s.rollout for s in self.world.store.rollouts.load_many(ids)}

    def _holds(self, wave: Wave) -> Mapping[str, Sequence[Hold]]:
        """What stands against versions where it has come to, or where its version was before, while that can still stop it."""
        is_over = wave.state in (WaveState.FINISHED, WaveState.ABORTED)
        there = [*(m.endpoint for m in wave.members if m.has_rollout), *(left.endpoint for left in wave.left_out)]
        return self.world.store.holds.on_each(there) if there and not is_over else {}

    def _seen(self, wave: Wave, turn: Sequence[Member]) -> Seen:
        """What is to be known of those whose turn it is; AWS is asked only about the first of them that may begin.

        What has to wait is told apart before: otherwise a few locked ones would keep the rest of their stage waiting.
        """
        if not turn:
            return Seen()
        locked = self._locked(wave, turn)
        listed = [m for m in turn if m.endpoint in self.world.fleet.endpoints]
        first = [m for m in listed if m.endpoint not in locked][: LOOKED_AT_AHEAD * wave.at_once]
        return Seen(
            free=self._free(wave, first),
            locked=locked,
            unlisted=frozenset(m.endpoint for m in turn if m not in listed),
            configs={m.endpoint: config for m in first if (config := self._config(m)) is not None},
        )

    def _locked(self, wave: Wave, turn: Sequence[Member]) -> Mapping[str, str]:
        """What stands in the way of single endpoints: locks, a freeze, holds."""
        standing = self.world.store.locks.standing(self.world.clock())
        holds = self.world.store.holds.on_each(m.endpoint for m in turn)
        found = {}
        for member in turn:
            lock = standing.get(EVERYTHING) or standing.get(member.endpoint)
            hold = next((h for h in holds[member.endpoint] if _stands_against(h, member, wave)), None)
            if lock is not None:
                found[member.endpoint] = f"waits for {in_words(lock)}"
            elif hold is not None:
                found[member.endpoint] = (
                    f"waits until it is let go: held by {mention(hold.actor)}, {literal(hold.reason)}"
                )
        return found

    def _config(self, member: Member) -> str | None:
        """The config that it is on; empty if it is gone, None if AWS does not tell now."""
        spec = self.world.fleet.endpoints[member.endpoint]
        try:
            return self.world.aws(spec).endpoints.describe(spec.name).config_name
        except ResourceMissing:
            return ""
        except (TransientError, GatewayError) as exc:
            log.warning("%s: how it stands cannot be told: %s", spec.name, exc)
            return None

    def _free(self, wave: Wave, turn: Sequence[Member]) -> Mapping[str, int | None]:
        """Instances that each quota leaves. One update alone is left to its own plan, so nothing is asked then."""
        at_work = {pool for m in wave.members if m.is_at_work for pool in m.pools}
        may_meet = {pool for m in turn for pool in m.pools} if wave.at_once > 1 else set()
        wanted = may_meet if len(turn) > 1 else may_meet & at_work
        free: dict[str, int | None] = {}
        for member in turn:
            for pool in member.pools:
                if pool in wanted and pool not in free:
                    free[pool] = self._left(member.endpoint, pool, member.pools[pool])
        return free

    def _left(self, endpoint: str, pool: str, wanted: int) -> int | None:
        spec = self.world.fleet.endpoints.get(endpoint)
        if spec is None or not pool.startswith(f"{place_of(spec)} "):
            return None
        type_ = pool.rpartition(" ")[2]
        try:
            aws = self.world.aws(spec)
            used = aws.usage.instances().get(type_, 0)
            limit = aws.quotas.limit(type_, wanted=used + wanted)
            return limit - used if limit is not None else None
        except (TransientError, GatewayError) as exc:
            log.warning("what the quota of %s leaves cannot be told: %s", type_, exc)
            return None

    def _linked(self, wave: Wave, rollouts: Mapping[str, Rollout]) -> Wave:
        """With links to the cards that have come to be."""
        return wave.with_(members=tuple(self._with_link(m, rollouts.get(m.rollout_id(wave.id))) for m in wave.members))

    def _with_link(self, member: Member, rollout: Rollout | None) -> Member:
        if member.link or member.phase is None or rollout is None or rollout.thread.thread_ts is None:
            return member
        try:
            return member.with_(link=self.world.slack.permalink(rollout.thread.channel_id, rollout.thread.thread_ts))
        except (TransientError, SlackRefused) as exc:
            log.warning("rollout %s: no link to its card: %s", rollout.id, exc)
            return member

    def _open_missing(self, stored: StoredWave, rollouts: Mapping[str, Rollout]) -> None:
        """A rollout for each member that is under way and has none: after a crash, too."""
        wave = stored.wave
        for member in wave.of(MemberState.UNDER_WAY):
            if member.rollout_id(wave.id) in rollouts:
                continue
            try:
                self._open(stored, member)
            except EndpointLocked as exc:
                log.info("wave %s waits at %s: %s", wave.id, member.endpoint, exc)

    def _open(self, stored: StoredWave, member: Member) -> None:
        """Raises RevisionConflict if somebody wrote the wave since: what was paused by then begins nothing."""
        wave, spec = stored.wave, self.world.fleet.endpoints.get(member.endpoint)
        if spec is None:
            return
        self.opening.open(
            spec,
            Unprompted(
                id=member.rollout_id(wave.id),
                kind=Kind.UPDATE,
                change=member.change,
                channel=member.channel,
                reason=f"Wave {wave.name} ({wave.id}): {wave.label}" + (f". {wave.reason}" if wave.reason else ""),
                approval_needed=False,
                wave_id=wave.id,
                vouched_by=wave.approvers(),
            ),
            while_wave=stored,
        )

    def _take_back(self, rollout_id: str, wave: Wave) -> None:
        """End a rollout whose endpoint is untouched; one that has begun meanwhile goes on to its own end."""
        store, now = self.world.store.rollouts, self.world.clock()
        found = store.load(rollout_id)
        if found is None or not may_be_taken_back(found.rollout):
            return
        note = f"Wave {wave.id} is {wave.state.words}."
        over = found.rollout.to(Phase.CANCELLED, Reason.WAVE_HALTED, now, BOT_ACTOR, note)
        try:
            store.commit([Write(over, found.revision, now if over.is_active else None)], now)
        except RevisionConflict as exc:
            log.info("rollout %s moves on while its wave halts: %s", rollout_id, exc)
        else:
            Noting(self.world).clear(found.rollout, over)


def _stands_against(hold: Hold, member: Member, wave: Wave) -> bool:
    """What a stop of some wave held is no obstacle for one that people asked for and approved."""
    if hold.wave_id is not None and wave.approvals:
        return False
    return hold.is_about(Version(package_arn=member.package_arn))
