"""The states of the alarms that watches heed: one DescribeAlarms for all that are watched in an account and region."""

import json
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.alarms import Alarm
from bot.domain.errors import GatewayError, TransientError
from bot.domain.fleet import EndpointSpec
from bot.domain.kept_alarms import heeded_alarms
from bot.domain.rollout import Rollout
from workers.world import World

log = logging.getLogger(__name__)

LONGEST_FRESH = timedelta(seconds=30)
"""CloudWatch evaluates most alarms once a minute; a state this old is as good as a new one."""


@dataclass(frozen=True)
class Ringing:
    """Reads alarms for whoever looks first, and remembers them for the others."""

    world: World

    def heeded_by(self, rollout: Rollout, spec: EndpointSpec) -> tuple[Alarm, ...]:
        """The alarms of the rollout's watch that exist, with their states.

        That they cannot be read never stops a watch: the numbers go on being judged, and the plan said whether they could be.
        """
        # One that is made or changed at this cutover would go off for what the old fleet did.
        new = {alarm.name for alarm in rollout.plan.kept_alarms} if rollout.plan is not None else set()
        names = [name for name in rollout.watch.alarms if name not in new]
        if not names:
            return ()
        place = f"{spec.role_to_assume or 'own'}:{spec.region or 'own'}"
        now = self.world.clock()
        known = self._remembered(place, now - min(rollout.watch.metric_period / 2, LONGEST_FRESH))
        if not set(names) <= known.keys():
            known = self._read(place, rollout, spec, now)
        return tuple(alarm for name in names if (alarm := known.get(name)) is not None)

    def _remembered(self, place: str, not_before: datetime) -> dict[str, Alarm | None]:
        """What somebody read after that time; nothing where nobody did."""
        raw = self.world.store.memory.recall(f"alarms:{place}")
        known = json.loads(raw) if raw is not None else None
        if known is None or known["at"] <= not_before.timestamp():
            return {}
        return {name: Alarm.model_validate(alarm) if alarm else None for name, alarm in known["alarms"].items()}

    def _read(self, place: str, rollout: Rollout, spec: EndpointSpec, now: datetime) -> dict[str, Alarm | None]:
        names = sorted({*rollout.watch.alarms, *self._named_beside(spec)})
        try:
            found = self.world.aws(spec).alarms.describe(names)
        except (TransientError, GatewayError) as exc:
            log.warning("rollout %s: no alarms: %s", rollout.id, exc)
            return {}
        states = {name: found.get(name) for name in names}
        alarms = {name: alarm.model_dump(mode="json") if alarm else None for name, alarm in states.items()}
        text = json.dumps({"at": now.timestamp(), "alarms": alarms})
        self.world.store.memory.remember(f"alarms:{place}", text, 2 * LONGEST_FRESH)
        return states

    def _named_beside(self, spec: EndpointSpec) -> set[str]:
        """What the watches of the other endpoints in this account and region heed."""
        there = (spec.role_to_assume, spec.region)
        beside = (e for e in self.world.fleet.endpoints.values() if (e.role_to_assume, e.region) == there)
        return {name for e in beside for name in heeded_alarms(e)}
