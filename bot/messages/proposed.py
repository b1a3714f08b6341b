"""What comes next after a plan that the endpoint manager opened by itself: nobody typed a command that could be typed again."""

from bot.domain.managing.proposals import is_proposal, is_tried_again
from bot.domain.phases import Phase, Reason
from bot.domain.rollout import Rollout
from bot.messages.blocks import code


def what_the_manager_does(rollout: Rollout) -> str:
    """Whether and when it is proposed again; empty where the next step is the same as after anybody's plan."""
    if not is_proposal(rollout):
        return ""
    now = f"To have it at once: {code(f'sync {rollout.endpoint}')}"
    match rollout.phase, rollout.last.reason:
        case (Phase.CANCELLED, Reason.NO_LONGER_WANTED) | (Phase.FAILED, Reason.ENDPOINT_DRIFTED | Reason.PLAN_DRIFTED):
            return "If it is wanted again, it is proposed again."
        case (
            (Phase.CANCELLED, Reason.CANCELLED_BY_PERSON)
            | (Phase.REJECTED, _)
            | (Phase.ROLLED_BACK_BY_AWS, Reason.ABORTED)
        ):
            return f"The same is not proposed again. {now}"
        case Phase.EXPIRED, _:
            return f"If it is still wanted in a day, it is proposed again. {now}"
        case _ if is_tried_again(rollout):
            return f"It is tried again by itself, in an hour at first and then less often. {now}"
        case _:
            return ""
