"""Writes what must outlive the store onto the endpoints as tags, and reads it back when the store was emptied.

A hold is worth most when everything else was forgotten: without it, automation would bring back at once what was rolled back. So until
an endpoint's tags were read, nobody but people may change it (`is_known`).
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.errors import GatewayError, ResourceMissing, TransientError
from bot.domain.fleet import EndpointSpec
from bot.domain.hold import Hold, HoldKind
from bot.domain.hold_tags import PREFIX, holds_in, tags_of
from bot.domain.phases import BOT_ACTOR
from bot.store.kept import digest_of
from workers.planning.restoring import TeardownNote, teardown_noted
from workers.world import World

log = logging.getLogger(__name__)

ONE_ROUND = timedelta(seconds=45)
"""The rest waits for the next round: a job has two minutes."""

AT_ONCE = 4
"""Endpoints whose tags are read at the same time; all of them at first, later only those whose holds changed."""

GONE = {"gone": ""}
"""Stands for the tags of an endpoint that does not exist: nothing to read, and to be looked at again."""


@dataclass(frozen=True)
class Keeping:
    """Holds, as tags of the endpoints that they are about."""

    world: World
    stopwatch: Callable[[], float] = time.monotonic

    def is_known(self, endpoint: str) -> bool:
        """Whether everything that its tags tell is in the store: only then may it be changed without a person."""
        return endpoint in self.world.store.kept.digests([endpoint])

    def round(self) -> None:
        """Bring tags and store together, endpoint by endpoint, as far as the time of one round goes."""
        began = self.stopwatch()
        names = list(self.world.fleet.endpoints)
        holds, digests = self.world.store.holds.on_each(names), self.world.store.kept.digests(names)
        sightings = self.world.store.standings.sightings(names)
        moved = [name for name in names if digests.get(name) != digest_of(tags_of(holds[name]))]

        def keep(name: str) -> None:
            if self.stopwatch() - began < ONE_ROUND.total_seconds():
                seen = sightings.get(name)
                arn = seen.snapshot.arn if seen is not None and seen.snapshot is not None else None
                self._keep(self.world.fleet.endpoint(name), holds[name], arn, is_new=name not in digests)

        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            for _ in pool.map(keep, moved):
                pass

    def _keep(self, spec: EndpointSpec, holds: Sequence[Hold], arn: str | None, *, is_new: bool) -> None:
        """One endpoint, whose ARN the census may know. What AWS does not let us do now keeps no other endpoint waiting."""
        endpoints = self.world.aws(spec).endpoints
        try:
            arn = arn or endpoints.describe(spec.name).arn
            there = {k: v for k, v in endpoints.tags(arn).items() if k.startswith(PREFIX)}
        except ResourceMissing:
            self._keep_missing(spec, is_new=is_new)
            return
        except (TransientError, GatewayError) as exc:
            log.warning("the tags of %s cannot be read: %s", spec.name, exc)
            return
        if is_new:
            self.world.store.holds.put_back(spec.name, holds_in(spec.name, there))
            holds = self.world.store.holds.on(spec.name)
            self.world.store.kept.note(spec.name, there)
        self._write(spec, arn, there, tags_of(holds))

    def _keep_missing(self, spec: EndpointSpec, *, is_new: bool) -> None:
        """An endpoint that is not there has no tags. Whether people deleted it is noted on the config that it ran."""
        try:
            note = teardown_noted(self.world.aws(spec), spec) if is_new else None
        except (TransientError, GatewayError) as exc:
            log.warning("it cannot be read whether %s was torn down: %s", spec.name, exc)
            return
        if note is not None and note.by != BOT_ACTOR:
            self.world.store.holds.put_back(spec.name, [_left_by(note, spec)])
        self.world.store.kept.note(spec.name, GONE)

    def _write(self, spec: EndpointSpec, arn: str, there: Mapping[str, str], wanted: Mapping[str, str]) -> None:
        stale = [key for key in there if key not in wanted]
        new = {key: value for key, value in wanted.items() if there.get(key) != value}
        try:
            if new or stale:
                self.world.aws(spec).endpoints.change_tags(arn, new, stale)
        except (TransientError, GatewayError) as exc:
            log.warning(
                "the holds of %s cannot be written as tags; if the store is lost, they are too: %s", spec.name, exc
            )
            return
        self.world.store.kept.note(spec.name, wanted)


def _left_by(note: TeardownNote, spec: EndpointSpec) -> Hold:
    """The hold that the teardown left, which lasts until a person creates the endpoint again."""
    return Hold(
        kind=HoldKind.BY_PERSON,
        endpoint=spec.name,
        since=note.at,
        actor=note.by,
        reason=f"torn down in rollout {note.rollout_id}".removesuffix(" in rollout "),
        rollout_id=note.rollout_id,
    )
