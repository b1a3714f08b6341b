"""What people read where a rollout goes on after the store was emptied, or where nobody can tell what is going on."""

from bot.domain.phases import Kind, Phase, Reason
from bot.domain.rollout import Rollout
from bot.messages.blocks import Message, code, escape, section
from bot.messages.words import moment


def render_revived(rollout: Rollout) -> Message:
    """That it goes on, from what, and what is no longer known. Posted once, and never edited to say something else."""
    assert rollout.revived_at is not None
    since = (
        f"*Store emptied*: the bot lost what it knew of this rollout, and found it again {moment(rollout.revived_at)}"
    )
    text = f"{since} by the tags on {escape(rollout.endpoint)}. {_what_now(rollout)}"
    return Message(f"{rollout.endpoint}: the bot's store was emptied. {_what_now(rollout)}", (section(text),))


def _what_now(rollout: Rollout) -> str:
    goes_back = (t for t in rollout.transitions if t.phase is Phase.ROLLING_BACK and t.at == rollout.revived_at)
    found = next(
        (t for t in rollout.transitions if t.reason is Reason.RESTORED_FROM_TAGS), next(goes_back, rollout.last)
    )
    match found.phase:
        case Phase.WATCHING:
            return "The watch goes on from where it began, and the numbers since then are read again. Nothing has to be approved again."
        case Phase.ROLLING_BACK:
            return "The way back goes on."
        case Phase.SUCCEEDED:
            return (
                f"Its watch was over by then, so nobody judged the new version. Look at {code(f'metrics {rollout.endpoint}')}; "
                f"to go back: {code(f'rollback {rollout.endpoint}')}"
            )
        case Phase.CANCELLED:
            return "SageMaker had not been asked for anything yet."
        case _ if rollout.kind is Kind.UPDATE:
            return "It is followed to its end and watched as before. Nothing has to be approved again."
        case _:
            return "It is followed to its end as before."


def render_unknown_update(endpoint: str, config: str, made_by: str) -> Message:
    """SageMaker brings an endpoint to a config of the bot's, and nothing tells who asked for that."""
    text = (
        f"*{escape(endpoint)}* is being updated to {code(config)}, which rollout {code(made_by)} made. The bot's store was emptied, "
        "and no tag on the endpoint tells who asked for this update. So nobody watches it, and the bot rolls nothing back by itself. "
        f"When it is InService, look at {code(f'metrics {endpoint}')}; to go back: {code(f'rollback {endpoint}')}"
    )
    return Message(
        f"{endpoint} is being updated to {config}, and the bot does not know who asked for that.", (section(text),)
    )
