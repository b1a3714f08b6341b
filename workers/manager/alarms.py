"""Brings the alarms beside an endpoint to what the fleet file says, where nothing else about it is to be changed.

No fleet is replaced for that and nobody's requests are at stake, so it takes no rollout: whoever syncs, or policy auto, is enough. It
comes last, after everything that keeps automation from an endpoint has been asked.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.board import Standing
from bot.domain.errors import GatewayError, TransientError
from bot.domain.fleet import EndpointSpec
from bot.domain.kept_alarms import AlarmChange, change_of, is_about_alarms, kept_alarm_names
from bot.domain.managing import Nothing, Why, beyond_change
from bot.domain.managing.byhand import by_hand
from bot.domain.tags import tag_value
from workers.census import Census
from workers.world import World

log = logging.getLogger(__name__)

TRIED_AGAIN_AFTER = timedelta(hours=1)
"""What CloudWatch refused it would refuse again a minute later."""


@dataclass(frozen=True)
class AlarmSetting:
    """Sets alarms without a rollout."""

    world: World
    census: Census

    def settle(self, spec: EndpointSpec, standing: Standing, move: Nothing, *, asked_by: str | None) -> Nothing:
        """What is told instead of the move, where that says that nothing a rollout changes differs, and alarms are among what does."""
        if move.why is not Why.BEYOND_UPDATES or not any(is_about_alarms(d) for d in standing.drift):
            return move
        if asked_by is None and (spec.policy != "auto" or self._was_refused(spec)):
            return move
        try:
            change = self._set(spec, asked_by or "bot")
        except (TransientError, GatewayError) as exc:
            log.warning("%s: its alarms could not be set: %s", spec.name, exc)
            self.world.store.memory.remember(_key(spec), "refused", TRIED_AGAIN_AFTER)
            return Nothing(Why.BEYOND_UPDATES, f"its alarms could not be set: {exc.user_message}")
        self.census.look_now([spec.name])
        names = ", ".join((*(alarm.name for alarm in change.put), *(f"{name} (deleted)" for name in change.drop)))
        log.info("%s: its alarms are set: %s", spec.name, names)
        done = (
            f"its alarms are set as the fleet file says: {names}"
            if names
            else "its alarms are as the fleet file says by now"
        )
        rest = [d for d in beyond_change(spec, standing) if not is_about_alarms(d)]
        return Nothing(Why.ALARMS_SET, "; ".join((done, by_hand(rest))) if rest else done)

    def _set(self, spec: EndpointSpec, actor: str) -> AlarmChange:
        alarms = self.world.aws(spec).alarms
        change = change_of(spec, alarms.describe(kept_alarm_names(spec.name)))
        for alarm in change.put:
            alarms.put(alarm, {"rollout:requested-by": tag_value(actor)})
        if change.drop:
            alarms.delete(change.drop)
        return change

    def _was_refused(self, spec: EndpointSpec) -> bool:
        return self.world.store.memory.recall(_key(spec)) is not None


def _key(spec: EndpointSpec) -> str:
    return f"alarms of {spec.name} refused"
