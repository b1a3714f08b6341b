"""Leaves a note on the endpoint of what is under way there, for whoever has to go on after the store was emptied.

The note follows from the record. It is written before the step that it tells of is saved, and taken off after the end: whoever dies in
between leaves a note too many, never one too few. A note that AWS does not take stops nothing.
"""

import hashlib
import logging
from dataclasses import dataclass

from bot.domain.errors import GatewayError, TransientError
from bot.domain.phases import Kind, Phase, Reason
from bot.domain.rollout import Rollout
from bot.domain.under_way import NOTE_TAGS, note_of, tags_of_note
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
            # The rollback that it waits for has a note of its own.
            return rollout.with_(noted="") if rollout.phase is Phase.ROLLING_BACK else rollout
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
        """Take the note off, once a rollout is not at work on its endpoint any more."""
        is_left = after.phase is Phase.ROLLING_BACK and after.kind is not Kind.ROLLBACK
        is_gone = after.last.reason in (Reason.TORN_DOWN, Reason.ENDPOINT_GONE)
        if not before.noted or note_of(after) is not None or is_left or is_gone:
            return
        seen = after.snapshot or before.snapshot
        if seen is None:
            return
        try:
            self._endpoints(after).change_tags(seen.arn, {}, NOTE_TAGS)
        except (TransientError, GatewayError) as exc:
            log.warning("the note about rollout %s stays on %s: %s", after.id, after.endpoint, exc)

    def _endpoints(self, rollout: Rollout) -> Endpoints:
        return self.world.aws(self.world.fleet.endpoint(rollout.endpoint)).endpoints
