"""What somebody reads whose command or click was not begun, or ended without anybody knowing how far it came."""

from datetime import datetime

from bot.domain.commands import Audit, Compare, FleetCheck, FleetImport, History, Metrics, Plan, Status, Versions
from bot.domain.durations import span
from bot.domain.errand import ClickErrand, CommandErrand, Errand, HomeErrand, ReplyTo
from bot.domain.errors import RevisionConflict, TransientError

LOOK_FIRST = "How far it came is not known: look at status before you try again."

_ONLY_LOOK = (Audit, Compare, FleetCheck, FleetImport, History, Metrics, Plan, Status, Versions)
"""Commands that change nothing, wherever they end."""


def gave_up_text(errand: Errand, error: TransientError | RevisionConflict) -> str:
    """For an errand that was tried for a minute. The trouble may have come after its effect."""
    match error, errand:
        case RevisionConflict(), _:
            return "Others changed the same thing at the same moments. You changed nothing; try again in a minute."
        case _, HomeErrand():
            return f"{error.user_message} Nothing was changed; try again in a minute."
        case _, CommandErrand(command=command) if isinstance(command, _ONLY_LOOK):
            return f"{error.user_message} Nothing was changed; try again in a minute."
    return f"{error.user_message} {LOOK_FIRST}"


def belated_text(errand: Errand, now: datetime) -> str:
    """What was not done, why, and what to do. Options are left out: one may be a secret."""
    return (
        f"{_what(errand)} {span(now - errand.at)} ago was not done: the bot's workers did not run until now, and meanwhile things may "
        "have changed. Nothing was changed by it. Look at status, and ask again if it is still wanted."
    )


def told_where(errand: Errand) -> ReplyTo:
    """Whoever asked has long gone elsewhere: a direct message is seen, what only they could see in a channel is gone."""
    return errand.reply if errand.reply.terminal is not None else ReplyTo(user_id=errand.actor)


def _what(errand: Errand) -> str:
    match errand:
        case CommandErrand(command=command):
            named = (getattr(command, field, None) for field in ("endpoint", "group", "wave", "wave_id"))
            return f"The `{' '.join([command.name, *(name for name in named if name is not None)])}` that you asked for"
        case ClickErrand(click=click, value=value):
            button = click.replace("_", " ").capitalize()
            return f"The {button} that you pressed on rollout {value.rollout_id} of {value.endpoint}"
    return "What you pressed"
