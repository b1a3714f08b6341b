"""Brings the alarms beside an endpoint to what the fleet file says, where nothing else about it is to be changed.

No fleet is replaced for that and nobody's requests are at stake, so it takes no rollout: whoever syncs, or policy auto, is enough. It
comes last, after everything that keeps automation from an endpoint has been asked, and what it did stands in the audit trail.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.alarms import Alarm
from bot.domain.board import Standing
from bot.domain.errors import GatewayError, TransientError
from bot.domain.fleet import EndpointSpec
from bot.domain.kept_alarms import change_of, is_about_alarms, kept_alarm_names, rule_words
from bot.domain.managing import Nothing, Outcome, Why, beyond_change, decide
from bot.domain.managing.byhand import by_hand
from bot.domain.phases import BOT_ACTOR
from bot.domain.tags import tag_value
from workers.census import Census
from workers.manager.knowing import Knowing
from workers.world import World, place_of

log = logging.getLogger(__name__)

TRIED_AGAIN_AFTER = timedelta(hours=1)
"""What CloudWatch refused it would refuse again a minute later."""

_NO_TIME = Nothing(Why.LATER, "there was no time to set its alarms; sync again")
_TOO_FAST = Nothing(Why.LATER, "its alarms are still to be set, because CloudWatch asks for a slower pace; sync again")
"""It takes three alarms a second of an account and region."""
_NOT_ALONE = Nothing(
    Why.LATER, "something else is to be changed there by now, which brings its alarms, too; sync again"
)


@dataclass(frozen=True)
class _Done:
    """What became of an alarm."""

    name: str
    before: Alarm | None
    """None where there was none."""
    after: Alarm | None
    """None where it was deleted."""

    def __str__(self) -> str:
        return self.name if self.after is not None else f"{self.name} (deleted)"

    @property
    def entry(self) -> Mapping[str, object]:
        """For the audit trail: when it went off and whom it told, and when and whom from now on."""
        return {"alarm": self.name, "before": _heard(self.before), "after": _heard(self.after)}


def _heard(alarm: Alarm | None) -> Mapping[str, object] | None:
    return {"rule": rule_words(alarm), "notify": list(alarm.notify)} if alarm is not None else None


@dataclass(frozen=True)
class AlarmSetting:
    """Sets alarms without a rollout."""

    world: World
    census: Census
    knowing: Knowing

    def is_wanted(self, spec: EndpointSpec, standing: Standing, move: Nothing, asked_by: str | None) -> bool:
        """Whether nothing that a rollout changes differs, alarms are among what does, and somebody or the policy lets them be set."""
        if move.why is not Why.BEYOND_UPDATES or not any(is_about_alarms(d) for d in standing.drift):
            return False
        return asked_by is not None or (spec.policy == "auto" and not self._was_refused(spec))

    def settle(self, specs: Sequence[EndpointSpec], asked_by: str | None, *, until: datetime) -> list[Outcome]:
        """Set the alarms of these endpoints, as long as there is time; what is left is wanted the next time, too.

        Args:
            specs: Those for which it `is_wanted`.
            asked_by: Who asked for it by `sync`; None on the manager's own round.
            until: None is begun after this.
        """
        outcomes: list[Outcome] = []
        slow: set[str] = set()
        for spec in specs:
            if self.world.clock() >= until:
                told = _NO_TIME
            elif place_of(spec) in slow:
                told = _TOO_FAST
            else:
                told = self._settle(spec, asked_by)
            if told is _TOO_FAST:
                slow.add(place_of(spec))
            outcomes.append(Outcome(spec.name, told))
        if changed := [o.endpoint for o in outcomes if isinstance(o.move, Nothing) and o.move.why is Why.ALARMS_SET]:
            self.census.look_now(changed)
        return outcomes

    def _settle(self, spec: EndpointSpec, asked_by: str | None) -> Nothing:
        """Set them, unless something came between since that was decided: a freeze is typed because of the next minute."""
        now = self.world.clock()
        view = self.knowing.overview([spec], now)
        standing = view.standings[spec.name]
        move = decide(spec, standing, view.situation(spec, asked_by), now)
        if not isinstance(move, Nothing):
            return _NOT_ALONE
        if not self.is_wanted(spec, standing, move, asked_by):
            return move
        try:
            done = self._set(spec, asked_by or BOT_ACTOR)
        except (TransientError, GatewayError) as exc:
            log.warning("%s: its alarms could not be set: %s", spec.name, exc)
            if isinstance(exc, TransientError) and exc.is_throttled:
                return _TOO_FAST
            self.world.store.memory.remember(_key(spec), "refused", TRIED_AGAIN_AFTER)
            return Nothing(Why.BEYOND_UPDATES, f"its alarms could not be set: {exc.user_message}")
        return _told(spec, standing, done)

    def _set(self, spec: EndpointSpec, actor: str) -> Sequence[_Done]:
        """Bring them to what is declared. What was done, also where it came to no end, stands in the audit trail."""
        alarms, done = self.world.aws(spec).alarms, list[_Done]()
        there = alarms.describe(kept_alarm_names(spec.name))
        change = change_of(spec, there)
        try:
            for alarm in change.put:
                alarms.put(alarm, {"rollout:requested-by": tag_value(actor)})
                done.append(_Done(alarm.name, there.get(alarm.name), alarm))
            if change.drop:
                alarms.delete(change.drop)
                done.extend(_Done(name, there[name], None) for name in change.drop)
        finally:
            if done:
                log.info("%s: its alarms were set for %s: %s", spec.name, actor, ", ".join(map(str, done)))
                deed = {"actor": actor, "at": self.world.clock().isoformat(), "alarms": [one.entry for one in done]}
                self.world.store.audit.note({"endpoint": spec.name, "alarms_set": deed})
        return done

    def _was_refused(self, spec: EndpointSpec) -> bool:
        return self.world.store.memory.recall(_key(spec)) is not None


def _told(spec: EndpointSpec, standing: Standing, done: Sequence[_Done]) -> Nothing:
    names = ", ".join(map(str, done))
    said = (
        f"its alarms are set as the fleet file says: {names}"
        if done
        else "its alarms are as the fleet file says by now"
    )
    rest = [d for d in beyond_change(spec, standing) if not is_about_alarms(d)]
    return Nothing(Why.ALARMS_SET, "; ".join((said, by_hand(rest))) if rest else said)


def _key(spec: EndpointSpec) -> str:
    return f"alarms of {spec.name} refused"
