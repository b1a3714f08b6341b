"""Our own bugs and races."""

from bot.domain.errors.root import RolloutBotError


class InvariantError(RolloutBotError):
    """Our bug or a race. People get a plain sentence; the particulars are for the log."""

    def __init__(self, particulars: str) -> None:
        super().__init__(
            "The bot met something that it did not expect and stopped this step. Look at status before trying again.",
            detail=particulars,
        )
        self.particulars = particulars


class IllegalTransition(InvariantError):
    """A phase that cannot follow the present one."""


class RevisionConflict(InvariantError):
    """Somebody else saved the record first: what was about to be saved rests on an old one."""
