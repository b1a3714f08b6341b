"""Short ways to say what a check found."""

from bot.domain.plan import Finding, Level


def ok(check: str, text: str) -> Finding:
    """As it should be."""
    return Finding(check=check, level=Level.OK, text=text)


def warning(check: str, text: str, next_step: str = "") -> Finding:
    """An approver should know it."""
    return Finding(check=check, level=Level.WARNING, text=text, next_step=next_step)


def blocker(check: str, text: str, next_step: str) -> Finding:
    """Nobody may approve until it is mended."""
    return Finding(check=check, level=Level.BLOCKER, text=text, next_step=next_step)
