"""Draws App Homes, and keeps them true while somebody looks at them."""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.board import Standing
from bot.domain.errand import HomeErrand, HomeLook, short_id
from bot.domain.errors import SlackRefused
from bot.messages.board import Fleetwide
from bot.messages.home import Home, render_home, render_opening
from workers.surveying import Surveying
from workers.world import World

log = logging.getLogger(__name__)

LOOKING_FOR = timedelta(minutes=30)
"""Slack does not say when a tab is closed: so long after somebody opened it, it is kept true."""

AT_LEAST_EVERY = timedelta(minutes=10)
"""Spans of time on it, such as how long a lock stands, are brought up to date so often, if nothing else changed."""

A_MINUTE = 60
"""Tabs drawn in a minute for the whole workspace; Slack takes about 100 views.publish."""

PUBLISH = "views.publish"


@dataclass(frozen=True)
class Homes:
    """Draws the App Home of people who opened it."""

    world: World
    surveying: Surveying

    def open(self, errand: HomeErrand) -> None:
        """Somebody opened it, or chose other rows: draw them, whatever was there."""
        viewers = self.world.store.viewers
        if viewers.drawn(errand.actor) is None:
            self.world.slack.publish_home(errand.actor, render_opening())
        look = errand.look or viewers.last_look(errand.actor) or HomeLook()
        viewers.look(errand.actor, look, self.world.clock())
        standings = self.surveying.standings()
        self._draw(self._home(errand.actor, look, standings, self.surveying.over(len(standings))), errand.actor)

    def round(self) -> None:
        """Draw those anew that somebody opened a short while ago and that have changed since."""
        viewers, now = self.world.store.viewers, self.world.clock()
        looking = viewers.looking(now - LOOKING_FOR)
        if not looking:
            return
        standings = self.surveying.standings()
        over = self.surveying.over(len(standings))
        for user_id, look in looking.items():
            home = self._home(user_id, look, standings, over)
            if viewers.drawn(user_id) == fingerprint_of(home):
                continue
            if not self.world.store.slots.spend(PUBLISH, now, A_MINUTE):
                return
            try:
                self._draw(home, user_id)
            except SlackRefused as exc:  # such as somebody who left: the others still look
                log.warning("the home of %s is not drawn any more: %s", user_id, exc)
                viewers.forget(user_id)

    def _home(self, user_id: str, look: HomeLook, standings: Sequence[Standing], over: Fleetwide) -> Home:
        mine = frozenset(spec.name for spec in self.world.fleet.endpoints.values() if spec.owner == user_id)
        return Home(standings, mine, look, over)

    def _draw(self, home: Home, user_id: str) -> None:
        self.world.slack.publish_home(user_id, render_home(home))
        self.world.store.viewers.note_drawn(user_id, fingerprint_of(home))


def fingerprint_of(home: Home) -> str:
    """The same for drawings that differ only in how old they are."""
    coarse = replace(home, over=replace(home.over, now=_floor(home.over.now, AT_LEAST_EVERY)))
    return short_id(json.dumps(render_home(coarse, with_ages=False)), 16)


def _floor(at: datetime, step: timedelta) -> datetime:
    return at - (at - datetime.min.replace(tzinfo=at.tzinfo)) % step
