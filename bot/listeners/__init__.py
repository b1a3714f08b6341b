"""Registration, apart from behaviour: which listener hears what."""

import re

from slack_bolt import App

from bot.intake import Intake
from bot.listeners.actions import CLICKS, break_pressed, button_pressed, command_pressed, unknown_button
from bot.listeners.commands import endpoint_command
from bot.listeners.errors import answer_error
from bot.listeners.forms import FORMS, form_submitted, unknown_form
from bot.listeners.home import HOME_ACTIONS, home_opened, home_steered
from bot.listeners.mentions import bot_mentioned, direct_message
from bot.listeners.middleware import provide, refuse_strangers
from bot.messages.ids import COMMAND_PLACES, ActionId

COMMAND = "/endpoint"


def register_listeners(app: App, intake: Intake) -> None:
    """Everything that the bot hears."""
    app.middleware(provide(intake))
    app.middleware(refuse_strangers)
    app.command(COMMAND)(endpoint_command)
    for action_id in CLICKS:
        app.action(str(action_id))(button_pressed)
    app.action(str(ActionId.BREAK_LOCK))(break_pressed)
    for place in COMMAND_PLACES:
        app.action(str(place))(command_pressed)
    for steering in HOME_ACTIONS:
        app.action(str(steering))(home_steered)
    app.action(re.compile(".*"))(unknown_button)
    for callback_id in FORMS:
        app.view(str(callback_id))(form_submitted)
    app.view(re.compile(".*"))(unknown_form)
    app.event("app_mention")(bot_mentioned)
    app.event("message")(direct_message)
    app.event("app_home_opened")(home_opened)
    app.error(answer_error)
