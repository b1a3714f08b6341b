"""Leaves a note on the endpoint of what is under way there, for whoever has to go on after the store was emptied.

The note follows from the record. It is written before the step that it tells of is saved, and taken off after the end: whoever dies in
between leaves a note too many, never one too few. The write of the end itself says that one may be left, so the round `revive` looks
after it until it is off. A note that AWS does not take stops nothing.
"""

import hashlib
import logging
from dataclasses import dataclass

from bot.domain.errors import GatewayError, ResourceMissing, TransientError
from bot.domain.fleet import EndpointSpec
from bot.domain.phases import Reason
from bot.domain.rollout import Rollout
from bot.domain.under_way import NOTE_TAGS, note_in, note_of, tags_of_note, waits_for_rollback, wants_note
from workers.ports import Endpoints
from workers.world import World

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Noting:
    """Keeps the notes."""

    world: World

    def write(self, rollout: Rollout) -> Rollout:
        """Have the endpoint say what the record says; returns the record with what is noted by now.

        One cheap call, and only where something worth noting changed. What AWS refuses is not asked again until it changes.
        """
        note = note_of(rollout)
        if note is None:
            return rollout.with_(noted="")
        tags = tags_of_note(note)
        digest = hashlib.sha256(repr(sorted(tags.items())).encode()).hexdigest()[:16]
        if rollout.snapshot is None or digest == rollout.noted:
            return rollout
        try:
            self._endpoints(rollout).change_tags(rollout.snapshot.arn, tags)
        except TransientError as exc:
            log.warning("rollout %s is not noted on %s yet: %s", rollout.id, rollout.endpoint, exc)
            return rollout
        except GatewayError as exc:
            log.warning("rollout %s cannot be noted on %s: %s", rollout.id, rollout.endpoint, exc)
        return rollout.with_(noted=digest)

    def clear(self, before: Rollout, after: Rollout) -> None:
        """Take the note off, once a rollout is not at work on its endpoint any more. Where that fails, the round `revive` does it."""
        is_gone = after.last.reason in (Reason.TORN_DOWN, Reason.ENDPOINT_GONE)
        if not before.noted or wants_note(after) or waits_for_rollback(after) or is_gone:
            return
        seen = after.snapshot or before.snapshot
        if seen is None:
            return
        try:
            self._endpoints(after).change_tags(seen.arn, {}, NOTE_TAGS)
        except (TransientError, GatewayError) as exc:
            log.warning("the note about rollout %s stays on %s for now: %s", after.id, after.endpoint, exc)

    def look_after(self, spec: EndpointSpec) -> None:
        """Take off a note that its rollout left behind, if there is one.

        Raises:
            GatewayError, TransientError: AWS does not tell, or keeps it: to be tried again.
        """
        endpoints, rollouts = self.world.aws(spec).endpoints, self.world.store.rollouts
        try:
            arn = endpoints.describe(spec.name).arn
            note = note_in(endpoints.tags(arn))
        except ResourceMissing:
            note = None
        stored = rollouts.load(note.id) if note is not None else None
        if stored is not None and not any(wants_note(s.rollout) for s in rollouts.active(spec.name)):
            if waits_for_rollback(stored.rollout):
                return  # and is looked at again: which of the two comes is not known yet
            endpoints.change_tags(arn, {}, NOTE_TAGS)
        self.world.store.kept.note_none_left(spec.name)

    def overtaken(self, rollout_id: str) -> None:
        """A tick may have written its note after somebody else wrote the end."""
        stored = self.world.store.rollouts.load(rollout_id)
        if stored is None or stored.rollout.is_under_way:
            return
        try:
            self.look_after(self.world.fleet.endpoint(stored.rollout.endpoint))
        except (TransientError, GatewayError) as exc:
            log.warning("a note about rollout %s may stay on %s for now: %s", rollout_id, stored.rollout.endpoint, exc)

    def _endpoints(self, rollout: Rollout) -> Endpoints:
        return self.world.aws(self.world.fleet.endpoint(rollout.endpoint)).endpoints
