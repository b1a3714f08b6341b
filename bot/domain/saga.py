"""Autoscaling that is taken away for an update, and the snapshot from which it is put back on every way out."""

from datetime import datetime
from enum import StrEnum

from bot.domain.model import Value
from bot.domain.scaling import ScalableTarget


class ScalingMode(StrEnum):
    """How autoscaling is kept from getting in the way."""

    SUSPEND = "suspend"  # the registration stays, and scales nothing meanwhile
    DEREGISTER = "deregister"  # SageMaker refuses some changes of a variant that is registered


class ScalingSaga(Value):
    """Saved before anything is taken away, so that no crash can lose what deregistering deletes."""

    mode: ScalingMode
    targets: tuple[ScalableTarget, ...]
    intended_at: datetime
    attempts: int = 0
    """How often it was tried to take it away; after the first time, some of it may be gone."""
    taken_at: datetime | None = None
    restored_at: datetime | None = None
    gave_up: str = ""
    """Why it could not be restored; then a person is told what to put back."""

    @property
    def is_away(self) -> bool:
        """Whether it may be missing on AWS, and is still to be restored by us."""
        return self.restored_at is None and not self.gave_up

    @property
    def words(self) -> str:
        """What was taken away, for somebody who has to put it back by hand."""
        return "; ".join(t.words for t in self.targets)
