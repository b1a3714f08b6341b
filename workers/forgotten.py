"""What to say of a plan that the store does not know: its messages may still stand in Slack after the store was emptied."""

import logging
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.errand import Click, ClickErrand
from bot.domain.errors import SlackRefused, TransientError, UserError
from bot.domain.fleet import EndpointSpec
from bot.messages.answers import render_text
from bot.messages.ids import METADATA_EVENT
from bot.messages.slots import SlotName
from workers.noticing import Noticing
from workers.world import World

log = logging.getLogger(__name__)

_LOOK_BACK = timedelta(days=7)
"""How far back in its channel a card is looked for."""

_ABOUT_A_PLAN = frozenset({Click.APPROVE, Click.SCHEDULE, Click.RUN_NOW, Click.REJECT, Click.CANCEL})
"""Buttons of what has not begun. What had begun is found again by its endpoint's tags, and what is over keeps its words."""


@dataclass(frozen=True)
class ForgottenPlans:
    """Answers for plans that the store forgot, and takes the buttons off their messages."""

    world: World

    def refusal(self, errand: ClickErrand, spec: EndpointSpec) -> UserError:
        """Why nothing was done, and how to go on."""
        rollout_id = errand.value.rollout_id
        unknown, way_on = (
            f"Rollout {rollout_id} is not known any more: the store was emptied since.",
            self._way_on(spec),
        )
        if errand.click in _ABOUT_A_PLAN and errand.reply.channel_id is not None:
            self._close(errand, errand.reply.channel_id, f"{unknown} Nobody can decide on its plan. {way_on}")
        return UserError(f"{unknown} Nothing was changed. {way_on}")

    def _way_on(self, spec: EndpointSpec) -> str:
        newer = next((s.rollout for s in self.world.store.rollouts.active(spec.name)), None)
        if newer is not None:
            return f"Rollout {newer.id} of {spec.name} is {newer.phase.words}; its own card tells the rest."
        if self.world.fleet.manager is not None and spec.policy != "manual":
            return (
                f"If the change is still wanted, type its command again. What the bot had proposed by itself it proposes again; "
                f"sync {spec.name} asks for that now."
            )
        return "If the change is still wanted, type its command again."

    def _close(self, errand: ClickErrand, channel: str, what: str) -> None:
        """The pressed message and the card lose their buttons; what Slack does not let us edit now stays until the next press."""
        message, noticing = render_text(what), Noticing(self.world)
        try:
            card = card_of(self.world, errand.value.rollout_id, channel)
            for message_ts in dict.fromkeys(ts for ts in (errand.message_ts, card) if ts is not None):
                noticing.amend(channel, message_ts, message)
        except TransientError as exc:
            log.warning("the messages of rollout %s keep their buttons for now: %s", errand.value.rollout_id, exc)


def card_of(world: World, story_id: str, channel: str) -> str | None:
    """The message_ts of the card of a rollout or a wave that the store forgot; None where it is not found.

    Raises:
        TransientError: Slack did not answer.
    """
    identity = {"rollout": story_id, "slot": str(SlotName.CARD)}
    since = world.clock() - _LOOK_BACK
    try:
        return world.slack.find_own(channel, event_type=METADATA_EVENT, payload=identity, since=since, thread_ts=None)
    except SlackRefused as exc:
        log.info("the card of %s is not found in %s: %s", story_id, channel, exc)
        return None
