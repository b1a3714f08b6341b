"""Finds what was under way when the store was emptied, and has the engine go on with it.

What the store has not looked for yet, it says itself: an endpoint that nobody searched since the store began. So this costs a few calls
for each endpoint once, and after that two at the end of each rollout, to see that its note is off.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.endpoint import BUSY_STATUSES, Snapshot
from bot.domain.errors import (
    EndpointBusy,
    GatewayError,
    ResourceMissing,
    RevisionConflict,
    TransientError,
    UserError,
)
from bot.domain.fleet import EndpointSpec
from bot.domain.phases import Kind
from bot.domain.rollout import Rollout
from bot.domain.trial import trial_on
from bot.domain.under_way import Note, note_in
from bot.messages.reviving import render_unknown_update
from bot.store.rollouts import Write
from workers.adopting import adopt_thread
from workers.cloning import WAVE_TAG
from workers.lineage import rollout_from_tags
from workers.noticing import Noticing
from workers.noting import Noting
from workers.opening import last_on
from workers.reviving.plans import PlanReader, with_alarms, with_scaling, with_what_it_leaves
from workers.reviving.records import Reviver, waiting_for
from workers.rounds import RoundName, soon
from workers.world import Aws, World

log = logging.getLogger(__name__)

ONE_ROUND = timedelta(seconds=45)
"""The rest waits for the next round: a job has two minutes."""

AT_ONCE = 4
"""Endpoints that are searched at the same time."""


@dataclass(frozen=True)
class Reviving:
    """Searches endpoints for notes of rollouts that the store does not know, or that are over."""

    world: World
    noticing: Noticing
    noting: Noting
    stopwatch: Callable[[], float] = time.monotonic

    def round(self) -> None:
        """Search those that nobody searched since the store began, and look after notes that rollouts left behind.

        As far as the time of one round goes.
        """
        began, kept = self.stopwatch(), self.world.store.kept
        era, names = kept.era(), list(self.world.fleet.endpoints)
        searched, left = kept.searched(names), kept.left()

        def look(name: str) -> None:
            if self.stopwatch() - began > ONE_ROUND.total_seconds():
                return
            spec = self.world.fleet.endpoint(name)
            if name not in searched:
                self._search(spec, era)
            if name in left:
                self._look_after(spec)

        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            for _ in pool.map(look, (name for name in names if name not in searched or name in left)):
                pass

    def _look_after(self, spec: EndpointSpec) -> None:
        try:
            self.noting.look_after(spec)
        except (TransientError, GatewayError) as exc:
            log.warning("a note of what is over may stay on %s for now: %s", spec.name, exc)

    def _search(self, spec: EndpointSpec, era: str) -> None:
        """One endpoint. What AWS or Slack does not let us do now is tried again in the next round."""
        aws = self.world.aws(spec)
        try:
            snapshot = aws.endpoints.describe(spec.name)
            note = note_in(aws.endpoints.tags(snapshot.arn))
            if note is None:
                self._tell_of_unknown(spec, aws, snapshot)
                self._take_up_trial(spec, aws, snapshot)
            elif self.world.store.rollouts.load(note.id) is None:
                self._revive(spec, aws, snapshot, note)
        except EndpointBusy as exc:
            log.warning("what was under way on %s is taken up once it is free: %s", spec.name, exc)
            return
        except (ResourceMissing, UserError, RevisionConflict) as exc:
            log.info("nothing is under way on %s that the store does not know: %s", spec.name, exc)
        except (TransientError, GatewayError) as exc:
            log.warning("it cannot be told whether something is under way on %s: %s", spec.name, exc)
            return
        self.world.store.kept.note_searched(spec.name, era)

    def _revive(self, spec: EndpointSpec, aws: Aws, snapshot: Snapshot, note: Note) -> None:
        now = self.world.clock()
        plan = PlanReader(aws, spec, note, snapshot, now).read()
        rollout = Reviver(spec, note, snapshot, plan, now).record()
        rollout = with_scaling(aws, with_alarms(aws, rollout, spec), spec, note, snapshot)
        rollout = with_what_it_leaves(aws, _with_wave(rollout, aws), spec, note)
        revived = self._with_parent(rollout, spec, aws, snapshot)
        for each in revived:
            adopt_thread(self.world, each)
        self.world.store.rollouts.commit([Write(each, 0, now) for each in revived], now)
        if spec.name not in self.world.store.kept.digests([spec.name]):
            soon(self.world, RoundName.TAGS)  # until then it moves nothing on: a lock may have held it
        log.warning("rollout %s of %s goes on: the store was emptied while it was %s", note.id, spec.name, note.phase)

    def _with_parent(self, rollout: Rollout, spec: EndpointSpec, aws: Aws, snapshot: Snapshot) -> tuple[Rollout, ...]:
        """A rollback together with what it undoes, which its own end ends."""
        if rollout.kind is not Kind.ROLLBACK or rollout.parent_id is None or rollout.plan is None:
            return (rollout,)
        try:
            left = aws.endpoints.describe_config(rollout.plan.current_config)
        except ResourceMissing:
            return (rollout,)
        parent = rollout_from_tags(spec, snapshot, left, aws.endpoints, self.world.clock())
        if parent is None or parent.id != rollout.parent_id or self.world.store.rollouts.load(parent.id) is not None:
            return (rollout,)
        brought = parent.plan is not None and parent.plan.package_arn is not None
        child = rollout.with_(leaves_unknown=not brought)
        return (waiting_for(parent, child, self.world.clock()), child)

    def _take_up_trial(self, spec: EndpointSpec, aws: Aws, snapshot: Snapshot) -> None:
        """A test that runs is nobody's work, so no note tells of it: its config does."""
        config = aws.endpoints.describe_config(snapshot.config_name)
        if trial_on(config, snapshot) is not None and not self.world.store.rollouts.active(spec.name):
            last_on(self.world, spec, self.world.clock())

    def _tell_of_unknown(self, spec: EndpointSpec, aws: Aws, snapshot: Snapshot) -> None:
        """An update towards a config of ours that no note explains: it is not guessed whose it is, but people are told."""
        if snapshot.status not in BUSY_STATUSES or snapshot.pending is None:
            return
        try:
            tags = aws.endpoints.describe_config(snapshot.pending.config_name).tags
        except ResourceMissing:
            return
        made_by, channel = tags.get("rollout:id"), tags.get("rollout:thread", "").partition(":")[0] or spec.channel
        if made_by is None or channel is None or self.world.store.rollouts.load(made_by) is not None:
            return
        message = render_unknown_update(spec.name, snapshot.pending.config_name, made_by)
        key = f"unknown update of {spec.name} to {snapshot.pending.config_name}"
        self.noticing.say(key, channel, message, look_first=True)


def _with_wave(rollout: Rollout, aws: Aws) -> Rollout:
    """With the wave that it was part of, which the config that it made tells: the store has forgotten that wave as well."""
    if rollout.kind is not Kind.UPDATE or rollout.plan is None:
        return rollout
    try:
        return rollout.with_(wave_id=aws.endpoints.describe_config(rollout.plan.target_config).tags.get(WAVE_TAG))
    except ResourceMissing:
        return rollout
