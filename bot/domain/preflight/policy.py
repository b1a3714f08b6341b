"""Whether enough people can approve, and when an approved change would run."""

from bot.domain.plan import Finding
from bot.domain.preflight.facts import Facts
from bot.domain.preflight.findings import CheckName, blocker, warning
from bot.domain.starting import written


def quorum_is_reachable(facts: Facts) -> Finding | None:
    """A plan that nobody can approve helps nobody. Groups are looked up only when somebody presses a button."""
    if facts.approvers is None or facts.approvers >= facts.quorum:
        return None
    have = {0: "nobody", 1: "only 1 person"}.get(facts.approvers, f"only {facts.approvers} people")
    needed = "1 approval" if facts.quorum == 1 else f"{facts.quorum} approvals"
    return blocker(
        CheckName.APPROVERS,
        f"It takes {needed}, and {have} besides the requester may approve it.",
        "Let somebody else ask for it, or add approvers to the fleet file.",
    )


def change_window_is_open(facts: Facts) -> Finding | None:
    """An approval given outside the windows is kept until the next one opens."""
    if facts.opens_at is None:
        return None
    return warning(
        CheckName.CHANGE_WINDOW,
        "The endpoint is outside its change windows now.",
        f"After approval the change waits until they open: {written(facts.opens_at)}.",
    )
