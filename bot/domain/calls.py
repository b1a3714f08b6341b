"""The one call of a kind that a rollout makes on its endpoint, written down before it is made."""

from datetime import datetime

from bot.domain.model import Value


class UpdateCall(Value):
    """A call that changes the endpoint: written down *before* it is made, so that no crash can lead to a second one.

    `last_modified_before` tells later whether a call whose answer was lost took effect: SageMaker moves LastModifiedTime.
    """

    config: str
    intended_at: datetime
    last_modified_before: datetime
    accepted_at: datetime | None = None
    seen_at_work: bool = False
    """SageMaker showed this config as pending: the call took effect, whatever became of its answer."""
    attempts: int = 1
