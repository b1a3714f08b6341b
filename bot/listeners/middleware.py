"""What happens before every listener: strangers are turned away, and the intake is put into the context."""

from collections.abc import Callable

from slack_bolt import BoltContext, BoltResponse

from bot.domain.errors import NotAllowed
from bot.intake import Intake
from bot.listeners.surfaces import Body, origin_of

Next = Callable[[], BoltResponse]
Middleware = Callable[..., BoltResponse]


def provide(intake: Intake) -> Middleware:
    """Listeners that name a parameter `intake` get this one."""

    def middleware(context: BoltContext, next: Next) -> BoltResponse:
        context["intake"] = intake
        return next()

    return middleware


def refuse_strangers(context: BoltContext, body: Body, next: Next) -> BoltResponse:
    """People of other workspaces may read along in a shared channel, but not command.

    Bolt's `context.team_id` is now the app's own team, now the person's (for a slash command). So the app's is taken from what Slack
    said of the token, and the person's from the payload.
    """
    origin = origin_of(body)
    home = context.authorize_result.team_id if context.authorize_result is not None else None
    if origin is not None and origin.team_id is not None and home is not None and origin.team_id != home:
        raise NotAllowed(
            "You are a guest from another workspace. Only people of this workspace may use the bot. Nothing was changed.",
            actor=origin.actor,
        )
    return next()
