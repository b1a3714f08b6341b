"""What to say of a wave that the store does not know: its card may still stand in Slack after the store was emptied.

Its endpoints remember it. Its rollouts have ids that follow from its own, and the configs that they made bear those.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.board import BoardState, Standing
from bot.domain.errand import ReplyTo
from bot.domain.errors import TransientError, UnknownName, UserError
from bot.domain.nearest import nearest
from bot.domain.rollout import Rollout
from bot.domain.wave import wave_rollout_id
from bot.messages.answers import render_text
from workers.forgotten import card_of
from workers.noticing import Noticing
from workers.waves.planning import Standings
from workers.world import World

log = logging.getLogger(__name__)

_IS_OURS = re.compile(r"w[2-9a-hjkmnp-z]{7}")
"""An id that we gave, in the alphabet of `short_id`."""

_UNKNOWN = "Wave {} is not known any more: the store was emptied since."

_MOST_ATTEMPTS = 5
"""A wave seldom comes to an endpoint twice."""

_MOST_NAMED = 12


@dataclass(frozen=True)
class ForgottenWaves:
    """Answers for waves that the store forgot, and takes the buttons off their cards."""

    world: World
    standings: Standings

    def refusal(self, wave_id: str, reply: ReplyTo) -> UserError:
        """Why nothing was done, how its endpoints stand, and how to go on."""
        near = nearest(wave_id, [wave.id for wave in self.world.store.waves.recent(limit=50)])
        if near or not _IS_OURS.fullmatch(wave_id):
            return UnknownName("wave", wave_id, near, hint="Its id stands on its card.")
        unknown, what = _UNKNOWN.format(wave_id), self._what_became_of(wave_id)
        if reply.channel_id is not None:
            self._close_card(wave_id, reply.channel_id, f"{unknown} {what}")
        return UserError(f"{unknown} Nothing was changed. {what}")

    def round(self) -> None:
        """Tell once of each wave that ran when the store was emptied, as its updates that were taken up again show."""
        for stored in self.world.store.rollouts.active():
            rollout = stored.rollout
            if (
                rollout.restored
                and rollout.wave_id is not None
                and self.world.store.waves.load(rollout.wave_id) is None
            ):
                self._tell(rollout.wave_id, rollout)

    def _tell(self, wave_id: str, rollout: Rollout) -> None:
        key = f"forgotten wave {wave_id}"
        if self.world.store.notices.recall(key) is not None:
            return
        spec = self.world.fleet.endpoints.get(rollout.endpoint)
        channel = spec.channel if spec is not None and spec.channel is not None else rollout.thread.channel_id
        what = f"{_UNKNOWN.format(wave_id)} {self._what_became_of(wave_id)}"
        try:
            self._close_card(wave_id, channel, what)
            Noticing(self.world).say(key, channel, render_text(what), look_first=True)
        except TransientError as exc:
            log.warning("that wave %s was forgotten is told later: %s", wave_id, exc)

    def _what_became_of(self, wave_id: str) -> str:
        for name, plan in self.world.fleet.waves.items():
            standing = self.standings([self.world.fleet.endpoint(endpoint) for endpoint in plan.endpoints])
            brought = {s.endpoint for s in standing if _was_brought_by(wave_id, s)}
            if brought:
                stays = "What it has done stays, and updates of it that are under way go on to their own end"
                how = f"Of wave {name}, {_listed(standing, brought)}."
                if _is_complete(standing, brought):
                    return f"{stays}. {how} None is left to begin."
                return f"{stays}, but nobody begins the next ones. {how} {_way_on(self.world, name)}"
        names = ", ".join(self.world.fleet.waves) or "none"
        return (
            "Nobody goes on with it; status tells how its endpoints stand. To begin anew: wave start NAME; the fleet file has "
            f"{names}."
        )

    def _close_card(self, wave_id: str, channel: str, what: str) -> None:
        """Its buttons can do nothing any more. A card that is not found, or not ours to edit, stays as it is."""
        if (card := card_of(self.world, wave_id, channel)) is not None:
            Noticing(self.world).amend(channel, card, render_text(what))


def _was_brought_by(wave_id: str, standing: Standing) -> bool:
    """Whether it is on a config that a rollout of that wave made."""
    config = standing.snapshot.config_name if standing.snapshot is not None else ""
    attempts = range(1, _MOST_ATTEMPTS + 1)
    return any(f"-{wave_rollout_id(wave_id, standing.endpoint, attempt)}-" in config for attempt in attempts)


def _is_complete(standing: Sequence[Standing], brought: set[str]) -> bool:
    """Whether everything is on what the wave brought, be it by another hand."""
    packages = {s.running_package for s in standing if s.endpoint in brought}
    return all(s.endpoint in brought or (s.running_package in packages and not s.drift) for s in standing)


def _listed(standing: Sequence[Standing], brought: set[str]) -> str:
    """As in: `canary runs sentiment version 4, by this wave; eu-prod runs sentiment version 3`."""
    words = [_stands(s) + (", by this wave" if s.endpoint in brought else "") for s in standing[:_MOST_NAMED]]
    left = len(standing) - len(words)
    return "; ".join([*words, *([f"{left} more stand on the board"] if left else [])])


def _stands(standing: Standing) -> str:
    if not standing.running:
        return f"{standing.endpoint} is {standing.state}"
    is_moving = " and is being updated" if standing.state is BoardState.UPDATING else ""
    return f"{standing.endpoint} runs {standing.running}{is_moving}"


def _way_on(world: World, name: str) -> str:
    newer = next((s.wave for s in world.store.waves.active() if s.wave.name == name), None)
    if newer is not None:
        return f"Wave {newer.id} took its place: it is {newer.state.words}, and its own card tells the rest."
    return f"To go on: wave start {name}"
