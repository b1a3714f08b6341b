"""What to say of a wave that the store does not know: its card may still stand in Slack after the store was emptied.

Its endpoints remember it. Its rollouts have ids that follow from its own, and the configs that they made bear those.
"""

import re
from collections.abc import Sequence

from bot.domain.board import BoardState, Standing
from bot.domain.errors import UnknownName, UserError
from bot.domain.nearest import nearest
from bot.domain.wave import wave_rollout_id
from workers.waves.planning import Standings
from workers.world import World

_IS_OURS = re.compile(r"w[2-9a-hjkmnp-z]{7}")
"""An id that we gave, in the alphabet of `short_id`."""

_MOST_ATTEMPTS = 5
"""A wave seldom comes to an endpoint twice."""

_MOST_NAMED = 12


def unknown_wave(world: World, standings: Standings, wave_id: str) -> UserError:
    """Why nothing was done, how its endpoints stand, and how to go on."""
    near = nearest(wave_id, [wave.id for wave in world.store.waves.recent(limit=50)])
    if near or not _IS_OURS.fullmatch(wave_id):
        return UnknownName("wave", wave_id, near, hint="Its id stands on its card.")
    for name, plan in world.fleet.waves.items():
        standing = standings([world.fleet.endpoint(endpoint) for endpoint in plan.endpoints])
        brought = {s.endpoint for s in standing if _was_brought_by(wave_id, s)}
        if brought:
            return UserError(
                f"Wave {wave_id} is not known any more: the store was emptied since. Nothing was changed, and what it has done "
                f"stays; nobody judges its updates or goes on with it. Of wave {name}, {_listed(standing, brought)}. "
                f"{_way_on(world, name)}"
            )
    names = ", ".join(world.fleet.waves) or "none"
    return UserError(
        f"Wave {wave_id} is not known. If its card stands in Slack, the store was emptied since. Nothing was changed, and nobody "
        f"goes on with it; status tells how its endpoints stand. To begin anew: wave start NAME; the fleet file has {names}."
    )


def _was_brought_by(wave_id: str, standing: Standing) -> bool:
    """Whether it is on a config that a rollout of that wave made."""
    config = standing.snapshot.config_name if standing.snapshot is not None else ""
    attempts = range(1, _MOST_ATTEMPTS + 1)
    return any(f"-{wave_rollout_id(wave_id, standing.endpoint, attempt)}-" in config for attempt in attempts)


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
